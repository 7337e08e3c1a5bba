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
  /** As `hashOf` writes it, where it is known already or a record is staged again as it was; else that of the body. */
  hash?: string | null
  familyKey?: string | undefined
  givenKey?: string | undefined
}

/** The first half of a body's SHA-256, in hexadecimal: two bodies alike, no change. */
export function hashOf(body: string): string {
  return hash('sha256', body).slice(0, 32)
}

/** Writes a row in COPY's text format. */
export function rowOf(row: StagedRow): string {
  const digest = row.hash ?? hashOf(row.body)
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
