import { createHash, randomUUIDv7 } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { listExtractedEstablishments } from '#modules/directory'
import { recordAudit } from '#kernel/audit'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inSnapshot, inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import { scopeOf, writeContent } from './content.ts'
import {
  endExport,
  endLostExports,
  expireExports,
  findExport,
  findOrCreatePseudonyms,
  findSetting,
  type GarExport,
  type GarSetting,
  noteProgress,
  startExport,
} from './exports.queries.ts'
import type { Degree } from './tables.ts'

/** Every export of every tenant that is due, and the removal of archives kept long enough. */
export const nightlyQueue = defineQueue<Record<never, never>>('gar-nightly', { expireInSeconds: 21_600 })

/** An export asked for by somebody. */
export const exportQueue = defineQueue<{ tenantId: string; degree: Degree; startedBy: string | null }>('gar-export', {
  expireInSeconds: 21_600,
})

/** Longer than any export runs, in ms: what started before and did not end never will. */
const longestRun = 6 * 3_600_000

/** Time between two notes of what is written so far, in ms. */
const toldEvery = 1_000

const folderOf = (dataDirectory: string, id: string) => join(dataDirectory, 'gar', id)

/** Where the archive of an export is; its `.md5` is beside it. */
export function archivePath(dataDirectory: string, { id, archive }: { id: string; archive: string }): string {
  return join(folderOf(dataDirectory, id), archive)
}

export const checksumName = (archive: string) => archive.replace(/\.tar\.gz$/, '.md5')

/**
 * Exports the directory for the GAR, one degree: XML files, their archive and its checksum, in the data directory.
 * @throws Problem 409 `gar_not_configured`, `gar_running`.
 */
export async function exportDegree(
  services: Services,
  input: { tenantId: string; degree: Degree; startedBy: string | null },
  signal: AbortSignal,
): Promise<GarExport> {
  const { tenantId, degree, startedBy } = input
  const startedAt = services.now()
  const id = randomUUIDv7()
  const setting = await inTenant(services.db, tenantId, async (tx) => {
    await endLostExports(tx, new Date(startedAt.getTime() - longestRun), startedAt)
    const found = await getSetting(tx)
    if (!(await startExport(tx, { id, degree, startedAt, startedBy }))) {
      throw new Problem(409, 'gar_running', `An export of ${degree} is running already.`)
    }
    const audit = { actorPersonId: startedBy, subjectKind: 'gar.export', subjectId: id, detail: { degree } }
    await recordAudit(tx, { action: 'gar.export_started', ...audit })
    return found
  })
  const folder = folderOf(services.dataDirectory, id)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const made = await makeArchive(services, { id, tenantId, degree, setting, folder, now: startedAt }, signal)
    await inTenant(services.db, tenantId, (tx) => endExport(tx, id, { ...made, endedAt: services.now() }))
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    const failure = signal.aborted ? 'stopped' : 'failed'
    await inTenant(services.db, tenantId, (tx) => endExport(tx, id, { failure, endedAt: services.now() }))
    throw error
  }
  return inTenant(services.db, tenantId, async (tx) => {
    const found = await findExport(tx, id)
    if (!found) throw new Problem(404, 'gar_export_unknown', 'There is no such export.')
    return found
  })
}

/** @throws Problem 409 `gar_not_configured`. */
export async function getSetting(tx: Parameters<typeof findSetting>[0]): Promise<GarSetting> {
  const setting = await findSetting(tx)
  if (setting) return setting
  throw new Problem(409, 'gar_not_configured', 'Say first under which identifier the GAR knows this workspace (idEnt).')
}

async function makeArchive(
  services: Services,
  input: { id: string; tenantId: string; degree: Degree; setting: GarSetting; folder: string; now: Date },
  signal: AbortSignal,
) {
  const { id, tenantId, degree, setting, folder, now } = input
  // {idEnt}_GAR-ENT_Complet_{yyyyMMdd_HHmmss}_{degree}
  const [day = '', time = ''] = now.toLocaleString('sv-SE', { timeZone: 'Europe/Paris' }).split(' ')
  const stamp = `${day.replaceAll('-', '')}_${time.replaceAll(':', '')}`
  const prefix = `${setting.idEnt}_GAR-ENT_Complet_${stamp}_${degree}`
  let toldAt = performance.now()
  const written = await inSnapshot(services.db, tenantId, (tx) =>
    writeContent({
      tx,
      degree,
      now,
      target: { folder, prefix },
      findPseudonyms: (ids) => inTenant(services.db, tenantId, (other) => findOrCreatePseudonyms(other, ids)),
      // In a transaction of its own, which everyone sees; no more often than a page asks.
      async onProgress(counts) {
        if (performance.now() - toldAt < toldEvery) return
        toldAt = performance.now()
        await inTenant(services.db, tenantId, (other) => noteProgress(other, id, counts))
      },
      signal,
    }),
  )
  const archive = `${prefix}.tar.gz`
  await packFiles(folder, written.names, join(folder, archive), now, signal)
  for (const name of written.names) await rm(join(folder, name))
  const md5 = await digestFile(join(folder, archive))
  await writeFile(join(folder, checksumName(archive)), md5, { mode: 0o600 })
  const { size: bytes } = await stat(join(folder, archive))
  const counts = { files: written.names.length, ...written.counts }
  return { archive, bytes, md5, counts, leftOut: written.leftOut }
}

async function packFiles(folder: string, names: string[], target: string, mtime: Date, signal: AbortSignal) {
  const tar = pack()
  const compressed = pipeline(tar, createGzip(), createWriteStream(target, { mode: 0o600, flags: 'wx' }), { signal })
  try {
    for (const name of names) {
      const { size } = await stat(join(folder, name))
      await pipeline(createReadStream(join(folder, name)), tar.entry({ name, size, mtime, mode: 0o644 }), { signal })
    }
    tar.finalize()
  } catch (error) {
    tar.destroy()
    await compressed.catch(() => {})
    throw error
  }
  await compressed
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Every degree that has files of its own. */
export const degrees: Degree[] = ['1D', '2D']

/** The work of `nightlyQueue`: every tenant that agreed to it, of the degrees it has establishments of; a failure of one does not keep the others from theirs. */
export async function exportNightly(services: Services, signal: AbortSignal): Promise<void> {
  const failures: unknown[] = []
  for (const { id: tenantId } of await listTenants(services.owner)) {
    const setting = await inTenant(services.db, tenantId, findSetting)
    if (!setting) continue
    await removeExpired(services, tenantId, setting)
    if (!setting.nightly) continue
    for (const degree of degrees) {
      signal.throwIfAborted()
      const scope = scopeOf(degree, services.now())
      const present = await inTenant(services.db, tenantId, (tx) => listExtractedEstablishments(tx, scope))
      if (present.length === 0) continue
      try {
        await exportDegree(services, { tenantId, degree, startedBy: null }, signal)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** Removes the archives kept longer than agreed; their line in the history stays. */
async function removeExpired(services: Services, tenantId: string, { retentionDays }: GarSetting): Promise<void> {
  const before = new Date(services.now().getTime() - retentionDays * 86_400_000)
  const expired = await inTenant(services.db, tenantId, (tx) => expireExports(tx, before))
  for (const id of expired) await rm(folderOf(services.dataDirectory, id), { recursive: true, force: true })
}
