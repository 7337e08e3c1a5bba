import type { Writable } from 'node:stream'
import type { Day } from '#kernel/time'
import type { RecordKind, Refusal, RowCounts, SourceKind } from '../tables.ts'
import type { CsvDescription, CsvMapping } from './csv-mapping.ts'
import type { AcceptedState } from './records.ts'

/** Why a whole feed cannot be used, and where. Nothing of it is kept. */
export class FeedRefusal extends Error {
  override readonly name = 'FeedRefusal'
  readonly refusal: Refusal

  constructor(code: string, detail: string, at: { file?: string; line?: number; column?: number } = {}) {
    super(detail)
    this.refusal = { code, detail, file: at.file ?? null, line: at.line ?? null, column: at.column ?? null }
  }
}

/** A feed found whole in a folder: what it is, and how its records are read. */
export interface Feed {
  kind: SourceKind
  /** What tells its source from the others of its kind: the code of an academy, a UAI, a name given to it. */
  key: string
  /** What people call its source. */
  sourceName: string
  academyCode: string | null
  /** `full`: what its source no longer holds is gone; `delta`: only what it says changes. */
  mode: 'full' | 'delta'
  /** The kinds of records it speaks for: a full feed makes no other kind disappear. */
  kinds: readonly RecordKind[]
  exportedOn: Day
  /** Year in which the school year of the export starts: 1 September to 31 August. */
  schoolYear: number
  files: { name: string; bytes: number }[]
  /** Of all its files. */
  bytes: number
  /** Stages its records. @throws FeedRefusal when a file cannot be used; what was staged is then worth nothing. */
  read(options: ReadingOptions): Promise<FeedReading>
}

export interface ReadingOptions {
  /** Opens a COPY into the partition of the import. */
  openCopy: () => Promise<Writable>
  /** Identifiers that can be referred to; asked once the establishments are staged. */
  listEstablishments: () => Promise<Set<string>>
  /** What was accepted of some records of this source, for those that only say what changes. Unknown ones are left out. */
  findAccepted: (kind: RecordKind, externalIds: string[]) => Promise<Map<string, AcceptedState>>
  onProgress: (bytesRead: number) => void
  signal: AbortSignal
}

/** What reading a whole feed told, beside the rows it gave. */
export interface FeedReading {
  /** Links left out, by reason. */
  warnings: Map<string, number>
  /** Classes and groups that were read, stay as they were accepted, and were not staged. */
  unchanged?: { kind: 'class' | 'group'; externalId: string }[]
  /** What became of every row, by file: of formats whose records gather rows of several files. */
  rows?: ReadonlyMap<string, RowCounts>
}

/** One kind of files that people and information systems send. */
export interface FeedFormat {
  kind: SourceKind
  /** Whether a file of this name can be one of its files; nothing else is received, so it holds no path. */
  isFileName(name: string): boolean
  /** Name of a file that no other format has: where it is, every file is of this one. */
  marker?: string
  /**
   * Finds out what a folder holds, from the names of its files and their first lines.
   * @param given what the starter of the import adds, for feeds that do not say it themselves.
   * @throws FeedRefusal when it is not whole, not one, or not what it should be.
   */
  inspect(folder: string, given: GivenFeed): Promise<Feed>
}

/** What whoever starts an import says of it. */
export interface GivenFeed {
  /** Code of the academy, for feeds that do not bear one. */
  academy?: string | undefined
  /** Name of the source, for feeds that do not bear one, or to tell it from another. */
  source?: string | undefined
  /** Day of the export, for feeds that do not bear it. */
  exportedOn?: Day | undefined
  /** The day itself, which stands for that of an export that nobody knows. */
  today?: Day | undefined
  /** Kind of feed, where names of files do not tell it. */
  kind?: SourceKind | undefined
  /** Whether it is a delta, for feeds that do not say it. */
  mode?: Feed['mode'] | undefined
  /** Year in which its school year starts, for feeds that do not say it. */
  schoolYear?: number | undefined
  /** Establishment, for feeds that do not say which one they come from. */
  uai?: string | undefined
  /** What the columns of CSV files hold. */
  description?: CsvDescription | undefined
  /** What the columns of files of these headers held the last time. @param headerKey as `toHeaderKey` makes it. */
  findMapping?: ((headerKey: string) => Promise<{ source: string; mapping: CsvMapping } | undefined>) | undefined
}

/** Day of an export that does not bear it. @throws FeedRefusal when nobody says it. */
export function givenDay({ exportedOn, today }: GivenFeed): Day {
  const day = exportedOn ?? today
  if (day === undefined) throw new FeedRefusal('date_unknown', 'The files bear no date: give the day of the export.')
  return day
}

/** The year in which the school year of a day starts: it runs from 1 September to 31 August. */
export function schoolYearOf(day: Day): number {
  return Number(day.slice(0, 4)) - (day.slice(5, 7) < '09' ? 1 : 0)
}
