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
  /** Only what this agent vouches for. */
  authority?: Agent | undefined
  /** The oldest first; else the latest. */
  ascending?: boolean | undefined
  /** Most statements of a page, at least 1. */
  limit: number
  /** The `next` of the page before. */
  cursor?: string | undefined
}

/**
 * A statement by its identifier: unless it is voided, or only if it is.
 * @param authority only if this agent vouches for it.
 */
export function findStatement(
  tx: Tx,
  id: string,
  { tenantId, voided, authority }: { tenantId: string; voided: boolean; authority?: Agent | undefined },
): Promise<KeptStatement | undefined> {
  return tables(tx)
    .selectFrom('records.statement as s')
    .select(['s.id', 's.seq', 's.body'])
    .where('s.id', '=', id)
    .where(voided ? sql<boolean>`not ${isNotVoided(tenantId)}` : isNotVoided(tenantId))
    .$if(authority !== undefined, (query) => query.where(isVouchedFor(tenantId, authority)))
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
  const ways = listWays(filter)
  const direction = filter.ascending ? sql`asc` : sql`desc`
  const range = rangeOf(filter)
  const most = sql`limit ${filter.limit + 1}`
  // Each branch walks an index of its own in order and stops; together they hold the page.
  const branches = ways.map(({ mentions, conditions }) => {
    const [first, ...others] = mentions
    const all = [...conditions, ...others.map(isMentioned), ...range]
    return first === undefined
      ? sql`(select s.seq from records.statement s where ${and(all)} order by s.seq ${direction} ${most})`
      : sql`(
          select m.seq from records.mention m join records.statement s on s.tenant_id = m.tenant_id and s.seq = m.seq
          where m.key = ${first}::bigint and ${and(all)} order by m.seq ${direction} ${most})`
  })
  if (ways.some(({ mentions, conditions }) => mentions.length + conditions.length > 0)) {
    branches.push(sql`(${referring(ways, range)} order by s.seq ${direction} ${most})`)
  }
  const { rows } = await sql<KeptStatement>`
    select s.id, s.seq, s.body from records.statement s
    where s.tenant_id = (select kernel.current_tenant()) and s.seq = any(array(
      select seq from (${sql.join(branches, sql` union `)}) found order by seq ${direction} ${most}))
    order by s.seq ${direction}`.execute(tx)
  const statements = rows.slice(0, filter.limit)
  const next = rows.length > filter.limit ? writeCursor(statements.at(-1)?.seq ?? 0) : undefined
  return { statements, next }
}

type Condition = RawBuilder<boolean>

/** One way in which a statement `s` can meet the filter, apart from time. */
interface Way {
  conditions: Condition[]
  /** Keys that it must mention. */
  mentions: string[]
}

function listWays(filter: StatementFilter): Way[] {
  const { tenantId, verb, activity, registration } = filter
  const always: Condition[] = []
  if (verb !== undefined) always.push(sql`s.verb = ${keyOf(tenantId, 'verb', verb)}::bigint`)
  if (registration !== undefined) always.push(sql`s.registration = ${registration}::uuid`)
  const none: Way = { conditions: [], mentions: [] }
  const byWho = filter.agent === undefined ? [none] : byAgent(filter, filter.agent)
  const byWhat = activity === undefined ? [none] : byActivity(filter, activity)
  return byWho.flatMap((who) =>
    byWhat.map((what) => ({
      conditions: [...always, ...who.conditions, ...what.conditions],
      mentions: [...who.mentions, ...what.mentions],
    })),
  )
}

function byAgent({ tenantId, relatedAgents }: StatementFilter, agent: Agent | Group): Way[] {
  // Of an anonymous group there is no telling whether it is the same.
  const identity = identifyAgent(agent)
  if (identity === undefined) return [{ conditions: [sql`false`], mentions: [] }]
  const key = keyOf(tenantId, 'agent', identity)
  const is = (column: 'actor' | 'object_agent' | 'authority'): Way => {
    return { conditions: [sql`s.${sql.id(column)} = ${key}::bigint`], mentions: [] }
  }
  return [
    is('actor'),
    is('object_agent'),
    ...(relatedAgents ? [is('authority')] : []),
    { conditions: [], mentions: [relatedAgents ? key : keyOf(tenantId, 'member', identity)] },
  ]
}

function byActivity({ tenantId, relatedActivities }: StatementFilter, activity: string): Way[] {
  const key = keyOf(tenantId, 'activity', activity)
  const own: Way = { conditions: [sql`s.activity = ${key}::bigint`], mentions: [] }
  return relatedActivities ? [own, { conditions: [], mentions: [key] }] : [own]
}

function isMentioned(key: string): Condition {
  return sql`exists (
    select from records.mention m where m.key = ${key}::bigint and m.seq = s.seq and m.tenant_id = s.tenant_id)`
}

/** Whether `s` was stored under that authority. */
function isVouchedFor(tenantId: string, authority: Agent | undefined): Condition {
  const identity = authority && identifyAgent(authority)
  return identity === undefined ? sql`false` : sql`s.authority = ${keyOf(tenantId, 'agent', identity)}::bigint`
}

/** Conditions on the statement of the page itself, not on what it refers to. */
function rangeOf({ tenantId, since, until, ascending, cursor, authority }: StatementFilter): Condition[] {
  const range = [isNotVoided(tenantId)]
  if (since !== undefined) range.push(sql`s.seq > ${readMoment(since)}`)
  if (until !== undefined) range.push(sql`s.seq <= ${readMoment(until)}`)
  if (authority !== undefined) range.push(isVouchedFor(tenantId, authority))
  if (cursor !== undefined)
    range.push(ascending ? sql`s.seq > ${readCursor(cursor)}` : sql`s.seq < ${readCursor(cursor)}`)
  return range
}

/** Those that refer to a statement meeting the filter, voided or not, or to one that refers to such a one. */
function referring(ways: Way[], range: Condition[]) {
  const matching = ways.map(({ conditions, mentions }) => sql`(${and([...conditions, ...mentions.map(isMentioned)])})`)
  return sql`
    with recursive reached as (
      select r.id from records.statement r
      where r.referred_id is not null and exists (
        select from records.statement s
        where s.tenant_id = r.tenant_id and s.id = r.referred_id and (${sql.join(matching, sql` or `)}))
      union
      select r.id from reached join records.statement r on r.referred_id = reached.id
    )
    select s.seq from reached join records.statement s on s.id = reached.id where ${and(range)}`
}

/** Whether `s` is not voided. A voiding statement never is (1.0.3 Data 2.3.2), though another may name it. */
function isNotVoided(tenantId: string): Condition {
  const verb = keyOf(tenantId, 'verb', voidedVerb)
  return sql`(not exists (select from records.voiding v where v.tenant_id = s.tenant_id and v.target_id = s.id)
    or (s.verb = ${verb}::bigint and s.referred_id is not null))`
}

function and(conditions: Condition[]): Condition {
  return sql<boolean>`${sql.join(conditions, sql` and `)}`
}

// A place in the order of arrival, which tells nothing that `stored` does not.
const writeCursor = (seq: number): string => seq.toString(36)

function readCursor(cursor: string): number {
  const seq = /^[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN
  if (!Number.isSafeInteger(seq)) throw new Problem(400, 'cursor_invalid', 'This is not the `next` of a page.')
  return seq
}
