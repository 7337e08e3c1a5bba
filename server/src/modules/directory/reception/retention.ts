import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { discardUpload, hasUpload } from '../imports/import-files.ts'
import { tables } from '../tables.ts'

/** Days during which the files of a feed that came by a folder and was refused or given up are kept to be looked at. */
const unusedDays = 7

/** Ends the files of an import that has ended: removed, or kept as long as their source wants. */
export async function endUpload(services: Services, tenantId: string, id: string): Promise<void> {
  const kept = await inTenant(services.db, tenantId, async (tx) => {
    const row = await tables(tx)
      .selectFrom('directory.import as i')
      .leftJoin('directory.source as s', 's.id', 'i.source_id')
      .select(['i.uploaded', 'i.unattended', 'i.state', 's.retention_days'])
      .where('i.id', '=', id)
      .executeTakeFirst()
    if (!row?.uploaded || !(await hasUpload(services.dataDirectory, id))) return false
    const unused = row.unattended && row.state !== 'applied' ? unusedDays : 0
    const days = Math.max(row.retention_days ?? 0, unused)
    if (days === 0) return false
    await tables(tx)
      .updateTable('directory.import')
      .set({ kept_until: new Date(services.now().getTime() + days * 86_400_000) })
      .where('id', '=', id)
      .execute()
    return true
  })
  if (!kept) await discardUpload(services.dataDirectory, id)
}

/** The imports whose files are kept, for they have ended, or are still to be made of a drop that was noted. */
export async function listKeptUploads(tx: Tx): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('directory.import')
    .select('id')
    .where('kept_until', 'is not', null)
    .unionAll(tables(tx).selectFrom('directory.feed_drop').select('id').where('taken_at', 'is', null))
    .execute()
  return rows.map(({ id }) => id)
}

/** Removes the files whose time has come; the audit trail tells which, how many and how large. */
export async function purgeKeptUploads(services: Services, tenantId: string): Promise<void> {
  const due = await inTenant(services.db, tenantId, (tx) =>
    tables(tx)
      .selectFrom('directory.import')
      .select(['id', 'source_id', 'files'])
      .where('kept_until', '<=', services.now())
      .execute(),
  )
  for (const { id, source_id: sourceId, files } of due) {
    await discardUpload(services.dataDirectory, id)
    await inTenant(services.db, tenantId, async (tx) => {
      await tables(tx).updateTable('directory.import').set({ kept_until: null }).where('id', '=', id).execute()
      await recordAudit(tx, {
        action: 'directory.feed_files_purged',
        actorPersonId: null,
        subjectKind: 'import',
        subjectId: id,
        detail: { sourceId, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) },
      })
    })
  }
}
