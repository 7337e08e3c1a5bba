import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Body } from '../agreements/agreement-schema.ts'
import { requireVotable } from '../agreements/amendments.ts'
import { addDays } from '../days.ts'
import { doOnce } from '../request-once.ts'
import type { Standing } from '../standing.ts'
import { tables } from '../tables.ts'
import {
  type AgendaItem,
  deleteAgendaItem,
  findAgendaItem,
  insertAgendaItem,
  type ItemFields,
  listAgenda,
  updateAgendaItem,
  updateGist,
  updateOrder,
} from './agenda.queries.ts'
import { getLedMeeting } from './meetings.ts'
import { getMeeting, type Meeting, raiseSequence } from './meetings.queries.ts'

/**
 * Last day on which the agenda may be completed: that of the notice. Null when it may be until the meeting opens.
 * Nothing is ever added to a second convening: it deals with what the first could not.
 */
export function findAgendaTerm(body: Body, meeting: Pick<Meeting, 'day' | 'urgent'>): Day | null {
  if (!body.notice) return null
  const { days, urgentDays } = body.notice
  return addDays(meeting.day, -(meeting.urgent && urgentDays !== null ? urgentDays : days))
}

/** Whether the agenda may still be changed. */
export function isAgendaOpen(body: Body, meeting: Meeting, today: Day): boolean {
  if (meeting.secondOf !== null) return false
  if (meeting.state === 'draft') return true
  const term = findAgendaTerm(body, meeting)
  return meeting.state === 'convened' && (term === null || today <= term)
}

/**
 * Adds an item at the end of an agenda.
 * @param input.requestKey the item is added once for each; without one, who calls sees to it.
 * @throws Problem as `getChangeableAgenda` and `requireItem`; 409 `request_key_reused`.
 */
export async function addAgendaItem(
  tx: Tx,
  standing: Standing,
  meetingId: string,
  { requestKey, ...input }: ItemFields & { requestKey?: string },
  now: Date,
): Promise<string> {
  // The meeting first: who closes it holds it already when it comes to the journal.
  const { meeting, body } = await getChangeableAgenda(tx, standing, meetingId)
  const add = async () => {
    await requireItem(tx, standing, body, meeting, input, null)
    const id = randomUUIDv7()
    await insertAgendaItem(tx, meetingId, { ...input, id }, now)
    await tellChange(tx, standing, meeting, 'agenda_item_added')
    return id
  }
  if (requestKey === undefined) return add()
  const request = { ...input, meetingId }
  return doOnce(tx, { agreementId: standing.agreement.id, key: requestKey, request }, add)
}

/**
 * Changes an item.
 * @throws Problem 404 `agenda_item_not_found`; as `getChangeableAgenda` and `requireItem`.
 */
export async function changeAgendaItem(
  tx: Tx,
  standing: Standing,
  id: string,
  fields: Partial<ItemFields>,
): Promise<void> {
  const item = await getAgendaItem(tx, standing, id)
  const { meeting, body } = await getChangeableAgenda(tx, standing, item.meetingId)
  const changed = { ...item, ...fields }
  await requireItem(tx, standing, body, meeting, changed, id)
  await updateAgendaItem(tx, id, changed)
  await tellChange(tx, standing, meeting, 'agenda_item_changed')
}

/** Removes an item. @throws Problem 404 `agenda_item_not_found`; as `getChangeableAgenda`. */
export async function removeAgendaItem(tx: Tx, standing: Standing, id: string): Promise<void> {
  const item = await getAgendaItem(tx, standing, id)
  const { meeting } = await getChangeableAgenda(tx, standing, item.meetingId)
  await deleteAgendaItem(tx, id)
  await tellChange(tx, standing, meeting, 'agenda_item_removed')
}

/**
 * Puts the agenda in an order.
 * @param ids all of its items: somebody may have added one meanwhile.
 * @throws Problem 409 `agenda_changed` when they are others; as `getChangeableAgenda`.
 */
export async function orderAgenda(tx: Tx, standing: Standing, meetingId: string, ids: string[]): Promise<void> {
  const { meeting } = await getChangeableAgenda(tx, standing, meetingId)
  const items = await listAgenda(tx, meetingId)
  const known = new Set(items.map(({ id }) => id))
  if (known.size !== ids.length || new Set(ids).size !== ids.length || !ids.every((id) => known.has(id)))
    throw new Problem(409, 'agenda_changed', 'The agenda has changed meanwhile.')
  await updateOrder(tx, meetingId, ids)
  await tellChange(tx, standing, meeting, 'agenda_ordered')
}

/**
 * Writes what was said about an item, for the minutes; while the meeting is open.
 * @throws Problem 404 `agenda_item_not_found`; as `getLedMeeting`.
 */
export async function writeGist(tx: Tx, standing: Standing, id: string, gist: string): Promise<void> {
  const item = await getAgendaItem(tx, standing, id)
  await getLedMeeting(tx, standing, item.meetingId, 'open')
  await updateGist(tx, id, gist)
}

/** @throws Problem 404 `agenda_item_not_found`. */
export async function getAgendaItem(tx: Tx, standing: Standing, id: string): Promise<AgendaItem> {
  const item = await findAgendaItem(tx, standing.agreement.id, id)
  if (!item) throw new Problem(404, 'agenda_item_not_found', 'There is no such agenda item.')
  return item
}

/**
 * A meeting whose agenda may be changed, locked.
 * @throws Problem as `getLedMeeting`; 409 `agenda_closed` once its notice has begun or the meeting is open.
 */
async function getChangeableAgenda(
  tx: Tx,
  standing: Standing,
  meetingId: string,
): Promise<{ meeting: Meeting; body: Body }> {
  const led = await getLedMeeting(tx, standing, meetingId, 'draft', 'convened', 'open')
  const { meeting, body } = led
  if (isAgendaOpen(body, meeting, standing.today)) return led
  const article = body.notice?.article ?? body.article
  throw new Problem(409, 'agenda_closed', `The agenda cannot be changed any more (article ${article}).`, { article })
}

async function requireItem(
  tx: Tx,
  standing: Standing,
  body: Body,
  meeting: Meeting,
  item: ItemFields,
  itemId: string | null,
): Promise<void> {
  const { article, shortName } = body
  if (item.kind === 'decision' && body.kind === 'advisory')
    throw new Problem(422, 'opinion_only', `${shortName} only gives opinions (article ${article}).`, { article })
  const voted = item.kind === 'decision' || item.kind === 'opinion'
  if (item.kind === 'decision' && item.ballotRule === null)
    throw new Problem(422, 'ballot_rule_missing', 'Say by which rule this is decided.')
  if (item.ballotRule !== null) {
    const rule = standing.agreement.rules.ballots.find(({ key }) => key === item.ballotRule)
    if (!voted || rule?.body !== body.key)
      throw new Problem(422, 'ballot_rule_refused', `This is not a rule by which ${shortName} votes.`)
  }
  if ((item.subjectKind === null) !== (item.subjectId === null))
    throw new Problem(422, 'subject_incomplete', 'What the item is about has a kind and an identifier, or neither.')
  if ((item.kind === 'minutes') !== (item.subjectKind === 'minutes'))
    throw new Problem(422, 'minutes_missing', 'Say which meeting’s minutes are to be approved.')
  if (item.subjectKind === 'amendment' && item.subjectId !== null) {
    await requireVotable(tx, standing.agreement, { id: item.subjectId, ballotRule: item.ballotRule, itemId })
  }
  if (item.kind === 'minutes' && item.subjectId !== null) await requireMinutes(tx, standing, meeting, item.subjectId)
}

/** The minutes to approve are those of an earlier meeting of the same body, not approved yet. */
async function requireMinutes(tx: Tx, standing: Standing, meeting: Meeting, ofId: string): Promise<void> {
  const of = await getMeeting(tx, standing.agreement.id, ofId)
  if (of.body !== meeting.body || of.state !== 'closed')
    throw new Problem(422, 'minutes_refused', 'Minutes are approved by the body that met, once the meeting is closed.')
  const approved = await tables(tx)
    .selectFrom('governance.minutes_approval')
    .select('meeting_id')
    .where('meeting_id', '=', ofId)
    .executeTakeFirst()
  if (approved) throw new Problem(409, 'minutes_approved', 'These minutes have been approved.')
}

/** Audits a change of the agenda; once the meeting is convened, those invited hear of it. */
async function tellChange(tx: Tx, standing: Standing, meeting: Meeting, act: string): Promise<void> {
  if (meeting.state === 'convened') await raiseSequence(tx, meeting.id)
  await recordAudit(tx, {
    action: `governance.${act}`,
    actorPersonId: standing.personId,
    subjectKind: 'governance.meeting',
    subjectId: meeting.id,
  })
}
