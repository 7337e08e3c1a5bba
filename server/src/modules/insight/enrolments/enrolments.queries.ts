import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** Somebody who takes part in a course. */
export interface Enrolment {
  /** Pseudonym, in decimal. */
  learner: string
  role: 'student' | 'teacher' | 'other'
  name: string | null
}

/**
 * Notes who takes part in a course.
 * @param course its key, in decimal.
 * @param origin the platform that says so.
 */
export async function upsertEnrolments(
  tx: Tx,
  { course, origin }: { course: string; origin: string },
  enrolments: Enrolment[],
  now: Date,
): Promise<void> {
  // Two users of a platform may lead to one learner: whoever teaches is not counted as a student.
  const weight = { student: 0, other: 1, teacher: 2 }
  const byLearner = new Map<string, Enrolment>()
  for (const each of enrolments) {
    const former = byLearner.get(each.learner)
    if (!former || weight[each.role] > weight[former.role]) byLearner.set(each.learner, each)
  }
  const rows = [...byLearner.values()]
  // PostgreSQL takes 65,535 values in a statement.
  for (let start = 0; start < rows.length; start += 5_000) {
    await tables(tx)
      .insertInto('insight.enrolment')
      .values(rows.slice(start, start + 5_000).map((row) => ({ ...row, course, origin, active: true, seen_at: now })))
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'course', 'learner', 'origin']).doUpdateSet((row) => ({
          role: row.ref('excluded.role'),
          // A launch may keep silent about the name that the roster told.
          name: row.fn.coalesce('excluded.name', 'insight.enrolment.name'),
          active: true,
          seen_at: now,
        })),
      )
      .execute()
  }
}

/** Notes who takes part in a course, all of them: whoever was there and is not any more is inactive from now on. */
export async function replaceEnrolments(
  tx: Tx,
  where: { course: string; origin: string },
  enrolments: Enrolment[],
  now: Date,
): Promise<void> {
  await upsertEnrolments(tx, where, enrolments, now)
  await tables(tx)
    .updateTable('insight.enrolment')
    .set({ active: false })
    .where('course', '=', where.course)
    .where('origin', '=', where.origin)
    .where('seen_at', '<', now)
    .execute()
}

/** Notes a course that nobody may have done anything in yet, so that it has a name. */
export async function ensureCourse(tx: Tx, course: { key: string; iri: string; title: string | null }): Promise<void> {
  await tables(tx)
    .insertInto('insight.learning_object')
    .values({
      key: course.key,
      iri: course.iri,
      kind: 'course',
      name: JSON.stringify(course.title === null ? {} : { und: course.title }),
      course: course.key,
      parent: '0',
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Whether a platform says that somebody takes part in a course. */
export async function isEnrolled(tx: Tx, { learner, course }: { learner: string; course: string }): Promise<boolean> {
  const found = await tables(tx)
    .selectFrom('insight.enrolment')
    .select('role')
    .where('course', '=', course)
    .where('learner', '=', learner)
    .where('active', '=', true)
    .executeTakeFirst()
  return found !== undefined
}
