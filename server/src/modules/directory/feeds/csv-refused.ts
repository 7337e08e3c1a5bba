import type { CsvField, CsvMapping } from './csv-mapping.ts'
import {
  type CsvContext,
  CsvRecord,
  type CsvShape,
  type GuardianLink,
  identifyPerson,
  readCsvEstablishment,
  readCsvPerson,
} from './csv-records.ts'
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
  /** Of a pupil: who answers for it, as other rows say. */
  guardians: GuardianLink[]
}

/** Keeps a row. @param links guardians of pupils, as other rows say. */
export function keepCsvRow(values: string[], shape: CsvShape, links: CsvContext['links']): RefusedCsv {
  const { kind, profile } = shape.mapping
  const guardians = kind === 'pupil' ? (links.get(tryIdentify(values, shape) ?? '') ?? []) : []
  const cells = shape.fields.flatMap((field, index): RefusedCsv['cells'] =>
    field === null ? [] : [[shape.names[index]!, field, values[index] ?? '']],
  )
  return { of: 'csv', kind, profile, uai: shape.uai, cells, excess: values.length - shape.fields.length, guardians }
}

function tryIdentify(values: string[], shape: CsvShape): string | undefined {
  try {
    return identifyPerson(new CsvRecord(values, shape))
  } catch (error) {
    if (error instanceof Unusable) return undefined
    throw error
  }
}

/** Reads a row again that was set aside. */
export function rereadCsv({ kind, profile, uai, cells, excess, guardians }: RefusedCsv, context: FeedContext): Outcome {
  const shape: CsvShape = {
    mapping: { kind, profile, columns: {} },
    fields: cells.map(([, field]) => field),
    names: cells.map(([name]) => name),
    uai,
  }
  const values = cells.map(([, , value]) => value)
  // A row whose values were shifted against the headers cannot be read any better now.
  const row =
    excess > 0 ? [...values, ...Array<string>(excess).fill('')] : excess < 0 ? values.slice(0, excess) : values
  if (kind === 'establishment') return readCsvEstablishment(row, shape)
  const links = { get: () => guardians }
  return readCsvPerson(row, shape, { ...context, links }, identifyPerson)
}
