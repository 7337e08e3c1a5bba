import { type RawBuilder, sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { identifyAgent } from '../model/agents.ts'
import { readMoment } from '../model/moments.ts'
import type { Agent, Group } from '../model/statement.ts'
import { keyOf } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

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
    .where(voided ? sql<boolean>`not (${isNotVoided})` : isNotVoided)
    .$if(authority !== undefined, (query) => query.where(isVouchedFor(tenantId, authority)))
    .modifyEnd(keepPlan)
    .executeTakeFirst()
}

/** A page that has as many bytes takes no further statement: some hold whole files, and a page is in memory at once. */
export const largestPage = 16 * 1024 * 1024

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
  const range = rangeOf(filter)
  const direction = filter.ascending ? sql`asc` : sql`desc`
  const first = sql`order by s.seq ${direction} limit ${filter.limit + 1}`
  // Each branch walks an index of its own in order and stops; together they hold the page.
  const branches = ways.map(
    (way) =>
      sql`select s.seq from ${meeting(way, s, boundsOf(filter, m))}
        where ${and([...way.conditions(s), ...range, ...way.mentions.map(isMentioned)])}`,
  )
  const few: RawBuilder<unknown>[] = []
  if (ways.some((way) => way.conditions(s).length + way.mentions.length > 0)) {
    const { referring, further } = await findReferences(tx)
    if (referring) {
      for (const [at, way] of ways.entries()) {
        const name = sql.raw(`few_${at}`)
        few.push(sql`${name} as materialized (${selectFew(way)})`)
        branches.push(fromFew(name, range), fromReferring(name, way, range))
      }
    }
    if (further) branches.push(sql`${fromFurther(ways)} where ${and(range)}`)
  }
  const { rows } = await sql<KeptStatement & { found: number }>`
    ${few.length > 0 ? sql`with ${sql.join(few)}` : sql``}
    select s.id, s.seq, s.body, s.found from (
      select s.id, s.seq, s.body, (count(*) over ())::int as found,
        sum(octet_length(s.body)) over (order by s.seq ${direction}) - octet_length(s.body) as before
      from records.statement s
      where s.tenant_id = (select kernel.current_tenant()) and s.seq = any(array(
        select s.seq from (${sql.join(
          branches.map((branch) => sql`(${branch} ${first})`),
          sql` union `,
        )}) s ${first}))) s
    where s.before < ${largestPage}
    order by s.seq ${direction}`.execute(tx)
  const statements = rows.slice(0, filter.limit).map(({ id, seq, body }) => ({ id, seq, body }))
  const isLast = (rows[0]?.found ?? 0) <= statements.length
  const next = isLast ? undefined : writeCursor(statements.at(-1)?.seq ?? 0)
  return { statements, next }
}

type Condition = RawBuilder<boolean>

// In what follows `s` is the statement of the page; `t`, one that it refers to; `m`, what either mentions.
const s = sql.raw('s')
const t = sql.raw('t')
const m = sql.raw('m')

/** One way in which a statement can meet the filter, apart from time. */
interface Way {
  /** On the columns of an alias. */
  conditions: (alias: RawBuilder<unknown>) => Condition[]
  /** Keys that it must mention. */
  mentions: string[]
}

function listWays(filter: StatementFilter): Way[] {
  const { tenantId, verb, activity, registration } = filter
  const none: Way = { conditions: () => [], mentions: [] }
  const always = [
    verb === undefined ? none : hasKey('verb', keyOf(tenantId, 'verb', verb)),
    registration === undefined ? none : { ...none, conditions: withRegistration(registration) },
  ]
  const byWho = filter.agent === undefined ? [none] : byAgent(filter, filter.agent)
  const byWhat = activity === undefined ? [none] : byActivity(filter, activity)
  return byWho.flatMap((who) =>
    byWhat.map((what) => ({
      conditions: (alias) => [...always, who, what].flatMap((each) => each.conditions(alias)),
      mentions: [...who.mentions, ...what.mentions],
    })),
  )
}

function byAgent({ tenantId, relatedAgents }: StatementFilter, agent: Agent | Group): Way[] {
  // Of an anonymous group there is no telling whether it is the same.
  const identity = identifyAgent(agent)
  if (identity === undefined) return [{ conditions: () => [sql`false`], mentions: [] }]
  const key = keyOf(tenantId, 'agent', identity)
  return [
    hasKey('actor', key),
    hasKey('object_agent', key),
    ...(relatedAgents ? [hasKey('authority', key)] : []),
    { conditions: () => [], mentions: [relatedAgents ? key : keyOf(tenantId, 'member', identity)] },
  ]
}

function byActivity({ tenantId, relatedActivities }: StatementFilter, activity: string): Way[] {
  const key = keyOf(tenantId, 'activity', activity)
  const own = hasKey('activity', key)
  return relatedActivities ? [own, { conditions: () => [], mentions: [key] }] : [own]
}

function hasKey(column: 'actor' | 'verb' | 'activity' | 'object_agent' | 'authority', key: string): Way {
  return { conditions: (alias) => [sql`${alias}.${sql.id(column)} = ${key}::bigint`], mentions: [] }
}

const withRegistration = (registration: string) => (alias: RawBuilder<unknown>) => [
  sql<boolean>`${alias}.registration = ${registration}::uuid`,
]

/**
 * Statements, as an alias, that mention what a way asks for.
 * @param bounds on when `m` was stored, which the planner does not gather from those on the statement: without them, it
 *   would go through all mentions outside before it comes to the page.
 */
function meeting({ mentions }: Way, alias: RawBuilder<unknown>, bounds: Condition[] = []): RawBuilder<unknown> {
  const [first, second] = mentions
  if (first === undefined) return sql`records.statement ${alias}`
  const also =
    second === undefined
      ? sql``
      : sql`join records.mention n on n.key = ${second}::bigint and n.seq = m.seq and n.tenant_id = m.tenant_id`
  return sql`records.mention m ${also} join records.statement ${alias}
    on ${alias}.tenant_id = m.tenant_id and ${alias}.seq = m.seq and m.key = ${first}::bigint and ${and(bounds)}`
}

/** Whether any statement mentions it: asked first, since the planner takes what none mentions for as frequent as the rest. */
function isMentioned(key: string): Condition {
  return sql<boolean>`exists (select from records.mention any_mention where any_mention.key = ${key}::bigint)`
}

// Statements that refer to one meeting the filter are sought from whichever side is the shorter: from what they refer to
// while that is a few statements, else one after the other. The planner cannot tell: it knows nothing of how many of
// the statements that meet a filter are referred to.
const fewest = 2_000

/** Statements that meet the filter in one way, no more than a few. */
function selectFew(way: Way): RawBuilder<unknown> {
  return sql`select t.tenant_id, t.id from ${meeting(way, t)} where ${and(way.conditions(t))} limit ${fewest + 1}`
}

// `offset 0` keeps what follows a look-up for each row, so that a walk stops when the page is full.

function fromFew(few: RawBuilder<unknown>, range: Condition[]): RawBuilder<unknown> {
  return sql`select s.seq from ${few} t cross join lateral (
      select s.seq from records.statement s
      where s.tenant_id = t.tenant_id and s.referred_id = t.id and s.referred_id is not null and ${and(range)} offset 0
    ) s where (select count(*) <= ${fewest} from ${few})`
}

function fromReferring(few: RawBuilder<unknown>, way: Way, range: Condition[]): RawBuilder<unknown> {
  return sql`select s.seq from records.statement s
    where (select count(*) > ${fewest} from ${few}) and s.referred_id is not null and ${and(range)} and exists (
      select from records.statement t where t.tenant_id = s.tenant_id and t.id = s.referred_id and ${meets(way)} offset 0)`
}

/** Whether `t` meets the filter in one way. */
function meets({ conditions, mentions }: Way): Condition {
  const mentioning = mentions.map(
    (key) => sql<boolean>`exists (
      select from records.mention m where m.key = ${key}::bigint and m.seq = t.seq and m.tenant_id = t.tenant_id)`,
  )
  return sql<boolean>`(${and([...conditions(t), ...mentioning])})`
}

/** The beginning of a query on those that refer, by others between, to a statement meeting the filter. */
function fromFurther(ways: Way[]): RawBuilder<unknown> {
  return sql`
    with recursive further as (
      select r.tenant_id, r.id from records.reference r
        join records.statement b on b.tenant_id = r.tenant_id and b.id = r.target_id
        join records.statement t on t.tenant_id = b.tenant_id and t.id = b.referred_id
      where ${sql.join(ways.map(meets), sql` or `)}
      union
      select r.tenant_id, r.id from further f join records.reference r on r.tenant_id = f.tenant_id and r.target_id = f.id
    )
    select s.seq from further f join records.statement s on s.tenant_id = f.tenant_id and s.id = f.id`
}

/** Whether any statement refers to another, and any to one that refers to another: most tenants have none. */
async function findReferences(tx: Tx): Promise<{ referring: boolean; further: boolean }> {
  const { rows } = await sql<{ referring: boolean; further: boolean }>`${keepPlan}
    select exists (
      select from records.statement where tenant_id = (select kernel.current_tenant()) and referred_id is not null
    ) as referring, exists (select from records.reference) as further`.execute(tx)
  return rows[0] ?? { referring: false, further: false }
}

/** Whether `s` was stored under that authority. */
function isVouchedFor(tenantId: string, authority: Agent | undefined): Condition {
  const identity = authority && identifyAgent(authority)
  return identity === undefined ? sql`false` : sql`s.authority = ${keyOf(tenantId, 'agent', identity)}::bigint`
}

/** Conditions on the statement of the page itself, not on what it refers to. */
function rangeOf(filter: StatementFilter): Condition[] {
  const { tenantId, authority } = filter
  const range = [isNotVoided, ...boundsOf(filter, s)]
  if (authority !== undefined) range.push(isVouchedFor(tenantId, authority))
  return range
}

/** Conditions on the moment of storing of an alias. */
function boundsOf({ since, until, ascending, cursor }: StatementFilter, alias: RawBuilder<unknown>): Condition[] {
  const bounds: Condition[] = []
  if (since !== undefined) bounds.push(sql`${alias}.seq > ${readMoment(since)}`)
  if (until !== undefined) bounds.push(sql`${alias}.seq <= ${readMoment(until)}`)
  if (cursor !== undefined)
    bounds.push(ascending ? sql`${alias}.seq > ${readCursor(cursor)}` : sql`${alias}.seq < ${readCursor(cursor)}`)
  return bounds
}

/** Whether `s` is not voided. */
const isNotVoided: Condition = sql`
  not exists (select from records.voiding v where v.tenant_id = s.tenant_id and v.target_id = s.id)`

function and(conditions: Condition[]): Condition {
  if (conditions.length === 0) return sql.lit(true)
  return sql<boolean>`${sql.join(conditions, sql` and `)}`
}

// A place in the order of arrival, which tells nothing that `stored` does not.
const writeCursor = (seq: number): string => seq.toString(36)

function readCursor(cursor: string): number {
  const seq = /^[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN
  if (!Number.isSafeInteger(seq)) throw new Problem(400, 'cursor_invalid', 'This is not the `next` of a page.')
  return seq
}
