import { hash } from 'node:crypto'
import type { RecordKind } from '../tables.ts'

/** Columns of directory.staged_record in the order `rowOf` writes them; the others have defaults in the partition. */
export const stagedColumns =
  'kind, external_id, change, subject_id, establishment_ref, file, line, hash, body, family_key, given_key'

/** A row to stage; `body` is JSON text. */
export interface StagedRow {
  kind: RecordKind
  externalId: string | null
  change: 'added' | 'removed' | 'quarantined' | 'ignored'
  subjectId: string
  establishmentRef?: string | null
  file: number
  line: number
  body: string
  /** In hexadecimal, where a record is staged again as it was; else that of the body. */
  hash?: string | null
  familyKey?: string | undefined
  givenKey?: string | undefined
}

/** Writes a row in COPY's text format. The hash is the first half of the body's SHA-256: two bodies alike, no change. */
export function rowOf(row: StagedRow): string {
  const digest = row.hash ?? hash('sha256', row.body).slice(0, 32)
  // JSON text holds no raw tab nor line end; only its backslashes need another one.
  const body = row.body.includes('\\') ? row.body.replaceAll('\\', '\\\\') : row.body
  return (
    `${row.kind}\t${textOf(row.externalId)}\t${row.change}\t${row.subjectId}\t${textOf(row.establishmentRef)}\t` +
    `${row.file}\t${row.line}\t\\\\x${digest}\t${body}\t${textOf(row.familyKey)}\t${textOf(row.givenKey)}\n`
  )
}

const special = /[\\\t\n\r]/
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function textOf(value: string | null | undefined): string {
  if (value === null || value === undefined) return '\\N'
  return special.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? '') : value
}
