import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { type FeedAlert, useAlertText } from './source-words.ts'

/** The alerts that wait for somebody, each with what to do about it. */
export function FeedAlerts({ alerts }: { alerts: FeedAlert[] }) {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const explain = useProblemText()
  const tell = useAlertText()
  const client = useQueryClient()
  const acknowledge = useMutation({
    mutationFn: (id: string) =>
      read(api.POST('/api/directory/feed-alerts/{id}/acknowledge', { params: { path: { id } } })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['feed-alerts'] }),
        client.invalidateQueries({ queryKey: ['sources'] }),
      ]),
  })
  if (alerts.length === 0) return null
  return (
    <Notice kind="warning" title={t('alerts.title', { count: alerts.length })}>
      <ul className="feed-alerts">
        {alerts.map((alert) => {
          const name = alert.source?.name ?? t('alerts.unknownSource')
          const what = tell(alert)
          return (
            <li key={alert.id}>
              <div>
                <p>
                  <strong>{alert.source ? <Link to={paths.source(alert.source.id)}>{name}</Link> : name}</strong>
                </p>
                <p>{what}</p>
                <p className="small quiet">{t('alerts.since', { when: format.dateTime(alert.raisedAt) })}</p>
              </div>
              <div className="row">
                {alert.importId && <Link to={paths.import(alert.importId)}>{t('alerts.seeImport')}</Link>}
                <Button
                  aria-label={t('alerts.acknowledgeOf', { what: `${name}, ${what}` })}
                  busy={acknowledge.isPending && acknowledge.variables === alert.id}
                  onClick={() => acknowledge.mutate(alert.id)}
                >
                  {t('alerts.acknowledge')}
                </Button>
              </div>
            </li>
          )
        })}
      </ul>
      {acknowledge.error && <p role="alert">{explain(acknowledge.error)}</p>}
      <p className="small">{t('alerts.noMail')}</p>
    </Notice>
  )
}

/** Every alert of a source, with what became of it. */
export function PastAlerts({ alerts }: { alerts: FeedAlert[] }) {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const tell = useAlertText()
  const sorting = useSorting('alertSort')
  const endOf = ({ resolvedAt, acknowledgedAt, acknowledgedBy }: FeedAlert) =>
    [
      acknowledgedAt &&
        t('alerts.acknowledged', { name: acknowledgedBy?.name ?? '', when: format.dateTime(acknowledgedAt) }),
      resolvedAt && t('alerts.resolved', { when: format.dateTime(resolvedAt) }),
    ]
      .filter(Boolean)
      .join(' · ') || t('alerts.open')
  if (alerts.length === 0) return <Empty title={t('alerts.allNone')} />
  return (
    <DataTable
      caption={t('alerts.all')}
      columns={[
        {
          key: 'when',
          head: t('alerts.when'),
          value: (alert) => alert.raisedAt,
          cell: (alert) => format.dateTime(alert.raisedAt),
        },
        { key: 'what', head: t('alerts.raised'), value: tell, cell: tell },
        { key: 'end', head: t('alerts.end'), value: endOf, cell: endOf },
      ]}
      csv={{ name: 'alertes' }}
      rowKey={(alert) => alert.id}
      rows={alerts}
      {...sorting}
    />
  )
}
