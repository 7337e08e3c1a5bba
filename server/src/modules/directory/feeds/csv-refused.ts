import type { CsvField, CsvMapping } from './csv-mapping.ts'
import {
  type CsvContext,
  CsvRecord,
  type CsvShape,
  type GuardianLink,
  identifyPerson,
  readCsvClassAgain,
  readCsvEstablishment,
  readCsvPerson,
  toShape,
} from './csv-records.ts'
import { readRowGuardians } from './csv-row-guardians.ts'
import { type FeedContext, type Outcome, Unusable } from './records.ts'

/** What is kept of a row that is set aside: the columns that are read, and what other rows told of it. */
export interface RefusedCsv {
  of: 'csv'
  kind: CsvMapping['kind']
  profile?: CsvMapping['profile']
  uai: string | undefined
  /** Name of the column, field, value. */
  cells: [string, CsvField, string][]
  /** Whether as many values stood under no header, or were missing. */
  excess: number
  /** Of a pupil: who answers for it, as this row and others say, and the identifiers of those of this row. */
  guardians: GuardianLink[]
  rowIdentifiers?: Record<number, string> | undefined
}

/** Keeps a row. @param context who answers for pupils. */
export function keepCsvRow(
  values: string[],
  shape: CsvShape,
  context: Pick<CsvContext, 'links' | 'rowIdentifiers'>,
): RefusedCsv {
  const { kind, profile } = shape.mapping
  const pupil = kind === 'pupil' ? (tryIdentify(values, shape) ?? '') : ''
  const cells = shape.allFields.flatMap((field, index): RefusedCsv['cells'] =>
    field === null ? [] : [[shape.names[index]!, field, values[index] ?? '']],
  )
  return {
    of: 'csv',
    kind,
    profile,
    uai: shape.uai,
    cells,
    excess: values.length - shape.fields.length,
    guardians: context.links.get(pupil) ?? [],
    rowIdentifiers: context.rowIdentifiers.get(pupil),
  }
}

function tryIdentify(values: string[], shape: CsvShape): string | undefined {
  try {
    return identifyPerson(new CsvRecord(values, shape))
  } catch (error) {
    if (error instanceof Unusable) return undefined
    throw error
  }
}

/** Reads a row again that was set aside: what it is of, then the guardians of its pupil. */
export function rereadCsv(refused: RefusedCsv, context: FeedContext): [Outcome, ...Outcome[]] {
  const { kind, profile, uai, cells, excess, guardians, rowIdentifiers } = refused
  const fields = cells.map(([, field]) => field)
  const names = cells.map(([name]) => name)
  const shape = toShape({ kind, profile, columns: {} }, fields, names, uai)
  const values = cells.map(([, , value]) => value)
  // A row whose values were shifted against the headers cannot be read any better now.
  const row =
    excess > 0 ? [...values, ...Array<string>(excess).fill('')] : excess < 0 ? values.slice(0, excess) : values
  if (kind === 'establishment') return [readCsvEstablishment(row, shape)]
  if (kind === 'class') return [readCsvClassAgain(row, shape, context)]
  const links = { get: () => guardians }
  const outcome = readCsvPerson(row, shape, { ...context, links, rowIdentifiers: new Map() }, identifyPerson)
  return outcome.fate === 'accepted' ? [outcome, ...readRowGuardians(row, shape, rowIdentifiers)] : [outcome]
}
