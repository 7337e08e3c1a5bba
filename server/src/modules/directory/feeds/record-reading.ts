import { once } from 'node:events'
import type { RecordKind } from '../tables.ts'
import type { Feed, FeedReading, ReadingOptions } from './feed.ts'
import { type FeedContext, GroupGathering, type Outcome, toStagedRow } from './records.ts'

/** One record read, and where it stood. */
export interface PlacedOutcome {
  kind: RecordKind
  outcome: Outcome
  /** Number of its file among the feed's, from 0. */
  file: number
  /** Line of its beginning, from 1. */
  line: number
  /** Bytes read since the record before. */
  bytes: number
}

/** Characters of rows that are sent together. */
const rowsPerWrite = 65_536

/**
 * Stages what a reader of one thread gives: its establishments first, since the others refer to them, then the rest,
 * then the classes and groups that these named. For feeds of one establishment or a few: those of an academy have
 * threads of their own.
 */
export async function readRecords(
  feed: Pick<Feed, 'schoolYear'>,
  passes: {
    establishments: () => Iterable<PlacedOutcome> | AsyncIterable<PlacedOutcome>
    others: (context: FeedContext) => Iterable<PlacedOutcome> | AsyncIterable<PlacedOutcome>
  },
  options: ReadingOptions,
): Promise<FeedReading> {
  const warnings = new Map<string, number>()
  const groups = new GroupGathering()
  await stage(passes.establishments())
  const context = { schoolYear: feed.schoolYear, establishments: await options.listEstablishments() }
  await stage(passes.others(context), () => groups.rows(context))
  if (groups.undeclared > 0) warnings.set('class_undeclared', groups.undeclared)
  return { warnings, unchanged: groups.unchanged }

  async function stage(
    records: Iterable<PlacedOutcome> | AsyncIterable<PlacedOutcome>,
    finish: () => Iterable<string> = () => [],
  ) {
    options.signal.throwIfAborted()
    const copy = await options.openCopy()
    let failure: Error | undefined
    copy.on('error', (error: Error) => (failure = error))
    // Row by row, sending them would take longer than reading them.
    let rows = ''
    const flush = async () => {
      if (failure) throw failure
      if (rows !== '' && !copy.write(rows)) await once(copy, 'drain')
      rows = ''
    }
    const write = (row: string) => {
      rows += row
      return rows.length < rowsPerWrite ? undefined : flush()
    }
    try {
      for await (const { kind, outcome, file, line, bytes } of records) {
        options.signal.throwIfAborted()
        await write(toStagedRow(kind, outcome, file, line))
        options.onProgress(bytes)
        if (outcome.fate !== 'accepted') continue
        groups.add(outcome.groups, outcome.standing)
        for (const code of outcome.warnings) warnings.set(code, (warnings.get(code) ?? 0) + 1)
      }
      for (const row of finish()) await write(row)
      await flush()
      copy.end()
      await once(copy, 'finish')
    } catch (error) {
      if (!failure) copy.destroy()
      throw error
    }
  }
}
