import { randomUUIDv7 } from 'node:crypto'
import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { discardUpload, uploadFolder } from '../imports/import-files.ts'
import { receiveImport } from '../imports/imports.ts'
import { getImportRow } from '../imports/imports.queries.ts'
import type { ImportView } from '../imports/imports.routes.ts'

/**
 * Makes a new import of the files that were kept of one that has ended: what was set aside for want of something that is
 * there by now is tried again, and reviewed like any other import.
 * @throws Problem 404 `import_unknown`; 409 `files_gone` once they are removed.
 */
export async function rereadImport(
  services: Services,
  { tenantId, id: formerId, actorPersonId }: { tenantId: string; id: string; actorPersonId: string | null },
): Promise<ImportView> {
  const row = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, formerId))
  const from = uploadFolder(services.dataDirectory, formerId)
  const names = row.kept_until === null ? [] : await readdir(from).catch(() => [])
  if (names.length === 0) throw new Problem(409, 'files_gone', 'Its files are not kept any more.')
  const id = randomUUIDv7()
  const to = uploadFolder(services.dataDirectory, id)
  try {
    await mkdir(to, { recursive: true, mode: 0o700 })
    // The same bytes under a second name, where the file system can.
    for (const name of names) {
      await link(join(from, name), join(to, name)).catch(() => copyFile(join(from, name), join(to, name)))
    }
    const received = await receiveImport(services, { tenantId, id, actorPersonId, given: row.given })
    await inTenant(services.db, tenantId, (tx) =>
      recordAudit(tx, {
        action: 'directory.import_reread',
        actorPersonId,
        subjectKind: 'import',
        subjectId: id,
        detail: { formerImportId: formerId },
      }),
    )
    return received
  } catch (error) {
    await discardUpload(services.dataDirectory, id)
    throw error
  }
}
