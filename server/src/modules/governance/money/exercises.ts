import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { moneyTables } from './tables.ts'

/** The year over which the accounts are balanced, by its first and last days. */
export interface Exercise {
  startsOn: Day
  endsOn: Day
}

/** Beyond, a date is a slip of the pen, and some are no dates any more. */
const endOfTime = '2200-01-01'

/**
 * The exercise that holds a day: a school year or a calendar year, as the agreement says.
 * @throws Problem 422 `exercise_unknown` for a day beyond all reckoning.
 */
export function exerciseOf(rules: Agreement, day: Day): Exercise {
  if (day >= endOfTime) throw new Problem(422, 'exercise_unknown', `No exercise is reckoned for ${day}.`)
  const begins = rules.money.balance.per === 'schoolYear' ? rules.schoolYear.beginsOn : '01-01'
  const year = Number(day.slice(0, 4))
  const first = day.slice(5) >= begins ? year : year - 1
  const next = new Date(`${first + 1}-${begins}T00:00:00Z`)
  next.setUTCDate(next.getUTCDate() - 1)
  return { startsOn: `${first}-${begins}`, endsOn: next.toISOString().slice(0, 10) }
}

/** The agreement that held on a day, as the accounts of that day need it. */
export interface Terms {
  agreementId: string
  versionId: string
  rules: Agreement
}

/**
 * The version of an agreement that holds on a day: a cost is shared under the rules of the day it counts for.
 * @throws Problem 422 `no_agreement_then` when no version held by then.
 */
export async function getTerms(tx: Tx, agreementId: string, day: Day): Promise<Terms> {
  const found = await moneyTables(tx)
    .selectFrom('governance.agreement_version')
    .select(['id as versionId', 'content as rules'])
    .where('agreement_id', '=', agreementId)
    .where('valid_from', '<=', day)
    .orderBy('valid_from', 'desc')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!found || day >= endOfTime)
    throw new Problem(422, 'no_agreement_then', `No version of the agreement held on ${day}.`)
  return { agreementId, ...found }
}
