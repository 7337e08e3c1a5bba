import { mkdirSync, readdirSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  PupilRenderer,
  renderEstablishment,
  renderGuardian,
  renderMef,
  renderStaffMember,
  renderSubject,
  renderZones,
  type LinkCodes,
} from './aaf-records.ts'
import { toDeletion, toModification } from './aaf-requests.ts'
import {
  type Degree,
  RecordFileWriter,
  recordTypes,
  type Encoding,
  type RecordType,
  type WrittenFile,
} from './aaf-writer.ts'
import { applyChanges, type ChangeCounts, type ExportChanges } from './changes.ts'
import { mefs, subjects } from './curriculum.ts'
import { listPrimaryRecords } from './primary-records.ts'
import { buildPrimarySector } from './primary.ts'
import { buildSector, type Sector } from './sector.ts'
import { academies, type Academy, type AcademyKey } from './territory.ts'

export type FeedOptions = {
  /** One academy a feed, as in reality: call again, in another directory, for another one. */
  academy?: AcademyKey
  /** Size, as pupils or as people (pupils, guardians and staff, within 2 %). Default 2,000 people. */
  pupils?: number
  people?: number
  /** Default 1. */
  seed?: number
  /** Date of the export, `YYYY-MM-DD`; the school year follows from it. Default 2026-09-14. */
  date?: string
  encoding?: Encoding
  /** Default `current`; `former` writes the codes of links older feeds carried. */
  linkCodes?: LinkCodes
  /** Default 25,000. */
  recordsPerFile?: number
  /** Primary schools have a feed of their own, under other identifiers. Default 2D. */
  degree?: Degree
  /** `delta`: only what the last entry of the history changed. Default `full`. */
  mode?: 'full' | 'delta'
  /** Prefix of file names. Default `ENT2DVA`, or `ENT1DVA`. */
  project?: string
  /** The fixed people of `personas`, in the academy of Amiens. Default true. */
  personas?: boolean
  /** What happened since the first export of this territory, one entry for each later export. */
  history?: readonly ExportChanges[]
  /** Writes the records in the opposite order, as nothing promises their order from one export to the next. */
  reversed?: boolean
  onProgress?: (done: { people: number; share: number }) => void
}

export type FeedSummary = {
  readonly directory: string
  readonly academyCode: string
  readonly date: string
  readonly files: readonly WrittenFile[]
  readonly bytes: number
  readonly records: Readonly<Record<RecordType, number>>
  /** Pupils, guardians and staff. */
  readonly people: number
  /** Structures with classes: records of establishments less the replacement zones. */
  readonly schools: number
  readonly classes: number
  readonly groups: number
  /** With a history: what the last export changed, by record and by reason. */
  readonly changes?: FeedChanges
}

export type FeedChanges = {
  readonly records: Readonly<Record<RecordType, RecordChanges>>
  readonly reasons: ChangeCounts
}

/** Each record of either export is counted once. */
export type RecordChanges = { added: number; modified: number; removed: number; unchanged: number }

/** Pupils for one person of a feed, measured over a million. */
const pupilsPerPerson = 0.4055

const pupilsPerSector = 2850

/**
 * Writes an AAF feed, made up but shaped as academies write theirs. Same options, same bytes. Memory does not grow with
 * size.
 *
 * @throws Error when the directory already holds XML files, RangeError when the size is too small (20 pupils at least).
 */
export async function writeAafFeed(directory: string, options: FeedOptions = {}): Promise<FeedSummary> {
  const { academy: key = 'amiens', seed = 1, date = '2026-09-14', linkCodes = 'current', history = [] } = options
  const { degree = '2D', mode = 'full' } = options
  const primary = degree === '1D'
  const pupils = options.pupils ?? Math.round((options.people ?? 2000) * pupilsPerPerson)
  if (!(pupils >= 20)) throw new RangeError(`a territory has 20 pupils at least, not ${pupils}`)
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw new RangeError(`not a date: ${date}`)
  mkdirSync(directory, { recursive: true })
  const stale = readdirSync(directory).find((name) => name.endsWith('.xml'))
  if (stale) throw new Error(`${directory} already holds a feed (${stale})`)

  const academy = academies[key]
  const schoolYear = Number(date.slice(0, 4)) - (Number(date.slice(5, 7)) < 8 ? 1 : 0)
  const writers = openWriters(directory, options, academy.code, date)
  const changes = history.length > 0 ? startChanges() : undefined
  const counts = { schools: 0, classes: 0, groups: 0 }
  const list = primary ? listPrimaryRecords : listRecords
  const sectorCount = Math.max(1, Math.round(pupils / pupilsPerSector))
  const share = (sector: number) => Math.floor((pupils * sector) / sectorCount)
  try {
    const nomenclature = primary ? [] : listNomenclature(academy)
    if (mode === 'full') writeAll(writers, nomenclature, options)
    if (changes) for (const [type] of nomenclature) changes.records[type].unchanged++
    for (let turn = 0; turn < sectorCount; turn++) {
      const index = options.reversed ? sectorCount - 1 - turn : turn
      const withPersonas = index === 0 && key === 'amiens' && (options.personas ?? true)
      const build = () =>
        (primary ? buildPrimarySector : buildSector)({
          seed,
          academy,
          index,
          pupils: share(index + 1) - share(index),
          schoolYear,
          withPersonas,
        })
      const sector = build()
      let before: Texts | undefined
      history.forEach((step, position) => {
        const last = position === history.length - 1
        if (last && Object.keys(step).length > 0) before = renderAll(list(sector, linkCodes))
        const reasons = applyChanges(sector, step, { seed, step: position })
        if (last && changes) addCounts(changes.reasons, reasons)
      })
      const records = list(sector, linkCodes)
      const delta = compare(changes?.records, before, records)
      writeAll(writers, mode === 'delta' ? delta : records, options)
      counts.schools += sector.establishments.length
      for (const establishment of sector.establishments) {
        counts.classes += establishment.classes.length
        counts.groups += establishment.groups.length
      }
      options.onProgress?.({ people: countPeople(writers), share: (turn + 1) / sectorCount })
      await nextTurn()
    }
    for (const type of recordTypes) writers[type].finish()
  } catch (error) {
    for (const type of recordTypes) writers[type].abandon()
    throw error
  }
  const files = recordTypes.flatMap((type) => writers[type].files)
  return {
    directory,
    academyCode: academy.code,
    date,
    files,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    records: mapTypes((type) => countRecords(writers[type].files)),
    people: countPeople(writers),
    ...counts,
    ...(changes && { changes }),
  }
}

/**
 * Options of the next export of the same territory: a week later, in another order, after these changes. Without
 * changes it is the same people in a new export.
 */
export function nextExport(options: FeedOptions, changes: ExportChanges = {}): FeedOptions {
  const date = new Date(`${options.date ?? '2026-09-14'}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + 7)
  return {
    ...options,
    date: date.toISOString().slice(0, 10),
    history: [...(options.history ?? []), changes],
    reversed: !options.reversed,
  }
}

type Writers = Record<RecordType, RecordFileWriter>
/** A record to be: rendered when written, so that a sector's text is never held whole. */
export type Entry = readonly [type: RecordType, id: string, render: () => string]

function mapTypes<T>(make: (type: RecordType) => T): Record<RecordType, T> {
  return {
    EtabEducNat: make('EtabEducNat'),
    MatiereEducNat: make('MatiereEducNat'),
    MefEducNat: make('MefEducNat'),
    Eleve: make('Eleve'),
    PersRelEleve: make('PersRelEleve'),
    PersEducNat: make('PersEducNat'),
  }
}

function openWriters(directory: string, options: FeedOptions, academyCode: string, date: string): Writers {
  const { encoding = 'ISO-8859-15', recordsPerFile = 25_000, degree = '2D', mode = 'full' } = options
  const project = options.project ?? `ENT${degree}VA`
  const shared = { directory, encoding, recordsPerFile, project, date, academyCode, degree, mode }
  return mapTypes((type) => new RecordFileWriter(type, shared))
}

function listNomenclature(academy: Academy): Entry[] {
  return [
    ...renderZones(academy).map((text, position): Entry => ['EtabEducNat', `zone-${position}`, () => text]),
    ...subjects.map((subject): Entry => ['MatiereEducNat', subject.code, () => renderSubject(subject)]),
    ...mefs.map((mef): Entry => ['MefEducNat', mef.code, () => renderMef(mef)]),
  ]
}

function listRecords(sector: Sector, linkCodes: LinkCodes): Entry[] {
  const entries: Entry[] = []
  const pupils = new PupilRenderer(linkCodes)
  const add = (type: RecordType, id: string, render: () => string) => entries.push([type, id, render])
  for (const establishment of sector.establishments) {
    add('EtabEducNat', establishment.jointure, () => renderEstablishment(establishment, sector))
    for (const { pupils: members } of establishment.classes) {
      for (const pupil of members) add('Eleve', pupil.id, () => pupils.render(pupil))
    }
  }
  const { welfare } = sector
  for (const { links } of sector.families) {
    for (const { guardian } of links) {
      if (guardian !== welfare) add('PersRelEleve', guardian.id, () => renderGuardian(guardian))
    }
  }
  // Only guardians some pupil refers to are in a feed.
  if (welfare.children.length > 0) add('PersRelEleve', welfare.id, () => renderGuardian(welfare))
  for (const member of sector.staff) add('PersEducNat', member.id, () => renderStaffMember(member))
  return entries
}

function writeAll(writers: Writers, records: readonly Entry[], { reversed = false }: FeedOptions): void {
  for (let turn = 0; turn < records.length; turn++) {
    const [type, , render] = records[reversed ? records.length - 1 - turn : turn] as Entry
    writers[type].write(render())
  }
}

/** Text of each record by its type and identifier. */
type Texts = Map<string, { type: RecordType; text: string }>

function renderAll(records: readonly Entry[]): Texts {
  return new Map(records.map(([type, id, render]) => [`${type} ${id}`, { type, text: render() }]))
}

function countRecords(files: readonly WrittenFile[]): number {
  return files.reduce((sum, file) => sum + file.records, 0)
}

function countPeople({ Eleve, PersRelEleve, PersEducNat }: Writers): number {
  return countRecords(Eleve.files) + countRecords(PersRelEleve.files) + countRecords(PersEducNat.files)
}

function startChanges(): { records: Record<RecordType, RecordChanges>; reasons: ChangeCounts } {
  return {
    records: mapTypes(() => ({ added: 0, modified: 0, removed: 0, unchanged: 0 })),
    reasons: {
      leavers: 0,
      departedGuardians: 0,
      arrivals: 0,
      newGuardians: 0,
      newAddresses: 0,
      newContacts: 0,
      classChanges: 0,
      closedClasses: 0,
      movedByClosure: 0,
      emptied: 0,
      replacedStaff: 0,
    },
  }
}

function addCounts(total: ChangeCounts, added: ChangeCounts): void {
  for (const key of Object.keys(added) as (keyof ChangeCounts)[]) total[key] += added[key]
}

/** Without a `before`, nothing has changed. @returns what a delta says of it. */
function compare(
  total: Record<RecordType, RecordChanges> | undefined,
  before: Texts | undefined,
  after: readonly Entry[],
): Entry[] {
  const delta: Entry[] = []
  const note = (type: RecordType, change: keyof RecordChanges) => {
    if (total) total[type][change]++
  }
  for (const [type, id, render] of after) {
    const known = before?.get(`${type} ${id}`)
    before?.delete(`${type} ${id}`)
    if (!before || known?.text === render()) {
      note(type, 'unchanged')
    } else if (known) {
      note(type, 'modified')
      delta.push([type, id, () => toModification(known.text, render())])
    } else {
      note(type, 'added')
      delta.push([type, id, render])
    }
  }
  for (const [key, { type, text }] of before ?? []) {
    note(type, 'removed')
    delta.push([type, key, () => toDeletion(text)])
  }
  return delta
}
