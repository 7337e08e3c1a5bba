import { createHash, randomUUIDv7 } from 'node:crypto'
import canonicalize from 'canonicalize'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Agreement, BallotRule, Body } from '../agreements/agreement-schema.ts'
import { leadsMeeting } from '../bodies/meetings.ts'
import { getMeeting, type Meeting } from '../bodies/meetings.queries.ts'
import { getBody } from '../bodies/representatives.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { digestPerson, type JournalContent, recordInJournal } from '../journal/journal.ts'
import type { Standing } from '../standing.ts'
import { gatherAssembly } from './assembly.ts'
import type { Option } from './ballot.ts'
import { listRounds, type RollLine } from './ballots.queries.ts'
import { checkRequirements } from './requirements.ts'
import { takesPart } from './roll.ts'
import { tables } from './tables.ts'

export interface Candidate {
  label: string
  /** 1 for the eldest. */
  ageRank?: number | undefined
}

/** An agenda item with its meeting, body and ballot rule. */
export interface VotableItem {
  id: string
  meetingId: string
  title: string
  text: string
  kind: 'opinion' | 'decision'
  rule: BallotRule
  subjectKind: string | null
  subjectId: string | null
}

/**
 * Puts an agenda item to the vote, or opens its second round: checks what the rule asks for beforehand and the quorum, and
 * freezes the roll of voters.
 * @param candidates names voted on, for a rule that chooses among persons; none for a question, nor for a second round.
 * @returns id of the ballot.
 * @throws Problem 404 `meeting_not_found`, `agenda_item_not_found`; 403 `not_allowed`; 409 `meeting_state`, `ballot_open`,
 *   `already_decided`, `requirement_missing` and `no_quorum` (both with their steps), `nobody_votes`; 422 `opinion_only`, `not_votable`,
 *   `candidates_missing`, `candidates_unasked`, `candidates_alike`, `age_ranks_missing`, `head_count_missing`.
 */
export async function openBallot(
  tx: Tx,
  standing: Standing,
  itemId: string,
  candidates: readonly Candidate[],
  now: Date,
): Promise<string> {
  const { agreement, personId } = standing
  const { meetingId } = await getItemPlace(tx, itemId)
  // The meeting before the journal, as who closes a meeting does: neither then waits for the other.
  const meeting = await getMeeting(tx, agreement.id, meetingId, 'share')
  const body = getBody(agreement.rules, meeting.body)
  if (!leadsMeeting(standing, body, meeting))
    throw new Problem(403, 'not_allowed', 'Only who leads this meeting opens its votes.')
  if (meeting.state !== 'open')
    throw new Problem(409, 'meeting_state', `The meeting is ${meeting.state}; votes are held while it is open.`, {
      state: meeting.state,
    })
  await lockJournal(tx, agreement.id)
  const item = await getVotableItem(tx, agreement.rules, body, itemId)
  const { round, options } = await chooseRound(tx, item, candidates)

  const requirements = await checkRequirements(tx, agreement, body, item.rule, meeting, {
    kind: item.subjectKind,
    id: item.subjectId,
    decides: item.kind === 'decision',
  })
  const missing = requirements.filter(({ holds }) => holds === false)
  if (missing.length > 0) {
    const detail = missing.map(({ text, article }) => `${text.en} (article ${article})`).join(' ')
    throw new Problem(409, 'requirement_missing', detail, { article: missing[0]?.article ?? null, steps: missing })
  }
  const { roll, headCount, quorum } = await gatherAssembly(tx, agreement, body, item.rule, meeting, itemId, now)
  if (!quorum.reached) {
    const { article } = body.quorum ?? body
    throw new Problem(409, 'no_quorum', `There is no quorum (article ${article}).`, { article, steps: quorum.steps })
  }

  if (!roll.some(takesPart)) throw new Problem(409, 'nobody_votes', 'Nobody who votes on this is here.')

  const id = randomUUIDv7()
  const frozen = await toJournalRoll(tx, agreement.id, roll)
  const rollDigest = createHash('sha256')
    .update(canonicalize(frozen) ?? '')
    .digest('hex')
  await tables(tx)
    .insertInto('governance.ballot')
    .values({
      id,
      agreement_id: agreement.id,
      version_id: agreement.versionId,
      meeting_id: meeting.id,
      agenda_item_id: itemId,
      rule: item.rule.key,
      round,
      options: JSON.stringify(options),
      chair_party: await findChairParty(tx, meeting),
      head_count_id: headCount?.id ?? null,
      opening: JSON.stringify([...requirements, ...quorum.steps]),
      roll_digest: rollDigest,
      opened_at: now,
      opened_by: personId,
    })
    .execute()
  await tables(tx)
    .insertInto('governance.ballot_voter')
    .values(
      roll.map((line, position) => ({
        ballot_id: id,
        position,
        party: line.party,
        voices: line.voices,
        pupils: line.pupils,
        state: line.state,
        represented_by: line.representedBy,
        voter_rank: line.voterRank,
        representative_id: line.representativeId,
        person_id: line.personId,
      })),
    )
    .execute()
  const detail = { rule: item.rule.key, round, options: options.length, voters: roll.length }
  await recordAudit(tx, {
    action: 'governance.ballot_opened',
    actorPersonId: personId,
    subjectKind: 'governance.ballot',
    subjectId: id,
    detail,
  })
  const content: JournalContent = {
    body: body.key,
    meeting: meeting.id,
    agendaItem: itemId,
    version: agreement.versionId,
    rule: item.rule.key,
    round,
    options: options.map(({ key }) => key),
    roll: frozen,
    rollDigest,
  }
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'ballot.opened', subjectId: id, content }, now)
  return id
}

/** @throws Problem 404 `agenda_item_not_found`. */
async function getItemPlace(tx: Tx, itemId: string): Promise<{ meetingId: string }> {
  const found = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select('meeting_id as meetingId')
    .where('id', '=', itemId)
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'agenda_item_not_found', 'There is no such agenda item.')
  return found
}

/**
 * An agenda item that can be put to the vote in a body, locked: of two who open a ballot at once, the second is refused.
 * @throws Problem 404 `agenda_item_not_found`; 422 `opinion_only`, `not_votable`.
 */
async function getVotableItem(tx: Tx, rules: Agreement, body: Body, itemId: string): Promise<VotableItem> {
  const item = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select([
      'id',
      'meeting_id as meetingId',
      'title',
      'text',
      'kind',
      'ballot_rule',
      'subject_kind as subjectKind',
      'subject_id as subjectId',
    ])
    .where('id', '=', itemId)
    .forUpdate()
    .executeTakeFirst()
  if (!item) throw new Problem(404, 'agenda_item_not_found', 'There is no such agenda item.')
  const { kind } = item
  const { article, shortName } = body
  if (body.kind === 'advisory' && kind === 'decision')
    throw new Problem(422, 'opinion_only', `${shortName} only gives opinions (article ${article}).`, { article })
  const rule = rules.ballots.find(({ key, body: of }) => key === item.ballot_rule && of === body.key)
  if (!rule || (kind !== 'decision' && kind !== 'opinion'))
    throw new Problem(
      422,
      'not_votable',
      'This agenda item has no ballot rule of this body, or is not put to the vote.',
    )
  return { ...item, kind, rule }
}

async function chooseRound(
  tx: Tx,
  item: VotableItem,
  candidates: readonly Candidate[],
): Promise<{ round: 1 | 2; options: Option[] }> {
  const last = (await listRounds(tx, item.id)).at(-1)
  if (!last) return { round: 1, options: toOptions(item, candidates) }
  if (!last.verdict) throw new Problem(409, 'ballot_open', 'A vote is open on this agenda item.', { ballotId: last.id })
  if (!last.verdict.secondRound) throw new Problem(409, 'already_decided', 'This agenda item has been voted on.')
  if (candidates.length > 0)
    throw new Problem(422, 'candidates_unasked', 'The second round is held between those kept by the first.')
  return { round: 2, options: last.verdict.secondRound }
}

function toOptions({ rule, title }: VotableItem, candidates: readonly Candidate[]): Option[] {
  if (rule.method.kind === 'yesNoAbstain') {
    if (candidates.length > 1)
      throw new Problem(422, 'candidates_unasked', 'This rule puts a single question, answered by yes or no.')
    return [{ key: 'question', label: candidates[0]?.label ?? title }]
  }
  if (candidates.length === 0) throw new Problem(422, 'candidates_missing', 'Say who is voted on.')
  if (new Set(candidates.map(({ label }) => label)).size < candidates.length)
    throw new Problem(422, 'candidates_alike', 'Two of those voted on have the same name.')
  const ranks = candidates.map(({ ageRank }) => ageRank)
  if (rule.tie === 'eldest' && candidates.length > 1 && new Set(ranks).size < ranks.length)
    throw new Problem(422, 'age_ranks_missing', 'The eldest prevails in a tie: say in which order of age they are.')
  return candidates.map(({ label, ageRank }, index) => ({
    key: `option-${index + 1}`,
    label,
    ...(ageRank === undefined ? {} : { ageRank }),
  }))
}

/** The roll as the journal keeps it: parties by their key, persons by their digest. */
async function toJournalRoll(tx: Tx, agreementId: string, roll: readonly RollLine[]): Promise<JournalContent[]> {
  const lines: JournalContent[] = []
  for (const { party, voices, pupils, state, representedBy, voterRank, personId } of roll) {
    const person = personId === null ? null : await digestPerson(tx, agreementId, personId)
    lines.push({ party, voices, pupils, state, representedBy, voterRank, person })
  }
  return lines
}

async function findChairParty(tx: Tx, { chairId }: Meeting): Promise<string | null> {
  if (chairId === null) return null
  const chair = await tables(tx)
    .selectFrom('governance.representative')
    .select('party')
    .where('id', '=', chairId)
    .executeTakeFirst()
  return chair?.party ?? null
}
