import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useActText } from './act-text.ts'

/** What was done to someone's account and card, newest first. */
export function PersonAudit({ personId }: { personId: string }) {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const tell = useActText()
  const { data, error, refetch } = useQuery({
    queryKey: ['person', personId, 'audit'],
    queryFn: () => read(api.GET('/api/directory/people/{id}/audit', { params: { path: { id: personId } } })),
  })
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={3} height="2rem" />
  if (data.entries.length === 0) return <p className="quiet">{t('audit.empty')}</p>
  return (
    <dl className="facts">
      {data.entries.map((entry) => (
        <div key={entry.id}>
          <dt>{format.dateTime(entry.recordedAt)}</dt>
          <dd>
            <span>{tell(entry)}</span>
            <span className="quiet">
              {entry.by !== 'person'
                ? t(`audit.by.${entry.by}`)
                : entry.actor
                  ? t('audit.by.person', { name: format.name(entry.actor) })
                  : t('audit.by.hidden')}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
