import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { requireAdopted } from '../bodies/decisions.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { recordInJournal } from '../journal/journal.ts'
import { listBalances } from './balances.queries.ts'
import { exerciseOf, getTerms } from './exercises.ts'
import { requireNoneProposed } from './proposals.queries.ts'
import { moneyTables } from './tables.ts'

/**
 * Closes an exercise whose balance a decision approved: it takes no entry any more.
 * @param input.startsOn its first day.
 * @throws Problem 404 `decision_not_found`; 422 `decision_not_adopted`, `exercise_unknown`; 409 `exercise_running`,
 *   `exercise_closed`; as `requireNoneProposed`.
 */
export async function closeExercise(
  tx: Tx,
  input: { agreementId: string; startsOn: Day; decisionId: string; today: Day; by: string | null },
  now: Date,
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const { rules } = await getTerms(tx, input.agreementId, input.startsOn)
  const exercise = exerciseOf(rules, input.startsOn)
  if (exercise.startsOn !== input.startsOn) {
    throw new Problem(422, 'exercise_unknown', `No exercise begins on ${input.startsOn}.`)
  }
  if (exercise.endsOn >= input.today) throw new Problem(409, 'exercise_running', 'The exercise is not over.')
  await requireNoneProposed(tx, input.agreementId, { from: exercise.startsOn, until: exercise.endsOn })
  const { kind } = await requireAdopted(tx, input.agreementId, input.decisionId)
  if (kind !== 'decision') throw new Problem(422, 'decision_not_adopted', 'The crisis body approves no balance.')
  const made = await moneyTables(tx)
    .insertInto('governance.closed_exercise')
    .values({
      agreement_id: input.agreementId,
      starts_on: exercise.startsOn,
      ends_on: exercise.endsOn,
      decision_id: input.decisionId,
      approved_at: now,
      approved_by: input.by,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (made.numInsertedOrUpdatedRows === 0n) {
    throw new Problem(409, 'exercise_closed', `The balance from ${exercise.startsOn} was approved already.`)
  }
  await recordAudit(tx, {
    action: 'governance.exercise_closed',
    actorPersonId: input.by,
    subjectKind: 'decision',
    subjectId: input.decisionId,
    detail: { startsOn: exercise.startsOn },
  })
  const balances = (await listBalances(tx, input.agreementId)).filter((each) => each.exercise === exercise.startsOn)
  await recordInJournal(
    tx,
    {
      agreementId: input.agreementId,
      kind: 'exerciseClosed',
      subjectId: input.decisionId,
      content: {
        startsOn: exercise.startsOn,
        endsOn: exercise.endsOn,
        balances: balances.map(({ party, nature, cents }) => ({ party, nature, cents: String(cents) })),
      },
    },
    now,
  )
}
