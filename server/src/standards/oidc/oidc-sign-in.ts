import type * as oidc from 'openid-client'
import { z } from 'zod'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import {
  addressOf,
  describeAgent,
  openDeparture,
  openProviderSecret,
  type Proven,
  type Provider,
  readReferences,
} from '#modules/identity'
import type { FederationLog, Protocol } from '../federation/protocol.ts'
import {
  buildDepartureUrl,
  buildSignOutUrl,
  discover,
  exchangeCode,
  type OidcDeparture,
  prepareDeparture,
  reasonOf,
  toOidcProblem,
} from './client.ts'
import { readDisplayName } from './profiles.ts'

/** Providers change keys and addresses seldom, and announce it long before. */
const metadataMinutes = 60

export interface OidcSignIn extends Protocol {
  /** Verifies a return. @param search query of the address the browser came back to, `?` included. */
  finish(
    tenant: Tenant,
    provider: Provider,
    search: string,
    departure: OidcDeparture & { state: string },
  ): Promise<Proven>
}

/** Sign-in by OpenID Connect: authorisation code, PKCE, state, nonce, `iss`. */
export function createOidcSignIn(services: Services, log: FederationLog): OidcSignIn {
  const known = new Map<string, { config: Promise<oidc.Configuration>; until: number }>()

  /** The provider's metadata, read again every hour; while it cannot be read, what was known goes on serving. */
  async function find(provider: Provider): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret, profile, options } = provider
    const key = JSON.stringify([issuer, clientId, clientSecret, profile, options])
    const now = services.now().getTime()
    const former = known.get(key)
    if (former && former.until > now) return former.config
    // Whoever waits for it gets the same answer, the first to ask or not.
    const config = read(provider).catch((error: unknown) => {
      log.warn({ provider: provider.slug, reason: reasonOf(error) }, 'identity provider unusable')
      known.delete(key)
      if (!former) throw toOidcProblem(error)
      known.set(key, { config: former.config, until: now + 60_000 })
      return former.config
    })
    known.set(key, { config, until: now + metadataMinutes * 60_000 })
    return config
  }

  async function read(provider: Provider): Promise<oidc.Configuration> {
    const secret = await openProviderSecret(services.secrets, provider)
    // Where it was declared, plain HTTP was allowed for this machine and this very site only.
    return discover(provider, secret, new URL(provider.issuer).protocol === 'http:')
  }

  const callbackOf = (tenant: Tenant, slug: string) =>
    new URL(`/api/federation/oidc/${slug}/callback`, addressOf(services, tenant))

  return {
    async start(tenant, provider, { returnTo, accountId }) {
      const config = await find(provider)
      const departure = prepareDeparture()
      const state = await inTenant(services.db, tenant.id, (tx) =>
        openDeparture(
          tx,
          { provider: provider.slug, ...departure, returnTo, accountId, entityId: null },
          services.now(),
        ),
      )
      const callback = callbackOf(tenant, provider.slug).href
      const url = await buildDepartureUrl(config, provider, { ...departure, state, callback })
      return { go: { url: url.href }, state }
    },

    async finish(tenant, provider, search, departure) {
      const url = callbackOf(tenant, provider.slug)
      url.search = search
      try {
        const { claims, idToken } = await exchangeCode(await find(provider), provider, url, departure)
        return {
          issuer: provider.issuer,
          subject: claims.sub,
          references: provider.referenceClaim === null ? [] : readReferences(claims[provider.referenceClaim]),
          displayName: describeAgent(readDisplayName(claims), claims['FrEduRne']),
          session: { slug: provider.slug, idToken },
          sessionKey: null,
        }
      } catch (error) {
        log.warn({ provider: provider.slug, reason: reasonOf(error) }, 'federated sign-in failed')
        throw toOidcProblem(error)
      }
    },

    async findSignOut(tenant, provider, session) {
      const { idToken } = z.object({ idToken: z.string() }).parse(session)
      try {
        const after = new URL('/sign-in', addressOf(services, tenant)).href
        const url = buildSignOutUrl(await find(provider), idToken, { after, state: prepareDeparture().nonce })
        return url && { url: url.href }
      } catch {
        // Already signed out here: a provider that is down must not make it look otherwise.
        return null
      }
    },

    async probe(_, provider) {
      const config = await read(provider)
      const { jwks_uri: keys } = config.serverMetadata()
      const response = await fetch(keys ?? '', { signal: AbortSignal.timeout(5_000), redirect: 'error' })
      z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }).parse(await response.json())
    },
  }
}
