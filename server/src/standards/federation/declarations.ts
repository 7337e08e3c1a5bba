import { randomUUID } from 'node:crypto'
import type { Actor } from '#kernel/access'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { findEstablishment, listTerritories } from '#modules/directory'
import {
  type Declaration,
  declareProvider,
  keepProviderSecret,
  prepareProvider,
  type Provider,
  removeProvider,
  scopeProvider,
} from '#modules/identity'
import { previewMetadata, type Reading, refreshMetadata } from '../saml/metadata-refresh.ts'
import { describeProbeFailure, probeProvider, refreshQueue } from './availability.ts'
import type { Protocols } from './protocols.ts'

/** A provider as an operator describes it; a secret that is not given stays what it was. */
export interface Declared {
  declaration: Declaration
  /** UAI codes of establishments, codes of territories, or identifiers of territories; none for everyone. */
  organisations: string[]
}

/** What a try found. */
export interface Trial {
  /** Code of what is wrong; null when it works. */
  reason: string | null
  latencyMs: number
  metadata: Exclude<Reading, { failure: string }> | null
}

/**
 * Declares a provider or changes it, for the organisations named, then reads and probes it so that its state is known.
 * @throws Problem 422 `scope_unknown`, `provider_secret_needed`; those of `declareProvider`.
 */
export async function saveDeclaration(
  services: Services,
  protocols: Protocols,
  { tenant, actor }: { tenant: Tenant; actor: Actor },
  { declaration, organisations }: Declared,
): Promise<void> {
  const provider = await inTenant(services.db, tenant.id, async (tx) => {
    const ids = await findOrganisations(tx, organisations)
    const complete = await keepProviderSecret(tx, services.secrets, declaration)
    const saved = await declareProvider(tx, complete, services, actor.personId)
    await scopeProvider(tx, saved.slug, ids, actor.personId)
    // The list of a whole federation takes longer than anybody waits for a page.
    if (saved.profile === 'renater') await services.jobs.enqueue(tx, refreshQueue, {})
    return saved
  })
  if (provider.profile === 'renater') return
  if (provider.protocol === 'saml') await refreshMetadata(services, tenant.id, provider, 20)
  await probeProvider(services, protocols, tenant, provider)
}

/**
 * Asks a provider for what sign-ins will need of it, without declaring it: nothing is kept.
 * @throws Problem as `saveDeclaration` does.
 */
export async function tryDeclaration(
  services: Services,
  protocols: Protocols,
  tenant: Tenant,
  { declaration, organisations }: Declared,
): Promise<Trial> {
  const complete = await inTenant(services.db, tenant.id, async (tx) => {
    await findOrganisations(tx, organisations)
    return keepProviderSecret(tx, services.secrets, declaration)
  })
  const provider: Provider = { id: randomUUID(), ...(await prepareProvider(complete, services)) }
  const begun = performance.now()
  const finish = (reason: string | null, metadata: Trial['metadata']) => ({
    reason,
    latencyMs: Math.round(performance.now() - begun),
    metadata,
  })
  if (provider.protocol === 'saml') {
    const read = await previewMetadata(services, provider, 60)
    return 'failure' in read ? finish(read.failure, null) : finish(null, read)
  }
  const reason = await protocols[provider.protocol].probe(tenant, provider).then(() => null, describeProbeFailure)
  return finish(reason, null)
}

/** Takes a provider away. @throws Problem 404 `provider_not_found`. */
export async function removeDeclaration(services: Services, actor: Actor, slug: string): Promise<void> {
  await inTenant(services.db, actor.tenantId, (tx) => removeProvider(tx, slug, actor.personId))
}

async function findOrganisations(tx: Tx, codes: string[]): Promise<string[]> {
  if (codes.length === 0) return []
  const territories = await listTerritories(tx)
  const found = []
  const unknown = []
  for (const code of codes) {
    const id =
      territories.find((each) => each.code === code || each.id === code)?.id ??
      (await findEstablishment(tx, { uai: code.toUpperCase() }))?.id
    if (id === undefined) unknown.push(code)
    else found.push(id)
  }
  if (unknown.length > 0) {
    const codesOf = unknown.join(', ')
    throw new Problem(422, 'scope_unknown', `No establishment or territory has these codes: ${codesOf}.`, {
      codes: codesOf,
    })
  }
  return [...new Set(found)]
}
