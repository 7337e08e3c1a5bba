import { toSearchKey } from '../search-key.ts'
import type { Level } from '../tables.ts'
import {
  type CsvContext,
  CsvRecord,
  type CsvShape,
  deriveIdentifier,
  type GuardianLink,
  identifyPerson,
  readCsvClass,
  readCsvEstablishment,
  readCsvPerson,
  readLink,
  shapeOf,
} from './csv-records.ts'
import type { CsvMapping } from './csv-mapping.ts'
import { readRowGuardians, RowGuardians, type RowIdentifiers } from './csv-row-guardians.ts'
import { keepCsvRow } from './csv-refused.ts'
import { type CsvFile, readCsvRows } from './csv-text.ts'
import { type Feed, type FeedReading, FeedRefusal, type ReadingOptions } from './feed.ts'
import { keepGuardians } from './kept-guardians.ts'
import { type PlacedOutcome, readRecords } from './record-reading.ts'
import {
  type AcceptedState,
  type EstablishmentBody,
  keysOf,
  type NamedGroup,
  type Outcome,
  readOutcome,
  Unusable,
} from './records.ts'

/** A set of CSV files whose columns are known. */
interface CsvFeed {
  schoolYear: number
  mode: Feed['mode']
  files: { file: CsvFile; mapping: CsvMapping }[]
  /** Establishment of the rows that name none. */
  uai: string | undefined
  /** Level of the establishments that rows name. */
  level: Level | undefined
}

// Beyond, who answers for whom would not fit in memory.
const mostNamed = 500_000

/** An establishment that rows name, which no file describes. */
interface Mention {
  name: string | undefined
  level: Level | undefined
  groups: NamedGroup[]
  /** Codes of its classes that rows take away. */
  removed: Set<string>
  file: number
  line: number
}

/**
 * Stages a set of CSV files. They are read twice: first for the establishments they name and for who answers for whom,
 * since a pupil's record holds both.
 */
export function readCsvFeed(feed: CsvFeed, options: ReadingOptions): Promise<FeedReading> {
  const files = feed.files.map(({ file, mapping }, number) => ({
    file,
    number,
    shape: shapeOf(file.headers, mapping, feed.uai),
  }))
  const gathering = new Gathering(feed, options)
  return readRecords(
    feed,
    {
      establishments: () => gathering.read(files),
      others: (known) => {
        const { links, rowIdentifiers } = gathering
        return readPeople(files, { ...known, links, rowIdentifiers }, gathering, options)
      },
    },
    options,
  )
}

interface ShapedFile {
  file: CsvFile
  number: number
  shape: CsvShape
}

/** What the first reading gathers. */
class Gathering {
  /** Who answers for each pupil. */
  readonly links = new Map<string, GuardianLink[]>()
  /** What is doubtful about a guardian's children. */
  private readonly doubts = new Map<string, string[]>()
  readonly speaksOfGuardians: boolean
  private readonly rowGuardians = new RowGuardians()
  /** Identifiers of the guardians of each pupil's row. */
  rowIdentifiers: ReadonlyMap<string, RowIdentifiers> = new Map()
  /** Guardians without an identifier of their own, by the one their names give: how each is reached. */
  private readonly namesakes = new Map<string, Set<string>>()
  private readonly told = new Map<string, string>()
  private readonly guardianNames = new Map<string, string>()
  private readonly mentions = new Map<string, Mention>()
  private readonly children = new Map<string, KnownPupil[]>()
  private readonly feed: CsvFeed
  private readonly options: ReadingOptions
  private readonly isDelta: boolean

  constructor(feed: CsvFeed, options: ReadingOptions) {
    this.feed = feed
    this.options = options
    this.isDelta = feed.mode === 'delta'
    this.speaksOfGuardians = feed.files.some(
      ({ mapping }) =>
        mapping.kind === 'guardian' || Object.values(mapping.columns).some((field) => field.startsWith('guardian')),
    )
  }

  /** Whether a pupil has no other guardians than those told here: a delta tells all of those of a row, and adds others. */
  tellsAllGuardians(shape: CsvShape): boolean {
    return this.isDelta ? shape.guardians.length > 0 : this.speaksOfGuardians
  }

  async *read(files: ShapedFile[]): AsyncGenerator<PlacedOutcome> {
    for (const file of ofKind(files, 'class')) yield* this.readClasses(file)
    for (const file of [...ofKind(files, 'pupil'), ...ofKind(files, 'staff')]) await this.readPlaces(file)
    for (const file of ofKind(files, 'guardian')) await this.readNamesakes(file)
    for (const file of ofKind(files, 'guardian')) await this.readLinks(file)
    this.children.clear()
    const { identifiers, links } = await this.rowGuardians.resolve(this.options.findAccepted)
    this.rowIdentifiers = identifiers
    for (const [pupil, of] of links) this.links.set(pupil, [...(this.links.get(pupil) ?? []), ...of])
    yield* this.readEstablishments(ofKind(files, 'establishment'))
  }

  /** Those that files describe, then those that rows only name. A delta leaves the accepted ones as they are. */
  private async *readEstablishments(files: ShapedFile[]): AsyncGenerator<PlacedOutcome> {
    const { findAccepted } = this.options
    const described = new Set<string>()
    for (const { file, number, shape } of files) {
      for await (const { values, line, bytes } of readCsvRows(file)) {
        const outcome = readCsvEstablishment(values, shape)
        if (outcome.fate === 'accepted') {
          const { externalId: uai } = outcome
          described.add(uai)
          const accepted = this.isDelta ? (await findAccepted('establishment', [uai])).get(uai) : undefined
          outcome.groups.push(...this.listGroups(uai, accepted))
          outcome.standing = accepted?.groups
        }
        yield { kind: 'establishment', outcome, file: number, line, bytes }
      }
    }
    const named = [...this.mentions.keys()].filter((uai) => !described.has(uai))
    const before = this.isDelta ? await findAccepted('establishment', named) : new Map<string, AcceptedState>()
    for (const uai of named) {
      const { name, level, groups, removed, file, line } = this.mentions.get(uai)!
      const accepted = before.get(uai)
      if (accepted && groups.length + removed.size === 0) continue
      const body = (accepted?.body as EstablishmentBody | undefined) ?? {
        name: name ?? uai,
        uai,
        level,
        mentioned: true,
      }
      const declared = this.listGroups(uai, accepted)
      yield {
        kind: 'establishment',
        outcome: {
          fate: 'accepted',
          externalId: uai,
          establishmentRef: uai,
          body,
          groups: declared,
          standing: accepted?.groups,
          warnings: [],
        },
        file,
        line,
        bytes: 0,
      }
    }
  }

  /** The classes that an establishment declares: those of a delta, beside those accepted before. */
  private listGroups(uai: string, accepted: AcceptedState | undefined): NamedGroup[] {
    const { groups = [], removed = new Set<string>() } = this.mentions.get(uai) ?? {}
    const said = new Set([...groups.map(({ code }) => code), ...removed])
    const others = (accepted?.groups ?? []).filter(({ kind, code }) => kind === 'group' || !said.has(code))
    return [...others, ...groups]
  }

  private mention(uai: string, name: string | undefined, file: number, line: number): Mention {
    let mention = this.mentions.get(uai)
    if (!mention)
      this.mentions.set(uai, (mention = { name, level: this.feed.level, groups: [], removed: new Set(), file, line }))
    mention.name ??= name
    return mention
  }

  /** Classes are declared by their establishment; what cannot be read, or comes twice, is told row by row. */
  private async *readClasses({ file, number, shape }: ShapedFile): AsyncGenerator<PlacedOutcome> {
    const seen = new Set<string>()
    for await (const { values, line, bytes } of readCsvRows(file)) {
      const reading = () => {
        const record = new CsvRecord(values, shape)
        const { establishment, code, name } = readCsvClass(record)
        const externalId = `${establishment}$${code}`
        if (seen.has(externalId)) throw new Unusable('identifier_twice', 'Another row declares the same class.')
        seen.add(externalId)
        const mention = this.mention(establishment, record.text('establishmentName'), number, line)
        if (record.deleted) mention.removed.add(code)
        else mention.groups.push({ kind: 'class', establishment, code, name })
        return { externalId, rule: 'declared' }
      }
      const outcome = readOutcome('', reading, () => keepCsvRow(values, shape, this))
      if (outcome.fate === 'quarantined') yield { kind: 'class', outcome, file: number, line, bytes }
    }
  }

  private async readPlaces({ file, number, shape }: ShapedFile): Promise<void> {
    for await (const { values, line } of readCsvRows(file)) {
      this.options.signal.throwIfAborted()
      const record = tryRecord(values, shape)
      if (!record || record.deleted) continue
      if (record.uai !== undefined) this.mention(record.uai, record.text('establishmentName'), number, line)
      if (shape.mapping.kind !== 'pupil' || !this.speaksOfGuardians) continue
      this.note(record)
      const id = tryIdentify(record)
      if (id !== undefined) this.rowGuardians.note(id, values, shape)
    }
  }

  private note(record: CsvRecord): void {
    const id = tryIdentify(record)
    if (id === undefined) return
    const { familyName, birthFamilyName, givenName } = record.names()
    const known = { id, bornOn: record.text('bornOn'), classes: record.list('class').map(toSearchKey) }
    for (const name of new Set([familyName, birthFamilyName ?? familyName])) {
      const key = `${toSearchKey(name)}|${toSearchKey(givenName)}`
      this.children.set(key, [...(this.children.get(key) ?? []), known])
    }
    if (this.children.size > mostNamed) {
      throw new FeedRefusal('csv_too_many', `More than ${mostNamed} pupils named by files of guardians.`)
    }
  }

  private async readNamesakes({ file, shape }: ShapedFile): Promise<void> {
    for await (const { values } of readCsvRows(file)) {
      this.options.signal.throwIfAborted()
      const record = tryRecord(values, shape)
      const id = record && tryIdentify(record)
      if (!record || id === undefined) continue
      if (!this.guardianNames.has(id)) this.guardianNames.set(id, nameKey(record))
      if (this.guardianNames.size > mostNamed) {
        throw new FeedRefusal('csv_too_many', `More than ${mostNamed} guardians in one import.`, { file: file.name })
      }
      if (record.text('id') !== undefined) continue
      this.namesakes.set(id, (this.namesakes.get(id) ?? new Set()).add(describeGuardian(record)))
    }
  }

  /**
   * The identifier of a guardian. Namesakes that nothing but their names identifies are told apart by how to reach them,
   * or by their children: nobody may be taken for the parent of somebody else's child.
   */
  identifyGuardian(record: CsvRecord): string {
    const id = identifyPerson(record)
    const alike = this.namesakes.get(id)
    return alike && alike.size > 1 ? deriveIdentifier([id, describeGuardian(record)]) : id
  }

  /** Once a child, in many files: the first row says who it is, the others only whose guardian. */
  tellGuardian(outcome: Outcome & { fate: 'accepted' }): Outcome {
    const { externalId, familyKey, givenKey } = outcome
    const name = `${familyKey} ${givenKey}`
    if (this.told.get(externalId) === name) return { fate: 'ignored', externalId, rule: 'guardian_repeated' }
    this.told.set(externalId, name)
    outcome.warnings.push(...(this.doubts.get(externalId) ?? []))
    return outcome
  }

  private async readLinks({ file, shape }: ShapedFile): Promise<void> {
    for await (const { values } of readCsvRows(file)) {
      this.options.signal.throwIfAborted()
      const record = tryRecord(values, shape)
      if (!record || record.deleted || tryIdentify(record) === undefined) continue
      const id = this.identifyGuardian(record)
      // The same identifier for someone else: that row will be set aside, and its children with it.
      if (record.text('id') !== undefined && this.guardianNames.get(id) !== nameKey(record)) continue
      const link = readLink(record, id)
      for (const child of record.children) {
        const told = child.childId?.split('|')
        const found = told ?? this.findChildren(child)
        if (told === undefined && found.length !== 1) {
          const doubt = found.length === 0 ? 'child_unknown' : 'child_ambiguous'
          this.doubts.set(id, [...(this.doubts.get(id) ?? []), doubt])
          continue
        }
        for (const pupil of found) this.links.set(pupil, [...(this.links.get(pupil) ?? []), link])
      }
    }
  }

  /** Pupils of a child's names, and of its class and birth date where these are told. */
  private findChildren(child: CsvRecord['children'][number]): string[] {
    const given = toSearchKey(child.childGivenName ?? '')
    const names = [child.childFamilyName, child.childUsualFamilyName].filter((name) => name !== undefined)
    const called = names.flatMap((name) => this.children.get(`${toSearchKey(name)}|${given}`) ?? [])
    const group = toSearchKey(child.childClass ?? '')
    const fit = called.filter(
      ({ bornOn, classes }) =>
        (group === '' || classes.includes(group)) &&
        (child.childBornOn === undefined || bornOn === undefined || bornOn === child.childBornOn),
    )
    return [...new Set(fit.map(({ id }) => id))]
  }
}

function nameKey(record: CsvRecord): string {
  const { familyKey, givenKey } = keysOf(record.names())
  return `${familyKey} ${givenKey}`
}

/** What tells a guardian from another of the same names. */
function describeGuardian(record: CsvRecord): string {
  const address = record.text('street') === undefined ? undefined : `${record.text('street')} ${record.text('town')}`
  const reached = record.text('email') ?? record.text('mobile') ?? record.text('phone') ?? address
  return toSearchKey(reached ?? JSON.stringify(record.children))
}

interface KnownPupil {
  id: string
  bornOn: string | undefined
  classes: string[]
}

function ofKind(files: ShapedFile[], kind: CsvMapping['kind']): ShapedFile[] {
  return files.filter(({ shape }) => shape.mapping.kind === kind)
}

/** The values of a row; undefined when it cannot be read, which the second reading tells. */
function tryRecord(values: string[], shape: CsvShape): CsvRecord | undefined {
  try {
    return new CsvRecord(values, shape)
  } catch (error) {
    if (error instanceof Unusable) return undefined
    throw error
  }
}

function tryIdentify(record: CsvRecord): string | undefined {
  try {
    return identifyPerson(record)
  } catch (error) {
    if (error instanceof Unusable) return undefined
    throw error
  }
}

async function* readPeople(
  files: ShapedFile[],
  context: CsvContext,
  gathering: Gathering,
  options: ReadingOptions,
): AsyncGenerator<PlacedOutcome> {
  for (const file of files) {
    const { kind } = file.shape.mapping
    if (kind === 'class' || kind === 'establishment') continue
    const rows = readRows(file, kind, context, gathering)
    yield* kind === 'pupil' && !gathering.tellsAllGuardians(file.shape) ? keepGuardians(rows, options) : rows
  }
}

async function* readRows(
  { file, number, shape }: ShapedFile,
  kind: 'pupil' | 'guardian' | 'staff',
  context: CsvContext,
  gathering: Gathering,
): AsyncGenerator<PlacedOutcome> {
  const identify = kind === 'guardian' ? (record: CsvRecord) => gathering.identifyGuardian(record) : identifyPerson
  for await (const { values, line, bytes } of readCsvRows(file)) {
    const outcome = readCsvPerson(values, shape, context, identify)
    if (outcome.fate === 'quarantined') {
      const refused = keepCsvRow(values, shape, context)
      yield { kind, outcome: { ...outcome, refused }, file: number, line, bytes }
      continue
    }
    const told = kind === 'guardian' && outcome.fate === 'accepted' ? gathering.tellGuardian(outcome) : outcome
    yield { kind, outcome: told, file: number, line, bytes }
    if (kind !== 'pupil' || outcome.fate !== 'accepted') continue
    for (const guardian of readRowGuardians(values, shape, context.rowIdentifiers.get(outcome.externalId))) {
      const said = guardian.fate === 'accepted' ? gathering.tellGuardian(guardian) : guardian
      yield { kind: 'guardian', outcome: said, file: number, line, bytes: 0 }
    }
  }
}
