import type { CsvField, CsvMapping } from './csv-mapping.ts'
import { CsvRecord, readCsvClass, readCsvEstablishment, readCsvPerson, shapeOf } from './csv-records.ts'
import { type CsvFile, readCsvRows } from './csv-text.ts'
import { readCsvValue } from './csv-values.ts'
import { type Outcome, readOutcome, Unusable } from './records.ts'

/** What a description would make of a file, shown before it is kept. */
export interface CsvPreview {
  /** Field of each column. */
  fields: (CsvField | null)[]
  rows: PreviewedRow[]
  /** Of the rows looked at. */
  counts: { read: number; accepted: number; setAside: number }
  /** Whether there are more rows than those looked at. */
  more: boolean
  /** Reasons for which rows are set aside, the most frequent first. */
  reasons: { code: string; detail: string; count: number; line: number }[]
}

interface PreviewedRow {
  line: number
  cells: { text: string; problem: string | null }[]
  /** Code of the reason for which the whole row is set aside. */
  problem: string | null
}

const looked = 5_000
const shown = 8
const longestCell = 80

/** Every establishment is taken for known: the import itself will tell. */
class AnyEstablishment extends Set<string> {
  override has(): boolean {
    return true
  }
}

/** Tries a description on the first rows of a file: the first of them, and those with a fault, are shown. */
export async function previewCsvFile(
  file: CsvFile,
  mapping: CsvMapping,
  uai: string | undefined,
  schoolYear: number,
): Promise<CsvPreview> {
  const shape = shapeOf(file.headers, mapping, uai)
  const context = { schoolYear, establishments: new AnyEstablishment(), links: new Map(), rowIdentifiers: new Map() }
  const read = (values: string[]): Outcome => {
    if (mapping.kind === 'establishment') return readCsvEstablishment(values, shape)
    if (mapping.kind !== 'class') return readCsvPerson(values, shape, context)
    return readOutcome('', () => {
      const { establishment, code } = readCsvClass(new CsvRecord(values, shape))
      return { externalId: `${establishment}$${code}`, rule: 'declared' }
    })
  }
  const preview: CsvPreview = {
    fields: shape.allFields,
    rows: [],
    counts: { read: 0, accepted: 0, setAside: 0 },
    more: false,
    reasons: [],
  }
  const reasons = new Map<string, CsvPreview['reasons'][number]>()
  for await (const { values, line } of readCsvRows(file)) {
    if (preview.counts.read === looked) {
      preview.more = true
      break
    }
    preview.counts.read++
    const outcome = read(values)
    const problem = outcome.fate === 'quarantined' ? outcome.code : null
    if (outcome.fate === 'quarantined') {
      preview.counts.setAside++
      const reason = reasons.get(outcome.detail)
      if (reason) reason.count++
      else reasons.set(outcome.detail, { code: outcome.code, detail: outcome.detail, count: 1, line })
    } else {
      preview.counts.accepted++
    }
    if (preview.rows.length < shown || (problem !== null && preview.rows.length < 2 * shown)) {
      const cells = shape.allFields.map((field, index) => toCell(field, values[index] ?? '', shape.names[index]!))
      preview.rows.push({ line, cells, problem })
    }
  }
  preview.reasons = [...reasons.values()].sort((a, b) => b.count - a.count).slice(0, 20)
  return preview
}

function toCell(field: CsvField | null, value: string, header: string): PreviewedRow['cells'][number] {
  const text = value.trim()
  const short = text.length > longestCell ? `${text.slice(0, longestCell)}…` : text
  if (field === null || text === '') return { text: short, problem: null }
  try {
    const read = readCsvValue(field, text, header)
    return { text: short, problem: 'warning' in read ? read.warning : null }
  } catch (error) {
    if (error instanceof Unusable) return { text: short, problem: error.code }
    throw error
  }
}

/** The first values of each column, to recognise it by. */
export async function sampleColumns(file: CsvFile): Promise<string[][]> {
  const samples = file.headers.map((): string[] => [])
  let read = 0
  for await (const { values } of readCsvRows(file)) {
    for (const [index, of] of samples.entries()) {
      const text = (values[index] ?? '').trim().slice(0, longestCell)
      if (text !== '' && of.length < 3 && !of.includes(text)) of.push(text)
    }
    if (++read === 50) break
  }
  return samples
}
