import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { useSorting } from '../../shell/sorting.ts'
import { BarChart } from '../../ui/bar-chart.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { LineChart } from '../../ui/line-chart.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { recordKinds } from './import-words.ts'
import type { SourceImport } from './source-words.ts'

/** Bars wear their values: more of them would not be legible. */
const shownBars = 12

/** What the imports of a source changed, and how many records it held after each. */
export function SourceHistory({ id }: { id: string }) {
  const { t } = useTranslation(['sources', 'imports'])
  const format = useFormat()
  const sorting = useSorting()
  const [parameters, setParameters] = useSearchParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['sources', id, 'history'],
    queryFn: () =>
      read(api.GET('/api/directory/sources/{id}/history', { params: { path: { id }, query: { limit: 60 } } })),
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={2} height="14rem" />
  const { history } = data
  const last = history.at(-1)
  if (!last) {
    return (
      <Empty title={t('history.none')}>
        <p>{t('history.noneHint')}</p>
      </Empty>
    )
  }
  const kinds = recordKinds.filter((each) => history.some(({ present }) => (present[each] ?? 0) > 0))
  const kind = kinds.find((each) => each === parameters.get('kind')) ?? (kinds.includes('pupil') ? 'pupil' : kinds[0])
  const dayOf = (each: SourceImport) => each.exportedOn ?? each.appliedAt
  const points = history.map((each) => ({
    label: format.dayShort(dayOf(each)),
    // Two imports of the same day are told apart by when they were applied.
    fullLabel: format.dateTime(each.appliedAt),
    value: (kind && each.present[kind]) ?? 0,
  }))
  const values = points.map(({ value }) => value)
  const changesOf = (each: SourceImport) => each.added + each.modified + each.removed
  // A first load would make all the others invisible.
  const lately = (history.length > 1 ? history.slice(1) : history).slice(-shownBars)
  const most = lately.reduce((one, other) => (changesOf(other) > changesOf(one) ? other : one), last)
  const wording = { showTable: t('history.showTable'), showChart: t('history.showChart') }
  return (
    <div className="stack">
      {kind && (
        <div className="stack">
          <div className="source-kind">
            <SelectField
              label={t('history.kind')}
              onChange={(event) =>
                setParameters(
                  (before) => {
                    const after = new URLSearchParams(before)
                    after.set('kind', event.target.value)
                    return after
                  },
                  { replace: true, preventScrollReset: true },
                )
              }
              options={kinds.map((value) => ({ value, label: t(`imports:kind.${value}`) }))}
              value={kind}
            />
          </div>
          <LineChart
            columns={{ label: t('history.applied'), value: t(`imports:kind.${kind}`) }}
            format={format.number}
            points={points}
            summary={t('history.presentSummary', {
              count: history.length,
              from: format.day(dayOf(history[0] ?? last)),
              to: format.day(dayOf(last)),
              first: format.number(values[0] ?? 0),
              last: format.number(values.at(-1) ?? 0),
              least: format.number(Math.min(...values)),
              most: format.number(Math.max(...values)),
            })}
            title={t('history.present', {
              kind: t(`imports:kind.${kind}`),
              value: format.number(values.at(-1) ?? 0),
            })}
            wording={wording}
          />
        </div>
      )}
      <BarChart
        bars={lately.map((each) => ({
          label: format.dayShort(dayOf(each)),
          fullLabel: format.dateTime(each.appliedAt),
          value: changesOf(each),
        }))}
        columns={{ label: t('history.applied'), value: t('history.changed') }}
        format={format.compact}
        summary={t('history.changesSummary', {
          highest: format.number(changesOf(most)),
          day: format.day(dayOf(most)),
        })}
        title={t('history.changes', { value: format.number(changesOf(last)) })}
        wording={wording}
      />
      <DataTable
        caption={t('history.table')}
        columns={[
          {
            key: 'applied',
            head: t('history.applied'),
            value: (each) => each.appliedAt,
            cell: (each) => <Link to={paths.import(each.id)}>{format.dateTime(each.appliedAt)}</Link>,
          },
          {
            key: 'exported',
            head: t('history.exported'),
            value: (each) => each.exportedOn,
            cell: (each) => each.exportedOn && format.day(each.exportedOn),
          },
          {
            key: 'mode',
            head: t('history.mode'),
            value: (each) => t(`history.modes.${each.mode}`),
            cell: (each) => t(`history.modes.${each.mode}`),
          },
          ...(['added', 'modified', 'removed', 'quarantined'] as const).map((key) => ({
            key,
            head: t(`history.${key}`),
            number: true,
            value: (each: SourceImport) => each[key],
            cell: (each: SourceImport) => format.number(each[key]),
          })),
        ]}
        csv={{ name: 'historique' }}
        rowKey={(each) => each.id}
        rows={history.toReversed()}
        {...sorting}
      />
    </div>
  )
}
