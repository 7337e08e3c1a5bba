import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'

/** Since when a learner objects to being counted; undefined when they do not. */
export async function findObjection(tx: Tx, learner: string): Promise<Date | undefined> {
  const row = await tables(tx)
    .selectFrom('insight.objection')
    .select('since')
    .where('learner', '=', learner)
    .executeTakeFirst()
  return row?.since
}

export async function insertObjection(tx: Tx, learner: string, now: Date): Promise<void> {
  await tables(tx)
    .insertInto('insight.objection')
    .values({ learner, since: now })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'learner']).doNothing())
    .execute()
}

export async function deleteObjection(tx: Tx, learner: string): Promise<void> {
  await tables(tx).deleteFrom('insight.objection').where('learner', '=', learner).execute()
}

/** Somebody saw a learner by name: all that they saw within one hour, once. */
export interface Look {
  lookedAt: Date
  /** Who, as known when they looked; null when nothing was known, or they were erased. */
  by: string | null
  course: string
  indicators: string[]
  times: number
}

/** Who saw a learner by name, the latest first. @param limit at most 500. */
export async function listLooks(tx: Tx, learner: string, limit: number): Promise<Look[]> {
  const { rows } = await sql<Look>`
    select max(looked_at) as "lookedAt", max(viewer_name) as "by", course::text as course,
      array_agg(distinct indicator order by indicator) as indicators, count(*)::integer as times
    from insight.look where learner = ${learner}::bigint
    group by course, viewer_learner, viewer_person_id, viewer_name, date_trunc('hour', looked_at)
    order by 1 desc limit ${Math.min(limit, 500)}`.execute(tx)
  return rows
}

/** What a learner set themselves to do in a course. */
export interface Plan {
  course: string
  /** Activities to complete each week. */
  weekly: number
  since: Day
  until: Day | null
}

export function listPlans(tx: Tx, learner: string): Promise<Plan[]> {
  return tables(tx)
    .selectFrom('insight.plan')
    .select((row) => [row.cast<string>('course', 'text').as('course'), 'weekly', 'since', 'until'])
    .where('learner', '=', learner)
    .orderBy('since', 'desc')
    .execute()
}

export async function upsertPlan(tx: Tx, learner: string, plan: Plan): Promise<void> {
  await tables(tx)
    .insertInto('insight.plan')
    .values({ ...plan, learner })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'course', 'learner'])
        .doUpdateSet({ weekly: plan.weekly, since: plan.since, until: plan.until }),
    )
    .execute()
}

export async function deletePlan(tx: Tx, learner: string, course: string): Promise<void> {
  await tables(tx).deleteFrom('insight.plan').where('learner', '=', learner).where('course', '=', course).execute()
}

/** What somebody did about a flag raised on a learner. */
export interface FollowUp {
  id: string
  course: string
  learner: string
  rule: string
  decision: 'followed' | 'dismissed'
  note: string | null
  decidedAt: Date
  /** The name of who decided, when the map knows it. */
  decidedBy: string | null
  /** The flag stays away until then; null: for good. */
  until: Date | null
}

const selectFollowUps = (tx: Tx) =>
  tables(tx)
    .selectFrom('insight.follow_up as f')
    .select((row) => [
      'f.id',
      row.cast<string>('f.course', 'text').as('course'),
      row.cast<string>('f.learner', 'text').as('learner'),
      'f.rule',
      'f.decision',
      'f.note',
      'f.decided_at as decidedAt',
      'f.until',
      sql<string | null>`(select min(l.name) from insight.learner l where l.learner = f.decided_by_learner)`.as(
        'decidedBy',
      ),
    ])
    .orderBy('f.decided_at', 'desc')

/** All about a learner, the latest first. */
export const listOwnFollowUps = (tx: Tx, learner: string): Promise<FollowUp[]> =>
  selectFollowUps(tx).where('f.learner', '=', learner).limit(500).execute()

/** All of a course, the latest first. */
export const listFollowUps = (tx: Tx, course: string): Promise<FollowUp[]> =>
  selectFollowUps(tx).where('f.course', '=', course).limit(1_000).execute()

export async function insertFollowUp(
  tx: Tx,
  row: Omit<FollowUp, 'decidedBy'> & { decidedByLearner: string | null; decidedByPersonId: string | null },
): Promise<void> {
  const { decidedAt: decided_at, decidedByLearner, decidedByPersonId, ...rest } = row
  await tables(tx)
    .insertInto('insight.follow_up')
    .values({ ...rest, decided_at, decided_by_learner: decidedByLearner, decided_by_person_id: decidedByPersonId })
    .execute()
}
