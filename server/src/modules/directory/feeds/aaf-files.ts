import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Day, isDay } from '#kernel/time'
import { readAafHeader } from './aaf-parser.ts'
import type { Degree } from './aaf-attributes.ts'
import { readAafDelta } from './aaf-delta.ts'
import { readAafFeed } from './aaf-reading.ts'
import { type FeedKind, feedTypes, type FileType } from './aaf-records.ts'
import { type Feed, type FeedFormat, FeedRefusal, type GivenFeed, schoolYearOf } from './feed.ts'

/** One file of an export. */
export interface FeedFile extends FileType {
  name: string
  path: string
  bytes: number
}

// {project}_Complet_{yyyymmdd}_{type}_{nnnn}.xml, or _Delta_
const fileName = /^([A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*?)_(Complet|Delta)_(\d{4})(\d\d)(\d\d)_([A-Za-z]+)_(\d{4})\.xml$/

/** AAF of both degrees, full exports and deltas: each degree is a source of its own, which the files' headers tell. */
export const aaf: FeedFormat = {
  kind: 'aaf2d',
  isFileName: (name) => fileName.test(name),
  inspect: inspectAafFeed,
}

/** What one file says of the feed it is of, in its name and in its header. */
interface FileWords {
  project: string
  mode: 'full' | 'delta'
  exportedOn: Day
  degree: Degree
  academyCode: string | undefined
}

async function inspectAafFeed(folder: string, { academy, schoolYear: told }: GivenFeed): Promise<Feed> {
  const names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.xml')).sort()
  const files: FeedFile[] = []
  const numbers = new Map<FeedKind, number[]>()
  let all: FileWords | undefined
  for (const name of names) {
    const path = join(folder, name)
    const { words, type, number } = await readWords(path, name)
    const known = feedTypes[words.degree][type]
    if (!known) {
      const detail = `${type} is no type of file of the ${words.degree} feed.`
      throw new FeedRefusal('file_type_unknown', detail, { file: name })
    }
    if (all) checkSame(all, words, { file: name, academyGiven: academy !== undefined })
    all = { ...words, academyCode: words.academyCode ?? all?.academyCode }
    numbers.set(known.kind, [...(numbers.get(known.kind) ?? []), Number(number)])
    files.push({ name, path, ...known, bytes: (await stat(path)).size })
  }
  if (!all) throw new FeedRefusal('no_file', 'There is no file of a feed here.')
  const { degree, mode, exportedOn } = all
  checkNumbers(feedTypes[degree], numbers, mode)
  const academyCode = academy ?? all.academyCode
  if (academyCode === undefined) {
    throw new FeedRefusal(
      'academy_unknown',
      'No file says which academy it comes from (codeAcademieExport); give its code.',
    )
  }
  if (!/^[0-9A-Z]{1,3}$/.test(academyCode)) {
    throw new FeedRefusal('academy_unknown', `${academyCode.slice(0, 20)} is not the code of an academy.`)
  }
  const order = Object.values(feedTypes[degree]).map(({ kind }) => kind)
  files.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  const schoolYear = told ?? schoolYearOf(exportedOn)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const feed = { schoolYear, degree, files, bytes }
  return {
    kind: degree === '1D' ? 'aaf1d' : 'aaf2d',
    key: academyCode,
    sourceName: `AAF ${degree}, académie ${academyCode}`,
    academyCode,
    mode,
    kinds: ['class', 'group', ...order],
    exportedOn,
    schoolYear,
    files,
    bytes,
    read: (options) => (mode === 'delta' ? readAafDelta(feed, options) : readAafFeed(feed, options)),
  }
}

async function readWords(path: string, name: string) {
  const [, project, completeness, year, month, day, type, number] = fileName.exec(name) ?? []
  if (!project) {
    const detail = 'The name is not {project}_Complet_{yyyymmdd}_{type}_{nnnn}.xml, nor _Delta_.'
    throw new FeedRefusal('file_name_unexpected', detail, { file: name })
  }
  const date = `${year}-${month}-${day}`
  if (!isDay(date)) throw new FeedRefusal('date_invalid', `${date} in the name is not a date.`, { file: name })
  const header = await readAafHeader(path, name)
  const written = header['dateGenerationExport']?.split('/').reverse().join('-')
  if (written !== undefined && written !== date) {
    throw new FeedRefusal('dates_mixed', `Its header says ${written.slice(0, 20)}, its name ${date}.`, { file: name })
  }
  // Without a header, the usual names of the primary schools' feed tell it: ENT1D…
  const degree = header['degre'] ?? (project.includes('1D') ? '1D' : '2D')
  if (degree !== '1D' && degree !== '2D') {
    throw new FeedRefusal('degree_unsupported', `It is neither of the 1D nor of the 2D feed: ${degree.slice(0, 10)}.`, {
      file: name,
    })
  }
  const words: FileWords = {
    project,
    mode: completeness === 'Delta' ? 'delta' : 'full',
    exportedOn: date,
    degree,
    academyCode: header['codeAcademieExport'],
  }
  return { words, type: type!, number: number! }
}

/** All files of a folder are of one export. */
function checkSame(all: FileWords, words: FileWords, { file, academyGiven }: { file: string; academyGiven: boolean }) {
  const refuse = (code: string, detail: string): never => {
    throw new FeedRefusal(code, detail, { file })
  }
  if (words.mode !== all.mode)
    refuse('modes_mixed', `It is of a ${words.mode} export, the files before of a ${all.mode} one.`)
  if (words.exportedOn !== all.exportedOn) {
    refuse('dates_mixed', `It is of ${words.exportedOn}, the files before of ${all.exportedOn}.`)
  }
  if (words.degree !== all.degree)
    refuse('degrees_mixed', `It is of the ${words.degree} feed, the files before are not.`)
  const codes = [all.academyCode, words.academyCode]
  if (!academyGiven && !codes.includes(undefined) && codes[0] !== codes[1]) {
    refuse('academies_mixed', `It is of academy ${codes[1]?.slice(0, 10)}, the files before of ${codes[0]}.`)
  }
  if (words.project !== all.project) {
    refuse('projects_mixed', `Files of several exports: ${all.project}, ${words.project}.`)
  }
}

/** A full export has files of each type, a delta of those that change; both are numbered in turn. */
function checkNumbers(types: Record<string, FileType>, numbers: Map<FeedKind, number[]>, mode: Feed['mode']): void {
  for (const [type, { kind }] of Object.entries(types)) {
    const present = numbers.get(kind)
    if (!present) {
      if (mode === 'delta') continue
      throw new FeedRefusal('type_missing', `A full export has ${type} files; there is none here.`)
    }
    const start = present[0] === 1 ? 1 : 0
    const missing = present.findIndex((number, index) => number !== start + index)
    if (missing >= 0) {
      const expected = String(start + missing).padStart(4, '0')
      throw new FeedRefusal('file_missing', `${type} files are numbered in turn, ${expected} is not here.`)
    }
  }
}
