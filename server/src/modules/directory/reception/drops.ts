import { randomUUIDv7 } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { sql } from 'kysely'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import { discardUpload, uploadFolder } from '../imports/import-files.ts'
import { receiveImport } from '../imports/imports.ts'
import { tables, type ToldOfFeed } from '../tables.ts'
import { raiseAlert, resolveAlerts } from './alerts.ts'
import { type FileSet, listFileSets, moveFiles, removeMarkers } from './file-sets.ts'

/** A folder that is looked at: that of a source, or one of the tenant's own. */
interface WatchedFolder {
  path: string
  sourceId: string | null
}

interface Drop {
  id: string
  source_id: string | null
  folder: string
  files: FileSet['files']
  noted_at: Date
}

/** Where files for a tenant may be put: here, or in any folder of it. */
export function tenantFolder(dataDirectory: string, tenant: Pick<Tenant, 'slug'>): string {
  return join(dataDirectory, 'feeds', tenant.slug)
}

/** The folder of a source: an absolute path, or one of the tenant's own. */
export function sourceFolder(dataDirectory: string, tenant: Pick<Tenant, 'slug'>, folder: string): string {
  return isAbsolute(folder) ? folder : join(tenantFolder(dataDirectory, tenant), folder)
}

/**
 * Takes what has been put whole in the folders of a tenant, one export of each folder, and makes imports of them. The
 * caller sees to it that only one program does so at a time.
 * @param settleMs how long nothing must have changed.
 * @throws Error of the first folder that belongs to no source and cannot be read or emptied; the others are seen to.
 */
export async function takeDrops(services: Services, tenant: Tenant, settleMs: number): Promise<void> {
  const failures: unknown[] = []
  const stuck = new Set<string>()
  const attempt = (folder: WatchedFolder, work: () => Promise<unknown>) =>
    work().catch(async (error: unknown) => {
      stuck.add(folder.path)
      if (!(await tellUnusable(services, tenant.id, folder, error))) failures.push(error)
    })
  for (const drop of await inTenant(services.db, tenant.id, listOpenDrops)) {
    const folder = { path: drop.folder, sourceId: drop.source_id }
    await attempt(folder, () => finishDrop(services, tenant.id, drop))
  }
  for (const folder of await listFolders(services, tenant)) {
    if (!stuck.has(folder.path)) await attempt(folder, () => takeFrom(services, tenant.id, folder, settleMs))
  }
  if (failures.length > 0) throw failures[0]
}

async function takeFrom(services: Services, tenantId: string, folder: WatchedFolder, settleMs: number): Promise<void> {
  // The oldest first, though it may still be on its way.
  const [oldest] = await listFileSets(folder.path, services.now(), settleMs)
  const drop = await inTenant(services.db, tenantId, async (tx) => {
    if (!oldest?.settled || (await isBusy(tx, folder.path, oldest))) return undefined
    return noteDrop(tx, folder, oldest.files, services.now())
  })
  if (drop) await finishDrop(services, tenantId, drop)
  const { sourceId } = folder
  if (sourceId) {
    await inTenant(services.db, tenantId, (tx) => resolveAlerts(tx, { sourceId, codes: ['folder'] }, services.now()))
  }
}

async function listFolders(services: Services, tenant: Tenant): Promise<WatchedFolder[]> {
  const own = tenantFolder(services.dataDirectory, tenant)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const sources = await inTenant(services.db, tenant.id, (tx) =>
    tables(tx).selectFrom('directory.source').select(['id', 'folder']).where('folder', 'is not', null).execute(),
  )
  const folders = new Map<string, WatchedFolder>([[own, { path: own, sourceId: null }]])
  for (const entry of await readdir(own, { withFileTypes: true })) {
    const path = join(own, entry.name)
    if (entry.isDirectory() && !entry.name.startsWith('.')) folders.set(path, { path, sourceId: null })
  }
  for (const { id, folder } of sources) {
    if (folder === null) continue
    const path = sourceFolder(services.dataDirectory, tenant, folder)
    folders.set(path, { path, sourceId: id })
  }
  return [...folders.values()]
}

/** Says of the folder of a source that it cannot be read or emptied. @returns whether it is said. */
async function tellUnusable(services: Services, tenantId: string, folder: WatchedFolder, error: unknown) {
  const { code, syscall } = error as { code?: string; syscall?: string }
  const { path, sourceId } = folder
  if (code === undefined || syscall === undefined || sourceId === null) return false
  const detail = { folder: path, reasons: [code] }
  await inTenant(services.db, tenantId, (tx) =>
    raiseAlert(services, tx, tenantId, { code: 'folder', sourceId, detail }),
  )
  return true
}

const listOpenDrops = (tx: Tx): Promise<Drop[]> =>
  tables(tx)
    .selectFrom('directory.feed_drop')
    .select(['id', 'source_id', 'folder', 'files', 'noted_at'])
    .where('taken_at', 'is', null)
    .orderBy('noted_at')
    .execute()

/**
 * Whether what came by the folder before is not done with: it is being read or applied, or will be by itself. A delta also
 * waits for what a person must decide, for it says what changed since; a full export takes the place of that.
 */
async function isBusy(tx: Tx, folder: string, { files }: FileSet): Promise<boolean> {
  const isDelta = files.some(({ name }) => /delta/i.test(name))
  const { rows } = await sql`select from directory.feed_drop d
    join directory.import i on i.id = d.id
    left join directory.source s on s.id = i.source_id
    where d.folder = ${folder} and (
      i.state in ('staging', 'applying')
      or i.state in ('ready', 'interrupted') and (${isDelta} or coalesce(s.unattended, true) and not exists (
        select from directory.feed_alert a where a.import_id = i.id and a.code in ('review', 'stopped'))))
    limit 1`.execute(tx)
  return rows.length > 0
}

async function noteDrop(tx: Tx, folder: WatchedFolder, files: FileSet['files'], now: Date): Promise<Drop> {
  const drop = { id: randomUUIDv7(), source_id: folder.sourceId, folder: folder.path, noted_at: now }
  await tables(tx)
    .insertInto('directory.feed_drop')
    .values({ ...drop, files: JSON.stringify(files), taken_at: null })
    .execute()
  return { ...drop, files }
}

/**
 * What the folder of a source says of its files: their kind, and the establishment where neither rows nor names tell it.
 * Nothing that a feed says itself: what came to the wrong folder must be seen to be of another source.
 */
async function findGiven(tx: Tx, drop: Drop): Promise<ToldOfFeed> {
  const source = await tables(tx)
    .selectFrom('directory.feed_drop as d')
    .innerJoin('directory.source as s', 's.id', 'd.source_id')
    .select(['s.kind', 's.key'])
    .where('d.id', '=', drop.id)
    .executeTakeFirst()
  if (!source) return {}
  const { kind, key } = source
  const [uai] = /\b\d{7}[A-Z]$/.exec(key) ?? []
  const named = drop.files.some(({ name }) => /\d{7}[A-Z]/i.test(name))
  return { kind, ...(uai && !named && (kind === 'csv' || kind === 'onde') ? { uai } : {}) }
}

/** Moves the noted files and makes their import, from wherever a program that did so was stopped. */
async function finishDrop(services: Services, tenantId: string, drop: Drop): Promise<void> {
  const { id, folder, files } = drop
  const made = await inTenant(services.db, tenantId, (tx) =>
    tables(tx).selectFrom('directory.import').select('id').where('id', '=', id).executeTakeFirst(),
  )
  if (!made) {
    const to = uploadFolder(services.dataDirectory, id)
    const whole = await moveFiles(folder, to, files, drop.noted_at)
    if (!whole || (await readdir(to)).length === 0) {
      await discardUpload(services.dataDirectory, id)
      await inTenant(services.db, tenantId, (tx) =>
        tables(tx).deleteFrom('directory.feed_drop').where('id', '=', id).execute(),
      )
      return
    }
    const given = await inTenant(services.db, tenantId, (tx) => findGiven(tx, drop))
    await receiveImport(services, { tenantId, id, actorPersonId: null, unattended: true, given })
  }
  await removeMarkers(folder, files)
  await inTenant(services.db, tenantId, (tx) =>
    tables(tx).updateTable('directory.feed_drop').set({ taken_at: services.now() }).where('id', '=', id).execute(),
  )
}
