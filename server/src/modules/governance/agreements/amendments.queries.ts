import type { Generated } from 'kysely'
import type { Db, Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables as votes } from '../votes/tables.ts'

export const amendmentStates = ['proposed', 'withdrawn', 'adopted', 'rejected', 'stale'] as const

interface AmendmentTable {
  tenant_id: Generated<string>
  id: string
  agreement_id: string
  number: number
  based_on: number
  valid_from: Day
  source: string
  reason: string
  state: Generated<(typeof amendmentStates)[number]>
  decision_id: string | null
  version_id: string | null
  proposed_at: Date
  proposed_by: string
  settled_at: Date | null
}

const tables = (tx: Db) => votes(tx).withTables<{ 'governance.amendment': AmendmentTable }>()

/** An amendment that was proposed to the vote, and what became of it. */
export interface Amendment {
  id: string
  /** From 1, in the agreement. */
  number: number
  /** Number of the version it was written from. */
  basedOn: number
  validFrom: Day
  reason: string
  state: (typeof amendmentStates)[number]
  proposedAt: Date
  settledAt: Date | null
  /** Number of the decision about it. */
  decision: string | null
  /** Number of the version it made. */
  version: number | null
}

/** Amendments of an agreement, newest first. */
export function listAmendments(tx: Tx, agreementId: string): Promise<Amendment[]> {
  return selectAmendments(tx, agreementId).orderBy('governance.amendment.number', 'desc').execute()
}

/** An amendment with its file; undefined when there is none of this number. */
export function findAmendment(
  tx: Tx,
  agreementId: string,
  number: number,
): Promise<(Amendment & { source: string }) | undefined> {
  return selectAmendments(tx, agreementId)
    .select('governance.amendment.source')
    .where('governance.amendment.number', '=', number)
    .executeTakeFirst()
}

const selectAmendments = (tx: Tx, agreementId: string) =>
  tables(tx)
    .selectFrom('governance.amendment')
    .leftJoin('governance.decision', 'governance.decision.id', 'governance.amendment.decision_id')
    .leftJoin('governance.agreement_version', 'governance.agreement_version.id', 'governance.amendment.version_id')
    .select([
      'governance.amendment.id',
      'governance.amendment.number',
      'based_on as basedOn',
      'governance.amendment.valid_from as validFrom',
      'governance.amendment.reason',
      'state',
      'proposed_at as proposedAt',
      'settled_at as settledAt',
      'governance.decision.number as decision',
      'governance.agreement_version.number as version',
    ])
    .where('governance.amendment.agreement_id', '=', agreementId)

/** What an act on an amendment rests on; nobody else acts on it before the transaction ends. */
export function lockAmendment(tx: Tx, agreementId: string, id: string) {
  return tables(tx)
    .selectFrom('governance.amendment')
    .select(['id', 'number', 'based_on as basedOn', 'valid_from as validFrom', 'source', 'reason', 'state'])
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** Adds an amendment after those there are; the caller holds the journal's lock. @returns its number. */
export async function insertAmendment(
  tx: Tx,
  amendment: {
    id: string
    agreementId: string
    basedOn: number
    validFrom: Day
    source: string
    reason: string
    proposedBy: string
  },
  now: Date,
): Promise<number> {
  const last = await tables(tx)
    .selectFrom('governance.amendment')
    .select((each) => each.fn.max('number').as('number'))
    .where('agreement_id', '=', amendment.agreementId)
    .executeTakeFirst()
  const number = (last?.number ?? 0) + 1
  await tables(tx)
    .insertInto('governance.amendment')
    .values({
      id: amendment.id,
      agreement_id: amendment.agreementId,
      number,
      based_on: amendment.basedOn,
      valid_from: amendment.validFrom,
      source: amendment.source,
      reason: amendment.reason,
      decision_id: null,
      version_id: null,
      proposed_at: now,
      proposed_by: amendment.proposedBy,
      settled_at: null,
    })
    .execute()
  return number
}

/** Says what became of an amendment. */
export async function settleAmendment(
  tx: Tx,
  id: string,
  end: { state: 'withdrawn' | 'adopted' | 'rejected' | 'stale'; decisionId: string | null; versionId: string | null },
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('governance.amendment')
    .set({ state: end.state, decision_id: end.decisionId, version_id: end.versionId, settled_at: now })
    .where('id', '=', id)
    .execute()
}

/** Whether a vote on an amendment is open. */
export async function isBeingVoted(tx: Tx, id: string): Promise<boolean> {
  const open = await tables(tx)
    .selectFrom('governance.ballot')
    .innerJoin('governance.agenda_item', 'governance.agenda_item.id', 'agenda_item_id')
    .select('governance.ballot.id')
    .where('subject_kind', '=', 'amendment')
    .where('subject_id', '=', id)
    .where('closed_at', 'is', null)
    .executeTakeFirst()
  return open !== undefined
}
