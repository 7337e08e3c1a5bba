import type { ClickHouseClient } from '#kernel/clickhouse'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** One use as kept in ClickHouse; no direct identifier. */
export interface EventRow {
  tenant_id: string
  /** Milliseconds since 1970, UTC. */
  occurred_at: number
  event_id: string
  event: 'signed_in'
  profile: string
  method: string
  visitor: string
}

/** The last sign-in of the history that was counted; null before the first. */
export async function findCounted(tx: Tx): Promise<{ attemptedAt: Date; id: string } | null> {
  const row = await tables(tx)
    .selectFrom('insight.sign_in_count')
    .select(['attempted_at as attemptedAt', 'sign_in_id as id'])
    .executeTakeFirst()
  return row ?? null
}

export async function saveCounted(tx: Tx, { attemptedAt, id }: { attemptedAt: Date; id: string }): Promise<void> {
  const values = { attempted_at: attemptedAt, sign_in_id: id }
  await tables(tx)
    .insertInto('insight.sign_in_count')
    .values(values)
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values))
    .execute()
}

/** Adds events; one sent twice counts once. */
export async function insertEvents(clickhouse: ClickHouseClient, rows: EventRow[]): Promise<void> {
  await clickhouse.insert({ table: 'events_v1', values: rows, format: 'JSONEachRow' })
}

export interface DailySignIns {
  /** Day in the tenant's zone, YYYY-MM-DD. */
  day: string
  signIns: number
  visitors: number
}

/** Sign-ins and different visitors of each of the last `days` days, today included, days without any as zeros. */
export async function listDailySignIns(
  clickhouse: ClickHouseClient,
  tenantId: string,
  timeZone: string,
  days: number,
): Promise<DailySignIns[]> {
  const result = await clickhouse.query({
    query: `
      select toString(date) as day, signIns, visitors
      from (
        select toDate(occurred_at, {zone: String}) as date, toUInt32(count()) as signIns,
          toUInt32(uniqExact(visitor)) as visitors
        from events_v1 final
        where tenant_id = {tenant: UUID} and event = 'signed_in'
          and toDate(occurred_at, {zone: String}) > toDate(now(), {zone: String}) - {days: UInt16}
        group by date
        order by date
        with fill from toDate(now(), {zone: String}) - {days: UInt16} + 1 to toDate(now(), {zone: String}) + 1
      )
      order by day`,
    query_params: { tenant: tenantId, zone: timeZone, days },
    format: 'JSONEachRow',
  })
  return result.json<DailySignIns>()
}
