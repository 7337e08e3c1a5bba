import type { Tx } from '#kernel/postgres'
import { listPersonSummaries } from '#modules/directory'
import type { Body } from '../agreements/agreement-schema.ts'
import type { Standing } from '../standing.ts'
import { tables } from '../tables.ts'
import { tellChoice } from '../votes/ballot.ts'
import { type Ballot, listBallots, listRoll, listVotes } from '../votes/ballots.queries.ts'
import { listAgenda } from './agenda.queries.ts'
import { listAttendance, listProxies, listRecusals } from './attendance.queries.ts'
import { listFollowUps } from './follow-up.queries.ts'
import { listMeetings, type Meeting } from './meetings.queries.ts'
import { type MeetingFacts, tellDay } from './minutes.ts'
import { findApproval, listCorrections } from './minutes.queries.ts'
import { listPapers } from './papers.queries.ts'
import { listSeatedParties } from './presence.ts'
import { listRepresentatives } from './representatives.queries.ts'

/** Gathers what the minutes of a meeting tell: all that was recorded of it until now. */
export async function readMeetingFacts(
  tx: Tx,
  standing: Standing,
  meeting: Meeting,
  body: Body,
): Promise<MeetingFacts> {
  const { agreement } = standing
  const { rules } = agreement
  const attendance = await listAttendance(tx, meeting.id)
  const { openedAt } = meeting
  // One taken back before the meeting opened counted for nothing; one given before counted from its opening.
  const proxies = (await listProxies(tx, meeting.id))
    .filter(({ endsAt }) => endsAt === null || openedAt === null || endsAt > openedAt)
    .map((each) => ({ ...each, startsAt: openedAt && openedAt > each.startsAt ? openedAt : each.startsAt }))
  const ballots = await listBallots(tx, meeting.id)
  const rolls = new Map<string, Awaited<ReturnType<typeof listRoll>>>()
  for (const { id } of ballots) rolls.set(id, await listRoll(tx, id))
  const [chair] =
    meeting.chairId === null ? [] : await listRepresentatives(tx, agreement.id, { ids: [meeting.chairId] })
  const nameOf = await readNames(tx, [
    ...attendance.map(({ personId }) => personId),
    ...[...rolls.values()].flat().flatMap(({ personId }) => personId ?? []),
    ...[chair?.personId, meeting.secretaryId].flatMap((id) => id ?? []),
  ])
  const partyName = (key: string) => rules.parties.find((party) => party.key === key)?.name ?? key
  const came = new Set([...attendance.map(({ party }) => party), ...proxies.map(({ fromParty }) => fromParty)])
  const meetings = await listMeetings(tx, agreement.id, body.key)
  const next = meetings.findLast(({ startsAt, state }) => startsAt > meeting.startsAt && state === 'convened')
  const corrections = await listCorrections(tx, meeting.id)
  return {
    agreement: { title: rules.title, version: agreement.version },
    body,
    bodyNames: Object.fromEntries(rules.bodies.map(({ key, shortName }) => [key, shortName])),
    title: meeting.title,
    place: meeting.place,
    urgent: meeting.urgent,
    secondConvening: meeting.secondOf !== null,
    startsAt: meeting.startsAt,
    convenedAt: meeting.convenedAt,
    openedAt: meeting.openedAt,
    closedAt: meeting.closedAt,
    withoutQuorum: meeting.withoutQuorum,
    chair: chair ? `${nameOf(chair.personId)} (${partyName(chair.party)})` : null,
    secretary: meeting.secretaryId === null ? null : nameOf(meeting.secretaryId),
    checks: meeting.convening ?? [],
    attendance: attendance.map((each) => ({ ...each, party: partyName(each.party), name: nameOf(each.personId) })),
    represented: proxies.map(({ fromParty, toParty, startsAt, endsAt }) => ({
      from: partyName(fromParty),
      to: partyName(toParty),
      startsAt,
      endsAt,
    })),
    absent: listSeatedParties(rules, body, meeting.day)
      .filter((party) => !came.has(party))
      .map(partyName),
    items: await readItems(tx, meeting, { ballots, rolls, nameOf, partyName, meetings }),
    followUp: await readFollowUp(tx, agreement.id, meeting),
    next: next ? { startsAt: next.startsAt, place: next.place } : null,
    corrections: corrections
      .filter(({ state }) => state === 'accepted')
      .map(({ text, answeredAt, askedAt }) => ({ text, takenInAt: answeredAt ?? askedAt })),
  }
}

async function readItems(
  tx: Tx,
  meeting: Meeting,
  known: {
    ballots: Ballot[]
    rolls: Map<string, Awaited<ReturnType<typeof listRoll>>>
    nameOf: (id: string) => string
    partyName: (key: string) => string
    meetings: Meeting[]
  },
): Promise<MeetingFacts['items']> {
  const agenda = await listAgenda(tx, meeting.id)
  const papers = await listPapers(
    tx,
    agenda.map(({ id }) => id),
  )
  const recusals = await listRecusals(tx, meeting.id)
  const decisions = await tables(tx)
    .selectFrom('governance.decision')
    .select(['agenda_item_id', 'number', 'outcome', 'text', 'due_on as dueOn'])
    .where('meeting_id', '=', meeting.id)
    .execute()
  const items: MeetingFacts['items'] = []
  for (const item of agenda) {
    const own = known.ballots.filter(({ agendaItemId }) => agendaItemId === item.id)
    const of = item.kind === 'minutes' ? known.meetings.find(({ id }) => id === item.subjectId) : undefined
    const approval = of && (await findApproval(tx, of.id))
    const told: MeetingFacts['items'][number]['ballots'] = []
    for (const ballot of own) told.push(await readBallot(tx, ballot, known))
    items.push({
      ...item,
      papers: papers.filter(({ agendaItemId }) => agendaItemId === item.id),
      recused: recusals
        .filter(({ agendaItemId }) => agendaItemId === item.id)
        .map(({ party }) => known.partyName(party)),
      ballots: told,
      decision: decisions.find((each) => each.agenda_item_id === item.id) ?? null,
      approvedMinutesOf: of && approval?.agendaItemId === item.id ? tellDay(of.day) : null,
    })
  }
  return items
}

async function readBallot(
  tx: Tx,
  ballot: Ballot,
  known: {
    rolls: Map<string, Awaited<ReturnType<typeof listRoll>>>
    nameOf: (id: string) => string
    partyName: (key: string) => string
  },
): Promise<MeetingFacts['items'][number]['ballots'][number]> {
  const votes = await listVotes(tx, ballot.id)
  const states = { absent: 'absent', recused: 'déporté', present: 'n’a pas voté', represented: 'n’a pas voté' }
  const steps = ballot.verdict?.steps ?? ballot.opening
  return {
    round: ballot.round,
    steps: steps.map(({ text, article, interpretation }) => ({
      text: text.fr,
      article,
      interpretation: interpretation?.fr ?? null,
    })),
    votes: (known.rolls.get(ballot.id) ?? []).map(({ party, voices, state, personId }) => {
      const vote = votes.find((each) => each.party === party)
      return {
        party: known.partyName(party),
        voices,
        choice: vote ? tellChoice(vote.choice, ballot.options).fr : states[state],
        by: personId === null ? null : known.nameOf(personId),
      }
    }),
  }
}

async function readFollowUp(tx: Tx, agreementId: string, meeting: Meeting): Promise<MeetingFacts['followUp']> {
  if (meeting.openedAt === null) return []
  const { body, openedAt } = meeting
  const found = await listFollowUps(tx, agreementId, { body, decidedBefore: openedAt, openSince: openedAt })
  return found.map(({ number, title, dueOn, doneOn, doneNote }) => ({ number, title, dueOn, doneOn, note: doneNote }))
}

async function readNames(tx: Tx, ids: string[]): Promise<(id: string) => string> {
  const people = await listPersonSummaries(tx, ids)
  const names = new Map(people.map(({ id, givenName, familyName }) => [id, `${givenName} ${familyName}`]))
  return (id) => names.get(id) ?? 'personne effacée'
}
