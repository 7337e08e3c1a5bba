/**
 * A table as CSV that office programs open: semicolons (French settings take commas for decimals), UTF-8 with its mark,
 * CRLF. A cell that such a program would run as a formula gets an apostrophe in front (OWASP, CSV injection); a figure
 * below zero is none.
 */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return `\uFEFF${toCsvRows(rows)}`
}

/** Rows that follow the first ones of such a table. */
export function toCsvRows(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(toCell).join(';')}\r\n`).join('')
}

function toCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) && !/^-\d+(?:[.,]\d+)?$/.test(text) ? `'${text}` : text
  return /[";\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
