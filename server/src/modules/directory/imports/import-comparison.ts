import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { RecordKind } from '../tables.ts'

/** What is compared: the staged records of one import with the accepted ones of its source. */
export interface Comparison {
  importId: string
  sourceId: string
  exportedOn: Day
  /** The day it is, or is about to be: the clock of who exported may be some hours ahead. */
  today: Day
  schoolYear: number
  /**
   * `full`: what its source no longer holds is gone; `delta`: only what it says changes, and what follows from it;
   * `rollback`: exactly what it says.
   */
  mode: 'full' | 'delta' | 'rollback'
  /** The kinds of records it speaks for. */
  kinds: RecordKind[]
  /** Whether it holds so many records that whole tables are best read from end to end. */
  bulk: boolean
  /** Rows that reading it gave. */
  rowsRead: number
  /** Those of them that said nothing new, and that nobody counts: classes referred to, known better before. */
  rowsDropped: number
  /** What was read and not staged, being as it was accepted. */
  unchanged: { kind: 'class' | 'group'; externalId: string }[]
  /** Names of the feed's files, by their number. */
  files: string[]
  thresholds: Partial<Record<string, number>>
}

/** One statement or two of the comparison; each waits for the one before. */
export type Step<Context> = (tx: Tx, context: Context) => Promise<unknown>

export const staged = (importId: string, alias = 's') =>
  sql`${sql.raw(alias)}.import_id = ${importId}` as RawBuilder<boolean>

/** The accepted record `r` of a staged one `s`. */
export const sameRecord = (sourceId: string) =>
  sql`r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id` as RawBuilder<boolean>

/** What makes of a staged record `s` one set aside; it is kept as `RefusedStaged`. */
export const setAside = (code: string, detail: RawBuilder<unknown>) =>
  sql`change = 'quarantined', known = false, body = jsonb_build_object('code', ${code}::text, 'detail', ${detail},
    'refused', jsonb_build_object('of', 'staged', 'change', s.change, 'body', s.body,
      'establishmentRef', s.establishment_ref, 'familyKey', s.family_key, 'givenKey', s.given_key))`

/** From how many staged records on whole tables are read from end to end. */
export const bulkRows = 150_000

/** Number of the file of changes that no record states: what is gone, and what follows from other records. */
export const derivedFile = -1

/**
 * In bulk, nobody has analysed tables filled in the same transaction: the planner thinks them small, and its nested loops over
 * them would take hours. A million rows are hashed in memory. Lists in bodies are unfolded apart, `as materialized`,
 * before they are joined, else the join itself could be done anew for each record.
 */
export async function preparePlanner(tx: Tx, { bulk }: { bulk: boolean }): Promise<void> {
  if (!bulk) return
  await sql`set local enable_nestloop = off`.execute(tx)
  await sql`set local work_mem = '128MB'`.execute(tx)
  await sql`set local hash_mem_multiplier = 4`.execute(tx)
}
