import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { FeedReading, ReadingOptions } from '../feeds/feed.ts'
import { type PlacedOutcome, readRecords } from '../feeds/record-reading.ts'
import type { AcceptedState } from '../feeds/records.ts'
import { rereadRefused } from '../feeds/refused-records.ts'
import { countRefused, listRefused, listRefusedFiles, type RefusedRow } from '../reception/source-quarantine.queries.ts'
import { findLastApplied } from './import-rollback.queries.ts'
import { createImport, updateImport } from './import-rows.ts'
import { recordKinds, tables } from '../tables.ts'

const recordsAtOnce = 1_000

/**
 * Takes note that what a source has set aside is to be read again.
 * @returns the identifier of the import that will do it.
 * @throws Problem 404 `source_unknown`; 409 `retry_nothing` when none of it was kept.
 */
export async function createRetry(
  tx: Tx,
  { sourceId, actorPersonId, now }: { sourceId: string; actorPersonId: string | null; now: Date },
): Promise<string> {
  const source = await tables(tx)
    .selectFrom('directory.source')
    .select('id')
    .where('id', '=', sourceId)
    .executeTakeFirst()
  if (!source) throw new Problem(404, 'source_unknown', 'There is no such source.')
  const count = await countRefused(tx, sourceId)
  if (count === 0) throw new Problem(409, 'retry_nothing', 'Nothing that was set aside is there to be read again.')
  const last = await findLastApplied(tx, sourceId)
  const id = randomUUIDv7()
  await createImport(tx, { id, actorPersonId, uploaded: false, now })
  await updateImport(tx, id, {
    retry: true,
    mode: 'delta',
    source_id: sourceId,
    exported_on: last?.exported_on ?? null,
  })
  const detail = { sourceId, records: count }
  await recordAudit(tx, {
    action: 'directory.import_retried',
    actorPersonId,
    subjectKind: 'import',
    subjectId: id,
    detail,
  })
  return id
}

/** What a source has set aside, to be staged as a delta of the day of its last import. */
export async function openRetry(services: Services, tenantId: string, sourceId: string) {
  const { source, last, files, total } = await inTenant(services.db, tenantId, async (tx) => ({
    source: await tables(tx)
      .selectFrom('directory.source')
      .select(['id', 'thresholds'])
      .where('id', '=', sourceId)
      .executeTakeFirstOrThrow(),
    last: await findLastApplied(tx, sourceId),
    files: await listRefusedFiles(tx, sourceId),
    total: await countRefused(tx, sourceId),
  }))
  if (!last?.exported_on || last.school_year === null) {
    throw new Problem(409, 'retry_nothing', 'Nothing that was set aside is there to be read again.')
  }
  const feed = {
    exportedOn: last.exported_on,
    schoolYear: last.school_year,
    kinds: recordKinds,
    // Of the records themselves: the files are not read.
    files: files.map((name) => ({ name, bytes: 0 })),
    bytes: total,
    read: (options: ReadingOptions): Promise<FeedReading> => {
      const { exportedOn, schoolYear } = feed
      const pass = (establishments: boolean, known: ReadonlySet<string>) =>
        reread({ services, tenantId, sourceId, files, establishments, exportedOn, schoolYear, known }, options)
      return readRecords(
        feed,
        {
          establishments: () => pass(true, new Set()),
          others: (context) => pass(false, context.establishments),
        },
        options,
      )
    },
  }
  return { source, feed, mode: 'delta' as const, called: 'delta' as const }
}

async function* reread(
  input: {
    services: Services
    tenantId: string
    sourceId: string
    files: string[]
    /** Whether establishments are asked for, or all the others. */
    establishments: boolean
    exportedOn: string
    schoolYear: number
    known: ReadonlySet<string>
  },
  { findAccepted }: ReadingOptions,
): AsyncGenerator<PlacedOutcome> {
  const { services, tenantId, sourceId, files, establishments, exportedOn, schoolYear, known } = input
  let after: string | undefined
  do {
    const page = { establishments, after, limit: recordsAtOnce }
    const rows = await inTenant(services.db, tenantId, (tx) => listRefused(tx, sourceId, page))
    const accepted = await findStates(rows, findAccepted)
    const again = rows.flatMap(({ kind, externalId, refused, file, line }) => {
      const context = {
        schoolYear,
        exportedOn,
        establishments: known,
        accepted: accepted.get(`${kind} ${externalId}`),
      }
      const place = { file: files.indexOf(file), line, bytes: 1 }
      return rereadRefused(kind, externalId, refused, context).map((each) => ({ ...each, ...place }))
    })
    yield* await leaveToldClasses(again, findAccepted)
    after = rows.length === recordsAtOnce ? rows.at(-1)?.id : undefined
  } while (after)
}

/**
 * Rows of classes seldom bear the identifier of their class, so that nothing else tells that another row declared it
 * meanwhile, or in the same file: what that one says stands.
 */
async function leaveToldClasses(
  records: PlacedOutcome[],
  findAccepted: ReadingOptions['findAccepted'],
): Promise<PlacedOutcome[]> {
  const classes = records.flatMap(({ kind, outcome }) =>
    (kind === 'class' || kind === 'group') && outcome.fate === 'accepted'
      ? [{ kind, externalId: outcome.externalId }]
      : [],
  )
  const states = await findStates(classes, findAccepted)
  return records.map((each) => {
    const { kind, outcome } = each
    const told = outcome.fate === 'accepted' && states.get(`${kind} ${outcome.externalId}`)
    if (!told || (kind !== 'class' && kind !== 'group') || told.body['declared'] === false) return each
    // Under no identifier: a delta takes away what a rule leaves out.
    return { ...each, outcome: { fate: 'ignored', externalId: '', rule: 'class_told_since' } }
  })
}

/** What was accepted of some records, by kind and identifier. */
async function findStates(
  rows: Pick<RefusedRow, 'kind' | 'externalId'>[],
  findAccepted: ReadingOptions['findAccepted'],
): Promise<Map<string, AcceptedState>> {
  const states = new Map<string, AcceptedState>()
  for (const kind of new Set(rows.map((row) => row.kind))) {
    const ids = rows.flatMap((row) => (row.kind === kind && row.externalId !== null ? [row.externalId] : []))
    for (const [id, state] of await findAccepted(kind, ids)) states.set(`${kind} ${id}`, state)
  }
  return states
}
