import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Standing } from '../standing.ts'
import { leadsBody } from './bodies.ts'
import { type FollowUp, listFollowUps, updateFollowUp } from './follow-up.queries.ts'
import { getBody } from './representatives.ts'

/**
 * Says by when an adopted decision is to be done, or that it is done; what is not given stays.
 * @throws Problem 404 `decision_not_found`; 403 `not_allowed` for who does not lead the body; 409 `already_done` when it
 * is said done twice.
 */
export async function changeFollowUp(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { dueOn?: Day | null | undefined; done?: boolean | undefined; note?: string | null | undefined },
  now: Date,
): Promise<FollowUp> {
  const agreementId = standing.agreement.id
  await sql`select from governance.decision where id = ${id} for update`.execute(tx)
  const [before] = await listFollowUps(tx, agreementId, { id })
  if (!before) throw new Problem(404, 'decision_not_found', 'There is no such adopted decision.')
  if (!leadsBody(standing, getBody(standing.agreement.rules, before.body)))
    throw new Problem(403, 'not_allowed', 'Only who leads the body follows its decisions up.')
  if (input.done === true && before.doneOn !== null)
    throw new Problem(409, 'already_done', 'This decision was said to be done already.')
  const done = input.done ?? before.doneOn !== null
  await updateFollowUp(tx, id, {
    dueOn: input.dueOn === undefined ? before.dueOn : input.dueOn,
    doneAt: done ? (input.done === true ? now : 'kept') : null,
    note: input.note === undefined ? before.doneNote : input.note,
  })
  await recordAudit(tx, {
    action: 'governance.decision_followed_up',
    actorPersonId: standing.personId,
    subjectKind: 'governance.decision',
    subjectId: id,
    detail: { number: before.number, done },
  })
  const [after] = await listFollowUps(tx, agreementId, { id })
  return after ?? before
}
