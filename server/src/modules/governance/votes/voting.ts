import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { leadsMeeting } from '../bodies/meetings.ts'
import { getMeeting } from '../bodies/meetings.queries.ts'
import { getBody } from '../bodies/representatives.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { digestPerson, recordInJournal } from '../journal/journal.ts'
import type { Standing } from '../standing.ts'
import { getBallotAgreement, getBallotRule, readBallotInput } from './ballot-reading.ts'
import { type Choice, listChoices, type Verdict } from './ballot.ts'
import { type Ballot, getBallot, listRoll, listRounds, listVotes, type RollLine } from './ballots.queries.ts'
import { applyDecision } from './outcomes.ts'
import { tables } from './tables.ts'
import { decideBallot } from './verdict.ts'

/**
 * Votes for a party. The vote may be replaced until the ballot is closed; each version is kept and the last counts. The
 * same vote sent twice is one.
 * @param input.aloud said aloud by the voter, and written down by who leads the meeting: only while the voter has not voted
 *   by their own act, which nobody else replaces.
 * @throws Problem 404 `ballot_not_found`, `not_on_roll`; 409 `ballot_closed`, `voter_absent`, `voter_recused`,
 *   `voter_has_voted`; 403 `holder_votes` for a deputy beside the holder, `not_your_vote`; 422 `choice_unknown`.
 */
export async function castVote(
  tx: Tx,
  standing: Standing,
  ballotId: string,
  input: { party: string; choice: Choice; aloud: boolean },
  now: Date,
): Promise<{ version: number; choice: Choice }> {
  const { agreement, personId } = standing
  await lockJournal(tx, agreement.id)
  const ballot = await getBallot(tx, agreement.id, ballotId, 'update')
  const roll = await listRoll(tx, ballotId)
  const line = roll.find(({ party }) => party === input.party)
  if (!line) throw new Problem(404, 'not_on_roll', 'This party is not on the roll of this ballot.')
  if (ballot.closedAt) throw new Problem(409, 'ballot_closed', 'This vote is closed; nothing was changed.')
  await requireVoter(tx, standing, ballot, line, input.aloud)
  if (!listChoices(ballot.options).includes(input.choice))
    throw new Problem(422, 'choice_unknown', 'This ballot does not offer that choice.')
  const last = (await listVotes(tx, ballotId)).find(({ party }) => party === line.party)
  const aloud = input.aloud && line.personId !== personId
  // Who confirms by their own act what was noted for them casts a vote of their own.
  if (last?.choice === input.choice && (aloud || !last.recorded)) return { version: last.version, choice: last.choice }
  if (aloud && last?.recorded === false)
    throw new Problem(409, 'voter_has_voted', 'This member has voted by its own act: only it changes its vote.')
  const version = (last?.version ?? 0) + 1
  await tables(tx)
    .insertInto('governance.ballot_vote')
    .values({
      ballot_id: ballotId,
      party: line.party,
      version,
      choice: input.choice,
      cast_at: now,
      cast_by: personId,
      recorded: aloud,
    })
    .execute()
  await recordAudit(tx, {
    action: aloud ? 'governance.vote_recorded' : 'governance.vote_cast',
    actorPersonId: personId,
    subjectKind: 'governance.ballot',
    subjectId: ballotId,
    detail: { party: line.party, choice: input.choice, version },
  })
  const person = await digestPerson(tx, agreement.id, personId)
  const content = { party: line.party, choice: input.choice, version, aloud, person }
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'ballot.voted', subjectId: ballotId, content }, now)
  return { version, choice: input.choice }
}

async function requireVoter(tx: Tx, standing: Standing, ballot: Ballot, line: RollLine, aloud: boolean): Promise<void> {
  const { rules, id } = standing.agreement
  const meeting = await getMeeting(tx, id, ballot.meetingId)
  const body = getBody(rules, meeting.body)
  const sits = standing.seats.some((seat) => seat.body === body.key && seat.party === line.party)
  const leads = leadsMeeting(standing, body, meeting)
  if (!sits && line.personId !== standing.personId && !(aloud && leads))
    throw new Problem(403, 'not_your_vote', 'One votes for the party one sits for, or that one represents.')
  if (line.state === 'absent') throw new Problem(409, 'voter_absent', 'This party was absent when the vote opened.')
  if (line.state === 'recused') throw new Problem(409, 'voter_recused', 'This party steps aside from this item.')
  if (line.personId !== standing.personId && !(aloud && leads))
    throw new Problem(
      403,
      'holder_votes',
      'Someone else votes for this party: a deputy only in the absence of the holder.',
    )
}

/**
 * Closes a ballot: nobody votes any more, and the verdict is reached. Unless a second round must follow, the decision or
 * opinion is recorded and its subject follows from it, all in one transaction.
 * @throws Problem 404 `ballot_not_found`; 403 `not_allowed`; 409 `ballot_closed` for the second of two who close at once.
 */
export async function closeBallot(tx: Tx, standing: Standing, ballotId: string, now: Date): Promise<Verdict> {
  const { personId } = standing
  const { meetingId } = await getBallot(tx, standing.agreement.id, ballotId)
  const meeting = await getMeeting(tx, standing.agreement.id, meetingId, 'share')
  await lockJournal(tx, standing.agreement.id)
  const ballot = await getBallot(tx, standing.agreement.id, ballotId, 'update')
  const body = getBody(standing.agreement.rules, meeting.body)
  if (!leadsMeeting(standing, body, meeting))
    throw new Problem(403, 'not_allowed', 'Only who leads this meeting closes its votes.')
  if (ballot.closedAt) throw new Problem(409, 'ballot_closed', 'This vote is closed already.')

  const agreement = await getBallotAgreement(tx, standing, ballot)
  const verdict = decideBallot(await readBallotInput(tx, agreement, ballot))
  const told = { ...verdict, steps: [...ballot.opening, ...verdict.steps] }
  const { outcome, chosen, tally } = verdict
  const figures = {
    outcome,
    chosen,
    round: ballot.round,
    voices: tally.map(({ choice, voices }) => ({ choice, voices })),
  }
  await recordAudit(tx, {
    action: 'governance.ballot_closed',
    actorPersonId: personId,
    subjectKind: 'governance.ballot',
    subjectId: ballotId,
    detail: figures,
  })
  const content = {
    ...figures,
    secondRound: verdict.secondRound?.map(({ key }) => key) ?? null,
    votes: verdict.roll.map(({ party, voices, choice }) => ({ party, voices, choice })),
    verdictDigest: createHash('sha256')
      .update(canonicalize(told) ?? '')
      .digest('hex'),
  }
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'ballot.closed', subjectId: ballotId, content }, now)
  const decisionId = verdict.secondRound ? null : await recordVerdict(tx, agreement, ballot, told, personId, now)
  await tables(tx)
    .updateTable('governance.ballot')
    .set({ closed_at: now, closed_by: personId, verdict: JSON.stringify(told), decision_id: decisionId })
    .where('id', '=', ballotId)
    .execute()
  return told
}

async function recordVerdict(
  tx: Tx,
  agreement: AgreementInForce,
  ballot: Ballot,
  verdict: Verdict,
  personId: string,
  now: Date,
): Promise<string> {
  const item = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select(['title', 'text', 'kind', 'subject_kind', 'subject_id'])
    .where('id', '=', ballot.agendaItemId)
    .executeTakeFirstOrThrow()
  const earlier = (await listRounds(tx, ballot.agendaItemId)).filter(({ round }) => round < ballot.round)
  const chosen = ballot.options.length > 1 ? ballot.options.find(({ key }) => key === verdict.chosen) : undefined
  const { id } = await recordDecision(
    tx,
    {
      agreementId: agreement.id,
      versionId: agreement.versionId,
      kind: item.kind === 'opinion' ? 'opinion' : 'decision',
      body: getBallotRule(agreement, ballot.rule).body,
      meetingId: ballot.meetingId,
      agendaItemId: ballot.agendaItemId,
      title: item.title,
      text: [item.text, chosen?.label].filter(Boolean).join('\n\n'),
      outcome: verdict.outcome,
      // Whoever reads the verdict of a second round reads what the first gave.
      verdict: { ...verdict, steps: [...earlier.flatMap((round) => round.verdict?.steps ?? []), ...verdict.steps] },
      dueOn: null,
      subjectKind: item.subject_kind,
      subjectId: item.subject_id,
      actorPersonId: personId,
    },
    now,
  )
  // An opinion moves nothing on: only a decision does.
  if (item.kind === 'decision' && item.subject_kind !== null && item.subject_id !== null) {
    const votes = verdict.roll.flatMap(({ party, choice }) => (choice === null ? [] : [{ party, choice }]))
    const made = { subjectId: item.subject_id, decisionId: id, outcome: verdict.outcome, votes, agreement }
    await applyDecision(tx, item.subject_kind, made, now)
  }
  return id
}
