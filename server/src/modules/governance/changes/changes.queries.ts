import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Sheet } from './change-schema.ts'
import type { ChangeState, ChangeStep } from './change-steps.ts'
import { tables } from './tables.ts'

export interface Change {
  id: string
  agreementId: string
  number: number
  title: string
  need: string
  requestedBy: string
  requesterId: string
  requestedAt: Date
  paid: boolean | null
  wholeEstablishment: boolean | null
  technicalFrame: boolean | null
  separableTo: string | null
  structuring: boolean | null
  committedAt: Date | null
  state: ChangeState
  decisionId: string | null
  inFavour: string[] | null
  orderId: string | null
}

const columns = [
  'id',
  'agreement_id as agreementId',
  'number',
  'title',
  'need',
  'requested_by as requestedBy',
  'requester_id as requesterId',
  'requested_at as requestedAt',
  'paid',
  'whole_establishment as wholeEstablishment',
  'technical_frame as technicalFrame',
  'separable_to as separableTo',
  'structuring',
  'committed_at as committedAt',
  'state',
  'decision_id as decisionId',
  'in_favour as inFavour',
  'order_id as orderId',
] as const

/** The changes of an agreement, the newest first. */
export async function listChanges(tx: Tx, agreementId: string): Promise<Change[]> {
  return tables(tx)
    .selectFrom('governance.change')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .orderBy('number', 'desc')
    .execute()
}

/** @throws Problem 404 `change_not_found`. */
export async function getChange(tx: Tx, agreementId: string, id: string): Promise<Change> {
  const change = await tables(tx)
    .selectFrom('governance.change')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!change) throw changeNotFound()
  return change
}

/** As `getChange`, and nobody else takes a step of it before the transaction ends. */
export async function lockChange(tx: Tx, agreementId: string, id: string): Promise<Change> {
  const change = await tables(tx)
    .selectFrom('governance.change')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!change) throw changeNotFound()
  return change
}

const changeNotFound = () => new Problem(404, 'change_not_found', 'There is no such change in this agreement.')

/** Adds a change, numbered after the last of its agreement. */
export async function createChange(
  tx: Tx,
  change: Pick<Change, 'agreementId' | 'title' | 'need' | 'requestedBy' | 'requesterId'>,
  now: Date,
): Promise<{ id: string; number: number }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`governance.change ${change.agreementId}`}, 0))`.execute(tx)
  const last = await tables(tx)
    .selectFrom('governance.change')
    .select((each) => each.fn.max('number').as('number'))
    .where('agreement_id', '=', change.agreementId)
    .executeTakeFirst()
  const id = randomUUIDv7()
  const number = (last?.number ?? 0) + 1
  await tables(tx)
    .insertInto('governance.change')
    .values({
      id,
      agreement_id: change.agreementId,
      number,
      title: change.title,
      need: change.need,
      requested_by: change.requestedBy,
      requester_id: change.requesterId,
      requested_at: now,
      state: 'requested',
    })
    .execute()
  return { id, number }
}

/** Moves a locked change to a state, and keeps the step that did. */
export async function moveChange(
  tx: Tx,
  change: Change,
  step: {
    name: ChangeStep | 'request' | 'vote'
    to: ChangeState
    versionId: string
    personId: string | null
    party: string | null
    note: string
  },
  values: {
    paid?: boolean
    whole_establishment?: boolean
    technical_frame?: boolean
    separable_to?: string | null
    structuring?: boolean
    committed_by?: string | null
    committed_at?: Date | null
    decision_id?: string | null
    in_favour?: string[] | null
    order_id?: string | null
  },
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('governance.change')
    .set({ ...values, state: step.to })
    .where('id', '=', change.id)
    .execute()
  const last = await tables(tx)
    .selectFrom('governance.change_step')
    .select((each) => each.fn.max('position').as('position'))
    .where('change_id', '=', change.id)
    .executeTakeFirst()
  await tables(tx)
    .insertInto('governance.change_step')
    .values({
      change_id: change.id,
      position: (last?.position ?? 0) + 1,
      step: step.name,
      to_state: step.to,
      version_id: step.versionId,
      person_id: step.personId,
      party: step.party,
      note: step.note,
      recorded_at: now,
    })
    .execute()
}

/** The steps of a change, in the order they were taken. */
export async function listSteps(tx: Tx, changeId: string) {
  return tables(tx)
    .selectFrom('governance.change_step')
    .innerJoin('governance.agreement_version', 'governance.agreement_version.id', 'version_id')
    .select([
      'step',
      'to_state as state',
      'party',
      'note',
      'governance.change_step.recorded_at as at',
      'governance.agreement_version.number as version',
    ])
    .where('change_id', '=', changeId)
    .orderBy('position')
    .execute()
}

/** The versions of the configuration sheet, the newest first. */
export async function listSheets(tx: Tx, changeId: string) {
  return tables(tx)
    .selectFrom('governance.change_sheet')
    .select(['id', 'number', 'content', 'recorded_at as recordedAt', 'submitted_at as submittedAt'])
    .where('change_id', '=', changeId)
    .orderBy('number', 'desc')
    .execute()
}

/** The sheet that is submitted: the last version, once it is. */
export async function findSubmittedSheet(tx: Tx, changeId: string) {
  const [last] = await listSheets(tx, changeId)
  return last?.submittedAt ? { ...last, submittedAt: last.submittedAt } : undefined
}

/** Adds a version of the sheet. */
export async function createSheet(
  tx: Tx,
  changeId: string,
  sheet: Sheet,
  personId: string,
  now: Date,
): Promise<{ number: number }> {
  const [last] = await listSheets(tx, changeId)
  const number = (last?.number ?? 0) + 1
  await tables(tx)
    .insertInto('governance.change_sheet')
    .values({
      id: randomUUIDv7(),
      change_id: changeId,
      number,
      content: JSON.stringify(sheet),
      amount_cents: sheet.amountCents,
      written_by: personId,
      recorded_at: now,
    })
    .execute()
  return { number }
}

export async function submitSheetVersion(tx: Tx, id: string, now: Date): Promise<void> {
  await tables(tx).updateTable('governance.change_sheet').set({ submitted_at: now }).where('id', '=', id).execute()
}

/** Opinions on every version of the sheet, as they came. */
export async function listOpinions(tx: Tx, changeId: string) {
  return tables(tx)
    .selectFrom('governance.change_opinion')
    .innerJoin('governance.change_sheet', 'governance.change_sheet.id', 'sheet_id')
    .select([
      'sheet_id as sheetId',
      'number as sheet',
      'party',
      'opinion',
      'text',
      'governance.change_opinion.recorded_at as at',
    ])
    .where('governance.change_opinion.change_id', '=', changeId)
    .orderBy('governance.change_opinion.id')
    .execute()
}

export async function findAcceptance(tx: Tx, changeId: string) {
  return tables(tx)
    .selectFrom('governance.change_acceptance')
    .select(['results', 'met', 'reduction_cents as reductionCents', 'recorded_at as at'])
    .where('change_id', '=', changeId)
    .executeTakeFirst()
}

/** The meetings of an agreement that are not cancelled, by the time they begin. */
export async function listMeetingTimes(tx: Tx, agreementId: string) {
  return tables(tx)
    .selectFrom('governance.meeting')
    .select(['id', 'body', 'title', 'starts_at as startsAt', 'state'])
    .where('agreement_id', '=', agreementId)
    .where('state', '!=', 'cancelled')
    .orderBy('starts_at')
    .execute()
}
