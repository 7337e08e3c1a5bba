/** A row of an answer: cells by column. */
export type Row = Record<string, string | number | null>

/** A column as an indicator declares it. `learners`: how many different learners; `date`, `datetime`: a time in the tenant's zone. */
export interface Column {
  name: string
  type: string
  role: 'dimension' | 'measure'
}

export interface Suppression {
  columns: readonly Column[]
  /** The column that says how many different learners are behind a row. */
  learnersColumn: string
  /** Measures whose rows add up to a total that is shown, here or by another indicator. */
  additive: readonly string[]
  /** The smallest group that is shown. */
  k: number
}

export interface SuppressedRows {
  /** All rows, in their order; the measures of a hidden one are null, and so are cells hidden by themselves. */
  rows: Row[]
  /** How many rows were hidden whole. */
  hiddenRows: number
  /** How many cells were hidden in rows that are shown. */
  hiddenCells: number
  /** Whether a total may be shown: else it would tell of a group under k, and the answer sentence is to be left out. */
  totals: boolean
}

/** Smallest groups: those of a page, and those of a file that leaves it (reference values: 5; 10 once out of sight). */
export const smallestGroup = { page: 5, export: 10 } as const

const isSmall = (learners: number, k: number) => learners > 0 && learners < k

/**
 * Hides what would tell of 1 to k−1 learners: rows with so few behind them; in other rows, counts of so few, or of all but
 * so few, with the shares that would give them again. Where rows add up, hides the next smallest too, until what
 * is missing from a total is at least two rows and at least k learners. Dated rows are seen to week by week, since a
 * difference of two periods gives the total of each week: what is hidden in a week does not depend on the period asked.
 * Rows that count nobody are shown: they are about nobody.
 */
export function suppress(rows: readonly Row[], how: Suppression): SuppressedRows {
  const { columns, learnersColumn, k } = how
  const measures = columns.filter(({ role }) => role === 'measure').map(({ name }) => name)
  const learnersOf = rows.map((row) => Number(row[learnersColumn] ?? 0))
  const hidden = new Set<number>()
  learnersOf.forEach((learners, at) => isSmall(learners, k) && hidden.add(at))
  const cells = hideCells(rows, how, learnersOf)

  const additive = how.additive.filter((name) => measures.includes(name))
  const lines = additive.length > 0 ? listLines(rows, columns) : []
  const isHidden = (at: number, column: string) => hidden.has(at) || cells.get(at)?.has(column) === true
  for (let changed = true; changed;) {
    changed = false
    for (const line of lines) {
      for (const column of additive) {
        const missing = line.filter((at) => isHidden(at, column))
        const enough = missing.length >= 2 && missing.some((at) => (learnersOf[at] ?? 0) >= k)
        if (missing.length === 0 || enough) continue
        const shown = line.filter((at) => !isHidden(at, column) && (learnersOf[at] ?? 0) >= k)
        const next = shown.toSorted((one, other) => (learnersOf[one] ?? 0) - (learnersOf[other] ?? 0))[0]
        if (next === undefined) continue
        if (missing.some((at) => hidden.has(at))) hidden.add(next)
        else addCell(cells, next, column)
        changed = true
      }
    }
  }
  const totals = lines.every((line) =>
    additive.every((column) => {
      const missing = line.filter((at) => isHidden(at, column))
      return missing.length === 0 || (missing.length >= 2 && missing.some((at) => (learnersOf[at] ?? 0) >= k))
    }),
  )

  let hiddenCells = 0
  const shown = rows.map((row, at) => {
    const gone = hidden.has(at) ? measures : [...(cells.get(at) ?? [])]
    if (!hidden.has(at)) hiddenCells += gone.length
    return gone.length === 0 ? row : { ...row, ...Object.fromEntries(gone.map((name) => [name, null])) }
  })
  const allHidden = rows.length > 0 && hidden.size === rows.length
  return { rows: shown, hiddenRows: hidden.size, hiddenCells, totals: totals && !allHidden }
}

type Cells = Map<number, Set<string>>

function addCell(cells: Cells, at: number, column: string): void {
  const known = cells.get(at)
  if (known) known.add(column)
  else cells.set(at, new Set([column]))
}

/** Counts of few learners, or of all but few, in rows of many; and the shares of those rows. */
function hideCells(rows: readonly Row[], { columns, learnersColumn, k }: Suppression, learnersOf: number[]): Cells {
  const cells: Cells = new Map()
  const counts = columns.filter(({ type, name }) => type === 'learners' && name !== learnersColumn)
  const shares = columns.filter(({ type, role }) => type === 'share' && role === 'measure')
  rows.forEach((row, at) => {
    const all = learnersOf[at] ?? 0
    for (const { name } of counts) {
      const value = row[name]
      if (value === null || value === undefined) continue
      if (!isSmall(Number(value), k) && !isSmall(all - Number(value), k)) continue
      for (const each of [name, ...shares.map((share) => share.name)]) addCell(cells, at, each)
    }
  })
  return cells
}

/** Sets of rows that add up to something that can be known: along each dimension, and for times within their week. */
function listLines(rows: readonly Row[], columns: readonly Column[]): number[][] {
  const dimensions = columns.filter(({ role }) => role === 'dimension')
  return dimensions.flatMap((along) => {
    const lines = new Map<string, number[]>()
    rows.forEach((row, at) => {
      const place = dimensions.map(({ name, type }) => {
        if (name !== along.name) return row[name] ?? null
        return type === 'date' || type === 'datetime' ? mondayOf(String(row[name])) : null
      })
      const key = JSON.stringify(place)
      const line = lines.get(key)
      if (line) line.push(at)
      else lines.set(key, [at])
    })
    return [...lines.values()]
  })
}

/** The Monday of the ISO week of a day, or of a time that begins with its day. */
export function mondayOf(day: string): string {
  const date = new Date(`${day.slice(0, 10)}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  return date.toISOString().slice(0, 10)
}

/** The first Monday of the year of study that a Monday lies in: the first one of August. */
export function yearOf(monday: string): string {
  const year = Number(monday.slice(0, 4))
  const begins = mondayOf(`${year}-08-07`)
  return monday >= begins ? begins : mondayOf(`${year - 1}-08-07`)
}
