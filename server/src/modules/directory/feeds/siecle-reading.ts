import type { Day } from '#kernel/time'
import { type FeedReading, FeedRefusal, type ReadingOptions } from './feed.ts'
import { keepGuardians } from './kept-guardians.ts'
import { type PlacedOutcome, readRecords } from './record-reading.ts'
import { type FeedContext, type NamedGroup, type Outcome, readOutcome, Unusable } from './records.ts'
import {
  type Address,
  type GuardianLink,
  readAddress,
  readGuardian,
  readLink,
  readNamedCode,
  readPupil,
} from './siecle-records.ts'
import { readXmlRecords, type XmlElement } from './xml-records.ts'
import { keepGroup, readDeclaredGroup } from './xml-structures.ts'

/** Kinds of files of an export, and their root elements. */
const roots = {
  pupils: /^BEE_ELEVES$/,
  guardians: /^BEE_RESPONSABLES$/,
  nomenclature: /^BEE_NOMENCLATURES?$/,
  structures: /^BEE_STRUCTURES$/,
  common: /^BEE_COMMUNS?$/,
  other: /^BEE_/,
}
export type SiecleType = keyof typeof roots

/** One file of an export. */
export interface SiecleFile {
  name: string
  path: string
  type: SiecleType
  bytes: number
}

/** Refuses a file whose root element is that of another kind. */
export function rootChecker({ name, type }: SiecleFile): (root: string) => void {
  return (root) => {
    if (roots[type].test(root)) return
    throw new FeedRefusal('root_unexpected', `Its name announces another content than ${root.slice(0, 40)}.`, {
      file: name,
    })
  }
}

interface SiecleFeed {
  schoolYear: number
  exportedOn: Day
  uai: string
  files: SiecleFile[]
}

// One establishment has some thousand pupils; beyond this, what ties them together would not fit in memory.
const most = 200_000

/**
 * Stages the export of one establishment. Its files are read twice: first for what ties records together (addresses,
 * classes, who answers for whom), which stands before or after them.
 */
export function readSiecleFeed(feed: SiecleFeed, options: ReadingOptions): Promise<FeedReading> {
  const ties = new Ties(feed)
  return readRecords(
    feed,
    { establishments: () => ties.read(), others: (context) => readOthers(feed, ties, context, options) },
    options,
  )
}

/** What ties the records of an export together. */
class Ties {
  readonly addresses = new Map<string, Address>()
  readonly structures = new Map<string, { classes: string[]; groups: string[] }>()
  readonly links = new Map<string, GuardianLink[]>()
  readonly regimes = new Map<string, string>()
  readonly speaksOfGuardians: boolean
  private readonly declared: NamedGroup[] = []
  private name: string | undefined
  private readonly feed: SiecleFeed

  constructor(feed: SiecleFeed) {
    this.feed = feed
    this.speaksOfGuardians = feed.files.some(({ type }) => type === 'guardians')
  }

  async *read(): AsyncGenerator<PlacedOutcome> {
    const { files, uai } = this.feed
    for (const [number, file] of files.entries()) {
      for await (const { path, element } of readXmlRecords(
        file.path,
        file.name,
        tyingPaths[file.type],
        rootChecker(file),
      )) {
        const failed = this.tie(path, element)
        if (failed) yield { kind: kindAt(path), outcome: failed, file: number, line: element.line, bytes: 0 }
      }
      const { size } = this.addresses
      if (Math.max(size, this.structures.size, this.links.size) > most) {
        throw new FeedRefusal('too_many_records', `More than ${most} records for one establishment.`, {
          file: file.name,
        })
      }
    }
    const body = { name: this.name ?? uai, uai, mentioned: true as const }
    yield {
      kind: 'establishment',
      outcome: {
        fate: 'accepted',
        externalId: uai,
        establishmentRef: uai,
        body,
        groups: this.declared,
        warnings: [],
      },
      file: 0,
      line: 1,
      bytes: 0,
    }
  }

  private tie(path: string, element: XmlElement): Outcome | undefined {
    try {
      return this.take(path, element)
    } catch (error) {
      // Of an absurd length: what it ties stays without it.
      if (error instanceof Unusable) return undefined
      throw error
    }
  }

  /** @returns why a class cannot be declared. */
  private take(path: string, element: XmlElement): Outcome | undefined {
    if (path === 'DONNEES/ADRESSES/ADRESSE') {
      const id = element.text('ADRESSE_ID')
      if (id !== undefined) this.addresses.set(id, readAddress(element))
    } else if (path === 'DONNEES/STRUCTURES/STRUCTURES_ELEVE') {
      this.takeStructures(element)
    } else if (path.startsWith('DONNEES/RESPONSABLES/')) {
      const pupil = element.text('ELEVE_ID')
      const link = readLink(element)
      if (pupil !== undefined && link) this.links.set(pupil, [...(this.links.get(pupil) ?? []), link])
    } else if (path === 'DONNEES/REGIMES/REGIME') {
      const code = element.first('CODE_REGIME', 'CODE')
      const label = element.first('LIBELLE_EDITION', 'LIBELLE_LONG', 'LIBELLE_COURT')
      if (code !== undefined && label !== undefined) this.regimes.set(code, label)
    } else if (path === 'DONNEES/UAJ' || path === 'PARAMETRES/UAJ') {
      this.name ??= [element.text('DENOM_PRINC'), element.text('DENOM_COMPL')].filter(Boolean).join(' ') || undefined
    } else {
      return this.declareGroup(kindAt(path), element)
    }
    return undefined
  }

  private takeStructures(element: XmlElement): void {
    const pupil = element.text('ELEVE_ID')
    if (pupil === undefined) return
    const of = this.structures.get(pupil) ?? { classes: [], groups: [] }
    for (const structure of element.list('STRUCTURE')) {
      const code = structure.text('CODE_STRUCTURE')
      const type = structure.text('TYPE_STRUCTURE')
      if (code === undefined) continue
      if (type === 'D') of.classes.push(code)
      else if (type === 'G') of.groups.push(code)
    }
    this.structures.set(pupil, of)
  }

  private declareGroup(kind: 'class' | 'group', element: XmlElement): Outcome | undefined {
    const { uai } = this.feed
    const reading = () => {
      const group = readDeclaredGroup(kind, element, uai, codeName)
      this.declared.push(group)
      return { externalId: group.code, rule: 'declared' }
    }
    const outcome = readOutcome('', reading, () => keepGroup(kind, element, uai, codeName))
    return outcome.fate === 'quarantined' ? outcome : undefined
  }
}

/** The attribute of a class or group that holds its code. */
const codeName = 'CODE_STRUCTURE'
const kindAt = (path: string) => (path.endsWith('/GROUPE') ? 'group' : 'class')

const tyingPaths: Record<SiecleType, string[]> = {
  pupils: ['DONNEES/ADRESSES/ADRESSE', 'DONNEES/STRUCTURES/STRUCTURES_ELEVE'],
  // Elements of both generations of the export.
  guardians: ['DONNEES/ADRESSES/ADRESSE', 'DONNEES/RESPONSABLES/RESPONSABLE_ELEVE', 'DONNEES/RESPONSABLES/RESPONSABLE'],
  nomenclature: ['DONNEES/REGIMES/REGIME'],
  structures: ['DONNEES/DIVISIONS/DIVISION', 'DONNEES/GROUPES/GROUPE'],
  common: ['DONNEES/UAJ', 'PARAMETRES/UAJ'],
  other: [],
}

const recordPaths: Record<SiecleType, string[]> = {
  pupils: ['DONNEES/ELEVES/ELEVE'],
  guardians: ['DONNEES/PERSONNES/PERSONNE'],
  nomenclature: ['DONNEES/MATIERES/MATIERE', 'DONNEES/MEFS/MEF'],
  structures: [],
  common: [],
  other: [],
}

async function* readOthers(
  feed: SiecleFeed,
  ties: Ties,
  context: FeedContext,
  options: ReadingOptions,
): AsyncGenerator<PlacedOutcome> {
  for (const [number, file] of feed.files.entries()) {
    const records = readRecordsOf(file, number, feed, ties, context)
    yield* ties.speaksOfGuardians ? records : keepGuardians(records, options)
  }
}

async function* readRecordsOf(
  file: SiecleFile,
  number: number,
  feed: SiecleFeed,
  ties: Ties,
  context: FeedContext,
): AsyncGenerator<PlacedOutcome> {
  const paths = recordPaths[file.type]
  for await (const { path, element, bytes } of readXmlRecords(file.path, file.name, paths, rootChecker(file))) {
    yield { ...readRecord(path, element, feed, ties, context), file: number, line: element.line, bytes }
  }
}

function readRecord(
  path: string,
  element: XmlElement,
  feed: SiecleFeed,
  ties: Ties,
  context: FeedContext,
): Pick<PlacedOutcome, 'kind' | 'outcome'> {
  if (path.endsWith('/MATIERE')) return { kind: 'subject', outcome: readNamedCode(element, 'CODE_MATIERE') }
  if (path.endsWith('/MEF')) return { kind: 'mef', outcome: readNamedCode(element, 'CODE_MEF') }
  if (path.endsWith('/PERSONNE')) return { kind: 'guardian', outcome: readGuardian(element, ties.addresses) }
  return { kind: 'pupil', outcome: readPupil(element, { ...context, ...feed, ...tiesOf(ties) }) }
}

const tiesOf = ({ addresses, structures, links, regimes }: Ties) => ({ addresses, structures, links, regimes })
