import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { Words } from './indicator-words.ts'
import type { Column, Row } from './indicators.ts'

/** Rows shown before asking for all. */
const first = 20

const figures: Column['type'][] = ['integer', 'decimal', 'share', 'duration', 'learners']

/**
 * The rows of an answer in the reader's words.
 * @param act a last column, of what the reader may do about a row.
 */
export function IndicatorTable({
  caption,
  captionShown = false,
  columns,
  rows,
  words,
  act,
}: {
  caption: string
  captionShown?: boolean
  columns: Column[]
  rows: Row[]
  words: Words
  act?: { head: string; cell: (row: Row) => ReactNode } | undefined
}) {
  const { t } = useTranslation('dashboards')
  const format = useFormat()
  const [sort, setSort] = useState<string>()
  const [all, setAll] = useState(false)
  const shown = all ? rows : rows.slice(0, first)
  const keys = new Map(rows.map((row, at) => [row, String(at)]))
  return (
    <div className="indicator-table">
      {captionShown && <p className="small quiet">{caption}</p>}
      <DataTable
        caption={caption}
        columns={[
          ...columns
            .filter((column) => !words.isSpoken(column))
            .map((column) => ({
              key: column.name,
              head: words.columnTitle(column),
              number: figures.includes(column.type),
              cell: (row: Row) => words.tell(column, row),
              value: (row: Row) => (isWritten(column) ? words.tell(column, row) : (row[column.name] ?? null)),
            })),
          ...(act ? [{ key: 'act', ...act }] : []),
        ]}
        onSort={shown.length === rows.length ? setSort : undefined}
        rowKey={(row) => keys.get(row) ?? ''}
        rows={shown}
        sort={sort}
        wording={{ compare: format.compare, export: '', separator: '' }}
      />
      {shown.length < rows.length && (
        <p className="row">
          <span className="small quiet">
            {t('card.total', { shown: format.number(shown.length), total: format.number(rows.length) })}
          </span>
          <Button look="quiet" onClick={() => setAll(true)}>
            {t('card.all')}
          </Button>
        </p>
      )}
    </div>
  )
}

const isWritten = ({ type }: Column) =>
  type === 'activity' || type === 'action' || type === 'kind' || type === 'learner'
