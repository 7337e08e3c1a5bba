import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Day, isDay } from '#kernel/time'
import type { RecordKind } from '../tables.ts'
import { type Feed, type FeedFormat, FeedRefusal, type GivenFeed, givenDay, schoolYearOf } from './feed.ts'
import { readSiecleFeed, rootChecker, type SiecleFile, type SiecleType } from './siecle-reading.ts'
import { readXmlRecords, type XmlElement } from './xml-records.ts'

// Exports of the pupils' base of a collège or lycée ("Exports XML génériques"). The ministry publishes no specification:
// names and elements are those that other programs read.

/** Kinds of files, by the words of their names. */
const types: Record<SiecleType, RegExp> = {
  pupils: /Eleves?(Sans|Avec)Adresses?/i,
  guardians: /Responsables(Sans|Avec)Adresses?/i,
  nomenclature: /Nomenclatures?/i,
  structures: /Structures/i,
  common: /Communs/i,
  other: /Geographique|Etablissements/i,
}

// ElevesSansAdresses.xml, or with a UAI and a date around: ElevesAvecAdresses_0750001A_2026.xml
const around = (words: RegExp) => new RegExp(`^(?:[\\w-]+[_-])?(?:${words.source})(?:[ _(-][\\w ()-]*)?\\.xml$`, 'i')
const named = Object.entries(types).map(([type, words]) => ({ type: type as SiecleType, name: around(words) }))

function findType(name: string): SiecleType | undefined {
  return named.find((each) => each.name.test(name))?.type
}

/** Exports of one collège's or lycée's base of pupils. */
export const siecle: FeedFormat = {
  kind: 'siecle',
  isFileName: (name) => findType(name) !== undefined,
  inspect: inspectSiecle,
}

const kindsOf: Record<SiecleType, RecordKind[]> = {
  pupils: ['establishment', 'pupil', 'class', 'group'],
  guardians: ['guardian'],
  nomenclature: ['subject', 'mef'],
  structures: [],
  common: [],
  other: [],
}

async function inspectSiecle(folder: string, given: GivenFeed): Promise<Feed> {
  const names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.xml')).sort()
  const files: SiecleFile[] = []
  let uai = given.uai
  let year: number | undefined
  let exportedOn: Day | undefined
  for (const name of names) {
    const type = findType(name)!
    if (type !== 'other' && files.some((file) => file.type === type)) {
      throw new FeedRefusal('file_twice', 'Another file here holds the same kind of records.', { file: name })
    }
    const path = join(folder, name)
    const file = { name, path, type, bytes: (await stat(path)).size }
    const parameters = await readParameters(file)
    const said = parameters?.text('UAJ')
    if (said !== undefined && uai !== undefined && said !== uai) {
      throw new FeedRefusal('establishments_mixed', `It is of ${said.slice(0, 20)}, not of ${uai}.`, { file: name })
    }
    uai ??= said
    const saidYear = readYear(parameters, name)
    if (saidYear !== undefined && year !== undefined && saidYear !== year) {
      throw new FeedRefusal('dates_mixed', `It is of the school year ${saidYear}, the files before of ${year}.`, {
        file: name,
      })
    }
    year ??= saidYear
    if (type === 'pupils') exportedOn = readExportDay(parameters)
    files.push(file)
  }
  if (!files.some(({ type }) => type === 'pupils')) {
    throw new FeedRefusal(
      'type_missing',
      'An export has a file of pupils (ElevesSansAdresses.xml); there is none here.',
    )
  }
  if (uai === undefined) {
    throw new FeedRefusal(
      'uai_unknown',
      'No file says which establishment it comes from (PARAMETRES/UAJ): give its UAI.',
    )
  }
  if (!/^\d{7}[A-Z]$/.test(uai)) {
    throw new FeedRefusal('uai_unknown', `PARAMETRES/UAJ is ${uai.slice(0, 20)}, not seven digits and a letter.`, {
      file: files[0]!.name,
    })
  }
  exportedOn ??= givenDay(given)
  const schoolYear = year ?? given.schoolYear ?? schoolYearOf(exportedOn)
  const order = Object.keys(types)
  files.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
  return {
    kind: 'siecle',
    key: uai,
    sourceName: `SIECLE, ${uai}`,
    academyCode: null,
    mode: 'full',
    kinds: [...new Set(files.flatMap(({ type }) => kindsOf[type]))],
    exportedOn,
    schoolYear,
    files: files.map(({ name, bytes }) => ({ name, bytes })),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    read: (options) => readSiecleFeed({ schoolYear, exportedOn, uai, files }, options),
  }
}

/** What a file says of itself; its errors further on are not looked for. */
async function readParameters(file: SiecleFile): Promise<XmlElement | undefined> {
  const paths = ['PARAMETRES', 'DONNEES/ELEVES/ELEVE', 'DONNEES/PERSONNES/PERSONNE']
  for await (const { path, element } of readXmlRecords(file.path, file.name, paths, rootChecker(file))) {
    return path === 'PARAMETRES' ? element : undefined
  }
  return undefined
}

/** Year in which the school year starts: 2026 for 2026-2027. */
function readYear(parameters: XmlElement | undefined, file: string): number | undefined {
  const text = parameters?.text('ANNEE_SCOLAIRE')
  if (text === undefined) return undefined
  if (/^20\d\d$/.test(text)) return Number(text)
  throw new FeedRefusal('date_invalid', 'ANNEE_SCOLAIRE is not a year.', { file })
}

/** Day of DATE_EXPORT, or of HORODATAGE: dd/mm/yyyy. */
export function readExportDay(parameters: XmlElement | undefined): Day | undefined {
  const text = parameters?.first('DATE_EXPORT', 'HORODATAGE')?.slice(0, 10)
  const day = text?.includes('/') ? text.split('/').reverse().join('-') : text
  return day !== undefined && isDay(day) ? day : undefined
}
