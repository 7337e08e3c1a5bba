import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Act } from './act-schema.ts'
import type { ListContent } from './list-schema.ts'
import { type listStates, tables } from './tables.ts'

/** A version of the list of deliverables. */
export interface DeliverableList {
  id: string
  number: number
  /** Of its saving, from 1. */
  revision: number
  state: (typeof listStates)[number]
  content: ListContent
  salt: Buffer
  savedAt: Date
  submittedAt: Date | null
  decidedOn: Day | null
  decisionId: string | null
  /** Number of the decision. */
  decision: string | null
}

/** The versions of the list of an agreement, the newest first. */
export async function listLists(tx: Tx, agreementId: string): Promise<DeliverableList[]> {
  return tables(tx)
    .selectFrom('governance.deliverable_list as list')
    .leftJoin('governance.decision as decision', 'decision.id', 'list.decision_id')
    .select([
      'list.id',
      'list.number',
      'revision',
      'state',
      'content',
      'list.salt',
      'saved_at as savedAt',
      'submitted_at as submittedAt',
      'decided_on as decidedOn',
      'decision_id as decisionId',
      'decision.number as decision',
    ])
    .where('list.agreement_id', '=', agreementId)
    .orderBy('list.number', 'desc')
    .execute()
}

/** The list in force: the last that was adopted. */
export const findInForce = (lists: readonly DeliverableList[]): DeliverableList | undefined =>
  lists.find(({ state }) => state === 'adopted')

/** Adds a draft. */
export async function insertList(
  tx: Tx,
  list: { agreementId: string; number: number; content: ListContent; savedBy: string },
  now: Date,
): Promise<string> {
  const id = randomUUIDv7()
  await tables(tx)
    .insertInto('governance.deliverable_list')
    .values({
      id,
      agreement_id: list.agreementId,
      number: list.number,
      revision: 1,
      state: 'draft',
      content: JSON.stringify(list.content),
      saved_at: now,
      saved_by: list.savedBy,
    })
    .execute()
  return id
}

/** Changes a list; what is not given stays. */
export async function updateList(
  tx: Tx,
  id: string,
  fields: {
    content?: string
    revision?: number
    saved_at?: Date
    saved_by?: string
    state?: (typeof listStates)[number]
    submitted_at?: Date | null
    decided_on?: Day
    decision_id?: string
  },
): Promise<void> {
  await tables(tx).updateTable('governance.deliverable_list').set(fields).where('id', '=', id).execute()
}

/** An act as it was recorded. */
export interface RecordedAct {
  id: string
  deliverable: string
  content: Act
  /** Number of the list it was done under. */
  list: number
  /** Number of the version of the agreement. */
  version: number
  party: string | null
  recordedAt: Date
}

/** The acts about the deliverables of an agreement, or about one of them, in the order they were recorded. */
export async function listActs(tx: Tx, agreementId: string, deliverable?: string): Promise<RecordedAct[]> {
  const acts = tables(tx)
    .selectFrom('governance.deliverable_act as act')
    .innerJoin('governance.deliverable_list as list', 'list.id', 'act.list_id')
    .innerJoin('governance.agreement_version as version', 'version.id', 'act.version_id')
    .select([
      'act.id',
      'deliverable',
      'act.content',
      'list.number as list',
      'version.number as version',
      'party',
      'act.recorded_at as recordedAt',
    ])
    .where('act.agreement_id', '=', agreementId)
    .orderBy('deliverable')
    .orderBy('position')
  return deliverable === undefined ? acts.execute() : acts.where('deliverable', '=', deliverable).execute()
}

/** Adds an act after the last of a deliverable; the caller holds the journal's lock. */
export async function insertAct(
  tx: Tx,
  act: {
    agreementId: string
    deliverable: string
    position: number
    content: Act
    listId: string
    versionId: string
    party: string | null
    personId: string | null
  },
  now: Date,
): Promise<{ id: string; salt: Buffer }> {
  return tables(tx)
    .insertInto('governance.deliverable_act')
    .values({
      id: randomUUIDv7(),
      agreement_id: act.agreementId,
      deliverable: act.deliverable,
      position: act.position,
      act: act.content.act,
      content: JSON.stringify(act.content),
      list_id: act.listId,
      version_id: act.versionId,
      party: act.party,
      person_id: act.personId,
      recorded_at: now,
    })
    .returning(['id', 'salt'])
    .executeTakeFirstOrThrow()
}

/** Meetings of a body on whose agenda something may still be put, by the time they begin. */
export async function listComingMeetings(tx: Tx, agreementId: string, body: string) {
  return tables(tx)
    .selectFrom('governance.meeting')
    .select(['id', 'title', 'starts_at as startsAt', 'state'])
    .where('agreement_id', '=', agreementId)
    .where('body', '=', body)
    .where('state', 'in', ['draft', 'convened'])
    .orderBy('starts_at')
    .execute()
}
