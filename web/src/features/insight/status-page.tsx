import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { useAlertText } from '../directory/source-words.ts'
import { feedAlertsQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { holds, useSession } from '../../shell/session.ts'
import { useSorting } from '../../shell/sorting.ts'
import { BarChart } from '../../ui/bar-chart.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useNow } from '../../ui/now.ts'
import { Federations } from './federations.tsx'

const shownDays = 14

type Status = ApiPaths['/api/status']['get']['responses'][200]['content']['application/json']
type Job = Status['jobs'][number]

const nameStore = ({ name }: Status['stores'][number]) => ({ postgres: 'PostgreSQL', clickhouse: 'ClickHouse' })[name]
const nameQueue = (queue: string) => findText(`insight:queueName.${queue.replaceAll('.', '_')}`)

/** Whether the instance works, and what it does: stores, jobs, sign-ins. */
export function StatusPage() {
  const { t } = useTranslation('insight')
  const format = useFormat()
  const now = useNow(10)
  const stores = useSorting('storeSort')
  const jobs = useSorting('jobSort')
  const { data, error, refetch } = useQuery({
    queryKey: ['status'],
    queryFn: () => read(api.GET('/api/status')),
    refetchInterval: 10_000,
  })
  return (
    <Page busy={!data && !error} lead={t('lead')} title={t('title')} wide>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} />}
      {data && (
        <>
          {data.stores.every(({ ready }) => ready) ? (
            <Notice kind="success" title={t('allReady')} />
          ) : (
            <Notice kind="danger" live="alert" title={t('storeDown')}>
              <p>{t('storeDownHint')}</p>
            </Notice>
          )}
          {data.packageFaults.map(({ name, installed }) => (
            <Notice key={name} kind="warning" title={t('packageFault', { name })}>
              <p>{t(installed ? 'packageEmpty' : 'packageMissing')}</p>
            </Notice>
          ))}
          <dl className="figures">
            <div>
              <dt>{t('version')}</dt>
              <dd>{data.version}</dd>
            </div>
            <div>
              <dt>{t('since', { when: format.dateTime(data.startedAt) })}</dt>
              <dd>{format.duration((now.getTime() - new Date(data.startedAt).getTime()) / 1_000, 'short')}</dd>
            </div>
            <div>
              <dt>{t('memory')}</dt>
              <dd>{format.bytes(data.memoryBytes)}</dd>
            </div>
          </dl>
        </>
      )}
      <SignIns />
      <Federations />
      {data && (
        <>
          <Section title={t('stores')}>
            <DataTable
              caption={t('stores')}
              columns={[
                { key: 'store', head: t('store'), value: nameStore, cell: nameStore },
                {
                  key: 'state',
                  head: t('state'),
                  value: ({ ready }) => t(ready ? 'ready' : 'down'),
                  cell: ({ ready }) => (ready ? t('ready') : <strong>{t('down')}</strong>),
                },
                {
                  key: 'place',
                  head: t('place'),
                  value: ({ place }) => t(`places.${place}`),
                  cell: ({ place }) => t(`places.${place}`),
                },
                {
                  key: 'version',
                  head: t('version'),
                  value: ({ version }) => version,
                  cell: ({ version }) => version ?? t('unknown'),
                },
                {
                  key: 'latency',
                  head: t('latency'),
                  number: true,
                  value: ({ latencyMs }) => latencyMs,
                  cell: ({ latencyMs }) => t('milliseconds', { value: format.oneDigit(latencyMs) }),
                },
              ]}
              csv={{ name: t('stores') }}
              rowKey={({ name }) => name}
              rows={data.stores}
              {...stores}
            />
          </Section>
          <Section hint={t('jobsHint')} title={t('jobs')}>
            <DataTable
              caption={t('jobs')}
              columns={[
                {
                  key: 'queue',
                  head: t('queue'),
                  value: ({ queue }) => nameQueue(queue) ?? queue,
                  cell: ({ queue }) => nameQueue(queue) ?? <span className="code">{queue}</span>,
                },
                ...(['waiting', 'running', 'failed'] as const).map((state) => ({
                  key: state,
                  head: t(state),
                  number: true,
                  value: (job: Job) => job[state],
                  cell: (job: Job) =>
                    state === 'failed' && job.failed > 0 ? (
                      <strong>{format.number(job.failed)}</strong>
                    ) : (
                      format.number(job[state])
                    ),
                })),
              ]}
              csv={{ name: t('jobs') }}
              rowKey={({ queue }) => queue}
              rows={data.jobs}
              {...jobs}
            />
          </Section>
        </>
      )}
      <LastImport />
    </Page>
  )
}

function SignIns() {
  const { t } = useTranslation('insight')
  const format = useFormat()
  const { data, error, refetch } = useQuery({
    queryKey: ['sign-ins', shownDays],
    queryFn: () => read(api.GET('/api/insight/sign-ins', { params: { query: { days: shownDays } } })),
    refetchInterval: 60_000,
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={1} height="15rem" />
  const { days } = data
  const total = days.reduce((sum, { signIns }) => sum + signIns, 0)
  if (total === 0) {
    return (
      <Section title={t('signIns.title')}>
        <Empty title={t('signIns.none')}>
          <p>{t('signIns.will')}</p>
        </Empty>
      </Section>
    )
  }
  const busiest = days.reduce((most, each) => (each.signIns > most.signIns ? each : most))
  const last = days.at(-1)
  return (
    <Section title={t('signIns.title')}>
      <BarChart
        bars={days.map(({ day, signIns }) => ({
          label: format.dayShort(day),
          fullLabel: format.day(day),
          value: signIns,
        }))}
        columns={{ label: t('signIns.day'), value: t('signIns.count') }}
        format={format.number}
        summary={t('signIns.summary', {
          count: days.length,
          total: format.number(total),
          busiest: format.day(busiest.day),
          highest: format.number(busiest.signIns),
        })}
        title={t('signIns.answer', { count: last?.signIns ?? 0, today: format.number(last?.signIns ?? 0) })}
        wording={{ showTable: t('showTable'), showChart: t('showChart') }}
      />
    </Section>
  )
}

function LastImport() {
  const { t } = useTranslation(['insight', 'imports', 'sources'])
  const tell = useAlertText()
  const format = useFormat()
  const session = useSession()
  const allowed = holds(session, 'directory.import')
  const { data } = useQuery({
    queryKey: ['imports', 'last'],
    queryFn: () => read(api.GET('/api/directory/imports', { params: { query: { limit: 1 } } })),
    enabled: allowed,
  })
  const { data: feeds } = useQuery({ ...feedAlertsQuery, enabled: allowed })
  const last = data?.imports[0]
  if (!allowed || !data) return null
  return (
    <>
      <Section actions={<Link to={paths.sources()}>{t('sources:status.see')}</Link>} title={t('sources:status.title')}>
        {feeds?.alerts.length === 0 && <p>{t('sources:status.fine')}</p>}
        {feeds && feeds.alerts.length > 0 && (
          <Notice kind="warning" title={t('sources:alerts.title', { count: feeds.alerts.length })}>
            <ul>
              {feeds.alerts.map((alert) => (
                <li key={alert.id}>
                  {alert.source?.name ?? t('sources:alerts.unknownSource')}
                  {' · '}
                  {tell(alert)}
                </li>
              ))}
            </ul>
          </Notice>
        )}
      </Section>
      <Section title={t('lastImport')}>
        {last ? (
          <p>
            <Link to={paths.import(last.id)}>
              {t('lastImportOf', {
                source: last.source?.name ?? t('imports:unknownSource'),
                when: format.dateTime(last.createdAt),
              })}
            </Link>{' '}
            ({t(`imports:state.${last.state}`)})
          </p>
        ) : (
          <Empty title={t('imports:list.empty')}>
            <p>{t('imports:list.emptyHint')}</p>
          </Empty>
        )}
      </Section>
    </>
  )
}
