import { randomUUIDv7 } from 'node:crypto'
import { once } from 'node:events'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { ReadingOptions } from '../feeds/feed.ts'
import { keysOf } from '../feeds/records.ts'
import { rowOf } from '../feeds/staged-rows.ts'
import { createImport, lockImport, updateImport } from './import-rows.ts'
import { findLastApplied, type FormerRecord, listFormerRecords } from './import-rollback.queries.ts'
import { getImportRow } from './imports.queries.ts'
import { recordKinds, tables } from '../tables.ts'

const recordsAtOnce = 2_000

/**
 * Takes note that an import is to be undone, if it is the last one of its source that stands.
 * @returns the identifier of the import that will undo it.
 * @throws Problem 409 `import_state` when it was not applied; 409 `rollback_late` when it is no longer the last.
 */
export async function createRollback(
  tx: Tx,
  { undoes, actorPersonId, now }: { undoes: string; actorPersonId: string | null; now: Date },
): Promise<string> {
  const row = await lockImport(tx, undoes)
  if (row.state !== 'applied' || row.mode === 'rollback' || row.source_id === null) {
    throw new Problem(
      409,
      'import_state',
      'Only an import that was applied can be undone; read the export again instead.',
    )
  }
  const last = await findLastApplied(tx, row.source_id)
  if (last?.id !== undoes) {
    throw new Problem(409, 'rollback_late', 'Another import of this source was applied since, or this one was undone.')
  }
  const id = randomUUIDv7()
  await createImport(tx, { id, actorPersonId, uploaded: false, now })
  await updateImport(tx, id, { undoes, mode: 'rollback', source_id: row.source_id, exported_on: row.exported_on })
  return id
}

/** What puts back what an import changed, to be staged as any feed. A first load is undone by a full export of nothing. */
export async function openRollback(services: Services, tenantId: string, undoes: string) {
  const { row, source, previous, total } = await inTenant(services.db, tenantId, async (tx) => {
    const found = await getImportRow(tx, undoes)
    const sourceId = found.source_id ?? ''
    const before = await findLastApplied(tx, sourceId, undoes)
    return {
      row: found,
      source: await tables(tx)
        .selectFrom('directory.source')
        .select(['id', 'thresholds'])
        .where('id', '=', sourceId)
        .executeTakeFirstOrThrow(),
      previous: before ? await getImportRow(tx, before.id) : undefined,
      total: Object.values(found.counts).reduce((sum, of) => sum + of.added + of.modified + of.removed, 0),
    }
  })
  const feed = {
    exportedOn: previous?.exported_on ?? row.exported_on!,
    schoolYear: previous?.school_year ?? row.school_year!,
    kinds: recordKinds,
    files: [],
    bytes: total,
    read: (options: ReadingOptions) =>
      row.first
        ? Promise.resolve(nothingRead)
        : stageFormer(services, { tenantId, undoes, sourceId: source.id }, options),
  }
  return { source, feed, mode: row.first ? ('full' as const) : ('rollback' as const), called: 'rollback' as const }
}

const nothingRead = { warnings: new Map<string, number>() }

async function stageFormer(
  services: Services,
  { tenantId, undoes, sourceId }: { tenantId: string; undoes: string; sourceId: string },
  { openCopy, onProgress, signal }: ReadingOptions,
) {
  const copy = await openCopy()
  let failure: Error | undefined
  copy.on('error', (error: Error) => (failure = error))
  try {
    let after: FormerRecord | undefined
    do {
      signal.throwIfAborted()
      const input = { importId: undoes, sourceId, limit: recordsAtOnce, ...(after && { after }) }
      const records = await inTenant(services.db, tenantId, (tx) => listFormerRecords(tx, input))
      if (failure) throw failure
      if (!copy.write(records.map(toRow).join(''))) await once(copy, 'drain')
      onProgress(records.length)
      after = records.length === recordsAtOnce ? records.at(-1) : undefined
    } while (after)
    copy.end()
    await once(copy, 'finish')
    return nothingRead
  } catch (error) {
    if (!failure) copy.destroy()
    throw error
  }
}

/** What was added goes; what was modified or removed is as it was. */
function toRow(record: FormerRecord): string {
  const { kind, external_id: externalId, body, establishment_ref: establishmentRef, hash } = record
  const row = { kind, externalId, subjectId: randomUUIDv7(), file: 0, line: 1 }
  if (record.change === 'added') return rowOf({ ...row, change: 'removed', body: '{}' })
  const { familyName, givenName } = body
  const keys = typeof familyName === 'string' && typeof givenName === 'string' ? keysOf({ familyName, givenName }) : {}
  return rowOf({ ...row, change: 'added', establishmentRef, hash, body: JSON.stringify(body), ...keys })
}
