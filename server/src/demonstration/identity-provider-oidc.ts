import { hash } from 'node:crypto'
import { Provider } from 'oidc-provider'
import type { App } from '#kernel/http'
import {
  type DemonstrationUser,
  type FindOptions,
  type IdentityProviderOptions,
  parseForms,
  route,
  sendPage,
} from './identity-provider-http.ts'
import { renderChoice, renderFailure, renderSignOut } from './identity-provider-pages.ts'
import { createForgetfulAdapter, loadKeys } from './identity-provider-store.ts'

const clientId = 'preau'
/** Protects nothing: the provider tells anyone who they want to be. */
const clientSecret = 'demonstration'
/** The claim by which ÉduConnect points at the academic directory. */
const referenceClaim = 'FrEduCtRefId'

/** The providers it stands for: one that knows the references of an academy, and the two of citizens and of agents. */
export type OidcKind = 'academy' | 'franceConnect' | 'proConnect'

interface KindRules {
  path: string
  callback: string
  /** Claims by scope. */
  scopes: Record<string, string[]>
  /** Parameters taken; others are refused, as both do: PKCE too, which the metadata announce all the same. */
  parameters?: string[]
  userinfoAlgorithm?: 'ES256' | 'RS256'
  knows(user: DemonstrationUser): boolean
}

const each = (names: string[]) => Object.fromEntries(names.map((name) => [name, [name]]))
const usual = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'nonce',
  'acr_values',
  'prompt',
  'claims',
]
const kinds: Record<OidcKind, KindRules> = {
  academy: {
    path: '/demonstration-idp',
    callback: '/api/federation/oidc/demonstration/callback',
    scopes: { profile: ['given_name', 'family_name', referenceClaim] },
    // Those an academy knows.
    knows: ({ profile }) => profile !== 'localAuthority' && profile !== 'operator',
  },
  franceConnect: {
    path: '/demonstration-franceconnect',
    callback: '/api/federation/oidc/demonstration-franceconnect/callback',
    scopes: each(['given_name', 'family_name', 'birthdate', 'gender', 'birthplace', 'birthcountry']),
    parameters: usual,
    userinfoAlgorithm: 'ES256',
    // Adults only.
    knows: ({ profile }) => profile !== 'pupil',
  },
  proConnect: {
    path: '/demonstration-proconnect',
    callback: '/api/federation/oidc/demonstration-proconnect/callback',
    scopes: each(['given_name', 'usual_name', 'email', 'uid', 'siret']),
    parameters: usual,
    userinfoAlgorithm: 'RS256',
    knows: ({ profile }) => !['pupil', 'guardian', 'unknown'].includes(profile),
  },
}

/** Invented, the same for everyone: SIRET of the examples of the national register. */
const traits = {
  birthdate: '1980-01-01',
  gender: 'female',
  birthplace: '80021',
  birthcountry: '99100',
  siret: '21800019800010',
}

/** What a workspace has to know of the providers, as `declareProvider` takes it. */
export function demonstrationProvider(publicUrl: string) {
  return {
    slug: 'demonstration',
    name: 'Guichet de démonstration',
    issuer: publicUrl + kinds.academy.path,
    clientId,
    clientSecret,
    referenceClaim,
  }
}

export function demonstrationFranceConnect(publicUrl: string) {
  return {
    slug: 'demonstration-franceconnect',
    name: 'FranceConnect de démonstration',
    profile: 'franceConnect' as const,
    issuer: publicUrl + kinds.franceConnect.path,
    clientId,
    clientSecret,
    recordKinds: ['guardian' as const],
  }
}

export function demonstrationProConnect(publicUrl: string) {
  return {
    slug: 'demonstration-proconnect',
    name: 'ProConnect de démonstration',
    profile: 'proConnect' as const,
    issuer: publicUrl + kinds.proConnect.path,
    clientId,
    clientSecret,
    recordKinds: ['staff' as const],
  }
}

/**
 * Serves a provider at its path.
 * @param findOptions asked at the first request, and again as long as it answers undefined (then: 404).
 */
export async function serveOidcProvider(app: App, kind: OidcKind, findOptions: FindOptions): Promise<void> {
  const { path, parameters } = kinds[kind]
  let started: Promise<{ provider: Provider; options: IdentityProviderOptions }> | undefined
  async function find() {
    if (started) return started
    const options = await findOptions()
    if (!options) return undefined
    started ??= createProvider(kind, options).then((provider) => ({ provider, options }))
    // One that failed is made again at the next request.
    started.catch(() => (started = undefined))
    return started
  }

  // The page on which one chooses who to be, and its answer.
  await app.register(async (scope: App) => {
    parseForms(scope)
    scope.get(`${path}/interaction/:uid`, route, async (request, reply) => {
      const found = await find()
      if (!found) return reply.callNotFound()
      const language = request.headers['accept-language']
      try {
        await found.provider.interactionDetails(request.raw, reply.raw)
        return sendPage(reply, renderChoice(await listUsers(kind, found.options), request.url, language))
      } catch {
        // Too old, or another browser's.
        return sendPage(reply.status(400), renderFailure(language))
      }
    })
    scope.post(`${path}/interaction/:uid`, route, async (request, reply) => {
      const found = await find()
      if (!found) return reply.callNotFound()
      const { subject } = request.body as { subject?: string }
      const result =
        subject === undefined || subject === ''
          ? { error: 'access_denied', error_description: 'the person gave up' }
          : { login: { accountId: subject, acr: 'eidas1' }, consent: {} }
      reply.hijack()
      try {
        await found.provider.interactionFinished(request.raw, reply.raw, result)
      } catch {
        reply.raw.writeHead(303, { location: '/sign-in?problem=federation_expired' }).end()
      }
      return reply
    })
  })

  // The protocol itself, whose bodies the provider reads.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.all(`${path}/*`, route, async (request, reply) => {
      const found = await find()
      if (!found) return reply.callNotFound()
      const { raw } = request
      const unknown = Object.keys(request.query as object).filter((name) => parameters && !parameters.includes(name))
      if (unknown.length > 0 && (raw.url ?? '').startsWith(`${path}/auth?`)) {
        return sendPage(reply.status(400), renderFailure(request.headers['accept-language'], 'Y000400'))
      }
      // Behind a proxy too, the provider must find its own address: the declared one.
      const { protocol, host } = new URL(found.options.publicUrl)
      Object.assign(raw.headers, { host, 'x-forwarded-proto': protocol.slice(0, -1) })
      Object.assign(raw, { originalUrl: raw.url, url: (raw.url ?? '').slice(path.length) })
      reply.hijack()
      await found.provider.callback()(raw, reply.raw)
      return reply
    })
  })
}

async function listUsers(kind: OidcKind, options: IdentityProviderOptions): Promise<DemonstrationUser[]> {
  return (await options.users()).filter((user) => kinds[kind].knows(user))
}

async function createProvider(kind: OidcKind, options: IdentityProviderOptions): Promise<Provider> {
  const { path, callback, scopes, userinfoAlgorithm } = kinds[kind]
  const keys = await loadKeys(options.dataDirectory)
  const provider = new Provider(options.publicUrl + path, {
    adapter: createForgetfulAdapter(),
    jwks: { keys: [keys.signing, keys.signingEc] },
    cookies: { keys: [keys.cookies] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: options.clients.map((address) => new URL(callback, address).href),
        post_logout_redirect_uris: options.clients.map((address) => new URL('/sign-in', address).href),
        ...(userinfoAlgorithm
          ? { userinfo_signed_response_alg: userinfoAlgorithm, subject_type: 'pairwise' as const }
          : {}),
      },
    ],
    claims: { openid: ['sub', 'acr'], ...scopes },
    acrValues: ['eidas1'],
    subjectTypes: ['public', 'pairwise'],
    // Each service knows a person under another name, as FranceConnect does.
    pairwiseIdentifier: (_, accountId, client) => hash('sha256', `${client.clientId} ${accountId} ${keys.cookies}`),
    conformIdTokenClaims: false,
    async findAccount(_, subject) {
      const user = (await listUsers(kind, options)).find((each) => each.subject === subject)
      return (
        user && {
          accountId: subject,
          claims: () => ({
            sub: subject,
            given_name: user.givenName,
            family_name: user.familyName,
            usual_name: user.familyName,
            [referenceClaim]: user.references,
            ...traits,
            uid: subject,
            email: `${subject}@agents.example.org`,
          }),
        }
      )
    },
    // Its only client is the workspace it belongs to: nothing to consent to.
    async loadExistingGrant(context) {
      const { client, session, provider: own } = context.oidc
      if (!client || session?.accountId === undefined) return undefined
      const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope(['openid', ...Object.keys(scopes)].join(' '))
      await grant.save()
      return grant
    },
    interactions: { url: (_, interaction) => `${path}/interaction/${interaction.uid}` },
    ...(userinfoAlgorithm ? { enabledJWA: { userinfoSigningAlgValues: [userinfoAlgorithm] } } : {}),
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: userinfoAlgorithm !== undefined },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(context, form) {
          context.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
          context.body = renderSignOut(form, context.get('accept-language'))
        },
      },
    },
    renderError(context, out) {
      context.type = 'html'
      context.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
      context.body = renderFailure(context.get('accept-language'), out.error)
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      IdToken: 3_600,
      Interaction: 600,
      Session: 12 * 3_600,
      Grant: 12 * 3_600,
    },
  })
  provider.proxy = true
  return provider
}
