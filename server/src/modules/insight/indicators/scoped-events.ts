import { TupleParam } from '@clickhouse/client'
import type { ClickHouseClient } from '#kernel/clickhouse'
import type { Day } from '#kernel/time'
import { otherActions } from '../events/learning-event.ts'

/** Of which traces an answer is made. */
export interface Reach {
  tenantId: string
  /** The projection that is read. */
  build: number
  /** Keys of the courses; null for all of the tenant. */
  courses: string[] | null
  /** First and last day, in the tenant's zone. */
  from: Day
  until: Day
  /** The only learner looked at; null for all. */
  learner: string | null
  /** Learners who are left out: those who object. */
  without: string[]
  /** Teachers and others who are no students there: course and learner. */
  staff: [course: string, learner: string][]
  /** What may be told of groups: conditions in SQL, on events and on days. Null when it is not about groups. */
  release: { events: string; days: string } | null
}

/** The names an indicator reads from. */
export const relations = ['events', 'days', 'steps'] as const

// What happened, without what tells tenants, projections and statements apart.
const eventColumns = `course, occurred_at, day, learner, dialect, verb, action, object, object_kind, parent, session, score,
  success, completed, progress, seconds, position, position_from, position_to, length, sign`

/**
 * Makes `events`, `days` and `steps` of the traces within reach, and of no others.
 * @param corrected whether some rows take others back: those pairs are left out. It costs nothing when there are none.
 * @param byAction whether `days` tells actions apart: it reads three times as many rows then.
 */
export function writeRelations(
  reach: Reach,
  { corrected, byAction }: { corrected: boolean; byAction: boolean },
): { sql: string; parameters: Record<string, unknown> } {
  const within = writeConditions(reach)
  const events = `${within}${reach.release ? ` and (${reach.release.events})` : ''}`
  const days = `${within}${reach.release ? ` and (${reach.release.days})` : ''}`
  // Rows of the days of learners in which nothing was taken back are read as they are.
  const cells = `(course, day, learner) in (select course, day, learner from learning_event_v1 where ${within} and sign < 0)`
  const kept = corrected
    ? `select ${eventColumns} from learning_event_v1 where ${events} and not (${cells})
       union all
       select ${eventColumns} from learning_event_v1
       where ${events} and sign > 0 and ${cells} and (statement_id, learner) in (
         select statement_id, learner from learning_event_v1 where ${within} and ${cells}
         group by statement_id, learner having sum(sign) > 0)
       limit 1 by statement_id, learner`
    : `select ${eventColumns} from learning_event_v1 where ${events}`
  return {
    sql: `
      events as (${kept}),
      days as (
        ${byAction || /\baction\b/.test(days) ? writeDays('learner_day_v1', 'course, day, learner, action', `${days} and ${learning}`) : writeDays('learner_presence_v1', 'course, day, learner', days)}
      ),
      steps as (${steps})`,
    parameters: readParameters(reach),
  }
}

/** Whether a SQL text may tell the actions of `days` apart. */
export const tellsActions = (text: string): boolean => /\baction\b|(\bselect|\bdistinct|,|\.)\s*\*/i.test(text)

// Sums that ClickHouse has not put together yet are several rows of it. Grouping takes a quarter of the time of `final`.
const writeDays = (table: string, keys: string, conditions: string) => `
        select ${keys}, sum(kept.events) as events from ${table} as kept where ${conditions}
        group by ${keys} having sum(kept.events) > 0`

const learning = `action not in (${otherActions.map((action) => `'${action}'`).join(', ')})`

// What a learner did with an activity as a whole, each time: questions are steps of their quiz, discussions of their forum.
const steps = `
  select course, day, occurred_at, learner,
    if(object_kind in ('question', 'discussion') and parent != 0, parent, object) as activity,
    multiIf(parent = 0, object_kind, object_kind = 'question', 'quiz', object_kind = 'discussion', 'forum', object_kind) as kind
  from events
  where object != 0 and (
    (object_kind in ('quiz', 'question', 'assignment', 'survey')
      and action in ('submitted', 'answered', 'completed', 'passed', 'failed', 'uploaded'))
    or (object_kind in ('forum', 'discussion', 'chat', 'glossary', 'wiki')
      and action in ('viewed', 'posted', 'replied', 'uploaded', 'completed'))
    or (object_kind in ('page', 'file', 'video', 'audio', 'document', 'link', 'live', 'package', 'other')
      and action in ('viewed', 'launched', 'played', 'watched', 'downloaded', 'progressed', 'submitted', 'answered',
        'completed', 'passed', 'failed')))`

/**
 * Whether any event within reach, of whatever day, is taken back. The index on `sign` answers without reading rows when
 * none is.
 */
export async function hasCorrections(clickhouse: ClickHouseClient, within: Reach): Promise<boolean> {
  const reach = { ...within, from: '2000-01-01', until: '2099-12-31' }
  const answer = await clickhouse.query({
    query: `select 1 from learning_event_v1 where ${writeConditions(reach)} and sign < 0 limit 1`,
    query_params: readParameters(reach),
    use_multipart_params_auto: true,
    format: 'JSONEachRow',
  })
  return (await answer.json()).length > 0
}

function writeConditions({ courses, learner, without, staff }: Reach): string {
  return [
    'tenant_id = {scope_tenant: UUID} and build = {scope_build: UInt32}',
    courses === null ? '' : 'course in {scope_courses: Array(Int64)}',
    'day >= {scope_from: Date} and day <= {scope_until: Date}',
    // 0: the actor was not one person.
    learner === null ? 'learner != 0' : 'learner = {scope_learner: Int64}',
    without.length === 0 ? '' : 'learner not in {scope_without: Array(Int64)}',
    staff.length === 0 ? '' : '(course, learner) not in {scope_staff: Array(Tuple(Int64, Int64))}',
  ]
    .filter(Boolean)
    .join(' and ')
}

function readParameters({ tenantId, build, courses, from, until, learner, without, staff }: Reach) {
  return {
    scope_tenant: tenantId,
    scope_build: build,
    scope_courses: toKeys(courses ?? []),
    scope_from: from,
    scope_until: until,
    scope_learner: learner ?? '0',
    scope_without: toKeys(without),
    scope_staff: staff.map((pair) => new TupleParam(toKeys(pair))),
  }
}

/** Keys as the client writes integers of 64 bits; texts it would put between quotes, which Array(Int64) does not take. */
export const toKeys = (keys: readonly string[]): bigint[] => keys.map(BigInt)
