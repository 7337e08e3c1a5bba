import { writeAttributes } from './aaf-writing.ts'
import type { FeedFile } from './aaf-files.ts'
import type { Degree } from './aaf-attributes.ts'
import { type AafRecord, readAafRequests } from './aaf-parser.ts'
import type { AafContext } from './aaf-people.ts'
import { type FeedKind, keepAafRecord, readRecord, type RefusedAaf } from './aaf-records.ts'
import { type Feed, type FeedReading, FeedRefusal, type ReadingOptions } from './feed.ts'
import { type PlacedOutcome, readRecords } from './record-reading.ts'
import { type AcceptedState, type FeedContext, type Outcome, readOutcome, Unusable } from './records.ts'

/**
 * Reads a delta: requests that add, replace some attributes of a record (an emptied one clears), or delete. It is small
 * beside a full export, and read by this thread alone.
 * @throws FeedRefusal when a file cannot be used.
 */
export function readAafDelta(
  feed: Pick<Feed, 'schoolYear'> & { degree: Degree; files: FeedFile[] },
  options: ReadingOptions,
): Promise<FeedReading> {
  const numbered = feed.files.map((file, number) => ({ file, number }))
  const { degree, schoolYear } = feed
  const ofKind = (wanted: boolean) => numbered.filter(({ file }) => (file.kind === 'establishment') === wanted)
  return readRecords(
    feed,
    {
      establishments: () => readFiles(ofKind(true), { degree, schoolYear, establishments: new Set() }, options),
      others: ({ establishments }) => readFiles(ofKind(false), { degree, schoolYear, establishments }, options),
    },
    options,
  )
}

async function* readFiles(
  files: { file: FeedFile; number: number }[],
  context: AafContext,
  { findAccepted }: ReadingOptions,
): AsyncGenerator<PlacedOutcome> {
  for (const { file, number } of files) {
    const { kind, name, path, categories } = file
    const lookUp = (batch: { requests: AafRecord[]; bytes: number }) => {
      const modified = batch.requests.filter(({ request }) => request === 'modify').map(({ id }) => id)
      const found = modified.length > 0 ? findAccepted(kind, modified) : new Map<string, AcceptedState>()
      return { ...batch, found }
    }
    for await (const { requests, bytes, found } of readAhead(readAafRequests(path, name), lookUp)) {
      const accepted = await found
      let unread = bytes
      for (const record of requests) {
        const { line } = record
        if (!categories.includes(record.category)) {
          const detail = `A record of category ${record.category.slice(0, 40) || '(none)'} does not belong in this file.`
          throw new FeedRefusal('category_unexpected', detail, { file: name, line })
        }
        yield {
          kind,
          outcome: toOutcome(kind, record, accepted.get(record.id), context),
          file: number,
          line,
          bytes: unread,
        }
        unread = 0
      }
    }
  }
}

/** Gives what becomes of each item once that of the next is under way: the database searches while records are read. */
async function* readAhead<T, U extends { found: unknown }>(items: AsyncIterable<T>, start: (item: T) => U) {
  let before: U | undefined
  for await (const item of items) {
    const started = start(item)
    // Should nobody get to it, its failure is nobody's either.
    Promise.resolve(started.found).catch(() => {})
    if (before) yield before
    before = started
  }
  if (before) yield before
}

/** Reads a request again that was set aside. */
export function rereadAaf(
  { kind, degree, attributes, ...request }: RefusedAaf,
  context: FeedContext,
  accepted: AcceptedState | undefined,
): Outcome {
  const record = { ...request, line: 0, attributes: new Map(attributes) }
  return toOutcome(kind, record, accepted, { ...context, degree })
}

/** What becomes of a request; one that is set aside is kept as it came. */
function toOutcome(
  kind: FeedKind,
  record: AafRecord,
  accepted: AcceptedState | undefined,
  context: AafContext,
): Outcome {
  const outcome = follow(kind, record, accepted, context)
  return outcome.fate === 'quarantined' ? { ...outcome, refused: keepAafRecord(kind, record, context.degree) } : outcome
}

function follow(kind: FeedKind, record: AafRecord, accepted: AcceptedState | undefined, context: AafContext): Outcome {
  if (record.request === 'add') return readRecord(kind, record, context)
  const read = readOutcome(record.id, () => {
    if (!/^[\w.-]{1,64}$/.test(record.id)) {
      const detail = 'The identifier holds other characters than letters, digits, ".", "_", "-".'
      throw new Unusable('identifier_invalid', detail)
    }
    if (record.request === 'modify' && !accepted) {
      throw new Unusable(
        'record_unknown',
        `No record accepted before has the identifier ${record.id}: nothing to modify.`,
      )
    }
    return { externalId: record.id, rule: '' }
  })
  if (read.fate === 'quarantined') return read
  if (record.request === 'delete' || !accepted) return { fate: 'removed', externalId: record.id }
  const attributes = new Map([...writeAttributes(kind, record.id, accepted, context.degree), ...record.attributes])
  const outcome = readRecord(kind, { ...record, attributes }, context)
  if (outcome.fate === 'accepted') return { ...outcome, standing: accepted.groups }
  if (outcome.fate !== 'ignored') return outcome
  // What was not kept of the record may be what the rule misses: nobody leaves for that.
  const { externalId } = outcome
  const detail = `With what changes in it, nothing ties record ${externalId} to an establishment.`
  return { fate: 'quarantined', externalId, code: 'modification_incomplete', detail }
}
