import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { useSorting } from '../../shell/sorting.ts'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { ProportionBar } from '../../ui/proportion-bar.tsx'
import { ImportAccounting } from './import-accounting.tsx'
import { changeKinds, type Import, recordKinds } from './import-words.ts'

/** Counts by kind of record, each figure leading to its records. */
export function ImportSummary({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const sorting = useSorting('summarySort')
  const present = recordKinds.flatMap((kind) => {
    const counts = data.counts[kind]
    return counts ? [{ kind, counts }] : []
  })
  type Row = (typeof present)[number]
  const toRecords = (count: number, to: string) =>
    count === 0 ? (
      <span className="quiet">0</span>
    ) : (
      <Link preventScrollReset to={to}>
        {format.number(count)}
      </Link>
    )
  const columns: Column<Row>[] = [
    {
      key: 'kind',
      head: t('summary.kind'),
      value: ({ kind }) => t(`kind.${kind}`),
      cell: ({ kind }) => t(`kind.${kind}`),
    },
    {
      key: 'shares',
      head: t('summary.shares'),
      cell: ({ counts }) => (
        <span className="summary-bar">
          <ProportionBar parts={[...changeKinds, 'unchanged' as const].map((key) => ({ key, value: counts[key] }))} />
        </span>
      ),
    },
    ...changeKinds.map((change) => ({
      key: change,
      head: t(`change.${change}`),
      mark: <span aria-hidden="true" className={`key key-${change}`} />,
      number: true,
      value: ({ counts }: Row) => counts[change],
      cell: ({ kind, counts }: Row) =>
        toRecords(counts[change], paths.import(data.id, { view: 'changes', kind, change })),
    })),
    {
      key: 'unchanged',
      head: t('change.unchanged'),
      mark: <span aria-hidden="true" className="key key-unchanged" />,
      number: true,
      value: ({ counts }) => counts.unchanged,
      cell: ({ counts }) => format.number(counts.unchanged),
    },
    {
      key: 'quarantined',
      head: t('summary.quarantined'),
      number: true,
      value: ({ counts }) => counts.quarantined,
      cell: ({ kind, counts }) => toRecords(counts.quarantined, paths.import(data.id, { view: 'quarantine', kind })),
    },
    {
      key: 'ignored',
      head: t('summary.ignored'),
      number: true,
      value: ({ counts }) => counts.ignored,
      cell: ({ counts }) => format.number(counts.ignored),
    },
  ]
  return (
    <div className="stack">
      <div className="import-summary">
        <DataTable
          caption={t('summary.caption')}
          columns={columns}
          csv={{ name: t('summary.caption') }}
          rowKey={({ kind }) => kind}
          rows={present}
          {...sorting}
        />
      </div>
      <ImportAccounting data={data} />
      {data.warnings.length > 0 && (
        <ul className="measure">
          {data.warnings.map(({ code, count }) => (
            <li key={code}>
              {findText(`imports:warning.${code}`, { count, total: format.number(count) }) ??
                `${code} : ${format.number(count)}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
