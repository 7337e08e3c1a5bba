import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { eventColumns } from './event-rows.ts'

/**
 * Adds events, and by that to what adds up from them. Sent again with the same token they are kept once, in each table.
 * @param lines rows as `writeRow` gives them.
 */
export async function insertRows(clickhouse: ClickHouseClient, lines: readonly string[], token: string): Promise<void> {
  const { stream } = await clickhouse.exec({
    query: `insert into learning_event_v1 (${eventColumns.join(', ')}) format JSONCompactEachRow`,
    values: Readable.from([Buffer.from(lines.join(''))], { objectMode: false }),
    clickhouse_settings: {
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
    },
  })
  await text(stream)
}
