import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findToday } from '#modules/identity'
import { addDays } from '../days.ts'
import type { Standing } from '../standing.ts'
import type { ChangeState } from './change-steps.ts'
import { beginStep, endStep, getChangeRules } from './changes.ts'
import { type Change, listOpinions, listSheets } from './changes.queries.ts'
import { listAdvisers } from './qualification.ts'
import { tables } from './tables.ts'

interface Opinion {
  party: string
  opinion: 'favourable' | 'reservations' | 'unfavourable'
  text: string
}

/**
 * Gives the opinion of a party the reader sits for, on the sheet that is submitted.
 * @throws Problem as `beginStep`; 403 `party_not_yours`; 422 `opinion_needs_text` for one that is not simply favourable;
 *   409 `opinion_given`.
 */
export async function giveOpinion(
  tx: Tx,
  standing: Standing,
  id: string,
  input: Opinion,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'giveOpinion')
  const advises = listAdvisers(standing.agreement.rules).includes(input.party)
  if (!advises || !standing.seats.some(({ party }) => party === input.party)) {
    throw new Problem(403, 'party_not_yours', 'An opinion is given for a party one sits for, whose opinion is asked.')
  }
  if (input.opinion !== 'favourable' && input.text === '') {
    throw new Problem(422, 'opinion_needs_text', 'Reservations and refusals are explained.')
  }
  return addOpinion(tx, standing, change, 'giveOpinion', input, now)
}

/**
 * Notes that a party said nothing within the term of the agreement.
 * @throws Problem as `beginStep`; 422 `opinion_not_asked`, `opinion_without_term`, `opinion_term_running` with its last day;
 *   409 `opinion_given`.
 */
export async function noteSilence(
  tx: Tx,
  standing: Standing,
  id: string,
  party: string,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'noteSilence')
  const { opinionWithinDays, article } = getChangeRules(standing)
  if (!listAdvisers(standing.agreement.rules).includes(party)) {
    throw new Problem(422, 'opinion_not_asked', 'The agreement does not ask this party for its opinion.')
  }
  if (opinionWithinDays === null) {
    throw new Problem(422, 'opinion_without_term', `Article ${article} sets no term to opinions.`, { article })
  }
  const [sheet] = await listSheets(tx, change.id)
  const until = addDays(await findToday(tx, sheet?.submittedAt ?? now), opinionWithinDays)
  if (standing.today <= until) {
    throw new Problem(422, 'opinion_term_running', `Article ${article} leaves until ${until}.`, { article, until })
  }
  return addOpinion(tx, standing, change, 'noteSilence', { party, opinion: 'silence', text: '' }, now)
}

async function addOpinion(
  tx: Tx,
  standing: Standing,
  change: Change,
  name: 'giveOpinion' | 'noteSilence',
  input: { party: string; opinion: Opinion['opinion'] | 'silence'; text: string },
  now: Date,
): Promise<ChangeState> {
  const [sheet] = await listSheets(tx, change.id)
  if (!sheet) throw new Problem(422, 'sheet_missing', 'No configuration sheet was written.')
  const given = (await listOpinions(tx, change.id)).filter(({ sheetId }) => sheetId === sheet.id)
  if (given.some(({ party }) => party === input.party)) {
    throw new Problem(409, 'opinion_given', 'This party has given its opinion on this version of the sheet.')
  }
  await tables(tx)
    .insertInto('governance.change_opinion')
    .values({
      id: randomUUIDv7(),
      change_id: change.id,
      sheet_id: sheet.id,
      party: input.party,
      opinion: input.opinion,
      text: input.text,
      recorded_by: standing.personId,
      recorded_at: now,
    })
    .execute()
  const known = [...given.map(({ party }) => party), input.party]
  const complete = listAdvisers(standing.agreement.rules).every((party) => known.includes(party))
  const to = complete ? 'advised' : 'submitted'
  const figures = { sheet: sheet.number, opinion: input.opinion }
  return endStep(tx, standing, change, { name, to, party: input.party, figures }, now)
}
