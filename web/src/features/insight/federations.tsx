import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { useReasonText } from '../federation/reason-text.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { BarChart } from '../../ui/bar-chart.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { useNow } from '../../ui/now.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

const shownDays = 14

type Measured =
  ApiPaths['/api/federation/availability']['get']['responses'][200]['content']['application/json']['providers'][number]

/** Whether each identity provider works, as measured and as people met it. */
export function Federations() {
  const { t } = useTranslation(['federation', 'insight'])
  const format = useFormat()
  const now = useNow(60)
  const sorting = useSorting('providerSort')
  const tellReason = useReasonText()
  const { data, error, refetch } = useQuery({
    queryKey: ['federation-availability', shownDays],
    queryFn: () => read(api.GET('/api/federation/availability', { params: { query: { days: shownDays } } })),
    refetchInterval: 60_000,
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={3} />
  const { providers } = data
  if (providers.length === 0) {
    return (
      <Section title={t('status.title')}>
        <Empty title={t('status.none')}>
          <Link to={paths.newProvider()}>{t('manage.new')}</Link>
        </Empty>
      </Section>
    )
  }
  const trouble = providers.filter(({ state }) => state === 'down' || state === 'degraded')
  const days = listDays(providers)
  const lowest = days.toSorted((one, other) => one.share - other.share)[0]
  const reason = (code: string | null) => (code === null ? '' : tellReason(code))
  const describeState = ({ state, reason: code, since }: Measured) =>
    state === 'up' || since === null
      ? t(`status.states.${state}`)
      : t('status.stateSince', {
          state: [t(`status.states.${state}`), reason(code)].filter(Boolean).join(', '),
          length: format.duration((now.getTime() - new Date(since).getTime()) / 1_000),
        })
  const availability = (each: Measured) => (sum([each], 'probes') > 0 ? shareOf([each]) : null)
  const columns: Column<Measured>[] = [
    { key: 'provider', head: t('status.provider'), value: ({ name }) => name, cell: ({ name }) => name },
    {
      key: 'state',
      head: t('status.state'),
      value: describeState,
      cell: (each) =>
        each.state === 'up' || each.since === null ? describeState(each) : <strong>{describeState(each)}</strong>,
    },
    {
      key: 'latency',
      head: t('status.latency'),
      number: true,
      value: ({ latencyMs }) => latencyMs,
      cell: ({ latencyMs }) =>
        latencyMs === null ? null : t('insight:milliseconds', { value: format.number(latencyMs) }),
    },
    {
      key: 'availability',
      head: t('status.availability'),
      number: true,
      value: availability,
      cell: (each) => {
        const share = availability(each)
        return share === null ? null : format.percent(share)
      },
    },
    {
      key: 'signIns',
      head: t('status.signIns'),
      number: true,
      value: (each) => sum([each], 'signedIn'),
      cell: (each) => format.number(sum([each], 'signedIn')),
    },
    {
      key: 'failures',
      head: t('status.failures'),
      number: true,
      value: (each) => sum([each], 'failed'),
      cell: (each) => format.number(sum([each], 'failed')),
    },
    { key: 'metadata', head: t('status.metadata'), value: describeMetadata, cell: describeMetadata },
  ]
  return (
    <Section
      actions={<Link to={paths.providers()}>{t('manage.see')}</Link>}
      hint={t('status.hint')}
      title={t('status.title')}
    >
      {lowest && (
        <BarChart
          bars={days.map(({ day, share }) => ({
            label: format.dayShort(day),
            fullLabel: format.day(day),
            value: share,
          }))}
          columns={{ label: t('status.day'), value: t('status.availability') }}
          format={format.percent}
          summary={t('status.plot', { day: format.day(lowest.day), share: format.percent(lowest.share) })}
          title={
            trouble.length === 0
              ? t('status.allUp')
              : t('status.answer', { count: trouble.length, names: format.list(trouble.map(({ name }) => name)) })
          }
          wording={{ showTable: t('insight:showTable'), showChart: t('insight:showChart') }}
        />
      )}
      <DataTable
        caption={t('status.caption')}
        columns={columns}
        csv={{ name: t('status.caption') }}
        rowKey={({ slug }) => slug}
        rows={providers}
        {...sorting}
      />
    </Section>
  )

  function describeMetadata({ metadata }: Measured): string {
    if (!metadata) return ''
    const count = format.number(metadata.entities)
    const until = metadata.validUntil === null ? undefined : format.dateTime(metadata.validUntil)
    return [
      ...(metadata.entities > 1 ? [t('status.entities', { count })] : []),
      ...(until === undefined ? [] : [t('status.until', { until })]),
      ...(metadata.failure === null ? [] : [t('status.metadataFailed', { reason: reason(metadata.failure) })]),
    ].join(', ')
  }
}

type Counted = Pick<Measured, 'days'>

function sum(providers: Counted[], what: 'probes' | 'failedProbes' | 'signedIn' | 'failed'): number {
  return providers.flatMap(({ days }) => days).reduce((total, day) => total + day[what], 0)
}

const shareOf = (providers: Counted[]) => 1 - sum(providers, 'failedProbes') / sum(providers, 'probes')

/** The share of tries that succeeded, all providers together, on each day that had any. */
function listDays(providers: Counted[]): { day: string; share: number }[] {
  const names = [...new Set(providers.flatMap(({ days }) => days.map(({ day }) => day)))].toSorted()
  return names
    .map((name) => ({ day: name, of: providers.map(({ days }) => ({ days: days.filter(({ day }) => day === name) })) }))
    .filter(({ of }) => sum(of, 'probes') > 0)
    .map(({ day, of }) => ({ day, share: shareOf(of) }))
}
