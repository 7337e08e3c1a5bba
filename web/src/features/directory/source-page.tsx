import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, isMissing } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Places } from '../../shell/places.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { FeedAlerts, PastAlerts } from './feed-alerts.tsx'
import { ImportState } from './import-state.tsx'
import { SourceHistory } from './source-history.tsx'
import { SourceQuarantine } from './source-quarantine.tsx'
import { SourceSettingsForm } from './source-settings.tsx'
import './imports.css'
import './sources.css'

const views = ['history', 'quarantine', 'reception'] as const

/** One source of the directory: what it brought, what is wrong with it, how it is received. */
export function SourcePage() {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const { id = '' } = useParams()
  const [parameters] = useSearchParams()
  const view = views.find((each) => each === parameters.get('view')) ?? 'history'
  const { data, error, refetch } = useQuery({
    queryKey: ['sources', id],
    queryFn: () => read(api.GET('/api/directory/sources/{id}', { params: { path: { id } } })),
  })
  const { data: alerts } = useQuery({
    queryKey: ['feed-alerts', id],
    queryFn: () => read(api.GET('/api/directory/feed-alerts', { params: { query: { source: id, open: 'false' } } })),
  })
  const open = alerts?.alerts.filter(({ resolvedAt, acknowledgedAt }) => !resolvedAt && !acknowledgedAt) ?? []
  const toView = (of: typeof view) => paths.source(id, of === 'history' ? {} : { view: of })
  return (
    <Page
      back={{ to: paths.sources(), label: t('title') }}
      busy={!data && !error}
      lead={
        data && (
          <p>
            {t(`kind.${data.kind}`)}
            {' · '}
            {data.nextExpectedAt ? t('nextOn', { when: format.dateTime(data.nextExpectedAt) }) : t('noSchedule')}
          </p>
        )
      }
      title={data?.name ?? (isMissing(error) ? t('missing') : t('name'))}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <FeedAlerts alerts={open} />
          {data.lastImport && (
            <p>
              {t('last')}{' '}
              <Link to={paths.import(data.lastImport.id)}>{format.dateTime(data.lastImport.createdAt)}</Link>{' '}
              <ImportState state={data.lastImport.state} />
            </p>
          )}
          <section className="stack">
            <Places
              here={toView(view)}
              label={t('view.label')}
              places={views.map((each) => ({ to: toView(each), label: t(`view.${each}`) }))}
            />
            <h2 className="visually-hidden">{t(`view.${view}`)}</h2>
            {view === 'history' && <SourceHistory id={id} />}
            {view === 'quarantine' && <SourceQuarantine id={id} />}
            {view === 'reception' && <SourceSettingsForm key={id} source={data} />}
          </section>
          {view === 'history' && (
            <Section title={t('alerts.all')}>
              {alerts ? <PastAlerts alerts={alerts.alerts} /> : <SkeletonRows count={2} />}
            </Section>
          )}
        </>
      )}
    </Page>
  )
}
