import type { FastifyReply } from 'fastify'
import { Provider } from 'oidc-provider'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { listPersonSummaries, listReferences } from '#modules/directory'
import { addressOf, listDemonstrationAccounts } from '#modules/identity'
import { createForgetfulAdapter, loadKeys } from './identity-provider-store.ts'
import { renderChoice, renderFailure, renderSignOut } from './identity-provider-pages.ts'

const path = '/demonstration-idp'
const clientId = 'preau'
/** Protects nothing: the provider tells anyone who they want to be. */
const clientSecret = 'demonstration'
/** The claim by which ÉduConnect points at the academic directory. */
const referenceClaim = 'FrEduCtRefId'

/** Someone one can sign in as. */
export interface DemonstrationUser {
  subject: string
  givenName: string
  familyName: string
  profile: string
  /** Values `{AAF}academy|…|identifier`. */
  references: string[]
}

export interface IdentityProviderOptions {
  /** Address of the server that serves it, without a trailing slash. */
  publicUrl: string
  dataDirectory: string
  /** Addresses of the workspaces that may send people here. */
  clients: URL[]
  users: () => Promise<DemonstrationUser[]>
}

/** What a workspace has to know of the provider, as `declareProvider` takes it. */
export function demonstrationProvider(publicUrl: string) {
  return {
    slug: 'demonstration',
    name: 'Guichet de démonstration',
    issuer: publicUrl + path,
    clientId,
    clientSecret,
    referenceClaim,
  }
}

/**
 * Serves an identity provider for the people of the demonstration, standing for a ministry's: a real OpenID Connect
 * provider, so that the federation of the product is used as it will be. Without a demonstration it answers 404.
 */
export async function mountDemonstrationIdentityProvider(app: App, services: Services): Promise<void> {
  await serveIdentityProvider(app, async () => {
    const tenants = (await listTenants(services.owner)).filter((tenant) => tenant.demonstration)
    if (tenants.length === 0) return undefined
    return {
      publicUrl: services.publicUrl,
      dataDirectory: services.dataDirectory,
      clients: tenants.map((tenant) => addressOf(services, tenant)),
      async users() {
        const lists = tenants.map(({ id }) => listUsers(services, id))
        return [...(await Promise.all(lists)).flat(), stranger]
      },
    }
  })
}

/** Shows what happens to someone whom the directory does not know. */
const stranger: DemonstrationUser = {
  subject: 'stranger',
  givenName: 'Camille',
  familyName: 'Nouvelle',
  profile: 'unknown',
  references: [`{AAF}20||999999999`],
}

function listUsers(services: Services, tenantId: string): Promise<DemonstrationUser[]> {
  return inTenant(services.db, tenantId, async (tx) => {
    const accounts = await listDemonstrationAccounts(tx)
    const ids = accounts.map(({ personId }) => personId)
    const names = await listPersonSummaries(tx, ids)
    const references = await listReferences(tx, ids)
    return accounts.flatMap(({ personId, login, profile }) => {
      const name = names.find(({ id }) => id === personId)
      const own = references.filter((reference) => reference.personId === personId)
      // People no academic feed knows, such as agents of a partner, have no account at a ministry's provider.
      if (!name || own.length === 0) return []
      return {
        subject: login,
        givenName: name.givenName,
        familyName: name.familyName,
        profile,
        references: own.map(({ academyCode, externalId }) => `{AAF}${academyCode}||${externalId}`),
      }
    })
  })
}

/**
 * Serves the provider at `/demonstration-idp`.
 * @param findOptions asked at the first request, and again as long as it answers undefined (then: 404).
 */
export async function serveIdentityProvider(
  app: App,
  findOptions: () => Promise<IdentityProviderOptions | undefined>,
): Promise<void> {
  let started: Promise<{ provider: Provider; options: IdentityProviderOptions }> | undefined
  async function find() {
    if (started) return started
    const options = await findOptions()
    if (!options) return undefined
    started ??= createProvider(options).then((provider) => ({ provider, options }))
    return started
  }
  const route = { config: { access: 'public' as const }, schema: { hide: true } }

  // The page on which one chooses who to be, and its answer.
  await app.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    })
    scope.get(`${path}/interaction/:uid`, route, async (request, reply) => {
      const found = await find()
      if (!found) return reply.callNotFound()
      const language = request.headers['accept-language']
      try {
        await found.provider.interactionDetails(request.raw, reply.raw)
        return sendPage(reply, renderChoice(await found.options.users(), request.url, language))
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
          : { login: { accountId: subject } }
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

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  // The answer of the form leads back to the workspace, whose address no `form-action` here can know.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
  return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
}

async function createProvider(options: IdentityProviderOptions): Promise<Provider> {
  const keys = await loadKeys(options.dataDirectory)
  const callback = '/api/federation/oidc/demonstration/callback'
  const provider = new Provider(options.publicUrl + path, {
    adapter: createForgetfulAdapter(),
    jwks: { keys: [keys.signing] },
    cookies: { keys: [keys.cookies] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: options.clients.map((address) => new URL(callback, address).href),
        post_logout_redirect_uris: options.clients.map((address) => new URL('/sign-in', address).href),
      },
    ],
    claims: { openid: ['sub'], profile: ['given_name', 'family_name', referenceClaim] },
    conformIdTokenClaims: false,
    async findAccount(_, subject) {
      const user = (await options.users()).find((each) => each.subject === subject)
      return (
        user && {
          accountId: subject,
          claims: () => ({
            sub: subject,
            given_name: user.givenName,
            family_name: user.familyName,
            [referenceClaim]: user.references,
          }),
        }
      )
    },
    // Its only client is the workspace it belongs to: nothing to consent to.
    async loadExistingGrant(context) {
      const { client, session, provider: own } = context.oidc
      if (!client || session?.accountId === undefined) return undefined
      const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
    interactions: { url: (_, interaction) => `${path}/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
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
