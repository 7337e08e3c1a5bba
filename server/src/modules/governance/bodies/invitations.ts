import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Standing } from '../standing.ts'
import { type Invitation, listInvitations, updateAnswer } from './invitations.queries.ts'
import { requireState } from './meetings.ts'
import { getMeeting, raiseSequence } from './meetings.queries.ts'
import { getBody } from './representatives.ts'

/**
 * Answers one's own invitation. A holder who cannot come may ask a deputy of the same party to sit instead, who then is
 * the one awaited.
 * @throws Problem 404 `meeting_not_found`, `invitation_not_found` for who is not invited; 409 `meeting_state`,
 * `deputy_taken` when the deputy sits for another holder already; 422 `delegate_refused`.
 */
export async function answerInvitation(
  tx: Tx,
  standing: Standing,
  meetingId: string,
  input: { answer: 'accepted' | 'declined' | 'delegated'; delegatedTo: string | null },
  now: Date,
): Promise<void> {
  const meeting = await getMeeting(tx, standing.agreement.id, meetingId, 'update')
  requireState(meeting, 'convened', 'open')
  const invitations = await listInvitations(tx, meetingId)
  const own = invitations.find(({ personId }) => personId === standing.personId)
  if (!own) throw new Problem(404, 'invitation_not_found', 'You are not invited to this meeting.')
  const deputy = invitations.find(({ representativeId }) => representativeId === input.delegatedTo)
  if (input.answer === 'delegated') requireDelegate(standing, meeting.body, own, deputy, invitations)
  const delegatedTo = input.answer === 'delegated' ? (deputy?.representativeId ?? null) : null
  const before = own.delegatedTo
  await updateAnswer(tx, own.id, input.answer, delegatedTo, now)
  // The deputy is awaited anew, or no more; and so are those the calendar shows.
  if (before !== delegatedTo) await raiseSequence(tx, meetingId)
  await recordAudit(tx, {
    action: 'governance.invitation_answered',
    actorPersonId: standing.personId,
    subjectKind: 'governance.meeting',
    subjectId: meetingId,
    detail: { answer: input.answer, party: own.party },
  })
}

function requireDelegate(
  standing: Standing,
  bodyKey: string,
  own: Invitation,
  deputy: Invitation | undefined,
  invitations: Invitation[],
): void {
  const { article, deputies } = getBody(standing.agreement.rules, bodyKey).composition
  if (!deputies || own.rank !== 'holder' || deputy?.rank !== 'deputy' || deputy.party !== own.party)
    throw new Problem(422, 'delegate_refused', `A holder is replaced by a deputy of the same party (${article}).`, {
      article,
    })
  const taken = invitations.some(
    ({ id, delegatedTo }) => id !== own.id && delegatedTo !== null && delegatedTo === deputy.representativeId,
  )
  if (taken) throw new Problem(409, 'deputy_taken', 'This deputy sits for another holder already.')
}
