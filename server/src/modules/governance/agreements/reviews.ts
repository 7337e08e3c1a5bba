import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { type ActingStanding, requireManager } from '../standing.ts'
import { listPeriods, schoolYearOf } from './calendar.ts'
import { insertDoneReview } from './calendar.queries.ts'

/**
 * Records that a review of the agreement was done.
 * @param done.periodFrom first day of the period it is of
 * @throws Problem 403 `not_allowed`; 404 `review_not_found` when the agreement asks for none in that period; 422
 *   `review_to_come` for a day to come; 409 `review_done`.
 */
export async function recordReview(
  tx: Tx,
  standing: ActingStanding,
  done: { review: string; periodFrom: Day; doneOn: Day; note: string },
  now: Date,
): Promise<void> {
  requireManager(standing)
  const { agreement, today, personId } = standing
  const { review: key, periodFrom, doneOn, note } = done
  const rule = agreement.rules.review.find((each) => each.key === key)
  const periods = rule ? listPeriods(schoolYearOf(agreement.rules, periodFrom), rule.per) : []
  if (!periods.some(({ from }) => from === periodFrom)) {
    const known = rule
      ? `periods begin on ${periods.map(({ from }) => from).join(', ')}`
      : `reviews are ${agreement.rules.review.map((each) => each.key).join(', ')}`
    throw new Problem(404, 'review_not_found', `The agreement asks for no such review in this period: ${known}.`)
  }
  if (doneOn > today) throw new Problem(422, 'review_to_come', 'A review is recorded once it is done.')
  if (!(await insertDoneReview(tx, agreement.id, { key, periodFrom, doneOn, note, recordedBy: personId }, now))) {
    throw new Problem(409, 'review_done', 'This review was recorded before.')
  }
  await recordAudit(tx, {
    action: 'governance.review_recorded',
    actorPersonId: personId,
    subjectKind: 'agreement',
    subjectId: agreement.id,
    detail: { review: key, periodFrom, doneOn },
  })
}
