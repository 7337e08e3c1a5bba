import { sql } from 'kysely'
import type { ClickHouseClient } from '#kernel/clickhouse'
import type { Tx } from '#kernel/postgres'
import { toldName } from '../projection/objects.queries.ts'
import { tables } from '../tables.ts'

/** Names of an activity by language tag, as statements told them. */
export type LocalName = Record<string, string>

/** Names of courses by key; those nothing was told of are left out. */
export async function listCourseNames(tx: Tx, keys: string[]): Promise<Map<string, LocalName>> {
  if (keys.length === 0) return new Map()
  const rows = await tables(tx)
    .selectFrom('insight.learning_object')
    .select((row) => [row.cast<string>('key', 'text').as('key'), toldName.as('name')])
    .where('key', 'in', keys)
    .execute()
  return new Map(rows.map(({ key, name }) => [key, name]))
}

/** A course, and how lately it was used. */
export interface CourseUse {
  key: string
  /** Monday of the last week in which enough learners worked there; null for none. */
  lastWeek: string | null
  /** Different learners; null under k. */
  learners: number | null
}

/**
 * The courses of which something was told, the lately used first.
 * @param within keys of the only courses to look at; null for all.
 * @param learner only those where this learner did something; their use is then the learner's own.
 * @param without learners who object to being counted.
 */
export async function listCourseUses(
  clickhouse: ClickHouseClient,
  input: {
    tenantId: string
    build: number
    within: string[] | null
    learner: string | null
    without: string[]
    k: number
  },
): Promise<CourseUse[]> {
  const { tenantId, build, within, learner, without, k } = input
  const result = await clickhouse.query({
    query: `
      with present as (
        select course, toMonday(day) as week, learner
        from learner_day_v1
        where tenant_id = {tenant: UUID} and build = {build: UInt32} and course != 0 and learner != 0
          and ({everywhere: Bool} or has({within: Array(Int64)}, course))
          and ({anybody: Bool} or learner = {learner: Int64})
          and not has({without: Array(Int64)}, learner)
        group by course, week, learner
        having sum(events) > 0
      ), weeks as (
        select course, week, uniqExact(learner) as active from present group by course, week
      ), courses as (
        select course, uniqExact(learner) as learners from present group by course
      )
      select toString(courses.course) as key, any(courses.learners) as together,
        toString(maxIf(toNullable(week), active >= {k: UInt32})) as lastWeek,
        if(together >= {k: UInt32}, toNullable(toUInt32(together)), null) as learners
      from courses join weeks on weeks.course = courses.course
      group by courses.course
      order by lastWeek desc nulls last, together desc, key`,
    query_params: {
      tenant: tenantId,
      build,
      everywhere: within === null,
      // A text within an array would be quoted.
      within: (within ?? []).map(BigInt),
      anybody: learner === null,
      learner: learner ?? '0',
      without: without.map(BigInt),
      k,
    },
    format: 'JSONEachRow',
  })
  return result.json<CourseUse>()
}

/** Activities of a course, or of several, by their kinds and the beginning of a word of their names. */
export async function listActivities(
  tx: Tx,
  input: { courses: string[] | null; kinds: string[]; q: string; limit: number },
): Promise<{ key: string; kind: string; name: LocalName; course: string }[]> {
  const { courses, kinds, q, limit } = input
  const pattern = `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`
  return tables(tx)
    .selectFrom('insight.learning_object')
    .select((row) => [
      row.cast<string>('key', 'text').as('key'),
      'kind',
      'name',
      row.cast<string>('course', 'text').as('course'),
    ])
    .$if(courses !== null, (query) => query.where('course', '=', sql<string>`any(${courses}::bigint[])`))
    .$if(kinds.length > 0, (query) => query.where('kind', 'in', kinds))
    .$if(q !== '', (query) => query.where(sql<boolean>`(name::text ilike ${pattern} or iri ilike ${pattern})`))
    .orderBy(sql`name::text`)
    .orderBy('key')
    .limit(limit)
    .execute()
}
