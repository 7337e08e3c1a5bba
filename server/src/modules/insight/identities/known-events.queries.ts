import type { ClickHouseClient } from '#kernel/clickhouse'

/** How many events the analytics hold of some learners, and of some courses; those without any are left out. */
export async function countKnownEvents(
  clickhouse: ClickHouseClient,
  input: { tenantId: string; build: number; learners: string[]; courses: string[] },
): Promise<{ learners: Map<string, number>; courses: Map<string, number> }> {
  const { tenantId, build, learners, courses } = input
  const result = await clickhouse.query({
    query: `
      select 'learner' as what, toString(learner) as key, toUInt32(sum(events)) as count
      from learner_day_v1
      where tenant_id = {tenant: UUID} and build = {build: UInt32} and has({learners: Array(Int64)}, learner)
      group by learner having count > 0
      union all
      select 'course' as what, toString(course) as key, toUInt32(sum(events)) as count
      from learner_day_v1
      where tenant_id = {tenant: UUID} and build = {build: UInt32} and has({courses: Array(Int64)}, course)
      group by course having count > 0`,
    query_params: { tenant: tenantId, build, learners: learners.map(BigInt), courses: courses.map(BigInt) },
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ what: 'learner' | 'course'; key: string; count: number }>()
  const of = (what: string) => new Map(rows.filter((row) => row.what === what).map((row) => [row.key, row.count]))
  return { learners: of('learner'), courses: of('course') }
}
