import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Body } from '../agreements/agreement-schema.ts'
import { doOnce } from '../request-once.ts'
import { readsBody, type Standing } from '../standing.ts'
import { tables } from '../tables.ts'
import { leadsBody } from './bodies.ts'
import { type ConveningCheck, checkConvening } from './convening.ts'
import { inviteRepresentatives } from './invitations.queries.ts'
import { getMeeting, insertMeeting, type Meeting, type MeetingFields, updateMeeting } from './meetings.queries.ts'
import { getBody } from './representatives.ts'
import { listRepresentatives } from './representatives.queries.ts'
import { auditMeeting } from './meeting-audit.ts'

/** Whether someone leads a meeting: who leads those of its body, its chair, its secretary. */
export function leadsMeeting(standing: Standing, body: Body, meeting: Meeting): boolean {
  return (
    leadsBody(standing, body) ||
    standing.personId === meeting.secretaryId ||
    standing.seats.some(({ representativeId }) => representativeId === meeting.chairId)
  )
}

/**
 * Whether the reader may see a meeting: a draft is seen by those who lead it alone, and a contractor sees the bodies in which
 * it sits.
 */
export function readsMeeting(standing: Standing, meeting: Meeting): boolean {
  const body = standing.agreement.rules.bodies.find(({ key }) => key === meeting.body)
  // Of a body that an amendment did away with.
  if (!body) return standing.manages
  return readsBody(standing, body.key) && (meeting.state !== 'draft' || leadsMeeting(standing, body, meeting))
}

/** A meeting that the reader may see. @throws Problem 404 `meeting_not_found`. */
export async function getReadableMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
): Promise<{ meeting: Meeting; body: Body; leads: boolean }> {
  const meeting = await getMeeting(tx, standing.agreement.id, id)
  const body = getBody(standing.agreement.rules, meeting.body)
  if (!readsMeeting(standing, meeting)) throw new Problem(404, 'meeting_not_found', 'There is no such meeting.')
  return { meeting, body, leads: leadsMeeting(standing, body, meeting) }
}

/**
 * A meeting for who leads it, locked until the transaction ends: of two people at once, the second sees what the first did.
 * @throws Problem 404 `meeting_not_found`; 403 `not_allowed`; 409 `meeting_state` in a state other than those given.
 */
export async function getLedMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
  ...states: Meeting['state'][]
): Promise<{ meeting: Meeting; body: Body }> {
  const meeting = await getMeeting(tx, standing.agreement.id, id, 'update')
  const body = getBody(standing.agreement.rules, meeting.body)
  if (!leadsMeeting(standing, body, meeting))
    throw new Problem(403, 'not_allowed', 'Only who leads this meeting may do this.')
  requireState(meeting, ...states)
  return { meeting, body }
}

/** @throws Problem 409 `meeting_state` when the meeting is in none of these states. */
export function requireState({ state }: Pick<Meeting, 'state'>, ...states: Meeting['state'][]): void {
  if (!states.includes(state))
    throw new Problem(409, 'meeting_state', `The meeting is ${state}; this needs it ${states.join(' or ')}.`, { state })
}

/**
 * Adds a meeting as a draft, chaired by the first holder of the party that chairs the body; once for each request key.
 * @throws Problem 403 `not_allowed`; 422 `period_reversed`, `urgent_unknown` when the body knows no urgent session; 409
 * `request_key_reused`.
 */
export async function createMeeting(
  tx: Tx,
  standing: Standing,
  body: Body,
  { requestKey, ...input }: NewMeeting & { requestKey: string },
  now: Date,
): Promise<string> {
  if (!leadsBody(standing, body))
    throw new Problem(403, 'not_allowed', 'Only who convenes this body prepares its meetings.')
  requireFields(body, input)
  const request = { ...input, body: body.key }
  return doOnce(tx, { agreementId: standing.agreement.id, key: requestKey, request }, () =>
    makeDraft(tx, standing, body, input, now),
  )
}

type NewMeeting = Pick<MeetingFields, 'title' | 'startsAt' | 'endsAt' | 'place' | 'urgent'>

async function makeDraft(tx: Tx, standing: Standing, body: Body, input: NewMeeting, now: Date): Promise<string> {
  const { agreement, today, personId } = standing
  const chairs =
    body.chairedBy === null
      ? []
      : await listRepresentatives(tx, agreement.id, { body: body.key, party: body.chairedBy, onDay: today })
  const id = randomUUIDv7()
  const fields = { ...input, chairId: chairs.find(({ rank }) => rank === 'holder')?.id ?? null, secretaryId: null }
  await insertMeeting(
    tx,
    { ...fields, id, agreementId: agreement.id, body: body.key, secondOf: null, createdBy: personId },
    now,
  )
  await auditMeeting(tx, standing, 'meeting_created', id, { body: body.key })
  return id
}

/**
 * Changes a meeting. Once it is convened, those invited hear of a new time, place, title or chair; once it is open, only
 * its chair and its secretary change.
 * @throws Problem 403, 404, 409 as `getLedMeeting`; 422 `period_reversed`, `urgent_unknown`, `chair_refused`,
 * `secretary_refused`, `meeting_in_past`; those of `requireConvening` when a convened meeting moves.
 */
export async function changeMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
  input: Partial<MeetingFields> & { acknowledged: boolean },
): Promise<void> {
  const { acknowledged, ...fields } = input
  const { meeting, body } = await getLedMeeting(tx, standing, id, 'draft', 'convened', 'open')
  const { chairId, secretaryId, ...plan } = fields
  const moves = Object.keys(plan).length > 0
  if (moves) requireState(meeting, 'draft', 'convened')
  requireFields(body, { ...meeting, ...plan })
  if (chairId) await requireChair(tx, standing, body, meeting, chairId)
  if (secretaryId) await requireSecretary(tx, standing, meeting, secretaryId)
  await updateMeeting(tx, id, fields, meeting.state === 'convened' && (moves || chairId !== undefined))
  if (meeting.state === 'convened' && moves) {
    const moved = await getMeeting(tx, standing.agreement.id, id)
    await requireConvening(tx, standing, body, moved, acknowledged)
  }
  if (meeting.state === 'convened') await inviteRepresentatives(tx, standing.agreement.id, id)
  await auditMeeting(tx, standing, 'meeting_changed', id, { fields: Object.keys(fields) })
}

/**
 * Convenes a meeting: checks what the agreement asks, keeps what was found, and invites those in office on its day.
 * @param acknowledged whether the reader has seen what is not met and convenes nevertheless.
 * @throws Problem 403, 404, 409 as `getLedMeeting`; 422 `agenda_empty`; those of `requireConvening`.
 */
export async function conveneMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
  acknowledged: boolean,
  now: Date,
): Promise<void> {
  const { meeting, body } = await getLedMeeting(tx, standing, id, 'draft')
  const item = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select('id')
    .where('meeting_id', '=', id)
    .executeTakeFirst()
  if (!item) throw new Problem(422, 'agenda_empty', 'A meeting is convened with an agenda.')
  await tables(tx)
    .updateTable('governance.meeting')
    .set({ state: 'convened', convened_at: now })
    .where('id', '=', id)
    .execute()
  const checks = await requireConvening(tx, standing, body, meeting, acknowledged)
  await inviteRepresentatives(tx, standing.agreement.id, id)
  await auditMeeting(tx, standing, 'meeting_convened', id, {
    body: body.key,
    unmet: checks.filter(({ met }) => !met).map(({ kind }) => kind),
  })
}

/** What the agreement asks of a meeting if it is convened today, or was when it was. */
export async function listConveningChecks(
  tx: Tx,
  standing: Standing,
  body: Body,
  meeting: Meeting,
): Promise<ConveningCheck[]> {
  if (meeting.convening && meeting.state !== 'draft') return meeting.convening
  return computeChecks(tx, standing, body, meeting)
}

/**
 * Checks what the agreement asks of a meeting, and keeps it.
 * @throws Problem 422 `meeting_in_past`; 422 `convening_blocked` when something that blocks is not met; 409
 * `convening_warned` when something else is not and nobody acknowledged it: both with the checks.
 */
async function requireConvening(
  tx: Tx,
  standing: Standing,
  body: Body,
  meeting: Meeting,
  acknowledged: boolean,
): Promise<ConveningCheck[]> {
  if (meeting.day < standing.today) throw new Problem(422, 'meeting_in_past', 'The day of the meeting is past.')
  const checks = await computeChecks(tx, standing, body, meeting)
  const unmet = checks.filter(({ met }) => !met)
  const articles = unmet.map(({ article }) => article).join(', ')
  if (unmet.some(({ blocking }) => blocking))
    throw new Problem(422, 'convening_blocked', `The agreement forbids this date (articles: ${articles}).`, { checks })
  if (unmet.length > 0 && !acknowledged)
    throw new Problem(409, 'convening_warned', `Not all that the agreement asks is met (articles: ${articles}).`, {
      checks,
    })
  await tables(tx)
    .updateTable('governance.meeting')
    .set({ convening: JSON.stringify(checks) })
    .where('id', '=', meeting.id)
    .execute()
  return checks
}

async function computeChecks(tx: Tx, standing: Standing, body: Body, meeting: Meeting): Promise<ConveningCheck[]> {
  const { agreement, today } = standing
  const missedOn = meeting.secondOf === null ? null : (await getMeeting(tx, agreement.id, meeting.secondOf)).day
  return checkConvening(tx, standing, body, { ...meeting, missedOn }, today)
}

/**
 * Opens a convened meeting, on its day or later.
 * @throws Problem 403, 404, 409 as `getLedMeeting`; 409 `meeting_not_yet`, `chair_missing`.
 */
export async function openMeeting(tx: Tx, standing: Standing, id: string, now: Date): Promise<void> {
  const { meeting } = await getLedMeeting(tx, standing, id, 'convened')
  if (meeting.day > standing.today)
    throw new Problem(409, 'meeting_not_yet', 'The meeting was convened for a later day.', { day: meeting.day })
  if (meeting.chairId === null) throw new Problem(409, 'chair_missing', 'Say first who chairs the meeting.')
  await tables(tx)
    .updateTable('governance.meeting')
    .set({ state: 'open', opened_at: now })
    .where('id', '=', id)
    .execute()
  await auditMeeting(tx, standing, 'meeting_opened', id, { body: meeting.body })
}

/**
 * Cancels a meeting that has not begun; those who were invited hear of it.
 * @throws Problem 403, 404, 409 as `getLedMeeting`.
 */
export async function cancelMeeting(tx: Tx, standing: Standing, id: string, reason: string, now: Date): Promise<void> {
  const { meeting } = await getLedMeeting(tx, standing, id, 'draft', 'convened')
  await updateMeeting(tx, id, {}, meeting.state === 'convened')
  await tables(tx)
    .updateTable('governance.meeting')
    .set({ state: 'cancelled', cancelled_at: now, cancel_reason: reason })
    .where('id', '=', id)
    .execute()
  await auditMeeting(tx, standing, 'meeting_cancelled', id, { body: meeting.body })
}

function requireFields(
  body: Body,
  { startsAt, endsAt, urgent }: Pick<MeetingFields, 'startsAt' | 'endsAt' | 'urgent'>,
) {
  if (endsAt <= startsAt) throw new Problem(422, 'period_reversed', 'The meeting ends before it begins.')
  if (urgent && (body.notice?.urgentDays ?? null) === null) {
    const { article } = body.notice ?? body
    throw new Problem(422, 'urgent_unknown', `${body.shortName} knows no urgent session (article ${article}).`, {
      article,
    })
  }
}

/** The chair sits in the body; for another party than the one that chairs it, only once the body has so decided. */
async function requireChair(tx: Tx, standing: Standing, body: Body, meeting: Meeting, chairId: string): Promise<void> {
  const { id: agreementId, rules } = standing.agreement
  const [chair] = await listRepresentatives(tx, agreementId, { body: body.key, onDay: meeting.day, ids: [chairId] })
  const { article } = body
  if (!chair)
    throw new Problem(422, 'chair_refused', `Who chairs sits in the body on that day (article ${article}).`, {
      article,
    })
  if (body.chairedBy === null || chair.party === body.chairedBy) return
  const delegating = rules.ballots.filter(({ subjects }) => subjects.includes('delegatedChair')).map(({ key }) => key)
  const delegated =
    delegating.length > 0 &&
    (await tables(tx)
      .selectFrom('governance.decision')
      .innerJoin('governance.agenda_item', 'governance.agenda_item.id', 'agenda_item_id')
      .select('governance.decision.id')
      .where('agreement_id', '=', agreementId)
      .where('body', '=', body.key)
      .where('outcome', '=', 'adopted')
      .where('ballot_rule', 'in', delegating)
      .executeTakeFirst())
  if (!delegated)
    throw new Problem(422, 'chair_refused', `Another party chairs ${body.shortName} (article ${article}).`, { article })
}

async function requireSecretary(tx: Tx, standing: Standing, meeting: Meeting, personId: string): Promise<void> {
  if (personId === standing.personId) return
  const sitting = await listRepresentatives(tx, standing.agreement.id, { onDay: meeting.day })
  if (!sitting.some((each) => each.personId === personId))
    throw new Problem(422, 'secretary_refused', 'The secretary manages the consortium or sits in one of its bodies.')
}
