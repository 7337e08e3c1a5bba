import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { feedAlertsQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { buttonClass } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { FeedAlerts } from './feed-alerts.tsx'
import { ImportState } from './import-state.tsx'
import './imports.css'
import './sources.css'

/** Where the directory comes from, when each source is expected, and what is wrong. */
export function SourcesPage() {
  const { t } = useTranslation(['sources', 'imports', 'rostering'])
  const format = useFormat()
  const sorting = useSorting()
  const { data, error, refetch } = useQuery({
    queryKey: ['sources'],
    queryFn: () => read(api.GET('/api/directory/sources')),
    refetchInterval: 60_000,
  })
  const alerts = useQuery(feedAlertsQuery)
  return (
    <Page
      actions={
        <>
          {data && data.sources.length > 1 && (
            <Link className={buttonClass()} to={paths.compareSources()}>
              {t('compare.link')}
            </Link>
          )}
          <Link to={paths.connections()}>{t('rostering:connections.title')}</Link>
        </>
      }
      back={{ to: paths.imports(), label: t('imports:list.title') }}
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {alerts.error && <Failure error={alerts.error} onRetry={() => void alerts.refetch()} />}
      {alerts.data && <FeedAlerts alerts={alerts.data.alerts} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data?.sources.length === 0 && (
        <Empty title={t('empty')}>
          <p>{t('emptyHint')}</p>
        </Empty>
      )}
      {data && data.sources.length > 0 && (
        <DataTable
          caption={t('title')}
          columns={[
            {
              key: 'name',
              head: t('name'),
              value: ({ name }) => name,
              cell: ({ id, name }) => <Link to={paths.source(id)}>{name}</Link>,
            },
            {
              key: 'kind',
              head: t('kindHead'),
              value: ({ kind }) => t(`kind.${kind}`),
              cell: ({ kind }) => t(`kind.${kind}`),
            },
            {
              key: 'last',
              head: t('last'),
              value: ({ lastImport }) => lastImport?.createdAt ?? null,
              cell: ({ lastImport }) =>
                lastImport ? (
                  <>
                    <Link to={paths.import(lastImport.id)}>{format.dateTime(lastImport.createdAt)}</Link>{' '}
                    <ImportState state={lastImport.state} />
                  </>
                ) : (
                  t('never')
                ),
            },
            {
              key: 'next',
              head: t('next'),
              value: ({ nextExpectedAt }) => nextExpectedAt,
              cell: ({ nextExpectedAt }) =>
                nextExpectedAt ? format.dateTime(nextExpectedAt) : <span className="quiet">{t('anyTime')}</span>,
            },
            {
              key: 'alerts',
              head: t('alertsHead'),
              number: true,
              value: (source) => source.alerts,
              cell: (source) =>
                source.alerts === 0 ? (
                  <span className="quiet">{t('none')}</span>
                ) : (
                  <strong>{format.number(source.alerts)}</strong>
                ),
            },
          ]}
          csv={{ name: 'sources' }}
          rowKey={({ id }) => id}
          rows={data.sources}
          {...sorting}
        />
      )}
    </Page>
  )
}
