import { z } from 'zod'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { dialects } from './learning-event.ts'

/** Which statements are looked at. */
export interface CoverageRange {
  tenantId: string
  /** Number of the projection that is read. */
  build: number
  /** First day of arrival (UTC), YYYY-MM-DD. */
  since: string
  sourceId: string | null
}

export const coverageSchema = z.object({
  /** Nil when the statements came by no source of today. */
  source: z.uuid(),
  dialect: z.enum([...dialects, '']),
  statements: z.int(),
  understood: z.int(),
})

export const verbCoverageSchema = coverageSchema.extend({
  verb: z.string(),
  /** What they were understood as, the most frequent first. */
  actions: z.array(z.string()),
})

const within = `tenant_id = {tenantId: UUID} and build = {build: UInt32} and day >= {since: Date}
  and ({sourceId: Nullable(UUID)} is null or source_id = {sourceId: Nullable(UUID)})`

/** How many statements of each source were understood, and in which dialect. */
export async function listCoverage(clickhouse: ClickHouseClient, range: CoverageRange) {
  const result = await clickhouse.query({
    query: `
      select toString(source_id) as source, toString(dialect) as dialect, toUInt64(sum(statements)) as statements,
        toUInt64(sumIf(statements, action <> '')) as understood
      from statement_day_v1
      where ${within}
      group by source_id, dialect
      having sum(statements) > 0
      order by sum(statements) desc`,
    query_params: { ...range },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, prefer_column_name_to_alias: 1 },
  })
  return z.array(coverageSchema).parse(await result.json())
}

/** The same by verb: those of which most is not understood first, then the most frequent. */
export async function listVerbCoverage(clickhouse: ClickHouseClient, range: CoverageRange, limit: number) {
  const result = await clickhouse.query({
    query: `
      select toString(source_id) as source, toString(dialect) as dialect, toString(verb) as verb,
        toUInt64(sum(told)) as statements, toUInt64(sumIf(told, action <> '')) as understood,
        arrayMap(each -> each.2, arrayReverseSort(groupArrayIf((told, toString(action)), action <> '' and told > 0))) as actions
      from (
        select source_id, dialect, verb, action, sum(statements) as told
        from statement_day_v1
        where ${within}
        group by source_id, dialect, verb, action
      )
      group by source_id, dialect, verb
      having statements > 0
      order by statements - understood desc, statements desc, verb
      limit {limit: UInt32}`,
    query_params: { ...range, limit },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  return z.array(verbCoverageSchema).parse(await result.json())
}
