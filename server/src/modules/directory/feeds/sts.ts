import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Feed,
  type FeedFormat,
  type FeedReading,
  FeedRefusal,
  type GivenFeed,
  givenDay,
  type ReadingOptions,
} from './feed.ts'
import { type PlacedOutcome, readRecords } from './record-reading.ts'
import type { FeedContext, NamedGroup, Outcome } from './records.ts'
import { readExportDay } from './siecle-files.ts'
import { readNamedCode } from './siecle-records.ts'
import { readGroup, readIndividual, readPlace, type StsPlace, type Teaching } from './sts-records.ts'
import { readXmlRecords, type XmlElement } from './xml-records.ts'

// Staff and their services in one collège or lycée, as STSWEB gives them to timetable programs. The ministry publishes
// no specification: elements are those that other programs read.

interface StsFile {
  name: string
  path: string
  bytes: number
}

/** One establishment's file of staff and services (sts_emp_<UAI>_<year>.xml). */
export const sts: FeedFormat = {
  kind: 'sts',
  // Also the file that goes the other way, whose name is easily taken for it: it is told what it is.
  isFileName: (name) => /^(sts_emp|emp_sts)_\d{7}[A-Z]_\d{4}[\w ()-]*\.xml$/i.test(name),
  inspect: inspectSts,
}

async function inspectSts(folder: string, given: GivenFeed): Promise<Feed> {
  const [name = '', ...others] = (await readdir(folder)).filter((each) => /\.xml$/i.test(each)).sort()
  const [other] = others
  if (other !== undefined) {
    throw new FeedRefusal('file_twice', 'Another file of services is here: import them one by one.', { file: other })
  }
  const path = join(folder, name)
  const file = { name, path, bytes: (await stat(path)).size }
  const parameters = await readParameters(file)
  const place = parameters?.find('UAJ')
  const uai = place?.first('CODE', 'CODE_RNE')
  if (!parameters || !place || uai === undefined || !/^\d{7}[A-Z]$/.test(uai)) {
    throw new FeedRefusal('uai_unknown', 'The file does not say which establishment it comes from (PARAMETRES/UAJ).', {
      file: name,
    })
  }
  const year = parameters.find('ANNEE_SCOLAIRE')?.text('ANNEE')
  if (year === undefined || !/^20\d\d$/.test(year)) {
    throw new FeedRefusal('date_invalid', 'The file bears no school year (PARAMETRES/ANNEE_SCOLAIRE).', { file: name })
  }
  const schoolYear = Number(year)
  const exportedOn = readExportDay(parameters) ?? givenDay(given)
  const academy = place.text('ACADEMIE/CODE')
  return {
    kind: 'sts',
    key: uai,
    sourceName: `STS, ${uai}`,
    academyCode: academy !== undefined && /^[0-9A-Z]{1,3}$/.test(academy) ? academy : null,
    mode: 'full',
    kinds: ['establishment', 'class', 'group', 'subject', 'mef', 'staff'],
    exportedOn,
    schoolYear,
    files: [{ name, bytes: file.bytes }],
    bytes: file.bytes,
    read: (options) => readSts(file, { schoolYear, place: readPlace(uai, place) }, options),
  }
}

const checkRoot = (file: string) => (root: string) => {
  if (root === 'STS_EDT') return
  if (root === 'EDT_STS') {
    const detail = 'This is what a timetable program gives back to STS (EDT_STS), not what STS gives (STS_EDT).'
    throw new FeedRefusal('sts_return_file', detail, { file })
  }
  throw new FeedRefusal('root_unexpected', `Its name announces another content than ${root.slice(0, 40)}.`, { file })
}

async function readParameters({ path, name }: StsFile): Promise<XmlElement | undefined> {
  const paths = ['PARAMETRES', 'DONNEES/INDIVIDUS/INDIVIDU']
  for await (const record of readXmlRecords(path, name, paths, checkRoot(name))) {
    return record.path === 'PARAMETRES' ? record.element : undefined
  }
  return undefined
}

const structurePaths = ['DONNEES/STRUCTURE/DIVISIONS/DIVISION', 'DONNEES/STRUCTURE/GROUPES/GROUPE']
const recordPaths = ['NOMENCLATURES/MATIERES/MATIERE', 'NOMENCLATURES/MEFS/MEF', 'DONNEES/INDIVIDUS/INDIVIDU']

/** Stages the file, read twice: who teaches what stands with the classes, after the people. */
function readSts(
  file: StsFile,
  feed: { schoolYear: number; place: StsPlace },
  options: ReadingOptions,
): Promise<FeedReading> {
  const teachings = new Map<string, Teaching[]>()
  return readRecords(
    feed,
    {
      establishments: () => readStructure(file, feed.place, teachings),
      others: (context) => readPeople(file, feed.place, teachings, context),
    },
    options,
  )
}

async function* readStructure(
  { path, name }: StsFile,
  place: StsPlace,
  teachings: Map<string, Teaching[]>,
): AsyncGenerator<PlacedOutcome> {
  const groups: NamedGroup[] = []
  for await (const { path: at, element } of readXmlRecords(path, name, structurePaths, checkRoot(name))) {
    const kind = at.endsWith('/GROUPE') ? 'group' : 'class'
    const read = readGroup(kind, element, place.uai)
    if ('fate' in read) {
      yield { kind, outcome: read, file: 0, line: element.line, bytes: 0 }
      continue
    }
    groups.push(read.group)
    for (const [teacher, subjects] of read.teachers) {
      const { code } = read.group
      const known = teachings.get(teacher) ?? []
      teachings.set(teacher, [...known, { kind, code, subjects }])
    }
  }
  const { uai, body } = place
  const outcome: Outcome = { fate: 'accepted', externalId: uai, establishmentRef: uai, body, groups, warnings: [] }
  yield { kind: 'establishment', outcome, file: 0, line: place.line, bytes: 0 }
}

async function* readPeople(
  { path, name }: StsFile,
  place: StsPlace,
  teachings: ReadonlyMap<string, Teaching[]>,
  context: FeedContext,
): AsyncGenerator<PlacedOutcome> {
  for await (const { path: at, element, bytes } of readXmlRecords(path, name, recordPaths, checkRoot(name))) {
    const rest = { file: 0, line: element.line, bytes }
    if (at.endsWith('/MATIERE')) yield { kind: 'subject', outcome: readNamedCode(element, 'CODE'), ...rest }
    else if (at.endsWith('/MEF')) yield { kind: 'mef', outcome: readNamedCode(element, 'CODE'), ...rest }
    else yield { kind: 'staff', outcome: readIndividual(element, place.uai, teachings, context), ...rest }
  }
}
