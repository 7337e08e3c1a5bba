import type { Tx } from '#kernel/postgres'
import { listPersonSummaries } from '#modules/directory'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { getReadableMeeting } from '../bodies/meetings.ts'
import { listNamedRepresentatives } from '../bodies/representatives.queries.ts'
import type { Standing } from '../standing.ts'
import { tables } from '../tables.ts'
import { gatherAssembly } from './assembly.ts'
import { type BallotInput, listChoices, tellChoice } from './ballot.ts'
import { type Ballot, getBallot, listBallots, listRoll, listVotes } from './ballots.queries.ts'
import { findCertainty } from './certainty.ts'
import { checkRequirements } from './requirements.ts'
import { decideBallot } from './verdict.ts'
import { getBallotAgreement, getBallotRule, readBallotInput } from './ballot-reading.ts'

/**
 * The items of a meeting that are put to the vote: what each would find if it were opened now, and its ballots.
 * @throws Problem 404 `meeting_not_found`; 422 `head_count_missing`.
 */
export async function describeVotes(tx: Tx, standing: Standing, meetingId: string, now: Date) {
  const { agreement } = standing
  const { meeting, body, leads } = await getReadableMeeting(tx, standing, meetingId)
  const items = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select(['id', 'position', 'title', 'kind', 'ballot_rule', 'subject_kind', 'subject_id'])
    .where('meeting_id', '=', meetingId)
    .where('kind', 'in', ['decision', 'opinion'])
    .orderBy('position')
    .execute()
  const ballots = await listBallots(tx, meetingId)
  const described = []
  for (const item of items) {
    const rule = agreement.rules.ballots.find(({ key, body: of }) => key === item.ballot_rule && of === body.key)
    const own = ballots.filter(({ agendaItemId }) => agendaItemId === item.id)
    const last = own.at(-1)
    const openable = meeting.state === 'open' && (!last || Boolean(last.verdict?.secondRound))
    const subject = { kind: item.subject_kind, id: item.subject_id, decides: item.kind === 'decision' }
    described.push({
      id: item.id,
      position: item.position,
      title: item.title,
      kind: item.kind === 'opinion' ? ('opinion' as const) : ('decision' as const),
      rule: rule === undefined ? null : describeRule(rule),
      openable: rule !== undefined && openable,
      candidates: rule?.method.kind === 'twoRounds' && !last,
      requirements: rule && openable ? await checkRequirements(tx, agreement, body, rule, meeting, subject) : [],
      quorum: rule && openable ? (await gatherAssembly(tx, agreement, body, rule, meeting, item.id, now)).quorum : null,
      ballots: own.map(({ id, round, openedAt, closedAt, verdict }) => ({
        id,
        round,
        openedAt,
        closedAt,
        outcome: verdict?.outcome ?? null,
        secondRound: verdict ? verdict.secondRound !== null : false,
      })),
    })
  }
  const { id, title, state, day } = meeting
  return {
    meeting: { id, title, state, day, body: body.key, bodyName: body.name, shortName: body.shortName },
    leads,
    items: described,
  }
}

/** A ballot as it stands: its roll with who has voted what, the tally, and the verdict once it is closed. */
export async function describeBallot(tx: Tx, standing: Standing, ballotId: string) {
  const ballot = await getBallot(tx, standing.agreement.id, ballotId)
  const { meeting, body, leads } = await getReadableMeeting(tx, standing, ballot.meetingId)
  const agreement = await getBallotAgreement(tx, standing, ballot)
  const rule = getBallotRule(agreement, ballot.rule)
  const item = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select(['id', 'title', 'text', 'kind'])
    .where('id', '=', ballot.agendaItemId)
    .executeTakeFirstOrThrow()
  const input = await readBallotInput(tx, agreement, ballot)
  const live = decideBallot(input)
  return {
    id: ballot.id,
    round: ballot.round,
    rule: describeRule(rule),
    item: { id: item.id, title: item.title, text: item.text, opinion: item.kind === 'opinion' },
    meeting: { id: meeting.id, title: meeting.title, bodyName: body.name, shortName: body.shortName },
    leads,
    openedAt: ballot.openedAt,
    closedAt: ballot.closedAt,
    choices: listChoices(ballot.options).map((key) => ({ key, label: tellChoice(key, ballot.options) })),
    roll: await describeRoll(tx, standing, agreement, ballot),
    rollDigest: ballot.rollDigest,
    tally: live.tally,
    threshold: live.threshold,
    opening: ballot.opening,
    certain: ballot.closedAt ? null : findCertainty(input),
    verdict: ballot.verdict,
    decision: await findDecision(tx, ballot.decisionId),
  }
}

async function describeRoll(tx: Tx, standing: Standing, { id, rules }: AgreementInForce, ballot: Ballot) {
  const roll = await listRoll(tx, ballot.id)
  const votes = await listVotes(tx, ballot.id)
  const ids = roll.flatMap(({ representativeId }) => representativeId ?? [])
  const people = ids.length === 0 ? [] : await listNamedRepresentatives(tx, id, { ids })
  const scribes = await listPersonSummaries(
    tx,
    votes.filter(({ recorded }) => recorded).map(({ castBy }) => castBy),
  )
  const nameOf = (party: string | null) => rules.parties.find(({ key }) => key === party)?.name ?? party
  return roll.map((line) => {
    const vote = votes.find(({ party }) => party === line.party)
    const person = people.find((each) => each.id === line.representativeId)?.name
    const scribe = vote?.recorded ? scribes.find(({ id: scribeId }) => scribeId === vote.castBy) : undefined
    return {
      party: line.party,
      name: nameOf(line.party) ?? line.party,
      voices: line.voices,
      state: line.state,
      representedBy: nameOf(line.representedBy),
      voterRank: line.voterRank,
      voter: person ? `${person.givenName} ${person.familyName}` : null,
      mine: line.personId === standing.personId,
      choice: vote?.choice ?? null,
      aloud: vote?.recorded ?? false,
      recordedBy: scribe ? `${scribe.givenName} ${scribe.familyName}` : null,
    }
  })
}

async function findDecision(tx: Tx, id: string | null): Promise<{ id: string; number: string } | null> {
  if (id === null) return null
  return (
    (await tables(tx)
      .selectFrom('governance.decision')
      .select(['id', 'number'])
      .where('id', '=', id)
      .executeTakeFirst()) ?? null
  )
}

/** A ballot rule as pages show it: its threshold is that of the first round, where there are two. */
export const describeRule = ({ key, name, article, interpretation, weights, method, tie }: BallotInput['rule']) => ({
  key,
  name,
  article,
  interpretation: interpretation ?? null,
  weights,
  method: method.kind,
  ...(method.kind === 'twoRounds'
    ? method.first
    : { base: method.base, comparator: method.comparator, share: method.share }),
  tie,
})
