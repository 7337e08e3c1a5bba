import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Standing } from '../standing.ts'
import { copyAgenda } from './agenda.queries.ts'
import { getLedMeeting } from './meetings.ts'
import { findSecondConvening, insertMeeting, type MeetingFields } from './meetings.queries.ts'

/**
 * Prepares the second convening of a meeting closed for want of a quorum: a draft with the same agenda and papers.
 * @throws Problem 404, 403, 409 as `getLedMeeting`; 422 `quorum_reached` for a meeting that had one, `no_second_convening`
 * when the agreement knows none, with the article; 409 `second_exists`; 422 `period_reversed`.
 */
export async function conveneAgain(
  tx: Tx,
  standing: Standing,
  id: string,
  input: Pick<MeetingFields, 'startsAt' | 'endsAt' | 'place'>,
  now: Date,
): Promise<string> {
  const { meeting, body } = await getLedMeeting(tx, standing, id, 'closed')
  if (!meeting.withoutQuorum) throw new Problem(422, 'quorum_reached', 'This meeting did not lack a quorum.')
  const { article } = body.quorum ?? body
  if (!body.quorum?.secondConvening)
    throw new Problem(422, 'no_second_convening', `The agreement knows no second convening (article ${article}).`, {
      article,
    })
  if (await findSecondConvening(tx, id))
    throw new Problem(409, 'second_exists', 'This meeting was convened again already.')
  if (input.endsAt <= input.startsAt) throw new Problem(422, 'period_reversed', 'The meeting ends before it begins.')
  const secondId = randomUUIDv7()
  const { title, urgent, chairId, secretaryId } = meeting
  await insertMeeting(
    tx,
    {
      ...input,
      id: secondId,
      agreementId: standing.agreement.id,
      body: body.key,
      title,
      urgent,
      chairId,
      secretaryId,
      secondOf: id,
      createdBy: standing.personId,
    },
    now,
  )
  await copyAgenda(tx, id, secondId, now)
  await recordAudit(tx, {
    action: 'governance.meeting_convened_again',
    actorPersonId: standing.personId,
    subjectKind: 'governance.meeting',
    subjectId: secondId,
    detail: { of: id },
  })
  return secondId
}
