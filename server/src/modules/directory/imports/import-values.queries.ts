import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { FieldValue } from './imports.routes.ts'
import type { RecordKind } from '../tables.ts'

/** A field of a changed record, as its body holds it. */
export interface RawField {
  field: string
  before: unknown
  after: unknown
}

/** Names of the records that others refer to, by kind and identifier. */
type Names = Map<string, string>

// Which kind of record the identifiers in a field, or in a key of its links, refer to.
const references: Partial<Record<string, RecordKind>> = {
  guardians: 'guardian',
  establishment: 'establishment',
  mef: 'mef',
  subjects: 'subject',
}

/** Finds what the records are called that some fields refer to: those accepted, else those of the import's stage. */
export async function findReferenceNames(
  tx: Tx,
  { importId, sourceId }: { importId: string; sourceId: string | null },
  fields: RawField[],
): Promise<Names> {
  const wanted = new Map<string, { kind: RecordKind; id: string }>()
  const note = (kind: RecordKind | undefined, id: unknown) => {
    if (kind && typeof id === 'string') wanted.set(`${kind} ${id}`, { kind, id })
  }
  for (const { field, before, after } of fields) {
    for (const value of [before, after]) {
      if (typeof value === 'string') note(references[field], value)
      for (const item of toList(value)) {
        for (const [key, each] of Object.entries(isRecord(item) ? item : {})) {
          const kind = key === 'id' ? references[field] : references[key]
          for (const id of [each].flat()) note(kind, id)
        }
      }
    }
  }
  if (wanted.size === 0) return new Map()
  const kinds = [...wanted.values()].map(({ kind }) => kind)
  const ids = [...wanted.values()].map(({ id }) => id)
  const { rows } = await sql<{ kind: RecordKind; id: string; name: string | null }>`
    select w.kind, w.id, directory.record_label(coalesce(r.body, s.body)) as name
    from unnest(${kinds}::text[], ${ids}::text[]) as w (kind, id)
    left join directory.source_record r on r.source_id = ${sourceId} and r.kind = w.kind and r.external_id = w.id
    left join directory.staged_record s on s.import_id = ${importId} and s.kind = w.kind and s.external_id = w.id
      and s.change in ('added', 'modified') and r.body is null`.execute(tx)
  return new Map(rows.flatMap(({ kind, id, name }) => (name ? [[`${kind} ${id}`, name] as const] : [])))
}

/**
 * A value as it is shown: a text, or a list of texts and links. Identifiers become the names of what they refer to; codes
 * stay codes, for the reader's language tells them.
 */
export function toFieldValue(field: string, value: unknown, names: Names): FieldValue {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.map((item: unknown) => toItem(field, item, names))
  return nameOf(references[field], toText(value), names)
}

function toItem(field: string, item: unknown, names: Names): string | Record<string, string> {
  if (!isRecord(item)) return toGroupName(toText(item))
  return Object.fromEntries(
    Object.entries(item).flatMap(([key, value]) => {
      if (value === false || value === null || (Array.isArray(value) && value.length === 0)) return []
      if (key === 'ref') return [[key, toGroupName(toText(value))]]
      const kind = key === 'id' ? references[field] : references[key]
      const texts = (Array.isArray(value) ? value : [value]).map((each: unknown) => nameOf(kind, toText(each), names))
      return [[key, texts.join(', ')]]
    }),
  )
}

const nameOf = (kind: RecordKind | undefined, id: string, names: Names) => (kind && names.get(`${kind} ${id}`)) ?? id

/** `establishment$code` of a class → its code. */
const toGroupName = (text: string) => text.slice(text.indexOf('$') + 1)

const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
