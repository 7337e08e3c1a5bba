import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Standing } from '../standing.ts'
import type { ChangeState } from './change-steps.ts'
import { beginStep, endStep } from './changes.ts'
import { findOpenAgendaItem, listMeetingTimes } from './changes.queries.ts'
import { findBallotRule } from './qualification.ts'
import { tables } from './tables.ts'

/**
 * Puts a change on the agenda of a meeting of the body that votes it.
 * @throws Problem as `beginStep`; 404 `meeting_not_found`; 422 `meeting_of_other_body`; 409 `already_on_agenda`;
 *   409 `agenda_closed` for a meeting that is over.
 */
export async function scheduleChange(
  tx: Tx,
  standing: Standing,
  id: string,
  meetingId: string,
  now: Date,
): Promise<{ state: ChangeState; agendaItemId: string }> {
  const change = await beginStep(tx, standing, id, 'schedule')
  const meeting = (await listMeetingTimes(tx, standing.agreement.id)).find((each) => each.id === meetingId)
  if (!meeting) throw new Problem(404, 'meeting_not_found', 'There is no such meeting.')
  const rule = findBallotRule(standing.agreement.rules, change.structuring === true)
  if (!rule || meeting.body !== rule.body) {
    const detail = `By article ${rule?.article ?? ''}, this change is voted by: ${rule?.body ?? 'nobody'}.`
    throw new Problem(422, 'meeting_of_other_body', detail, { article: rule?.article ?? '' })
  }
  if (meeting.state === 'closed') throw new Problem(409, 'agenda_closed', 'This meeting is over.')
  if (await findOpenAgendaItem(tx, id))
    throw new Problem(409, 'already_on_agenda', 'The change awaits its vote already.')
  const last = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select((each) => each.fn.max('position').as('position'))
    .where('meeting_id', '=', meetingId)
    .executeTakeFirst()
  const agendaItemId = randomUUIDv7()
  await tables(tx)
    .insertInto('governance.agenda_item')
    .values({
      id: agendaItemId,
      meeting_id: meetingId,
      position: (last?.position ?? 0) + 1,
      title: change.title,
      text: change.need,
      kind: 'decision',
      ballot_rule: rule.key,
      subject_kind: 'change',
      subject_id: id,
      created_at: now,
    })
    .execute()
  const state = await endStep(
    tx,
    standing,
    change,
    { name: 'schedule', to: 'scheduled', article: rule.article, figures: { meeting: meetingId } },
    now,
  )
  return { state, agendaItemId }
}
