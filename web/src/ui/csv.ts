/** A column of a CSV: its name and what it holds of each row. */
interface CsvColumn<Row> {
  head: string
  value?: (row: Row) => string | number | null
}

/**
 * Rows as CSV (RFC 4180), with the byte order mark that spreadsheets need to read accents. A text that a spreadsheet would
 * run as a formula begins with an apostrophe.
 */
export function toCsv<Row>(columns: CsvColumn<Row>[], rows: Row[], separator: string): string {
  const kept = columns.flatMap(({ head, value }) => (value ? [{ head, value }] : []))
  const lines = [kept.map(({ head }) => head), ...rows.map((row) => kept.map(({ value }) => value(row)))]
  return `\uFEFF${lines.map((cells) => cells.map((cell) => toCell(cell, separator)).join(separator)).join('\r\n')}\r\n`
}

function toCell(value: string | number | null, separator: string): string {
  if (value === null) return ''
  if (typeof value === 'number') return separator === ';' ? String(value).replace('.', ',') : String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /["\r\n;,]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Gives a file to whoever reads. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
