import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Day, isDay } from '#kernel/time'
import { readAafHeader } from './aaf-parser.ts'
import { readAafFeed } from './aaf-reading.ts'
import { type FeedKind, feedTypes } from './aaf-records.ts'
import { type Feed, type FeedFormat, FeedRefusal, schoolYearOf } from './feed.ts'

/** One file of an export. */
export interface FeedFile {
  name: string
  path: string
  kind: FeedKind
  categories: string[]
  bytes: number
}

// {project}_Complet_{yyyymmdd}_{type}_{nnnn}.xml
const fileName = /^([A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*?)_(Complet|Delta)_(\d{4})(\d\d)(\d\d)_([A-Za-z]+)_(\d{4})\.xml$/

/** AAF of lower and upper secondary schools ("2D"), full exports. */
export const aaf2d: FeedFormat = {
  kind: 'aaf2d',
  isFileName: (name) => fileName.test(name),
  inspect: (folder, { academy }) => inspectAafFeed(folder, academy),
}

async function inspectAafFeed(folder: string, academy?: string): Promise<Feed> {
  const names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.xml')).sort()
  const files: FeedFile[] = []
  const projects = new Set<string>()
  const numbers = new Map<FeedKind, number[]>()
  let exportedOn: Day | undefined
  let academyCode = academy
  for (const name of names) {
    const [, project, completeness, year, month, day, type, number] = fileName.exec(name) ?? []
    if (!project) {
      throw new FeedRefusal('file_name_unexpected', 'The name is not {project}_Complet_{yyyymmdd}_{type}_{nnnn}.xml.', {
        file: name,
      })
    }
    if (completeness === 'Delta')
      throw new FeedRefusal('delta_unsupported', 'This is a delta, not a full export.', { file: name })
    const known = feedTypes[type!]
    if (!known) throw new FeedRefusal('file_type_unknown', `${type} is no type of file of the 2D feed.`, { file: name })
    const date = `${year}-${month}-${day}`
    if (!isDay(date)) throw new FeedRefusal('date_invalid', `${date} in the name is not a date.`, { file: name })

    const path = join(folder, name)
    const header = await readAafHeader(path, name)
    if (header['degre'] !== undefined && header['degre'] !== '2D') {
      throw new FeedRefusal(
        'degree_unsupported',
        `Only the 2D feed can be read, this is ${header['degre'].slice(0, 10)}.`,
        { file: name },
      )
    }
    const written = header['dateGenerationExport']?.split('/').reverse().join('-')
    if (written !== undefined && written !== date) {
      throw new FeedRefusal('dates_mixed', `Its header says ${written.slice(0, 20)}, its name ${date}.`, { file: name })
    }
    if (exportedOn !== undefined && date !== exportedOn) {
      throw new FeedRefusal('dates_mixed', `It is of ${date}, the files before of ${exportedOn}.`, { file: name })
    }
    exportedOn = date
    const code = header['codeAcademieExport']
    if (academy === undefined && code !== undefined) {
      if (academyCode !== undefined && code !== academyCode) {
        throw new FeedRefusal(
          'academies_mixed',
          `It is of academy ${code.slice(0, 10)}, the files before of ${academyCode}.`,
          { file: name },
        )
      }
      academyCode = code
    }
    projects.add(project)
    if (projects.size > 1) {
      throw new FeedRefusal('projects_mixed', `Files of several exports: ${[...projects].join(', ')}.`, { file: name })
    }
    numbers.set(known.kind, [...(numbers.get(known.kind) ?? []), Number(number)])
    files.push({ name, path, ...known, bytes: (await stat(path)).size })
  }
  for (const [type, { kind }] of Object.entries(feedTypes)) {
    const present = numbers.get(kind)
    if (!present) throw new FeedRefusal('type_missing', `A full export has ${type} files; there is none here.`)
    const start = present[0] === 1 ? 1 : 0
    const missing = present.findIndex((number, index) => number !== start + index)
    if (missing >= 0) {
      const expected = String(start + missing).padStart(4, '0')
      throw new FeedRefusal('file_missing', `${type} files are numbered in turn, ${expected} is not here.`)
    }
  }
  if (academyCode === undefined) {
    throw new FeedRefusal(
      'academy_unknown',
      'No file says which academy it comes from (codeAcademieExport); give its code.',
    )
  }
  if (!/^[0-9A-Z]{1,3}$/.test(academyCode)) {
    throw new FeedRefusal('academy_unknown', `${academyCode.slice(0, 20)} is not the code of an academy.`)
  }
  const order = Object.values(feedTypes).map(({ kind }) => kind)
  files.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  const schoolYear = schoolYearOf(exportedOn!)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return {
    kind: 'aaf2d',
    key: academyCode,
    sourceName: `AAF 2D, académie ${academyCode}`,
    academyCode,
    mode: 'full',
    kinds: ['establishment', 'class', 'group', 'subject', 'mef', 'pupil', 'guardian', 'staff'],
    exportedOn: exportedOn!,
    schoolYear,
    files,
    bytes,
    read: (options) => readAafFeed({ schoolYear, files, bytes }, options),
  }
}
