import { type RawBuilder, sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { identifyAgent } from './agents.ts'
import { readMoment } from './moments.ts'
import type { Agent, Group } from './statement.ts'
import { keyOf } from './statement-keys.ts'
import { tables } from './tables.ts'
import { voidedVerb } from './voiding.ts'

/** A statement as it is kept. */
export interface KeptStatement {
  id: string
  /** Moment it was stored: microseconds since 1970. */
  seq: number
  /** JSON. */
  body: string
}

/** What a page of statements is asked by (xAPI 1.0.3, Communication 2.1.3). */
export interface StatementFilter {
  tenantId: string
  agent?: Agent | Group | undefined
  relatedAgents?: boolean | undefined
  verb?: string | undefined
  activity?: string | undefined
  relatedActivities?: boolean | undefined
  registration?: string | undefined
  /** Timestamp, left out of the result: what was stored after it. */
  since?: string | undefined
  /** Timestamp, part of the result: what was stored before or at it. */
  until?: string | undefined
  /** Only what this credential sent. */
  credentialId?: string | undefined
  /** The oldest first; else the latest. */
  ascending?: boolean | undefined
  /** Most statements of a page, at least 1. */
  limit: number
  /** The `next` of the page before. */
  cursor?: string | undefined
}

/**
 * A statement by its identifier: unless it is voided, or only if it is.
 * @param credentialId only if this credential sent it.
 */
export function findStatement(
  tx: Tx,
  id: string,
  { tenantId, voided, credentialId }: { tenantId: string; voided: boolean; credentialId?: string | undefined },
): Promise<KeptStatement | undefined> {
  return tables(tx)
    .selectFrom('records.statement as s')
    .select(['s.id', 's.seq', 's.body'])
    .where('s.id', '=', id)
    .where(voided ? sql<boolean>`not ${isNotVoided(tenantId)}` : isNotVoided(tenantId))
    .$if(credentialId !== undefined, (query) => query.where('s.credential_id', '=', credentialId ?? null))
    .modifyEnd(keepPlan)
    .executeTakeFirst()
}

/**
 * A page of the statements that a filter lets through, by the moment they were stored, and those that refer to one that
 * it lets through, however many references are between ("Filter Conditions for StatementRefs"). Never a voided one.
 * @returns `next`, where there are more: the `cursor` of the next page, under the same filter.
 * @throws Problem 400 `cursor_invalid`.
 */
export async function listStatements(
  tx: Tx,
  filter: StatementFilter,
): Promise<{ statements: KeptStatement[]; next: string | undefined }> {
  const sources = listConditions(filter)
  const direction = filter.ascending ? sql`asc` : sql`desc`
  const range = rangeOf(filter)
  const most = sql`order by s.seq ${direction} limit ${filter.limit + 1}`
  // Each branch walks an index of its own in order and stops; together they hold the page.
  const branches = sources.map(
    (condition) => sql`(select s.seq from records.statement s where ${and([condition, ...range])} ${most})`,
  )
  if (sources.some((each) => each !== undefined)) branches.push(referring(sources, range, most))
  const { rows } = await sql<KeptStatement>`
    select s.id, s.seq, s.body from records.statement s
    where s.tenant_id = (select kernel.current_tenant()) and s.seq = any(array(
      select seq from (${sql.join(branches, sql` union `)}) found order by seq ${direction} limit ${filter.limit + 1}))
    order by s.seq ${direction}`.execute(tx)
  const statements = rows.slice(0, filter.limit)
  const next = rows.length > filter.limit ? writeCursor(statements.at(-1)?.seq ?? 0) : undefined
  return { statements, next }
}

type Condition = RawBuilder<boolean>

/** The ways in which a statement `s` can meet the filter, apart from time; undefined where all do. */
function listConditions(filter: StatementFilter): (Condition | undefined)[] {
  const { tenantId, verb, activity, registration } = filter
  const always: Condition[] = []
  if (verb !== undefined) always.push(sql`s.verb = ${keyOf(tenantId, 'verb', verb)}::bigint`)
  if (registration !== undefined) always.push(sql`s.registration = ${registration}::uuid`)
  const agents = filter.agent === undefined ? [[]] : byAgent(filter, filter.agent).map((each) => [each])
  const activities = activity === undefined ? [[]] : byActivity(filter, activity).map((each) => [each])
  return agents.flatMap((agent) =>
    activities.map((each) => {
      const conditions = [...always, ...agent, ...each]
      return conditions.length === 0 ? undefined : and(conditions)
    }),
  )
}

function byAgent({ tenantId, relatedAgents }: StatementFilter, agent: Agent | Group): Condition[] {
  // Of an anonymous group there is no telling whether it is the same.
  const identity = identifyAgent(agent)
  if (identity === undefined) return [sql`false`]
  const key = keyOf(tenantId, 'agent', identity)
  const elsewhere = relatedAgents ? key : keyOf(tenantId, 'member', identity)
  return [
    sql`s.actor = ${key}::bigint`,
    sql`s.object_agent = ${key}::bigint`,
    sql`s.related @> array[${elsewhere}::bigint]`,
  ]
}

function byActivity({ tenantId, relatedActivities }: StatementFilter, activity: string): Condition[] {
  const key = keyOf(tenantId, 'activity', activity)
  const own: Condition = sql`s.activity = ${key}::bigint`
  return relatedActivities ? [own, sql`s.related @> array[${key}::bigint]`] : [own]
}

/** Conditions on the statement of the page itself, not on what it refers to. */
function rangeOf({ tenantId, since, until, ascending, cursor, credentialId }: StatementFilter): Condition[] {
  const range = [isNotVoided(tenantId)]
  if (since !== undefined) range.push(sql`s.seq > ${readMoment(since)}`)
  if (until !== undefined) range.push(sql`s.seq <= ${readMoment(until)}`)
  if (credentialId !== undefined) range.push(sql`s.credential_id = ${credentialId}::uuid`)
  if (cursor !== undefined)
    range.push(ascending ? sql`s.seq > ${readCursor(cursor)}` : sql`s.seq < ${readCursor(cursor)}`)
  return range
}

/** Those that refer to a statement meeting the filter, voided or not, or to one that refers to such a one. */
function referring(sources: (Condition | undefined)[], range: Condition[], most: RawBuilder<unknown>) {
  const matching = sql.join(
    sources.map((each) => each ?? sql`true`),
    sql` or `,
  )
  return sql`(
    with recursive reached as (
      select r.id from records.statement r
      where r.referred_id is not null
        and exists (select from records.statement s where s.tenant_id = r.tenant_id and s.id = r.referred_id and (${matching}))
      union
      select r.id from reached join records.statement r on r.referred_id = reached.id
    )
    select s.seq from reached join records.statement s on s.id = reached.id where ${and(range)} ${most})`
}

/** Whether `s` is not voided. A voiding statement never is (1.0.3 Data 2.3.2), though another may name it. */
function isNotVoided(tenantId: string): Condition {
  const verb = keyOf(tenantId, 'verb', voidedVerb)
  return sql`(not exists (select from records.voiding v where v.tenant_id = s.tenant_id and v.target_id = s.id)
    or (s.verb = ${verb}::bigint and s.referred_id is not null))`
}

function and(conditions: (Condition | undefined)[]): Condition {
  return sql<boolean>`${sql.join(
    conditions.filter((each) => each !== undefined),
    sql` and `,
  )}`
}

// A place in the order of arrival, which tells nothing that `stored` does not.
const writeCursor = (seq: number): string => seq.toString(36)

function readCursor(cursor: string): number {
  const seq = /^[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN
  if (!Number.isSafeInteger(seq)) throw new Problem(400, 'cursor_invalid', 'This is not the `next` of a page.')
  return seq
}
