import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { toldName } from '../projection/objects.queries.ts'
import { tables } from '../tables.ts'

/** Names of the indicators that the institution does not want. */
export async function listUnwanted(tx: Tx): Promise<Set<string>> {
  const rows = await tables(tx)
    .selectFrom('insight.indicator_setting')
    .select('indicator')
    .where('enabled', '=', false)
    .execute()
  return new Set(rows.map(({ indicator }) => indicator))
}

/** Notes whether the institution wants an indicator. */
export async function upsertSetting(
  tx: Tx,
  { indicator, enabled, by }: { indicator: string; enabled: boolean; by: string | null },
  now: Date,
): Promise<void> {
  const row = { indicator, enabled, updated_at: now, updated_by: by }
  await tables(tx)
    .insertInto('insight.indicator_setting')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant_id', 'indicator']).doUpdateSet(row))
    .execute()
}

/** Who takes part in courses without learning there: course and pseudonym. Null for all courses. */
export async function listStaff(tx: Tx, courses: string[] | null): Promise<[course: string, learner: string][]> {
  const rows = await tables(tx)
    .selectFrom('insight.enrolment')
    .select((row) => [
      row.cast<string>('course', 'text').as('course'),
      row.cast<string>('learner', 'text').as('learner'),
    ])
    .where('active', '=', true)
    .$if(courses !== null, (query) => query.where('course', '=', sql<string>`any(${courses}::bigint[])`))
    .groupBy(['course', 'learner'])
    // Somebody may be known from several platforms.
    .having(sql<boolean>`bool_and(role <> 'student')`)
    .execute()
  return rows.map(({ course, learner }) => [course, learner])
}

/** Pseudonyms of the students of a course; none when nobody told. */
export async function listStudents(tx: Tx, course: string): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('insight.enrolment')
    .select((row) => row.cast<string>('learner', 'text').as('learner'))
    .distinct()
    .where('course', '=', course)
    .where('role', '=', 'student')
    .where('active', '=', true)
    .execute()
  return rows.map(({ learner }) => learner)
}

/** Names of learners of a course, as its platform tells them, else as statements did. */
export async function listLearnerNames(tx: Tx, course: string, learners: string[]): Promise<Map<string, string>> {
  if (learners.length === 0) return new Map()
  const known = await tables(tx)
    .selectFrom('insight.learner')
    .select((row) => [row.cast<string>('learner', 'text').as('learner'), 'name'])
    .where('learner', '=', sql<string>`any(${learners}::bigint[])`)
    .where('name', 'is not', null)
    .union(
      tables(tx)
        .selectFrom('insight.enrolment')
        .select((row) => [row.cast<string>('learner', 'text').as('learner'), 'name'])
        .where('learner', '=', sql<string>`any(${learners}::bigint[])`)
        .where('course', '=', course)
        .where('name', 'is not', null),
    )
    .execute()
  return new Map(known.map(({ learner, name }) => [learner, name ?? '']))
}

/** What a learner set themselves in a course on a day, in activities a week; 0 for nothing. */
export async function findPlan(tx: Tx, course: string, learner: string, day: Day): Promise<number> {
  const row = await tables(tx)
    .selectFrom('insight.plan')
    .select('weekly')
    .where('course', '=', course)
    .where('learner', '=', learner)
    .where('since', '<=', day)
    .where((each) => each.or([each('until', 'is', null), each('until', '>=', day)]))
    .executeTakeFirst()
  return row?.weekly ?? 0
}

/** A course or an activity, as statements name it. */
export interface NamedActivity {
  iri: string
  kind: string
  name: Record<string, string>
}

/** Activities by key; those unknown are left out. */
export async function listNamedActivities(
  tx: Tx,
  keys: string[],
): Promise<Map<string, NamedActivity & { course: string }>> {
  if (keys.length === 0) return new Map()
  const rows = await tables(tx)
    .selectFrom('insight.learning_object')
    .select((row) => [
      row.cast<string>('key', 'text').as('key'),
      row.cast<string>('course', 'text').as('course'),
      'iri',
      'kind',
      toldName.as('name'),
    ])
    .where('key', '=', sql<string>`any(${keys}::bigint[])`)
    .execute()
  return new Map(rows.map(({ key, ...activity }) => [key, activity]))
}
