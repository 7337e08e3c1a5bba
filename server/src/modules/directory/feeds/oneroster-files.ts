import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordKind } from '../tables.ts'
import { type Feed, type FeedFormat, FeedRefusal, type GivenFeed, schoolYearOf } from './feed.ts'
import { oneRosterFileNames, readOneRoster } from './oneroster-reading.ts'
import { readOneRosterRows } from './oneroster-rows.ts'
import type { OneRosterFile } from './oneroster-tables.ts'

const manifestName = 'manifest.csv'
// What a whole package must hold for nothing to seem gone that is merely not said (binding 1.2, rostering).
const wholeFiles = ['orgs.csv', 'users.csv', 'roles.csv', 'classes.csv', 'enrollments.csv']

/** OneRoster 1.2 in CSV files, whole ("bulk") or what changed ("delta"). */
export const oneRoster: FeedFormat = {
  kind: 'oneroster',
  marker: manifestName,
  isFileName: (name) => name === manifestName || oneRosterFileNames.includes(name),
  inspect: inspectOneRoster,
}

async function inspectOneRoster(folder: string, given: GivenFeed): Promise<Feed> {
  const names = (await readdir(folder)).filter((name) => oneRoster.isFileName(name))
  if (!names.includes(manifestName)) {
    throw new FeedRefusal('manifest_missing', 'A OneRoster package has a manifest.csv; there is none here.')
  }
  const manifest = await readManifest(join(folder, manifestName))
  const version = manifest.get('oneroster.version')
  if (version !== '1.2') {
    const detail = `Only OneRoster 1.2 can be read, oneroster.version is ${(version ?? 'missing').slice(0, 20)}.`
    throw new FeedRefusal('version_unsupported', detail, { file: manifestName })
  }
  const files: OneRosterFile[] = []
  for (const [property, value] of manifest) {
    if (!property.startsWith('file.') || /^(absent|bulk|delta)$/.test(value)) continue
    const detail = `${property.slice(0, 60)} is neither absent, bulk nor delta.`
    throw new FeedRefusal('manifest_invalid', detail, { file: manifestName })
  }
  // Those that are referred to first.
  for (const name of oneRosterFileNames) {
    const mode = manifest.get(`file.${name.replace('.csv', '')}`) ?? 'absent'
    if (mode === 'absent') {
      if (!names.includes(name)) continue
      throw new FeedRefusal('manifest_mismatch', 'The manifest says that it is absent.', { file: name })
    }
    if (!names.includes(name)) {
      throw new FeedRefusal('file_missing', `The manifest announces ${name}, which is not here.`, {
        file: manifestName,
      })
    }
    const path = join(folder, name)
    files.push({ name, path, mode: mode === 'delta' ? 'delta' : 'bulk', bytes: (await stat(path)).size })
  }
  const mode = files.some((file) => file.mode === 'delta') ? 'delta' : 'full'
  const missing = wholeFiles.find((name) => !files.some((file) => file.name === name))
  if (mode === 'full' && missing !== undefined) {
    throw new FeedRefusal('type_missing', `A whole package has ${missing}; the manifest says that it is absent.`)
  }
  const key = given.source ?? (manifest.get('source.systemCode') || manifest.get('source.systemName'))
  if (!key) {
    const detail = 'It does not say from what system it comes (source.systemCode); give it a name.'
    throw new FeedRefusal('source_unknown', detail, { file: manifestName })
  }
  const kinds: RecordKind[] = ['establishment', 'class', 'group', 'pupil', 'guardian', 'staff']
  if (files.some(({ name }) => name === 'courses.csv')) kinds.push('subject')
  // Nothing in a package says when it was made.
  const { mtime } = await stat(join(folder, manifestName))
  const exportedOn = given.exportedOn ?? mtime.toLocaleDateString('sv-SE', { timeZone: 'Europe/Paris' })
  const schoolYear = schoolYearOf(exportedOn)
  return {
    kind: 'oneroster',
    key: key.slice(0, 100),
    sourceName: `OneRoster, ${(manifest.get('source.systemName') || key).slice(0, 100)}`,
    academyCode: given.academy ?? null,
    mode,
    kinds,
    exportedOn,
    schoolYear,
    files: files.map(({ name, bytes }) => ({ name, bytes })),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    read: (options) => readOneRoster({ schoolYear, exportedOn, mode, files }, options),
  }
}

async function readManifest(path: string): Promise<Map<string, string>> {
  const properties = new Map<string, string>()
  for await (const row of readOneRosterRows(path, manifestName)) {
    const name = row.get('propertyName')
    if (properties.has(name)) {
      throw new FeedRefusal('manifest_invalid', `${name.slice(0, 60)} is there twice.`, {
        file: manifestName,
        line: row.line,
      })
    }
    properties.set(name, row.get('value'))
  }
  return properties
}
