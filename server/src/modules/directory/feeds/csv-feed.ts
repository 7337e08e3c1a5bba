import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toSearchKey } from '../search-key.ts'
import type { Level, RecordKind, SourceKind } from '../tables.ts'
import { type CsvKind, type CsvMapping, splitRowGuardian, toHeaderKey } from './csv-mapping.ts'
import { readCsvFeed } from './csv-reading.ts'
import { type CsvFile, openCsvFile } from './csv-text.ts'
import { type Feed, type FeedFormat, FeedRefusal, type GivenFeed, givenDay, schoolYearOf } from './feed.ts'
import { findOndeMapping } from './onde.ts'
import { inspectSupannFile, isSupann } from './supann.ts'

const mostFiles = 50

/** CSV files: those of ONDE and of Supann, known by their columns, and any other whose columns someone has described. */
export const csv: FeedFormat = {
  kind: 'csv',
  isFileName: isCsvFileName,
  inspect: async (folder, given) => toFeed(await openCsvFiles(folder), given),
}

/** Names without a path nor a hidden file. */
function isCsvFileName(name: string): boolean {
  return /^[\p{L}\p{N}_(][\p{L}\p{M}\p{N} ._()+,'’&-]*\.csv$/iu.test(name)
}

/** Every CSV file of a folder, looked at. @throws FeedRefusal when one is no CSV. */
export async function openCsvFiles(folder: string): Promise<CsvFile[]> {
  const names = (await readdir(folder)).filter(isCsvFileName).sort()
  if (names.length > mostFiles) {
    throw new FeedRefusal('csv_too_many', `${names.length} files: ${mostFiles} at most come together.`)
  }
  const files: CsvFile[] = []
  for (const name of names) files.push(await openCsvFile(join(folder, name), name))
  return files
}

/** What is known of a set of CSV files, and what somebody must still say. */
export interface CsvSituation {
  kind: 'csv' | 'onde' | 'supann'
  source: string
  uai: string | undefined
  /** Whether rows name no establishment and nobody has said which it is. */
  needsUai: boolean
  files: { file: CsvFile; mapping: CsvMapping | undefined }[]
}

/** Finds out what files are and what their columns hold: as told, as remembered, or as a known system writes them. */
export async function examineCsvFiles(files: CsvFile[], given: GivenFeed): Promise<CsvSituation> {
  const uai = given.uai ?? findUai(files)
  const described = given.description
  const plain = described !== undefined || given.kind === 'csv'
  if (!plain && files.some((file) => isSupann(file.headers))) {
    const stranger = files.find((file) => !isSupann(file.headers))
    if (stranger) {
      throw new FeedRefusal('formats_mixed', 'Its columns are not those of the other files, which follow Supann.', {
        file: stranger.name,
      })
    }
    return { kind: 'supann', source: 'Supann', uai, needsUai: false, files: [] }
  }
  const onde = files.map((file) => ({ file, mapping: findOndeMapping(file.name, file.headers) }))
  if (!plain && onde.every(({ mapping }) => mapping !== undefined)) {
    return { kind: 'onde', source: 'ONDE', uai, needsUai: uai === undefined, files: onde }
  }
  let source = described?.source ?? given.source
  const known: CsvSituation['files'] = []
  for (const file of files) {
    const told = described?.files[file.name] ?? described?.files['*']
    const remembered = told ? undefined : await given.findMapping?.(toHeaderKey(file.headers))
    source ??= remembered?.source
    known.push({ file, mapping: told ?? remembered?.mapping })
  }
  const placeless = known.some(
    ({ mapping }) =>
      mapping && /^(pupil|staff|class)$/.test(mapping.kind) && !Object.values(mapping.columns).includes('uai'),
  )
  return {
    kind: 'csv',
    source: source ?? nameSource(files),
    uai: placeless || known.some(({ mapping }) => !mapping) ? uai : given.uai,
    needsUai: placeless && uai === undefined,
    files: known,
  }
}

/** The UAI that names of files bear, if it is one and the same. */
function findUai(files: CsvFile[]): string | undefined {
  const borne = new Set(
    files.flatMap(({ name }) => name.toUpperCase().match(/(?<![0-9A-Z])\d{7}[A-Z](?![0-9A-Z])/g) ?? []),
  )
  return borne.size === 1 ? [...borne][0] : undefined
}

/** A name for where files come from: the words of the first one that say more than what it holds; empty without any. */
function nameSource(files: CsvFile[]): string {
  const [first = []] = files.map(({ name }) => toSearchKey(name.replace(/\.csv$/i, '')).split(' '))
  const words = first.filter((word) => /^\p{L}{2,}$/u.test(word) && !kindWords.test(word))
  return words.join(' ') || 'csv'
}

const kindWords =
  /^(eleves?|pupils?|students?|responsables?|parents?|guardians?|enseignants?|personnels?|teachers?|staff|classes|divisions|export|extraction|liste|csv)$/

const recordKinds: Record<CsvKind, RecordKind[]> = {
  pupil: ['pupil', 'class', 'group'],
  guardian: ['guardian'],
  staff: ['staff'],
  class: ['class'],
  establishment: ['establishment'],
}

async function toFeed(files: CsvFile[], given: GivenFeed): Promise<Feed> {
  const situation = await examineCsvFiles(files, given)
  const { kind, source, uai } = situation
  if (kind === 'supann') return inspectSupannFile(files, { ...given, uai })
  const unknown = situation.files.find(({ mapping }) => !mapping)
  if (unknown) {
    throw new FeedRefusal('csv_mapping_needed', 'Nobody has said yet what its columns hold.', {
      file: unknown.file.name,
    })
  }
  if (situation.needsUai) {
    throw new FeedRefusal('csv_uai_needed', 'No column, no name of a file and nobody says which establishment it is.')
  }
  const mapped = situation.files.flatMap(({ file, mapping }) => (mapping ? [{ file, mapping }] : []))
  const spoken = new Set(mapped.map(({ mapping }) => mapping.kind))
  if (spoken.has('guardian') && !spoken.has('pupil')) {
    throw new FeedRefusal('csv_pupils_missing', 'A file of guardians comes with that of their pupils, in one import.')
  }
  const rowed = mapped.some(({ mapping }) => Object.values(mapping.columns).some((field) => splitRowGuardian(field)))
  const key =
    kind === 'onde' ? uai! : [toSearchKey(source).replaceAll(' ', '-').slice(0, 60), uai].filter(Boolean).join(' ')
  const level: Level | undefined = kind === 'onde' ? 'primary' : undefined
  const exportedOn = givenDay(given)
  const schoolYear = given.schoolYear ?? schoolYearOf(exportedOn)
  const { mode = 'full' } = given
  return {
    kind: kind satisfies SourceKind,
    key,
    sourceName: [source, uai].filter(Boolean).join(', '),
    academyCode: null,
    mode,
    kinds: [
      ...new Set([...[...spoken].flatMap((each) => recordKinds[each]), ...(rowed ? (['guardian'] as const) : [])]),
    ],
    exportedOn,
    schoolYear,
    files: files.map(({ name, bytes }) => ({ name, bytes })),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    read: (options) => readCsvFeed({ schoolYear, mode, files: mapped, uai, level }, options),
  }
}
