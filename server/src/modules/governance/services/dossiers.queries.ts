import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Dossier } from './dossier-schema.ts'
import type { DossierState } from './service-course.ts'
import { tables } from './tables.ts'

/** An impact dossier, with the last version of what it says. */
export interface ImpactDossier {
  id: string
  serviceId: string
  number: number
  state: DossierState
  salt: Buffer
  submittedAt: Date | null
  decisionId: string | null
  decision: string | null
  /** In the zone of the workspace. */
  decidedOn: Day | null
  /** Number of the last version. */
  version: number
  savedAt: Date
  content: Dossier
}

const dossiers = (tx: Tx) =>
  tables(tx)
    .selectFrom('governance.impact_dossier as dossier')
    .innerJoin('governance.impact_dossier_version as version', 'version.dossier_id', 'dossier.id')
    .leftJoin('governance.decision as decision', 'decision.id', 'dossier.decision_id')
    .select([
      'dossier.id',
      'dossier.service_id as serviceId',
      'dossier.number',
      'dossier.state',
      'dossier.salt',
      'dossier.submitted_at as submittedAt',
      'dossier.decision_id as decisionId',
      'decision.number as decision',
      sql<Day | null>`(decision.decided_at at time zone (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date`.as(
        'decidedOn',
      ),
      'version.number as version',
      'version.recorded_at as savedAt',
      'version.content',
    ])
    .where('version.number', '=', (each) =>
      each
        .selectFrom('governance.impact_dossier_version as latest')
        .select((last) => last.fn.max('latest.number').as('number'))
        .whereRef('latest.dossier_id', '=', 'dossier.id'),
    )

/** The dossiers of services, the newest of each first. */
export async function listDossiers(tx: Tx, serviceIds: readonly string[]): Promise<ImpactDossier[]> {
  if (serviceIds.length === 0) return []
  return dossiers(tx).where('dossier.service_id', 'in', serviceIds).orderBy('dossier.number', 'desc').execute()
}

/** @throws Problem 404 `dossier_not_found`. */
export async function getDossier(tx: Tx, serviceId: string, number: number): Promise<ImpactDossier> {
  const dossier = await dossiers(tx)
    .where('dossier.service_id', '=', serviceId)
    .where('dossier.number', '=', number)
    .executeTakeFirst()
  if (!dossier) throw dossierNotFound()
  return dossier
}

export const dossierNotFound = () => new Problem(404, 'dossier_not_found', 'This service has no such dossier.')

/** The service that a dossier of an agreement is about, and its number; undefined when there is none. */
export function findDossierPlace(
  tx: Tx,
  agreementId: string,
  dossierId: string,
): Promise<{ service: number; number: number; state: DossierState; stopped: boolean } | undefined> {
  return tables(tx)
    .selectFrom('governance.impact_dossier as dossier')
    .innerJoin('governance.service as service', 'service.id', 'dossier.service_id')
    .select(['service.number as service', 'dossier.number', 'dossier.state', 'service.stopped'])
    .where('service.agreement_id', '=', agreementId)
    .where('dossier.id', '=', dossierId)
    .executeTakeFirst()
}

/** Adds a dossier, numbered after the last of its service, with its first version; under the journal's lock. */
export async function insertDossier(
  tx: Tx,
  serviceId: string,
  content: Dossier,
  personId: string,
  now: Date,
): Promise<{ id: string; number: number }> {
  const last = await tables(tx)
    .selectFrom('governance.impact_dossier')
    .select((each) => each.fn.max('number').as('number'))
    .where('service_id', '=', serviceId)
    .executeTakeFirst()
  const made = { id: randomUUIDv7(), number: (last?.number ?? 0) + 1 }
  await tables(tx)
    .insertInto('governance.impact_dossier')
    .values({ ...made, service_id: serviceId, state: 'draft', begun_at: now, begun_by: personId })
    .execute()
  await insertVersion(tx, made.id, 1, content, personId, now)
  return made
}

export async function insertVersion(
  tx: Tx,
  dossierId: string,
  number: number,
  content: Dossier,
  personId: string,
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.impact_dossier_version')
    .values({
      dossier_id: dossierId,
      number,
      content: JSON.stringify(content),
      written_by: personId,
      recorded_at: now,
    })
    .execute()
}

/** The versions of a dossier, the newest first. */
export function listVersions(tx: Tx, dossierId: string) {
  return tables(tx)
    .selectFrom('governance.impact_dossier_version')
    .select(['number', 'recorded_at as at'])
    .where('dossier_id', '=', dossierId)
    .orderBy('number', 'desc')
    .execute()
}

/** Moves a dossier to another state. */
export async function updateDossier(
  tx: Tx,
  id: string,
  values: {
    state: DossierState
    submitted_at?: Date
    submitted_by?: string
    decision_id?: string
  },
): Promise<void> {
  await tables(tx).updateTable('governance.impact_dossier').set(values).where('id', '=', id).execute()
}

/** What an order came to. */
export interface FrozenCost {
  orderId: string
  committedCents: bigint
  paidCents: bigint
}

/** Keeps what orders came to, as the dossier that names them is submitted. */
export async function insertFrozenCosts(tx: Tx, dossierId: string, costs: readonly FrozenCost[]): Promise<void> {
  if (costs.length === 0) return
  await tables(tx)
    .insertInto('governance.impact_dossier_order')
    .values(
      costs.map(({ orderId, committedCents, paidCents }) => ({
        dossier_id: dossierId,
        order_id: orderId,
        committed_cents: String(committedCents),
        paid_cents: String(paidCents),
      })),
    )
    .execute()
}

/** What the orders of a dossier came to when it was submitted. */
export async function listFrozenCosts(tx: Tx, dossierId: string): Promise<FrozenCost[]> {
  const rows = await tables(tx)
    .selectFrom('governance.impact_dossier_order')
    .select(['order_id', 'committed_cents', 'paid_cents'])
    .where('dossier_id', '=', dossierId)
    .execute()
  return rows.map((row) => ({
    orderId: row.order_id,
    committedCents: BigInt(row.committed_cents),
    paidCents: BigInt(row.paid_cents),
  }))
}
