import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import { sweepUploads } from './import-files.ts'
import { type ImportRequest, interruptedDetail, lockImport, nothing, updateImport } from './import-rows.ts'
import { isSourceFree } from './import-running.ts'
import { dropStages, listStages } from './import-stages.ts'
import { getImport, isStaged } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'
import { endUpload, listKeptUploads } from '../reception/retention.ts'
import { tables } from '../tables.ts'

/** Gives up an import that is being read, reviewed or interrupted. @throws Problem 409 `import_state`. */
export async function abandonImport(services: Services, input: ImportRequest): Promise<ImportView> {
  const { tenantId, id, actorPersonId } = input
  let abandoned: string | undefined
  await inTenant(services.db, tenantId, async (tx) => {
    const { state } = await lockImport(tx, id)
    if (state !== 'staging' && state !== 'ready' && state !== 'interrupted') {
      throw new Problem(409, 'import_state', `An import that is ${state} cannot be given up.`)
    }
    await updateImport(tx, id, { state: 'abandoned', progress: '{}' })
    abandoned = state
    const subject = { subjectKind: 'import', subjectId: id }
    await recordAudit(tx, { action: 'directory.import_abandoned', actorPersonId, ...subject })
  })
  // Whoever is reading the files removes them when it has seen that it must stop.
  if (abandoned !== 'staging') await endUpload(services, tenantId, id)
  await sweepImports(services)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/**
 * Marks as interrupted the imports whose program died, and removes the stages and the files that no import needs any
 * more. Called when the server starts and whenever an import begins or ends; harmless at any time.
 */
export async function sweepImports(services: Services): Promise<void> {
  // First: the stage of an import that begins meanwhile is not among them.
  const stages = await listStages(services.owner)
  const staged = new Set<string>()
  const uploaded = new Set<string>()
  for (const { id: tenantId } of await listTenants(services.owner)) {
    const open = await inTenant(services.db, tenantId, async (tx) => {
      const rows = await tables(tx)
        .selectFrom('directory.import')
        .select(['id', 'source_id', 'state', 'progress', 'staged_at', 'uploaded', 'created_at'])
        .where('state', 'in', ['staging', 'ready', 'applying', 'interrupted'])
        .execute()
      for (const row of rows) {
        if (row.state === 'ready' || row.state === 'interrupted') continue
        // An upload waits for its turn; a program that reads a folder itself starts at once.
        const old = services.now().getTime() - row.created_at.getTime() > 600_000
        const started = row.progress.phase !== 'waiting' || (row.state === 'staging' && !row.uploaded && old)
        if (started && (row.source_id === null ? old : await isSourceFree(tx, row.source_id))) {
          await updateImport(tx, row.id, {
            state: 'interrupted',
            refusal: nothing('interrupted', interruptedDetail),
            progress: '{}',
          })
          row.state = 'interrupted'
        }
      }
      return rows
    })
    for (const id of await inTenant(services.db, tenantId, listKeptUploads)) uploaded.add(id)
    for (const row of open) {
      if (row.state === 'staging' || isStaged(row)) staged.add(row.id)
      if (row.uploaded) uploaded.add(row.id)
    }
  }
  await dropStages(
    services.owner,
    stages.filter((importId) => !staged.has(importId)),
  )
  await sweepUploads(services.dataDirectory, uploaded, services.now())
}
