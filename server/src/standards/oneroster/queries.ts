import type { RosterOperator, RosterQuery } from '#modules/directory'
import { RosterRefusal } from './errors.ts'

/** What a collection is asked, as text. */
export interface CollectionQuery {
  limit?: string | undefined
  offset?: string | undefined
  sort?: string | undefined
  orderBy?: string | undefined
  filter?: string | undefined
  fields?: string | undefined
}

const defaultLimit = 100
/** A larger page is answered in part, as the standard allows; the links lead on. */
const mostRows = 1000

/**
 * Reads the parameters of a collection (OneRoster 1.2 REST binding §3.4: pagination, sorting, filtering).
 * @param columns fields that can be filtered and sorted by, and the column of each.
 * @throws RosterRefusal 400.
 */
export function readQuery(query: CollectionQuery, columns: Record<string, string>): RosterQuery {
  const { conditions, every } = readFilter(query.filter, columns)
  return {
    conditions,
    every,
    order: readOrder(query, columns),
    limit: Math.min(readNumber('limit', query.limit, defaultLimit, 1), mostRows),
    offset: readNumber('offset', query.offset, 0, 0),
  }
}

function readNumber(name: string, text: string | undefined, fallback: number, least: number): number {
  if (text === undefined || text === '') return fallback
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (number < least) throw new RosterRefusal(400, 'invaliddata', `${name} is not a number, ${least} or more.`)
  return number
}

function readOrder({ sort, orderBy = 'asc' }: CollectionQuery, columns: Record<string, string>) {
  if (orderBy !== 'asc' && orderBy !== 'desc') {
    throw new RosterRefusal(400, 'invaliddata', 'orderBy is neither asc nor desc.')
  }
  if (!sort) return []
  const column = columns[sort]
  // The binding has no minor code of its own for it.
  if (column === undefined) throw new RosterRefusal(400, 'invaliddata', `There is no sorting by ${named(sort)}.`)
  return [{ column, descending: orderBy === 'desc' }]
}

const operators: Record<string, RosterOperator> = {
  '=': '=',
  '!=': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
  '~': 'contains',
}
const clause = String.raw`([A-Za-z.]+)\s*(!=|>=|<=|=|>|<|~)\s*'((?:''|[^'])*)'`

/** `field='value'`, or two of them joined by AND or OR. */
function readFilter(
  filter: string | undefined,
  columns: Record<string, string>,
): Pick<RosterQuery, 'conditions' | 'every'> {
  if (filter === undefined || filter === '') return { conditions: [], every: true }
  // Pages of typesetting turn apostrophes; so do some clients.
  const found = new RegExp(`^${clause}(?: (AND|OR) ${clause})?$`).exec(filter.trim().replace(/[‘’]/g, "'"))
  if (!found) throw new RosterRefusal(400, 'invalid_filter_field', `The filter is not written field='value'.`)
  const [, field = '', operator = '', value = '', join, second, secondOperator = '', secondValue = ''] = found
  const toCondition = (name: string, sign: string, text: string) => {
    const column = columns[name]
    if (column === undefined) {
      throw new RosterRefusal(400, 'invalid_filter_field', `There is no filtering by ${named(name)}.`)
    }
    return { column, operator: operators[sign] ?? '=', value: text.replaceAll("''", "'") }
  }
  return {
    every: join !== 'OR',
    conditions: [
      toCondition(field, operator, value),
      ...(second === undefined ? [] : [toCondition(second, secondOperator, secondValue)]),
    ],
  }
}

const named = (field: string) => field.slice(0, 40)

/** The fields asked for, each a property of the objects; undefined for all. @throws RosterRefusal 400. */
export function readFields(fields: string | undefined, known: readonly string[]): string[] | undefined {
  if (fields === undefined) return undefined
  const asked = fields.split(',').map((field) => field.trim())
  const unknown = asked.find((field) => !known.includes(field))
  if (unknown === undefined) return asked
  throw new RosterRefusal(400, 'invalid_selection_field', `There is no field ${named(unknown)}.`)
}

/** Keeps some properties of an object. */
export function select(object: Record<string, unknown>, fields: string[] | undefined): Record<string, unknown> {
  if (!fields) return object
  return Object.fromEntries(fields.flatMap((field) => (field in object ? [[field, object[field]]] : [])))
}

/** `Link` of a page (RFC 8288): first, last, and those beside it. */
export function describeLinks(url: URL, { limit, offset }: RosterQuery, total: number): string {
  const link = (relation: string, at: number) => {
    const target = new URL(url)
    target.searchParams.set('limit', String(limit))
    target.searchParams.set('offset', String(at))
    return `<${target.href}>; rel="${relation}"`
  }
  const last = total === 0 ? 0 : Math.floor((total - 1) / limit) * limit
  return [
    ...(offset + limit < total ? [link('next', offset + limit)] : []),
    ...(offset > 0 ? [link('prev', Math.max(0, offset - limit))] : []),
    link('first', 0),
    link('last', last),
  ].join(', ')
}
