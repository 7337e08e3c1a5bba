import { mkdir, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { tables } from '../tables.ts'
import { resolveAlerts } from './alerts.ts'
import { sourceFolder, tenantFolder } from './drops.ts'
import { getSource } from './sources.queries.ts'
import type { SourceDetail, SourceSettings } from './sources.routes.ts'

/**
 * Changes how a source is received; the audit trail keeps what was before.
 * @throws Problem 404 `source_unknown`; 400 `folder_invalid`; 409 `folder_taken`.
 */
export async function updateSourceSettings(
  services: Services,
  tenant: Tenant,
  input: { id: string; actorPersonId: string | null; settings: SourceSettings },
): Promise<SourceDetail> {
  const { id, settings, actorPersonId } = input
  const now = services.now()
  return inTenant(services.db, tenant.id, async (tx) => {
    const { settings: former } = await getSource(tx, id, tenant, now)
    if (settings.folder !== former.folder) await prepareFolder(services, tenant, settings.folder)
    const changed = Object.fromEntries(
      (Object.keys(settings) as (keyof SourceSettings)[])
        .filter((key) => JSON.stringify(settings[key]) !== JSON.stringify(former[key]))
        .map((key) => [key, { before: former[key], after: settings[key] }]),
    )
    if (Object.keys(changed).length === 0) return getSource(tx, id, tenant, now)
    const rescheduled = 'expectedAt' in changed || 'expectedDays' in changed
    await tables(tx)
      .updateTable('directory.source')
      .set({
        thresholds: JSON.stringify(settings.thresholds),
        folder: settings.folder,
        unattended: settings.unattended,
        quarantine_limit: settings.quarantineLimit,
        small_limit: settings.smallLimit,
        expected_at: settings.expectedAt,
        expected_days: settings.expectedDays,
        grace_minutes: settings.graceMinutes,
        retention_days: settings.retentionDays,
        ...(rescheduled ? { expected_since: now } : {}),
      })
      .where('id', '=', id)
      .execute()
      .catch((error: { constraint?: string }) => {
        if (error.constraint !== 'source_folder') throw error
        throw new Problem(409, 'folder_taken', 'Another source has this folder.')
      })
    if (rescheduled) await resolveAlerts(tx, { sourceId: id, codes: ['late', 'missing'] }, now)
    if ('folder' in changed) await resolveAlerts(tx, { sourceId: id, codes: ['folder'] }, now)
    await recordAudit(tx, {
      action: 'directory.source_changed',
      actorPersonId,
      subjectKind: 'source',
      subjectId: id,
      detail: changed,
    })
    return getSource(tx, id, tenant, now)
  })
}

/**
 * Makes a folder under the tenant's own. What is put in a folder is moved away from it: one elsewhere on the machine is
 * for whoever operates the machine, by the command, to say.
 */
async function prepareFolder(services: Services, tenant: Tenant, folder: string | null): Promise<void> {
  if (folder === null) return
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(folder)) {
    throw new Problem(400, 'folder_invalid', 'A folder has a name of letters, digits, dots, dashes and underscores.')
  }
  await mkdir(sourceFolder(services.dataDirectory, tenant, folder), { recursive: true, mode: 0o700 })
}

/**
 * Gives a source a folder anywhere on this machine, but among what the program keeps itself.
 * @throws Problem 404 `source_unknown`; 400 `folder_invalid`; 409 `folder_taken`.
 */
export async function chooseSourceFolder(
  services: Services,
  tenant: Tenant,
  { id, folder }: { id: string; folder: string },
): Promise<string> {
  const path = resolve(folder)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) throw new Problem(400, 'folder_invalid', `There is no folder ${path}.`)
  const own = tenantFolder(services.dataDirectory, tenant)
  const isWithin = (parent: string, child: string) => {
    const way = relative(parent, child)
    return !way.startsWith('..') && !isAbsolute(way)
  }
  const kept = services.dataDirectory
  if ((isWithin(kept, path) && !isWithin(own, path)) || isWithin(path, kept)) {
    throw new Problem(400, 'folder_invalid', `${path} holds what the program keeps itself.`)
  }
  await inTenant(services.db, tenant.id, async (tx) => {
    const { settings } = await getSource(tx, id, tenant, services.now())
    const taken = await tables(tx)
      .selectFrom('directory.source')
      .select('id')
      .where('folder', '=', path)
      .where('id', '<>', id)
      .executeTakeFirst()
    if (taken) throw new Problem(409, 'folder_taken', 'Another source has this folder.')
    await tables(tx).updateTable('directory.source').set({ folder: path }).where('id', '=', id).execute()
    await resolveAlerts(tx, { sourceId: id, codes: ['folder'] }, services.now())
    await recordAudit(tx, {
      action: 'directory.source_changed',
      actorPersonId: null,
      subjectKind: 'source',
      subjectId: id,
      detail: { folder: { before: settings.folder, after: path } },
    })
  })
  return path
}
