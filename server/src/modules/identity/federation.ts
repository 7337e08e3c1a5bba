import type { FastifyBaseLogger } from 'fastify'
import * as oidc from 'openid-client'
import { findPeopleByReference, listReferences } from '#modules/directory'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { type Account, createAccount, findAccount, updateAccount } from './accounts.queries.ts'
import {
  findProvider,
  insertIdentity,
  insertRequest,
  type Provider,
  takeRequest,
  useIdentity,
} from './federation.queries.ts'
import { readReferences } from './references.ts'
import { toReturnPath } from './return-path.ts'
import { type Browser, digest, openSession } from './sessions.ts'
import { announceSignIn } from './signed-in.ts'

/** Sign-in by outside identity providers (OpenID Connect: authorisation code, PKCE, state, nonce, `iss`). */
export interface Federation {
  /**
   * Prepares a departure.
   * @returns the provider's address to send the browser to, and the state its cookie must bring back.
   * @throws Problem `federation_unknown_provider`, `federation_unreachable`.
   */
  start(tenant: Tenant, slug: string, returnTo: string | undefined): Promise<{ url: string; state: string }>
  /**
   * Verifies a return and opens a session.
   * @param search query of the address the browser came back to, `?` included.
   * @param boundState state of this browser's cookie.
   * @throws Problem `federation_expired` (unknown, used or old departure, or another browser's), `federation_declined`,
   * `federation_failed`, `federation_unreachable`, `federation_unknown_person`, `federation_several_people`,
   * `account_blocked`.
   */
  finish(
    tenant: Tenant,
    slug: string,
    input: { search: string; boundState: string | undefined; browser: Browser },
  ): Promise<{ token: string; returnTo: string }>
  /** Address that ends the session at the provider too; null when it offers none or cannot be reached. */
  findSignOutUrl(tenant: Tenant, session: { slug: string; idToken: string }): Promise<string | null>
}

/** How long a person may stay at the provider before coming back. */
export const departureMinutes = 10
const timeoutSeconds = 5
/** Providers change keys and addresses seldom, and announce it long before. */
const metadataMinutes = 60

export function createFederation(services: Services, log: FastifyBaseLogger): Federation {
  const known = new Map<string, { config: Promise<oidc.Configuration>; until: number }>()

  /** The provider's metadata, read again every hour; while it cannot be read, what was known goes on serving. */
  async function discover(provider: Provider): Promise<oidc.Configuration> {
    const key = JSON.stringify([provider.issuer, provider.clientId, provider.clientSecret])
    const now = services.now().getTime()
    const former = known.get(key)
    if (former && former.until > now) return former.config
    // Whoever waits for it gets the same answer, the first to ask or not.
    const config = readMetadata(provider).catch((error: unknown) => {
      log.warn({ provider: provider.slug, reason: reasonOf(error) }, 'identity provider unusable')
      known.delete(key)
      if (!former) throw toProblem(error)
      known.set(key, { config: former.config, until: now + 60_000 })
      return former.config
    })
    known.set(key, { config, until: now + metadataMinutes * 60_000 })
    return config
  }

  async function getProvider(tx: Tx, slug: string): Promise<Provider> {
    const provider = await findProvider(tx, slug)
    if (!provider) throw new Problem(404, 'federation_unknown_provider', 'No identity provider has this name here.')
    return provider
  }

  const callbackOf = (tenant: Tenant, slug: string) =>
    new URL(`/api/identity/federation/${slug}/callback`, addressOf(services, tenant))

  return {
    async start(tenant, slug, returnTo) {
      const provider = await inTenant(services.db, tenant.id, (tx) => getProvider(tx, slug))
      const config = await discover(provider)
      const state = oidc.randomState()
      const nonce = oidc.randomNonce()
      const codeVerifier = oidc.randomPKCECodeVerifier()
      await inTenant(services.db, tenant.id, (tx) =>
        insertRequest(tx, {
          state_hash: digest(state),
          provider: slug,
          nonce,
          code_verifier: codeVerifier,
          return_to: toReturnPath(returnTo),
          expires_at: new Date(services.now().getTime() + departureMinutes * 60_000),
        }),
      )
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: callbackOf(tenant, slug).href,
        scope: provider.scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, state }
    },

    async finish(tenant, slug, { search, boundState, browser }) {
      const state = new URLSearchParams(search).get('state')
      const departure =
        state !== null && state === boundState
          ? await inTenant(services.db, tenant.id, (tx) => takeRequest(tx, digest(state), slug, services.now()))
          : undefined
      if (!departure || state === null) {
        throw new Problem(400, 'federation_expired', 'This sign-in is over, or was begun in another browser.')
      }
      const provider = await inTenant(services.db, tenant.id, (tx) => getProvider(tx, slug))
      const config = await discover(provider)
      const url = callbackOf(tenant, slug)
      url.search = search
      const { claims, idToken } = await exchangeCode(config, provider, url, { ...departure, state }, log)
      return inTenant(services.db, tenant.id, async (tx) => {
        const now = services.now()
        const account = await findLinkedAccount(tx, provider, claims, now)
        if (account.state === 'blocked') throw new Problem(403, 'account_blocked', 'This account is blocked.')
        if (account.state === 'inactive') await updateAccount(tx, account.id, { state: 'active', activated_at: now })
        const providerSession = { slug, idToken }
        const token = await openSession(
          tx,
          { accountId: account.id, method: 'federation', browser, providerSession },
          now,
        )
        const { personId } = account
        await announceSignIn(services, tx, { tenantId: tenant.id, personId, method: 'federation' })
        return { token, returnTo: departure.returnTo }
      })
    },

    async findSignOutUrl(tenant, { slug, idToken }) {
      const provider = await inTenant(services.db, tenant.id, (tx) => findProvider(tx, slug))
      if (!provider) return null
      try {
        const config = await discover(provider)
        if (config.serverMetadata().end_session_endpoint === undefined) return null
        const after = new URL('/sign-in', addressOf(services, tenant)).href
        return oidc.buildEndSessionUrl(config, {
          id_token_hint: idToken,
          post_logout_redirect_uri: after,
        }).href
      } catch {
        // Already signed out here: a provider that is down must not make it look otherwise.
        return null
      }
    },
  }
}

/** Address people use for a tenant. */
export function addressOf(services: Services, tenant: Tenant): URL {
  const url = new URL(services.publicUrl)
  if (tenant.host !== null) url.hostname = tenant.host
  return url
}

function readMetadata(provider: Provider): Promise<oidc.Configuration> {
  const issuer = new URL(provider.issuer)
  const secret = provider.clientSecret
  const authenticateClient: oidc.ClientAuth = (server, client, body, headers) => {
    if (secret === null) return oidc.None()(server, client, body, headers)
    // "Basic" is what a provider that says nothing expects (OpenID Connect Discovery 1.0 §3).
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const method = methods.includes('client_secret_basic') ? oidc.ClientSecretBasic : oidc.ClientSecretPost
    return method(secret)(server, client, body, headers)
  }
  return oidc.discovery(issuer, provider.clientId, undefined, authenticateClient, {
    timeout: timeoutSeconds,
    // `checkIssuer` let this one be declared: it is this machine, or this very site.
    execute: issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
  })
}

interface Claims {
  sub: string
  references: unknown
}

async function exchangeCode(
  config: oidc.Configuration,
  provider: Provider,
  url: URL,
  expected: { state: string; nonce: string; codeVerifier: string },
  log: FastifyBaseLogger,
): Promise<{ claims: Claims; idToken: string }> {
  try {
    const tokens = await oidc.authorizationCodeGrant(config, url, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.codeVerifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims || tokens.id_token === undefined) throw new Error('no ID token')
    let references: unknown = claims[provider.referenceClaim]
    if (references === undefined && config.serverMetadata().userinfo_endpoint !== undefined) {
      references = (await oidc.fetchUserInfo(config, tokens.access_token, claims.sub))[provider.referenceClaim]
    }
    return { claims: { sub: claims.sub, references }, idToken: tokens.id_token }
  } catch (error) {
    if (error instanceof oidc.AuthorizationResponseError && error.error === 'access_denied') {
      throw new Problem(403, 'federation_declined', 'The sign-in was given up at the identity provider.')
    }
    log.warn({ provider: provider.slug, reason: reasonOf(error) }, 'federated sign-in failed')
    throw toProblem(error)
  }
}

/** The account of the identity: linked before, or found now by the directory's own identifiers. */
async function findLinkedAccount(tx: Tx, provider: Provider, claims: Claims, now: Date): Promise<Account> {
  const { issuer } = provider
  const linked = await useIdentity(tx, issuer, claims.sub, now)
  const account = linked === undefined ? undefined : await findAccount(tx, { id: linked })
  if (account) return account
  // A parent bears one reference for each academy or school of their children: together they are one person.
  const people = new Set<string>()
  for (const { academyCode, externalId } of readReferences(claims.references)) {
    for (const known of await listReferences(tx, await findPeopleByReference(tx, academyCode, externalId))) {
      const same = known.academyCode === academyCode && known.externalId === externalId
      if (same && provider.recordKinds.includes(known.record)) people.add(known.personId)
    }
  }
  const [personId] = people
  if (personId === undefined) {
    throw new Problem(403, 'federation_unknown_person', 'The directory does not know this person yet.')
  }
  if (people.size > 1) {
    throw new Problem(409, 'federation_several_people', 'These references lead to several people of the directory.')
  }
  const found = await createAccount(tx, personId, now)
  await insertIdentity(tx, { accountId: found.id, issuer, subject: claims.sub }, now)
  await recordAudit(tx, {
    action: 'identity.federation_linked',
    actorPersonId: personId,
    subjectKind: 'person',
    subjectId: personId,
    detail: { provider: provider.slug },
  })
  return found
}

function toProblem(error: unknown): Problem {
  // No connection, no answer in time, or an error page instead of an answer.
  const unreachable =
    error instanceof TypeError ||
    (error instanceof oidc.ClientError &&
      (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM'))
  return unreachable
    ? new Problem(502, 'federation_unreachable', 'The identity provider does not answer.')
    : new Problem(502, 'federation_failed', 'The answer of the identity provider cannot be trusted.')
}

/** What may be logged of a failure: its code, never the provider's text, which may speak of someone. */
function reasonOf(error: unknown): string {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) return error.error
  const { code, name } = error as { code?: string; name?: string }
  return code ?? name ?? 'unknown'
}
