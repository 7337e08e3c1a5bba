import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Party } from '../agreements/agreement-schema.ts'
import type { JoiningStep } from './joining-steps.ts'
import { tables } from './tables.ts'

export interface MembershipAct {
  id: string
  kind: 'joining' | 'leaving' | 'termination'
  party: string
  name: string | null
  partyKind: Party['kind'] | null
  reason: string
  state: JoiningStep | 'refused' | 'recorded'
  notifiedOn: Day
  noticeEndsOn: Day | null
  lastDay: Day | null
  article: string
  decisionId: string | null
  versionId: string | null
  recordedAt: Date
}

const columns = [
  'id',
  'kind',
  'party',
  'name',
  'party_kind as partyKind',
  'reason',
  'state',
  'notified_on as notifiedOn',
  'notice_ends_on as noticeEndsOn',
  'last_day as lastDay',
  'article',
  'decision_id as decisionId',
  'version_id as versionId',
  'recorded_at as recordedAt',
] as const

/** Who asked to join, who leaves and who is made to: the newest first. */
export async function listMembershipActs(tx: Tx, agreementId: string): Promise<MembershipAct[]> {
  return tables(tx)
    .selectFrom('governance.membership_act')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .orderBy('id', 'desc')
    .execute()
}

/** An act that nobody else moves before the transaction ends. @throws Problem 404 `membership_act_not_found`. */
export async function lockMembershipAct(tx: Tx, agreementId: string, id: string): Promise<MembershipAct> {
  const act = await tables(tx)
    .selectFrom('governance.membership_act')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!act) throw new Problem(404, 'membership_act_not_found', 'There is no such request or departure.')
  return act
}

export async function createMembershipAct(
  tx: Tx,
  agreementId: string,
  act: Omit<MembershipAct, 'id' | 'decisionId' | 'recordedAt'>,
  personId: string,
  now: Date,
): Promise<string> {
  const id = randomUUIDv7()
  await tables(tx)
    .insertInto('governance.membership_act')
    .values({
      id,
      agreement_id: agreementId,
      kind: act.kind,
      party: act.party,
      name: act.name,
      party_kind: act.partyKind,
      reason: act.reason,
      state: act.state,
      notified_on: act.notifiedOn,
      notice_ends_on: act.noticeEndsOn,
      last_day: act.lastDay,
      article: act.article,
      decision_id: null,
      version_id: act.versionId,
      recorded_at: now,
      recorded_by: personId,
    })
    .execute()
  return id
}

/** Moves a locked act, and keeps the step that did. */
export async function moveMembershipAct(
  tx: Tx,
  id: string,
  step: {
    name: string
    state: MembershipAct['state']
    agreementVersionId: string
    personId: string | null
    note: string
    decisionId?: string
    versionId?: string
  },
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('governance.membership_act')
    .set({
      state: step.state,
      ...(step.decisionId !== undefined && { decision_id: step.decisionId }),
      ...(step.versionId !== undefined && { version_id: step.versionId }),
    })
    .where('id', '=', id)
    .execute()
  const last = await tables(tx)
    .selectFrom('governance.membership_step')
    .select((each) => each.fn.max('position').as('position'))
    .where('act_id', '=', id)
    .executeTakeFirst()
  await tables(tx)
    .insertInto('governance.membership_step')
    .values({
      act_id: id,
      position: (last?.position ?? 0) + 1,
      step: step.name,
      version_id: step.agreementVersionId,
      person_id: step.personId,
      note: step.note,
      recorded_at: now,
    })
    .execute()
}

/** The steps of acts, in the order they were taken. */
export async function listMembershipSteps(tx: Tx, actIds: string[]) {
  if (actIds.length === 0) return []
  return tables(tx)
    .selectFrom('governance.membership_step')
    .select(['act_id as actId', 'step', 'note', 'recorded_at as at'])
    .where('act_id', 'in', actIds)
    .orderBy('position')
    .execute()
}

export async function listDeliberations(tx: Tx, actIds: string[]) {
  if (actIds.length === 0) return []
  return tables(tx)
    .selectFrom('governance.membership_deliberation')
    .select(['act_id as actId', 'party', 'adopted', 'deliberated_on as on', 'reference'])
    .where('act_id', 'in', actIds)
    .orderBy('recorded_at')
    .execute()
}

export async function createDeliberation(
  tx: Tx,
  deliberation: { actId: string; party: string; adopted: boolean; on: Day; reference: string; personId: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.membership_deliberation')
    .values({
      act_id: deliberation.actId,
      party: deliberation.party,
      adopted: deliberation.adopted,
      deliberated_on: deliberation.on,
      reference: deliberation.reference,
      recorded_by: deliberation.personId,
      recorded_at: now,
    })
    .execute()
}

/** The file of the last version of an agreement, from which an amendment is written. */
export async function getLastVersion(
  tx: Tx,
  agreementId: string,
): Promise<{ number: number; source: string; validFrom: Day }> {
  return tables(tx)
    .selectFrom('governance.agreement_version')
    .select(['number', 'source', 'valid_from as validFrom'])
    .where('agreement_id', '=', agreementId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
}
