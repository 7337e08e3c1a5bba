import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Body } from '../agreements/agreement-schema.ts'
import { recordInJournal } from '../journal/journal.ts'
import { doOnce } from '../request-once.ts'
import type { Standing } from '../standing.ts'
import { tables } from '../tables.ts'
import { gatherAssembly } from '../votes/assembly.ts'
import { listBallots } from '../votes/ballots.queries.ts'
import type { Step } from '../votes/step.ts'
import { getAgendaItem } from './agenda.ts'
import { endAttendance } from './attendance.queries.ts'
import { digestOf } from './decisions.ts'
import { readMeetingFacts } from './meeting-facts.ts'
import { getLedMeeting, getReadableMeeting, requireState } from './meetings.ts'
import { getMeeting, type Meeting } from './meetings.queries.ts'
import { composeMinutes, type Minutes } from './minutes.ts'
import {
  type Correction,
  findApproval,
  findCorrection,
  insertApproval,
  insertCorrection,
  insertMinutes,
  listMinutes,
  updateCorrection,
} from './minutes.queries.ts'
import { auditMeeting } from './meeting-audit.ts'

/**
 * Closes a meeting: those still there leave, and its minutes are written and enter the journal by their digest.
 * @param input.withoutQuorum it is closed for want of a quorum: a second convening may then follow.
 * @throws Problem 404, 403, 409 as `getLedMeeting`; 409 `ballot_open`; 422 `quorum_reached`, `head_count_missing`.
 */
export async function closeMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { withoutQuorum: boolean; timeZone: string },
  now: Date,
): Promise<void> {
  const { meeting, body } = await getLedMeeting(tx, standing, id, 'open')
  const ballots = await listBallots(tx, id)
  if (ballots.some(({ closedAt }) => closedAt === null))
    throw new Problem(409, 'ballot_open', 'A vote is open: close it first.')
  if (input.withoutQuorum && (ballots.length > 0 || (await readQuorum(tx, standing, meeting, body, null, now)).reached))
    throw new Problem(422, 'quorum_reached', 'There is a quorum, or there was when the meeting voted.')
  await endAttendance(tx, id, now)
  await tables(tx)
    .updateTable('governance.meeting')
    .set({ state: 'closed', closed_at: now, without_quorum: input.withoutQuorum })
    .where('id', '=', id)
    .execute()
  await auditMeeting(tx, standing, 'meeting_closed', id, { body: body.key, withoutQuorum: input.withoutQuorum })
  await writeVersion(tx, standing, id, body, 1, input.timeZone, now)
}

/**
 * Whether there is a quorum now, step by step, each with its figure and its article.
 * @param agendaItemId null: whatever the item.
 * @throws Problem 422 `head_count_missing` when the quorum counts pupils and none were counted yet.
 */
export async function readQuorum(
  tx: Tx,
  standing: Standing,
  meeting: Meeting,
  body: Body,
  agendaItemId: string | null,
  now: Date,
): Promise<{ reached: boolean; steps: Step[] }> {
  const weights = body.voices === 'one' ? 'one' : 'voices'
  return (await gatherAssembly(tx, standing.agreement, body, { weights }, meeting, agendaItemId, now)).quorum
}

/** The minutes as they would be written now, of a meeting that is not closed. */
export async function composeDraft(
  tx: Tx,
  standing: Standing,
  meeting: Meeting,
  body: Body,
  timeZone: string,
): Promise<Minutes> {
  return composeMinutes(await readMeetingFacts(tx, standing, meeting, body), timeZone)
}

/** Writes a version of the minutes; the journal's lock is held from then on. */
async function writeVersion(
  tx: Tx,
  standing: Standing,
  id: string,
  body: Body,
  version: number,
  timeZone: string,
  now: Date,
): Promise<void> {
  const meeting = await getMeeting(tx, standing.agreement.id, id)
  const content = composeMinutes(await readMeetingFacts(tx, standing, meeting, body), timeZone)
  const digest = digestOf(meeting.salt, content)
  await insertMinutes(tx, id, { version, content, digest, writtenBy: standing.personId }, now)
  await recordInJournal(
    tx,
    {
      agreementId: standing.agreement.id,
      kind: 'minutes',
      subjectId: id,
      content: { body: body.key, minutesVersion: version, digest },
    },
    now,
  )
}

/**
 * Asks for a correction of the minutes of a closed meeting, once for each request key.
 * @throws Problem 404 `meeting_not_found`; 403 `not_allowed` for who neither sits in the body nor leads the meeting; 409
 * `meeting_state`, `minutes_approved`, `request_key_reused`.
 */
export async function askCorrection(
  tx: Tx,
  standing: Standing,
  meetingId: string,
  { requestKey, text }: { requestKey: string; text: string },
  now: Date,
): Promise<string> {
  const { meeting, leads } = await getReadableMeeting(tx, standing, meetingId)
  requireState(meeting, 'closed')
  if (!leads && !standing.seats.some(({ body }) => body === meeting.body))
    throw new Problem(403, 'not_allowed', 'Those who sit in the body ask for corrections of its minutes.')
  const request = { meetingId, text }
  return doOnce(tx, { agreementId: standing.agreement.id, key: requestKey, request }, async () => {
    await requireUnapproved(tx, meetingId)
    const id = randomUUIDv7()
    await insertCorrection(tx, { id, meetingId, text, askedBy: standing.personId }, now)
    await auditMeeting(tx, standing, 'correction_asked', meetingId, {})
    return id
  })
}

/**
 * Takes a correction in, which makes a new version of the minutes, or refuses it.
 * @throws Problem 404 `correction_not_found`; 403, 409 as `getLedMeeting`; 409 `correction_answered`, `minutes_approved`.
 */
export async function answerCorrection(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { accepted: boolean; answer: string; timeZone: string },
  now: Date,
): Promise<void> {
  const { meetingId } = await getCorrection(tx, id)
  const { body } = await getLedMeeting(tx, standing, meetingId, 'closed')
  // Read again under the lock: somebody may have answered meanwhile.
  const { state } = await getCorrection(tx, id)
  if (state !== 'asked') throw new Problem(409, 'correction_answered', 'This correction was answered already.')
  await requireUnapproved(tx, meetingId)
  await updateCorrection(tx, id, input.accepted ? 'accepted' : 'refused', input.answer, now)
  await auditMeeting(tx, standing, input.accepted ? 'correction_accepted' : 'correction_refused', meetingId, {})
  if (!input.accepted) return
  const [last] = await listMinutes(tx, meetingId)
  await writeVersion(tx, standing, meetingId, body, (last?.version ?? 0) + 1, input.timeZone, now)
}

/**
 * Approves the minutes that an item of an open meeting is about: their last version, for good.
 * @throws Problem 404 `agenda_item_not_found`; 403, 409 as `getLedMeeting`; 422 `minutes_missing` for another item; 409
 * `minutes_approved`, `corrections_open`.
 */
export async function approveMinutes(tx: Tx, standing: Standing, agendaItemId: string, now: Date): Promise<void> {
  const item = await getAgendaItem(tx, standing, agendaItemId)
  if (item.kind !== 'minutes' || item.subjectId === null)
    throw new Problem(422, 'minutes_missing', 'This item approves no minutes.')
  const { body } = await getLedMeeting(tx, standing, item.meetingId, 'open')
  // The lock of the meeting they are of: nobody answers a correction meanwhile.
  const of = await getMeeting(tx, standing.agreement.id, item.subjectId, 'update')
  requireState(of, 'closed')
  await requireUnapproved(tx, of.id)
  const asked = await tables(tx)
    .selectFrom('governance.minutes_correction')
    .select('id')
    .where('meeting_id', '=', of.id)
    .where('state', '=', 'asked')
    .executeTakeFirst()
  if (asked) throw new Problem(409, 'corrections_open', 'A correction waits for an answer.')
  const [last] = await listMinutes(tx, of.id)
  if (!last) throw new Problem(404, 'minutes_not_found', 'This meeting has no minutes.')
  await insertApproval(
    tx,
    { meetingId: of.id, version: last.version, agendaItemId, approvedBy: standing.personId },
    now,
  )
  await auditMeeting(tx, standing, 'minutes_approved', of.id, { version: last.version })
  await recordInJournal(
    tx,
    {
      agreementId: standing.agreement.id,
      kind: 'minutes_approved',
      subjectId: of.id,
      content: { body: body.key, minutesVersion: last.version, digest: last.digest, agendaItem: agendaItemId },
    },
    now,
  )
}

async function getCorrection(tx: Tx, id: string): Promise<Correction> {
  const correction = await findCorrection(tx, id)
  if (!correction) throw new Problem(404, 'correction_not_found', 'There is no such correction.')
  return correction
}

async function requireUnapproved(tx: Tx, meetingId: string): Promise<void> {
  if (await findApproval(tx, meetingId)) throw new Problem(409, 'minutes_approved', 'These minutes have been approved.')
}
