import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { isDay } from '#kernel/time'

// Who is where, page by page, for systems that are given a part of the directory: the organisations of a perimeter, the
// classes they show, the people who belong to them; and which of them are there no more. Nothing else is read.

/** What a system may read. */
export interface RosterScope {
  /** An establishment, a territory or a partner; null for the whole tenant. */
  perimeter: string | null
  /** What left since this instant is told too, as departed; null: what is there, and nothing else. */
  departedSince: Date | null
}

export type RosterOperator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'contains'

/** Which rows, in which order, and how many. */
export interface RosterQuery {
  conditions: { column: string; operator: RosterOperator; value: string }[]
  /** How conditions are joined. */
  every: boolean
  order: { column: string; descending: boolean }[]
  limit: number
  offset: number
}

export interface RosterPage<Row> {
  rows: Row[]
  /** Of all pages. */
  total: number
}

/** What every row tells of itself. */
export interface RosterRow {
  id: string
  /** Whether it is there no more, as far as the perimeter goes. */
  departed: boolean
  /** When it last changed, or departed. */
  changedAt: Date
}

type ColumnKind = 'uuid' | 'text' | 'day' | 'time'
type Column = { [Kind in ColumnKind]: { kind: Kind; value: RawBuilder<unknown> } }[ColumnKind]
export const text = (value: RawBuilder<unknown>): Column => ({ kind: 'text', value })
export const day = (value: RawBuilder<unknown>): Column => ({ kind: 'day', value })
const time = (value: RawBuilder<unknown>): Column => ({ kind: 'time', value })
const uuid = (value: RawBuilder<unknown>): Column => ({ kind: 'uuid', value })

interface Collection {
  /** Rows, under the alias `x`, with columns `id` and `departed_at`. */
  from: RawBuilder<unknown>
  where: RawBuilder<unknown>
  /** What can be asked of and ordered by, beside the identifier, the status and the instant of the last change. */
  columns: Record<string, Column>
  /** When a row that is there last changed. */
  changedAt: RawBuilder<unknown>
  output: RawBuilder<unknown>
}

/** SQL condition: an establishment is of the perimeter; `any`: though it be gone. */
export const isWithin = (
  { perimeter }: RosterScope,
  organisation: RawBuilder<unknown>,
  which: 'present' | 'any' = 'present',
) =>
  // A list made once a statement, rather than a search for each row.
  sql<boolean>`${organisation} in (select o.id from directory.organisation o
    left join directory.organisation t on t.id = o.parent_id
    where o.kind = 'establishment' and (${which === 'any'} or o.gone_on is null)
      and (${perimeter}::uuid is null or ${perimeter}::uuid in (o.id, o.parent_id, t.parent_id)))`

/** SQL: when it was made. Identifiers are UUIDs of version 7, which hold that instant. */
export const madeAt = (of: RawBuilder<unknown>) =>
  sql`to_timestamp(('x' || translate(left(${of}::text, 13), '-', ''))::bit(48)::bigint / 1000.0)`

/** SQL: when a feed last said something else of it, that it is gone included, or when it was made by hand. */
export const changedAt = (of: RawBuilder<unknown>) =>
  sql`coalesce((select max(r.changed_at) from directory.source_record r where r.subject_id = ${of}), ${madeAt(of)})`

export const id = sql`x.id`

export async function readPage<Row extends RosterRow>(
  tx: Tx,
  { departedSince }: Pick<RosterScope, 'departedSince'>,
  collection: Collection,
  query: RosterQuery,
): Promise<RosterPage<Row>> {
  const { from, output } = collection
  // As it is told, to the millisecond: whoever asks for what came after an instant is not told that instant again.
  const changed = sql`date_trunc('milliseconds', coalesce(x.departed_at, ${collection.changedAt}))`
  const columns: Record<string, Column> = {
    id: uuid(id),
    ...collection.columns,
    // In the words of OneRoster, whose systems ask.
    status: text(sql`case when x.departed_at is null then 'active' else 'tobedeleted' end`),
    changedAt: time(changed),
  }
  const column = (name: string): Column => {
    const found = columns[name]
    if (!found) throw new Problem(400, 'column_unknown', `There is no column ${name}.`)
    return found
  }
  const conditions = query.conditions.map(({ column: name, operator, value }) => compare(column(name), operator, value))
  const asked =
    conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, query.every ? sql` and ` : sql` or `)})`
  const where = sql`(x.departed_at is null or x.departed_at >= ${departedSince}::timestamptz)
    and ${collection.where} and ${asked}`
  const order = sql.join([
    ...query.order.map(({ column: name, descending }) =>
      descending ? sql`${column(name).value} desc nulls last` : sql`${column(name).value} nulls last`,
    ),
    id,
  ])
  const count = await sql<{ total: number }>`select count(*) as total from ${from} where ${where}`.execute(tx)
  const { rows } =
    await sql<Row>`select x.id, x.departed_at is not null as departed, ${changed} as "changedAt", ${output}
    from (select x.* from ${from} where ${where} order by ${order} limit ${query.limit} offset ${query.offset}) x
    order by ${order}`.execute(tx)
  return { rows, total: count.rows[0]?.total ?? 0 }
}

const operators = { '=': sql`=`, '!=': sql`is distinct from`, '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` }

function compare(column: Column, operator: RosterOperator, value: string): RawBuilder<unknown> {
  const { kind, value: expression } = column
  if (operator === 'contains') return sql`strpos(lower(${expression}::text), lower(${value})) > 0`
  if ((kind === 'day' && !isDay(value)) || (kind === 'time' && !isInstant.test(value))) {
    throw new Problem(400, 'value_invalid', 'A value is not what its column holds.')
  }
  const sign = operators[operator]
  switch (kind) {
    case 'text':
      return sql`${expression}::text ${sign} ${value}::text`
    case 'day':
      return sql`${expression} ${sign} ${value}::date`
    case 'time':
      return sql`${expression} ${sign} ${value}::timestamptz`
    case 'uuid':
      // Something that is no identifier is nobody's.
      return isUuid.test(value) ? sql`${expression} ${sign} ${value}::uuid` : sql.lit(operator === '!=')
  }
}

const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/
const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
