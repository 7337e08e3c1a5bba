import type { Tx } from '#kernel/postgres'
import type { CsvMapping } from '../feeds/csv-mapping.ts'
import { tables } from '../tables.ts'

/** What the columns of files of these headers held the last time. @param headerKey as `toHeaderKey` makes it. */
export async function findCsvMapping(
  tx: Tx,
  headerKey: string,
): Promise<{ source: string; mapping: CsvMapping } | undefined> {
  return tables(tx)
    .selectFrom('directory.csv_mapping')
    .select(['source', 'mapping'])
    .where('header_key', '=', headerKey)
    .executeTakeFirst()
}

/** Remembers what the columns of files of these headers hold; what was remembered before is forgotten. */
export async function saveCsvMapping(
  tx: Tx,
  input: { headerKey: string; source: string; mapping: CsvMapping; actorPersonId: string | null; now: Date },
): Promise<void> {
  const values = {
    source: input.source,
    mapping: JSON.stringify(input.mapping),
    described_at: input.now,
    described_by: input.actorPersonId,
  }
  await tables(tx)
    .insertInto('directory.csv_mapping')
    .values({ header_key: input.headerKey, ...values })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'header_key']).doUpdateSet(values))
    .execute()
}
