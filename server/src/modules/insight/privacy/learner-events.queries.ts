import type { ClickHouseClient } from '#kernel/clickhouse'
import { eventColumns } from '../projection/event-rows.ts'

/** How many events the projections hold of some learners; a rebuilding one counts too. */
export async function countLearnerEvents(
  clickhouse: ClickHouseClient,
  tenantId: string,
  learners: readonly string[],
): Promise<number> {
  const result = await clickhouse.query({
    query: `select toUInt32(countDistinct(statement_id)) as events from learning_event_v1
      where tenant_id = {tenant: UUID} and has({learners: Array(Int64)}, learner)`,
    query_params: { tenant: tenantId, learners: learners.map(BigInt) },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ events: number }>()
  return row?.events ?? 0
}

/**
 * Gives all events of some learners to another one in every projection, and takes them from these: what adds up from
 * events stays right. The rows that cancel each other out are for the caller to delete.
 */
export async function giveEvents(
  clickhouse: ClickHouseClient,
  tenantId: string,
  learners: readonly string[],
  to: string,
): Promise<void> {
  const others = eventColumns.filter((column) => column !== 'learner' && column !== 'sign').join(', ')
  await clickhouse.command({
    query: `
      insert into learning_event_v1 (${others}, learner, sign)
      select ${others}, given.1, given.2
      from learning_event_v1 array join [({to: Int64}, sign), (learner, toInt8(-sign))] as given
      where tenant_id = {tenant: UUID} and has({learners: Array(Int64)}, learner)`,
    query_params: { tenant: tenantId, learners: learners.map(BigInt), to },
  })
}
