import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findPersonSummary, listProfiles } from '#modules/directory'
import type { Agreement, Body } from '../agreements/agreement-schema.ts'
import { addMonths } from '../days.ts'
import type { ActingStanding } from '../standing.ts'
import { inviteRepresentatives } from './invitations.queries.ts'
import { listMeetings, raiseSequence } from './meetings.queries.ts'
import { listSeatedParties } from './presence.ts'
import {
  findRepresentativeForUpdate,
  insertRepresentative,
  listRepresentatives,
  lockSeats,
  type Representative,
  updateRepresentativeEnd,
} from './representatives.queries.ts'

/** @throws Problem 404 `body_not_found` when the agreement knows no such body. */
export function getBody(rules: Agreement, key: string): Body {
  const body = rules.bodies.find((each) => each.key === key)
  if (!body) throw new Problem(404, 'body_not_found', 'The agreement knows no such body.')
  return body
}

/** Ranks that someone may give for a party in a body: who manages, any; a holder of the party, its deputies. */
export function listNameableRanks(
  standing: Pick<ActingStanding, 'manages' | 'seats'>,
  body: Body,
  party: string,
): ('holder' | 'deputy')[] {
  const ranks: ('holder' | 'deputy')[] = body.composition.deputies ? ['holder', 'deputy'] : ['holder']
  if (standing.manages) return ranks
  const holds = standing.seats.some((seat) => seat.body === body.key && seat.party === party && seat.rank === 'holder')
  return holds ? ranks.filter((rank) => rank === 'deputy') : []
}

/**
 * Names someone to sit for a party in a body, under the caps of the agreement, and invites them to the meetings that are
 * convened.
 * @throws Problem 403 `not_allowed`; 404 `body_not_found`, `person_not_found`; 422 `party_not_in_body`, `no_deputies`,
 * `period_reversed`, `representative_refused`; 409 `already_seated`, `sits_for_another`, `too_many_persons`: each with the
 * article.
 */
export async function appointRepresentative(
  tx: Tx,
  standing: ActingStanding,
  input: {
    body: string
    party: string
    personId: string
    rank: 'holder' | 'deputy'
    startsOn: Day
    endsOn: Day | null
  },
  now: Date,
): Promise<string> {
  const { id: agreementId, rules } = standing.agreement
  const body = getBody(rules, input.body)
  const { article, deputies } = body.composition
  if (!listSeatedParties(rules, body, input.startsOn).includes(input.party))
    throw new Problem(422, 'party_not_in_body', `This party has no seat in ${body.shortName} (article ${article}).`, {
      article,
    })
  if (input.rank === 'deputy' && !deputies)
    throw new Problem(422, 'no_deputies', `${body.shortName} has no deputies (article ${article}).`, { article })
  if (!listNameableRanks(standing, body, input.party).includes(input.rank))
    throw new Problem(403, 'not_allowed', 'Only who manages the consortium names holders; a holder names deputies.')
  if (input.endsOn !== null && input.endsOn < input.startsOn)
    throw new Problem(422, 'period_reversed', 'The last day comes before the first.')
  await requireAgent(tx, input.personId, input.startsOn)
  await requireRoom(tx, agreementId, body, input)
  const id = randomUUIDv7()
  await insertRepresentative(tx, { ...input, id, agreementId, recordedBy: standing.personId }, now)
  for (const meeting of await listMeetings(tx, agreementId, body.key)) {
    if (meeting.state !== 'convened' || meeting.day < input.startsOn) continue
    await inviteRepresentatives(tx, agreementId, meeting.id)
    await raiseSequence(tx, meeting.id)
  }
  await recordAudit(tx, {
    action: 'governance.representative_named',
    actorPersonId: standing.personId,
    subjectKind: 'governance.representative',
    subjectId: id,
    detail: { body: body.key, party: input.party, rank: input.rank },
  })
  return id
}

/**
 * Whoever sits is an adult who works for a member, an academy or a school, today.
 * @throws Problem 404 `person_not_found`; 422 `representative_refused`.
 */
async function requireAgent(tx: Tx, personId: string, startsOn: Day): Promise<void> {
  const person = await findPersonSummary(tx, personId)
  if (!person) throw new Problem(404, 'person_not_found', 'The directory knows nobody under this identifier.')
  const profiles = await listProfiles(tx, personId)
  // Who was typed in without any place is a member's agent.
  const works = profiles.length === 0 || profiles.some((profile) => profile !== 'pupil' && profile !== 'guardian')
  const minor = person.bornOn !== null && addMonths(person.bornOn, 12 * 18) > startsOn
  if (person.goneOn !== null || !works || minor)
    throw new Problem(
      422,
      'representative_refused',
      'Only an adult who works for a member or a school, today, may sit.',
    )
}

/**
 * Waits for whoever else names representatives in the body, and sees that it has room for someone.
 * @param input.id of the office itself, when it is changed.
 * @throws Problem 409 `already_seated`, `sits_for_another`, `too_many_persons`.
 */
async function requireRoom(
  tx: Tx,
  agreementId: string,
  body: Body,
  input: Pick<Representative, 'party' | 'personId' | 'rank' | 'startsOn' | 'endsOn'> & { id?: string },
): Promise<void> {
  const { article, mostPersonsPerParty: most } = body.composition
  await lockSeats(tx, agreementId, body.key)
  const others = await listRepresentatives(tx, agreementId, { body: body.key, from: input.startsOn })
  const meanwhile = others.filter(
    ({ id, startsOn }) => id !== input.id && (input.endsOn === null || startsOn <= input.endsOn),
  )
  for (const { personId, party } of meanwhile) {
    if (personId !== input.personId) continue
    if (party === input.party) throw new Problem(409, 'already_seated', 'This person sits for this party already.')
    throw new Problem(409, 'sits_for_another', 'This person sits for another party in this body.')
  }
  const holders = meanwhile.filter(({ party, rank }) => party === input.party && rank === 'holder')
  if (input.rank === 'holder' && most !== null && findPeak([...holders, input]) > most)
    throw new Problem(409, 'too_many_persons', `At most ${most} persons per party (article ${article}).`, {
      article,
      most,
    })
}

/**
 * Ends someone's office on a day, today at the earliest: what they took part in until then stays theirs. An end that was
 * not reached yet may be put off, while there is room.
 * @throws Problem 404 `representative_not_found`; 403 `not_allowed`; 422 `period_reversed`, `end_in_past`; 409 `office_over`;
 * as `requireRoom`.
 */
export async function endRepresentative(
  tx: Tx,
  standing: ActingStanding,
  id: string,
  endsOn: Day,
): Promise<Representative> {
  const { id: agreementId, rules } = standing.agreement
  const found = await findRepresentativeForUpdate(tx, agreementId, id)
  if (!found) throw new Problem(404, 'representative_not_found', 'Nobody sits under this identifier.')
  const body = getBody(rules, found.body)
  if (!standing.manages && !listNameableRanks(standing, body, found.party).includes(found.rank))
    throw new Problem(403, 'not_allowed', 'Only who names someone ends their office.')
  if (endsOn < found.startsOn) throw new Problem(422, 'period_reversed', 'The last day comes before the first.')
  if (endsOn < standing.today) throw new Problem(422, 'end_in_past', 'An office ends today at the earliest.')
  if (found.endsOn !== null && found.endsOn < standing.today)
    throw new Problem(409, 'office_over', 'This office is over: name the person again.')
  if (found.endsOn !== null && endsOn > found.endsOn) await requireRoom(tx, agreementId, body, { ...found, endsOn })
  await updateRepresentativeEnd(tx, id, endsOn)
  await recordAudit(tx, {
    action: 'governance.representative_ended',
    actorPersonId: standing.personId,
    subjectKind: 'governance.representative',
    subjectId: id,
    detail: { body: found.body, party: found.party, endsOn },
  })
  return { ...found, endsOn }
}

/** Most of these periods that hold one same day. */
export function findPeak(periods: readonly { startsOn: Day; endsOn: Day | null }[]): number {
  // The count only grows where one begins.
  const counts = periods.map(
    ({ startsOn: day }) =>
      periods.filter(({ startsOn, endsOn }) => startsOn <= day && (endsOn === null || endsOn >= day)).length,
  )
  return Math.max(0, ...counts)
}
