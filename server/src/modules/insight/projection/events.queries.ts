import { setTimeout as wait } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { otherActions } from '../events/learning-event.ts'
import { eventColumns } from './event-rows.ts'

/**
 * Adds events, and by that to what adds up from them. Sent again with the same token they are kept once, in each table.
 * @param rows lines as `writeRow` gives them.
 */
export async function insertRows(clickhouse: ClickHouseClient, rows: readonly Buffer[], token: string): Promise<void> {
  if (rows.length === 0) return
  const { stream } = await clickhouse.exec({
    query: `insert into learning_event_v1 (${eventColumns.join(', ')}) format JSONCompactEachRow`,
    values: Readable.from(rows, { objectMode: false }),
    clickhouse_settings: {
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
    },
  })
  await text(stream)
}

/**
 * Whether what adds up from events is what they add up to, for events of some days that arrived on some days. Erased
 * learners go on counting among statements.
 */
export async function addsUp(
  clickhouse: ClickHouseClient,
  tenantId: string,
  build: number,
  { days, arrivals }: { days: ReadonlySet<string>; arrivals: ReadonlySet<string> },
): Promise<boolean> {
  const result = await clickhouse.query({
    query: `
      select
        (select sum(toInt64(sign) * cityHash64(course, day, learner, action)) from learning_event_v1
          where tenant_id = {tenant: UUID} and build = {build: UInt32} and day in {days: Array(Date)})
        = (select sum(events * cityHash64(course, day, learner, action)) from learner_day_v1
          where tenant_id = {tenant: UUID} and build = {build: UInt32} and day in {days: Array(Date)})
        and
        (select sumIf(events * cityHash64(course, day, learner), action not in {others: Array(String)}) from learner_day_v1
          where tenant_id = {tenant: UUID} and build = {build: UInt32} and day in {days: Array(Date)})
        = (select sum(events * cityHash64(course, day, learner)) from learner_presence_v1
          where tenant_id = {tenant: UUID} and build = {build: UInt32} and day in {days: Array(Date)})
        and
        (select sum(toInt64(sign)) from learning_event_v1
          where tenant_id = {tenant: UUID} and build = {build: UInt32}
            and toDate(fromUnixTimestamp64Micro(seq, 'UTC')) in {arrivals: Array(Date)})
        <= (select sum(statements) from statement_day_v1
          where tenant_id = {tenant: UUID} and build = {build: UInt32} and day in {arrivals: Array(Date)}) as same`,
    query_params: { tenant: tenantId, build, days: [...days], arrivals: [...arrivals], others: otherActions },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ same: number | boolean }>()
  return Boolean(row?.same)
}

/** How many events a projection holds, those taken back not counted. */
export async function countEvents(clickhouse: ClickHouseClient, tenantId: string, build: number): Promise<number> {
  const result = await clickhouse.query({
    query: `select toFloat64(sum(sign)) as events from learning_event_v1
      where tenant_id = {tenant: UUID} and build = {build: UInt32}`,
    query_params: { tenant: tenantId, build },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ events: number }>()
  return row?.events ?? 0
}

const tablesOfLearners = ['learning_event_v1', 'learner_day_v1', 'learner_presence_v1']
/** All that hold a projection. */
export const tablesOfBuilds = [...tablesOfLearners, 'statement_day_v1']

/** Deletes everything of a projection: it has partitions of its own. */
export async function deleteRows(clickhouse: ClickHouseClient, build: number): Promise<void> {
  for (const table of tablesOfBuilds) {
    const result = await clickhouse.query({
      query: `select distinct partition_id as id from system.parts
        where database = currentDatabase() and table = {table: String} and active
          and (partition = {build: String} or startsWith(partition, {start: String}))`,
      query_params: { table, build: String(build), start: `(${build},` },
      format: 'JSONEachRow',
    })
    for (const { id } of await result.json<{ id: string }>()) {
      await clickhouse.command({ query: `alter table ${table} drop partition id '${id}'` })
    }
  }
}

/**
 * Deletes a learner from all projections, from the disk too; ends when it is done. Whoever calls it holds the projection,
 * and what they came from is gone from the store, so that no batch brings them back.
 */
export async function deleteLearner(clickhouse: ClickHouseClient, tenantId: string, learner: string): Promise<void> {
  await deleteWhere(clickhouse, tablesOfLearners, `tenant_id = '${tenantId}' and learner = ${BigInt(learner)}`)
}

/**
 * Deletes what happened before a day, from all projections of a tenant. The caller holds the projection.
 * @param day YYYY-MM-DD, in the tenant's zone.
 */
export async function deleteEventsBefore(clickhouse: ClickHouseClient, tenantId: string, day: string): Promise<void> {
  await deleteWhere(clickhouse, tablesOfLearners, `tenant_id = '${tenantId}' and day < toDate('${day}')`)
}

/** How long a deletion may take in the end, in ms: it writes the parts anew in which there was something. */
const longestDeletion = 3_600_000

async function deleteWhere(clickhouse: ClickHouseClient, tables: string[], condition: string): Promise<void> {
  for (const table of tables) {
    const settings = { mutations_sync: '0' } as const
    await clickhouse.command({ query: `alter table ${table} delete where ${condition}`, clickhouse_settings: settings })
  }
  for (const deadline = Date.now() + longestDeletion; ; await wait(50)) {
    const result = await clickhouse.query({
      query: `select count() as waiting, any(latest_fail_reason) as failure from system.mutations
        where database = currentDatabase() and table in {tables: Array(String)} and not is_done and not is_killed`,
      query_params: { tables },
      format: 'JSONEachRow',
    })
    const [row] = await result.json<{ waiting: string | number; failure: string }>()
    if (Number(row?.waiting ?? 0) === 0) return
    if (Date.now() > deadline) throw new Error(`A deletion in the analytics does not end: ${row?.failure}`)
  }
}
