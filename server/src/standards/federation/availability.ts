import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import type { Problem } from '#kernel/problem'
import { listTenants, type Tenant } from '#kernel/tenancy'
import { listProviders, type Provider } from '#modules/identity'
import { refreshMetadata } from '../saml/metadata-refresh.ts'
import { listMetadataStates, purgeSaml } from '../saml/saml.queries.ts'
import {
  countHappening,
  listStates,
  purgeMeasures,
  saveState,
  type Span,
  type StateRow,
  sumSince,
} from './availability.queries.ts'
import type { Protocol } from './protocol.ts'

export const probeQueue = defineQueue('federation-probe', { retries: 0 })
export const refreshQueue = defineQueue('federation-refresh', { retries: 2, expireInSeconds: 3_000 })

/** Beyond it, an answer keeps people waiting. */
const slowMs = 2_000
/** A probe alone may have had bad luck. */
const failuresToBeDown = 2
/** From so many failed sign-ins within the hour, when they are half of them or more, the provider is in trouble. */
const failuresToTell = 5
/** Metadata that end within a day should have been read again long before. */
const expiryHours = 24

export interface Measure {
  ok: boolean
  latencyMs: number
  reason: string | null
}

/**
 * Judges whether a provider works: by the probe just made, by what people met within the hour, by what is left of its
 * metadata. Only probes say that it is down: anybody can make sign-ins fail.
 */
export function judge(
  former: StateRow | undefined,
  input: { providerId: string; measure: Measure; recent: Span | undefined; validUntil: Date | null },
  now: Date,
): StateRow {
  const { providerId, measure, recent, validUntil } = input
  const failedProbes = measure.ok ? 0 : (former?.failedProbes ?? 0) + 1
  const { failed, signedIn } = recent ?? { failed: 0, signedIn: 0 }
  const [state, reason] = ((): [StateRow['state'], string | null] => {
    if (failedProbes >= failuresToBeDown) return ['down', measure.reason]
    if (failedProbes > 0) return ['degraded', measure.reason]
    if (measure.latencyMs > slowMs) return ['degraded', 'slow']
    if (failed >= failuresToTell && failed >= signedIn) return ['degraded', 'sign_ins_fail']
    if (validUntil && validUntil.getTime() - now.getTime() < expiryHours * 3_600_000)
      return ['degraded', 'metadata_expiring']
    return ['up', null]
  })()
  const since = former?.state === state ? former.since : now
  // How long a failure took says nothing.
  const latencyMs = measure.ok ? Math.round(measure.latencyMs) : null
  return { providerId, state, since, checkedAt: now, latencyMs, failedProbes, reason }
}

/** Probes every provider of every tenant, and keeps what it finds. */
export async function probeProviders(
  services: Services,
  protocols: Record<Provider['protocol'], Protocol>,
  signal?: AbortSignal,
): Promise<void> {
  for (const tenant of await listTenants(services.owner)) {
    const providers = await inTenant(services.db, tenant.id, listProviders)
    // A few at once: one that keeps silent takes five seconds.
    for (let start = 0; start < providers.length && !signal?.aborted; start += 8) {
      const some = providers.slice(start, start + 8)
      await Promise.all(some.map((provider) => probeProvider(services, protocols, tenant, provider)))
    }
  }
}

/** Probes a provider and keeps what it finds. */
export async function probeProvider(
  services: Services,
  protocols: Record<Provider['protocol'], Protocol>,
  tenant: Tenant,
  provider: Provider,
): Promise<StateRow> {
  const begun = performance.now()
  const reason = await protocols[provider.protocol].probe(tenant, provider).then(() => null, describeProbeFailure)
  const measure = { ok: reason === null, latencyMs: performance.now() - begun, reason }
  return inTenant(services.db, tenant.id, async (tx) => {
    const now = services.now()
    const providerId = provider.id
    const former = (await listStates(tx)).find((each) => each.providerId === providerId)
    const recent = (await sumSince(tx, new Date(now.getTime() - 3_600_000))).find(
      (each) => each.providerId === providerId,
    )
    const metadata = (await listMetadataStates(tx)).find((each) => each.providerId === providerId)
    const state = judge(former, { providerId, measure, recent, validUntil: metadata?.validUntil ?? null }, now)
    await saveState(tx, state)
    const probe = !measure.ok ? 'failed' : measure.latencyMs > slowMs ? 'slow' : 'well'
    await countHappening(tx, providerId, { probe, latencyMs: measure.latencyMs }, now)
    return state
  })
}

/** Reads again the metadata of every SAML provider, and takes away what time has ended. */
export async function refreshFederations(services: Services, signal?: AbortSignal): Promise<void> {
  for (const tenant of await listTenants(services.owner)) {
    const providers = await inTenant(services.db, tenant.id, listProviders)
    for (const provider of providers) {
      if (signal?.aborted) return
      if (provider.protocol === 'saml') await refreshMetadata(services, tenant.id, provider)
    }
    const ids = providers.map(({ id }) => id)
    await inTenant(services.db, tenant.id, async (tx) => {
      await purgeSaml(tx, ids, services.now())
      await purgeMeasures(tx, ids, services.now())
    })
  }
}

const providerFaults = new Set([
  'federation_unreachable',
  'federation_failed',
  'federation_untrusted',
  'federation_answer_expired',
  'federation_misdirected',
  'federation_stale',
])
const peoplesOwn = new Set(['federation_declined', 'federation_unknown_person'])

/** Counts how a sign-in ended, without saying whose. @param problem undefined when it succeeded. */
export async function countOutcome(
  services: Services,
  tenantId: string,
  slug: string,
  problem?: Problem,
): Promise<void> {
  const outcome = problem === undefined ? 'signed_in' : providerFaults.has(problem.code) ? 'failed' : 'refused'
  if (outcome === 'refused' && !peoplesOwn.has(problem?.code ?? '')) return
  await inTenant(services.db, tenantId, async (tx) => {
    const provider = (await listProviders(tx)).find((each) => each.slug === slug)
    if (provider) await countHappening(tx, provider.id, outcome, services.now())
  })
}

/** What may be kept of a failed probe: a code. */
export function describeProbeFailure(error: unknown): string {
  const { code, reason, name } = error as { code?: string; reason?: string; name?: string }
  if (name === 'TypeError' || name === 'TimeoutError' || code === 'federation_unreachable') return 'unreachable'
  if (name === 'ZodError' || name === 'SyntaxError') return 'malformed'
  return (code ?? reason ?? name ?? 'unknown').slice(0, 60)
}
