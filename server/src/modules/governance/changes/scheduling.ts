import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { addAgendaItem } from '../bodies/agenda.ts'
import { findOpenItemAbout } from '../bodies/agenda.queries.ts'
import { getMeeting } from '../bodies/meetings.queries.ts'
import type { Standing } from '../standing.ts'
import type { ChangeState } from './change-steps.ts'
import { beginStep, endStep } from './changes.ts'
import { findBallotRule } from './qualification.ts'

/**
 * Puts a change on the agenda of a meeting of the body that votes it.
 * @throws Problem as `beginStep`; 404 `meeting_not_found`; 422 `meeting_of_other_body`; 409 `already_on_agenda`;
 *   as `addAgendaItem`.
 */
export async function scheduleChange(
  tx: Tx,
  standing: Standing,
  id: string,
  meetingId: string,
  now: Date,
): Promise<{ state: ChangeState; agendaItemId: string }> {
  // The meeting first: who closes it holds it already when it comes to the journal.
  const meeting = await getMeeting(tx, standing.agreement.id, meetingId, 'update')
  const change = await beginStep(tx, standing, id, 'schedule')
  const rule = findBallotRule(standing.agreement.rules, change.structuring === true)
  if (!rule || meeting.body !== rule.body) {
    const detail = `By article ${rule?.article ?? ''}, this change is voted by: ${rule?.body ?? 'nobody'}.`
    throw new Problem(422, 'meeting_of_other_body', detail, { article: rule?.article ?? '' })
  }
  if (await findOpenItemAbout(tx, { kind: 'change', id }))
    throw new Problem(409, 'already_on_agenda', 'The change awaits its vote already.')
  const agendaItemId = await addAgendaItem(
    tx,
    standing,
    meetingId,
    {
      title: change.title,
      text: change.need,
      kind: 'decision',
      ballotRule: rule.key,
      subjectKind: 'change',
      subjectId: id,
    },
    now,
  )
  const state = await endStep(
    tx,
    standing,
    change,
    { name: 'schedule', to: 'scheduled', article: rule.article, figures: { meeting: meetingId } },
    now,
  )
  return { state, agendaItemId }
}
