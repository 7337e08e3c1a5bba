import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Body } from '../agreements/agreement-schema.ts'
import type { Standing } from '../standing.ts'
import { listBallots, listRounds } from '../votes/ballots.queries.ts'
import { getAgendaItem } from './agenda.ts'
import {
  type Attendance,
  deleteRecusal,
  endProxyOf,
  findMeetingOfAttendance,
  insertAttendance,
  insertProxy,
  insertRecusal,
  listAttendance,
  listProxies,
  strikeAttendance,
  updateDeparture,
} from './attendance.queries.ts'
import { leadsMeeting, requireState } from './meetings.ts'
import { getMeeting, type Meeting } from './meetings.queries.ts'
import { listVoters } from './presence.ts'
import { getBody } from './representatives.ts'
import { listRepresentatives, type Representative } from './representatives.queries.ts'
import { auditMeeting } from './meeting-audit.ts'

/**
 * Notes that someone arrived. A party has as many places as holders in office (one if it has none): a deputy sits in the
 * place of a holder who is away, never beside. The proxy that the party gave ends.
 * @param input.at when, for who leads the meeting; now otherwise.
 * @param input.replaces entry of someone of the same party who leaves the place at that moment: of anyone for who leads
 * the meeting, of a deputy for a holder.
 * @throws Problem 404 `meeting_not_found`; 403 `not_allowed` for anyone but who leads and the person; 409
 * `meeting_state`, `already_present`, `deputy_beside_holder`, `seat_taken`, `vote_since`; 422 `not_in_office`,
 * `no_deputies`, `time_refused`.
 */
export async function recordArrival(
  tx: Tx,
  standing: Standing,
  meetingId: string,
  input: { representativeId: string; at: Date | null; replaces: string | null },
  now: Date,
): Promise<string> {
  const { meeting, body, leads } = await getOpenMeeting(tx, standing, meetingId)
  const seats = await listRepresentatives(tx, standing.agreement.id, { body: body.key, onDay: standing.today })
  const comer = seats.find(({ id }) => id === input.representativeId)
  if (!comer) throw new Problem(422, 'not_in_office', 'This person does not sit in the body today.')
  if (!leads && comer.personId !== standing.personId)
    throw new Problem(403, 'not_allowed', 'Who leads the meeting keeps its register; others sign for themselves.')
  const at = await getMoment(tx, meeting, leads ? input.at : null, now)
  const { article, deputies } = body.composition
  if (comer.rank === 'deputy' && !deputies)
    throw new Problem(422, 'no_deputies', `${body.shortName} has no deputies (article ${article}).`, { article })

  const entries = (await listAttendance(tx, meetingId)).filter(({ party }) => party === comer.party)
  // A holder takes the place back from a deputy; anyone else is replaced by who leads.
  const mayReplace = ({ rank }: Attendance) => leads || (comer.rank === 'holder' && rank === 'deputy')
  const replaced = entries.find((each) => each.id === input.replaces && each.leftAt === null && mayReplace(each))
  if (replaced) await leave(tx, replaced, at)
  const there = entries.filter((each) => each !== replaced && (each.leftAt === null || each.leftAt > at))
  if (there.some(({ representativeId }) => representativeId === comer.id))
    throw new Problem(409, 'already_present', 'This person is there already.')
  requirePlace(body, comer, there, seats)
  const id = randomUUIDv7()
  await endProxyOf(tx, meetingId, comer.party, at)
  const entry = { id, meetingId, party: comer.party, representativeId: comer.id, arrivedAt: at }
  await insertAttendance(tx, { ...entry, recordedBy: standing.personId }, now)
  await auditMeeting(tx, standing, 'arrival_recorded', meetingId, { party: comer.party, rank: comer.rank })
  return id
}

function requirePlace(body: Body, comer: Representative, there: Attendance[], seats: Representative[]): void {
  const holders = seats.filter(({ party, rank }) => party === comer.party && rank === 'holder').length
  if (there.length < Math.max(1, holders)) return
  const { article } = body.composition
  if (comer.rank === 'deputy' && there.every(({ rank }) => rank === 'holder'))
    throw new Problem(409, 'deputy_beside_holder', `The deputy sits only in the absence of the holder (${article}).`, {
      article,
    })
  throw new Problem(409, 'seat_taken', 'The place is taken: note first that the other left.', {
    article,
    taken: there.map(({ id }) => id),
  })
}

/**
 * Notes that someone left.
 * @param at when, for who leads the meeting; now otherwise.
 * @throws Problem 404 `attendance_not_found`; 403 `not_allowed`; 409 `meeting_state`, `already_left`, `vote_since`; 422
 * `time_refused`.
 */
export async function recordDeparture(
  tx: Tx,
  standing: Standing,
  id: string,
  at: Date | null,
  now: Date,
): Promise<void> {
  const { meeting, entry, leads } = await getEntry(tx, standing, id)
  if (!leads && entry.personId !== standing.personId)
    throw new Problem(403, 'not_allowed', 'Who leads the meeting keeps its register; others sign for themselves.')
  if (entry.leftAt !== null) throw new Problem(409, 'already_left', 'This person has left already.')
  await leave(tx, entry, await getMoment(tx, meeting, leads ? at : null, now))
  await auditMeeting(tx, standing, 'attendance_ended', meeting.id, { party: entry.party, rank: entry.rank })
}

async function leave(tx: Tx, entry: Attendance, at: Date): Promise<void> {
  if (at < entry.arrivedAt) throw new Problem(422, 'time_refused', 'One leaves after one came.')
  await updateDeparture(tx, entry.id, at)
}

/**
 * Strikes an entry made by mistake. One on which a vote relied stays.
 * @throws Problem 404 `attendance_not_found`; 403 `not_allowed`; 409 `meeting_state`, `vote_since`.
 */
export async function strikeEntry(tx: Tx, standing: Standing, id: string, now: Date): Promise<void> {
  const { meeting, entry, leads } = await getEntry(tx, standing, id)
  if (!leads) throw new Problem(403, 'not_allowed', 'Who leads the meeting keeps its register.')
  await requireNoVoteSince(tx, meeting.id, entry.arrivedAt)
  await strikeAttendance(tx, id, now)
  await auditMeeting(tx, standing, 'attendance_struck', meeting.id, { party: entry.party })
}

/**
 * Notes that a party is represented by another, from now on. It holds while the one is away and the other present.
 * @throws Problem 404 `meeting_not_found`; 403 `not_allowed` for anyone but who leads and a holder of the party; 409
 * `meeting_state`, `proxy_given`, `proxies_too_many`; 422 `proxies_unknown`, `not_a_voter`.
 */
export async function giveProxy(
  tx: Tx,
  standing: Standing,
  meetingId: string,
  input: { fromParty: string; toParty: string },
  now: Date,
): Promise<string> {
  const { meeting, body, leads } = await getOpenMeeting(tx, standing, meetingId, 'convened')
  const { fromParty, toParty } = input
  if (!leads && !holdsFor(standing, body, fromParty))
    throw new Problem(403, 'not_allowed', 'A party gives its proxy itself, by its holder.')
  const { proxies, article } = body.composition
  if (!proxies)
    throw new Problem(422, 'proxies_unknown', `${body.shortName} knows no proxy (article ${article}).`, { article })
  const voters = listVoters(standing.agreement.rules, body, meeting.day)
  if (!voters.includes(fromParty) || !voters.includes(toParty) || fromParty === toParty)
    throw new Problem(422, 'not_a_voter', 'A proxy goes from a party that votes to another.')
  const given = (await listProxies(tx, meetingId)).filter(({ endsAt }) => endsAt === null)
  if (given.some((each) => each.fromParty === fromParty))
    throw new Problem(409, 'proxy_given', 'This party has given its proxy already.')
  if (given.filter((each) => each.toParty === toParty).length >= proxies.mostReceived)
    throw new Problem(409, 'proxies_too_many', `A party holds at most ${proxies.mostReceived} (article ${article}).`, {
      article,
      most: proxies.mostReceived,
    })
  const id = randomUUIDv7()
  await insertProxy(tx, { id, meetingId, fromParty, toParty, recordedBy: standing.personId }, now)
  await auditMeeting(tx, standing, 'proxy_given', meetingId, { fromParty, toParty })
  return id
}

/** Takes a party's proxy back. @throws Problem as `giveProxy`, and 404 `proxy_not_found`. */
export async function withdrawProxy(
  tx: Tx,
  standing: Standing,
  meetingId: string,
  fromParty: string,
  now: Date,
): Promise<void> {
  const { body, leads } = await getOpenMeeting(tx, standing, meetingId, 'convened')
  if (!leads && !holdsFor(standing, body, fromParty))
    throw new Problem(403, 'not_allowed', 'A party takes its proxy back itself, by its holder.')
  const given = await listProxies(tx, meetingId)
  if (!given.some((each) => each.fromParty === fromParty && each.endsAt === null))
    throw new Problem(404, 'proxy_not_found', 'This party has given no proxy.')
  await endProxyOf(tx, meetingId, fromParty, now)
  await auditMeeting(tx, standing, 'proxy_withdrawn', meetingId, { fromParty })
}

/**
 * Notes that a party takes no part in an item, or that it does after all; until a vote on it begins.
 * @throws Problem 404 `agenda_item_not_found`; 403 `not_allowed` for anyone but who leads and those who sit for the
 * party; 409 `meeting_state`, `vote_since`; 422 `not_a_voter`.
 */
export async function setRecusal(
  tx: Tx,
  standing: Standing,
  agendaItemId: string,
  party: string,
  recused: boolean,
  now: Date,
): Promise<void> {
  const item = await getAgendaItem(tx, standing, agendaItemId)
  const { meeting, body, leads } = await getOpenMeeting(tx, standing, item.meetingId, 'convened')
  if (!leads && !standing.seats.some((seat) => seat.body === body.key && seat.party === party))
    throw new Problem(403, 'not_allowed', 'A party recuses itself, by those who sit for it.')
  if (!listVoters(standing.agreement.rules, body, meeting.day).includes(party))
    throw new Problem(422, 'not_a_voter', 'This party has no vote in the body.')
  if ((await listRounds(tx, agendaItemId)).length > 0)
    throw new Problem(409, 'vote_since', 'The vote on this item has begun.')
  if (recused) await insertRecusal(tx, agendaItemId, party, standing.personId, now)
  else await deleteRecusal(tx, agendaItemId, party)
  await auditMeeting(tx, standing, recused ? 'recusal_recorded' : 'recusal_withdrawn', meeting.id, {
    agendaItemId,
    party,
  })
}

const holdsFor = (standing: Standing, body: Body, party: string) =>
  standing.seats.some((seat) => seat.body === body.key && seat.party === party && seat.rank === 'holder')

/** The meeting whose register is kept, locked, and whether the reader leads it. */
async function getOpenMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
  ...before: 'convened'[]
): Promise<{ meeting: Meeting; body: Body; leads: boolean }> {
  const meeting = await getMeeting(tx, standing.agreement.id, id, 'update')
  requireState(meeting, 'open', ...before)
  const body = getBody(standing.agreement.rules, meeting.body)
  return { meeting, body, leads: leadsMeeting(standing, body, meeting) }
}

async function getEntry(tx: Tx, standing: Standing, id: string) {
  const meetingId = await findMeetingOfAttendance(tx, id)
  const open = meetingId === undefined ? undefined : await getOpenMeeting(tx, standing, meetingId)
  const entries = meetingId === undefined ? [] : await listAttendance(tx, meetingId)
  const entry = entries.find((each) => each.id === id)
  if (!open || !entry)
    throw new Problem(404, 'attendance_not_found', 'Nobody is in the register under this identifier.')
  return { ...open, entry }
}

/** The moment of an arrival or a departure: since the meeting was opened, and since the last vote, which relied on it. */
async function getMoment(tx: Tx, meeting: Meeting, at: Date | null, now: Date): Promise<Date> {
  if (at === null) return now
  if (at > now || meeting.openedAt === null || at < meeting.openedAt)
    throw new Problem(422, 'time_refused', 'The moment is between the opening of the meeting and now.')
  await requireNoVoteSince(tx, meeting.id, at)
  return at
}

async function requireNoVoteSince(tx: Tx, meetingId: string, at: Date): Promise<void> {
  const ballots = await listBallots(tx, meetingId)
  if (ballots.some(({ openedAt }) => openedAt >= at))
    throw new Problem(409, 'vote_since', 'A vote has relied on the register since then.')
}
