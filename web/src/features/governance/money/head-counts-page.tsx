import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFilters } from '../../../shell/filters.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { useSorting } from '../../../shell/sorting.ts'
import { DataTable } from '../../../ui/data-table.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { establishmentsQuery, headCountsQuery } from './head-counts.ts'
import { MoneyPage } from './money-page.tsx'
import { useBudget, useNames } from './money.ts'

/** Pupils each member answers for, on a day: what quorums, orders and shares go by. */
export function HeadCountsPage() {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const [filters, change] = useFilters()
  const { sort, onSort, wording } = useSorting()
  const { data: budget } = useBudget()
  const { data, error, refetch } = useQuery(headCountsQuery(slug))
  const shown = data?.headCounts.find(({ id }) => id === filters.get('count')) ?? data?.headCounts[0]
  const { data: detail } = useQuery(establishmentsQuery(slug, shown?.id ?? '', ''))
  return (
    <MoneyPage busy={!data && !error} lead={t('headCounts.lead')} title={t('headCounts.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && !shown && <Empty title={t('headCounts.none')}>{t('headCounts.noneText')}</Empty>}
      {data && shown && (
        <>
          <SelectField
            label={t('headCounts.count')}
            onChange={(event) => change({ count: event.target.value })}
            options={data.headCounts.map(({ id, countedOn, source }) => ({
              value: id,
              label: `${format.day(countedOn)} · ${source}`,
            }))}
            value={shown.id}
          />
          <dl className="figures">
            <div>
              <dt>{t('headCounts.pupils')}</dt>
              <dd>{format.number(shown.pupils)}</dd>
            </div>
            <div>
              <dt>{t('headCounts.establishments')}</dt>
              <dd>{format.number(shown.establishments)}</dd>
            </div>
          </dl>
          <DataTable
            caption={t('headCounts.byMember')}
            columns={[
              {
                key: 'party',
                head: t('member'),
                cell: ({ party }) => nameOf(party),
                value: ({ party }) => nameOf(party),
              },
              {
                key: 'establishments',
                head: t('headCounts.establishments'),
                number: true,
                cell: ({ establishments }) => format.number(establishments),
                value: ({ establishments }) => establishments,
              },
              {
                key: 'pupils',
                head: t('headCounts.pupils'),
                number: true,
                cell: ({ pupils }) => format.number(pupils),
                value: ({ pupils }) => pupils,
              },
              {
                key: 'share',
                head: t('headCounts.share'),
                number: true,
                cell: ({ pupils }) => format.percent(shown.pupils === 0 ? 0 : pupils / shown.pupils),
              },
            ]}
            csv={{ name: `effectifs-${shown.countedOn}` }}
            onSort={onSort}
            rowKey={({ party }) => party}
            rows={shown.members}
            sort={sort}
            wording={wording}
          />
          {detail && (
            <details className="money-act">
              <summary>{t('headCounts.detail', { count: detail.establishments.length })}</summary>
              <DataTable
                caption={t('headCounts.establishments')}
                columns={[
                  { key: 'name', head: t('headCounts.name'), cell: ({ name }) => name, value: ({ name }) => name },
                  { key: 'uai', head: 'UAI', cell: ({ uai }) => uai, value: ({ uai }) => uai },
                  {
                    key: 'party',
                    head: t('member'),
                    cell: ({ party }) => nameOf(party),
                    value: ({ party }) => nameOf(party),
                  },
                  {
                    key: 'pupils',
                    head: t('headCounts.pupils'),
                    number: true,
                    cell: ({ pupils }) => format.number(pupils),
                    value: ({ pupils }) => pupils,
                  },
                ]}
                csv={{ name: `etablissements-${shown.countedOn}` }}
                rowKey={({ uai }) => uai}
                rows={detail.establishments}
                wording={wording}
              />
            </details>
          )}
        </>
      )}
      {budget?.manages && data && (
        <Section hint={t('headCounts.importHint')} title={t('headCounts.manage')}>
          <ActForm
            act={({ countedOn = '', source = '', csv = '' }) =>
              api.POST('/api/governance/agreements/{slug}/head-counts', {
                params: { path: { slug } },
                body: { countedOn, source, csv },
              })
            }
            fields={[
              { name: 'countedOn', label: t('headCounts.countedOn'), kind: 'day' },
              { name: 'source', label: t('headCounts.source'), kind: 'text', hint: t('headCounts.sourceHint') },
              { name: 'csv', label: t('headCounts.csv'), kind: 'area', hint: t('headCounts.csvHint') },
            ]}
            submit={t('headCounts.import')}
            title={t('headCounts.importTitle')}
          />
          {shown && (
            <ActForm
              act={() =>
                api.DELETE('/api/governance/agreements/{slug}/head-counts/{id}', {
                  params: { path: { slug, id: shown.id } },
                })
              }
              fields={[]}
              submit={t('headCounts.delete')}
              title={t('headCounts.deleteTitle', { day: format.day(shown.countedOn) })}
            />
          )}
        </Section>
      )}
    </MoneyPage>
  )
}
