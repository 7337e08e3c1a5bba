import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { saveFile, toCsv } from './csv.ts'
import { Table } from './table.tsx'

/** One column of a table of things to compare. */
export interface Column<Row> {
  key: string
  head: string
  /** Drawn before the head: its key in a chart. */
  mark?: ReactNode
  cell: (row: Row) => ReactNode
  /** What rows are sorted by, and what the CSV holds; null comes last. Without it the column is neither. */
  value?: (row: Row) => string | number | null
  number?: boolean
}

export interface TableWording {
  compare: (one: string, other: string) => number
  export: string
  /** Separator of the reader's spreadsheet. */
  separator: string
}

/**
 * Rows to compare: sorted by a press on a head, taken away as CSV, one block a row on a phone. The first column names the
 * row.
 * @param sort key of the column it is sorted by, with `-` before it for the other way round; undefined: as given.
 * @param onSort undefined where only a part of the rows is there: sorting it would mislead.
 * @param csv name of the file, and all rows when `rows` are only the first.
 */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  csv,
  wording,
}: {
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string
  sort?: string | undefined
  onSort?: ((sort: string) => void) | undefined
  csv?: { name: string; listAll?: () => Promise<Row[]> }
  wording: TableWording
}) {
  const descending = sort?.startsWith('-') ?? false
  const sorted = columns.find(({ key, value }) => value && key === sort?.replace('-', ''))
  const shown = sorted?.value && onSort ? rows.toSorted(orderBy(sorted.value, wording.compare, descending)) : rows
  async function exportRows() {
    if (!csv) return
    const text = toCsv(columns, (await csv.listAll?.()) ?? shown, wording.separator)
    saveFile(`${csv.name}.csv`, new Blob([text], { type: 'text/csv;charset=utf-8' }))
  }
  return (
    <div className="data-table">
      <Table
        caption={caption}
        head={
          <tr>
            {columns.map(({ key, head, mark, value, number }) => {
              const current = sorted?.key === key && onSort !== undefined
              return (
                <th
                  aria-sort={current ? (descending ? 'descending' : 'ascending') : undefined}
                  className={number ? 'number' : undefined}
                  key={key}
                  scope="col"
                >
                  {mark}
                  {onSort && value && rows.length > 1 ? (
                    <button
                      className="table-sort"
                      onClick={() => onSort(current && !descending ? `-${key}` : key)}
                      type="button"
                    >
                      {head}
                      <span aria-hidden="true">{`\u00a0${current ? (descending ? '↓' : '↑') : '↕'}`}</span>
                    </button>
                  ) : (
                    head
                  )}
                </th>
              )
            })}
          </tr>
        }
        stacked
      >
        {shown.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map(({ key, head, cell, number }, index) =>
              index === 0 ? (
                <th key={key} scope="row">
                  {cell(row)}
                </th>
              ) : (
                <td className={number ? 'number' : undefined} data-label={head} key={key}>
                  <span>{cell(row)}</span>
                </td>
              ),
            )}
          </tr>
        ))}
      </Table>
      {csv && (
        <div>
          <Button
            look="quiet"
            onClick={() => {
              void exportRows()
            }}
          >
            {wording.export}
          </Button>
        </div>
      )}
    </div>
  )
}

function orderBy<Row>(
  value: (row: Row) => string | number | null,
  compare: (one: string, other: string) => number,
  descending: boolean,
) {
  return (one: Row, other: Row): number => {
    const [a, b] = [value(one), value(other)]
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b))
    return descending ? -order : order
  }
}
