import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import {
  addressOf,
  deleteProviderSessions,
  digest,
  openDeparture,
  type Proven,
  type Provider,
  readReferences,
} from '#modules/identity'
import type { FederationLog, Protocol } from '../federation/protocol.ts'
import { toRefusalProblem } from '../saml/refusal.ts'
import { CasRefused, readLogoutTicket, readServiceResponse } from './client.ts'

export interface CasSignIn extends Protocol {
  /** Has the ticket of a return validated, once, by the server that gave it. */
  finish(tenant: Tenant, provider: Provider, search: string, state: string): Promise<Proven>
  /** Ends the sessions that a ticket opened. @returns how many. */
  endSessions(tenant: Tenant, provider: Provider, logoutRequest: string): Promise<number>
}

/** Longest answer read of a server. */
const longestAnswer = 200_000

/** Sign-in by a CAS 3.0 server, as its client; it asks for no proxy ticket and takes nobody who came by one. */
export function createCasSignIn(services: Services, log: FederationLog): CasSignIn {
  /** The service: where the ticket comes back, and what it was given for. The state binds it to one departure. */
  function serviceOf(tenant: Tenant, slug: string, state: string): string {
    const url = new URL(`/api/federation/cas/${slug}/callback`, addressOf(services, tenant))
    url.searchParams.set('state', state)
    return url.href
  }
  const at = (provider: Provider, path: string, parameters: Record<string, string>) =>
    `${provider.issuer.replace(/\/+$/, '')}${path}?${new URLSearchParams(parameters).toString()}`
  const keyOf = (provider: Provider, ticket: string) => digest(`cas\n${provider.slug}\n${ticket}`)

  return {
    async start(tenant, provider, { returnTo, accountId }) {
      const departure = { provider: provider.slug, nonce: '', codeVerifier: '', returnTo, accountId, entityId: null }
      const state = await inTenant(services.db, tenant.id, (tx) => openDeparture(tx, departure, services.now()))
      return { go: { url: at(provider, '/login', { service: serviceOf(tenant, provider.slug, state) }) }, state }
    },

    async finish(tenant, provider, search, state) {
      const tickets = new URLSearchParams(search).getAll('ticket')
      const [ticket] = tickets
      if (ticket === undefined)
        throw new Problem(403, 'federation_declined', 'The sign-in was given up at the provider.')
      try {
        // CAS 3.0.3 §3.1.1 and §3.3: service tickets begin with ST-, proxy tickets with PT-.
        if (tickets.length > 1 || !/^ST-[\w.-]{1,250}$/.test(ticket)) throw new CasRefused('INVALID_TICKET_SPEC')
        const service = serviceOf(tenant, provider.slug, state)
        const identity = readServiceResponse(await ask(at(provider, '/p3/serviceValidate', { service, ticket })))
        const claim = provider.referenceClaim
        return {
          issuer: provider.issuer,
          subject: identity.user,
          references: claim === null ? [] : readReferences(identity.attributes.get(claim)),
          displayName: readName(identity.attributes),
          session: { slug: provider.slug, ticket },
          sessionKey: keyOf(provider, ticket),
        }
      } catch (error) {
        log.warn({ provider: provider.slug, reason: reasonOf(error) }, 'federated sign-in failed')
        throw toProblem(error)
      }
    },

    async findSignOut(tenant, provider) {
      return { url: at(provider, '/logout', { service: new URL('/sign-in', addressOf(services, tenant)).href }) }
    },

    async endSessions(tenant, provider, logoutRequest) {
      const ticket = readLogoutTicket(logoutRequest)
      if (ticket === undefined) return 0
      return inTenant(services.db, tenant.id, (tx) => deleteProviderSessions(tx, keyOf(provider, ticket)))
    },

    async probe(_, provider) {
      // A ticket that cannot exist: a server that works says so.
      try {
        readServiceResponse(
          await ask(at(provider, '/p3/serviceValidate', { service: 'https://probe.invalid/', ticket: 'ST-0' })),
        )
      } catch (error) {
        if (!(error instanceof CasRefused) || error.code === 'MALFORMED') throw error
      }
    },
  }
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'error' })
  if (!response.ok) throw new TypeError(`answered ${response.status}`)
  const text = await response.text()
  if (text.length > longestAnswer) throw new CasRefused('MALFORMED')
  return text
}

function readName(attributes: Map<string, string[]>): string | null {
  const first = (...names: string[]) => names.flatMap((name) => attributes.get(name) ?? [])[0]
  const parts = [first('givenName', 'prenom', 'firstName'), first('sn', 'nom', 'lastName')]
  return parts.filter(Boolean).join(' ').slice(0, 120) || null
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const refused = toRefusalProblem(error)
  if (refused) return refused
  if (error instanceof CasRefused) {
    return error.code === 'INVALID_TICKET'
      ? new Problem(403, 'federation_replayed', 'The ticket has served already, or is too old.')
      : new Problem(403, 'federation_untrusted', `The answer of the identity provider is refused: ${error.code}.`)
  }
  return new Problem(502, 'federation_unreachable', 'The identity provider does not answer.')
}

function reasonOf(error: unknown): string {
  const { code, reason, name } = error as { code?: string; reason?: string; name?: string }
  return code ?? reason ?? name ?? 'unknown'
}
