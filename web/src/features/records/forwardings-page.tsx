import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ForwardingTable } from './forwarding-table.tsx'
import { NewForwarding } from './new-forwarding.tsx'
import './records.css'

/** Other stores that learning records are sent on to: how far each of them is, and adding one. */
export function ForwardingsPage() {
  const { t } = useTranslation('records')
  const { data, error, refetch } = useQuery({
    queryKey: ['records', 'forwardings'],
    queryFn: () => read(api.GET('/api/records/forwardings')),
    refetchInterval: 5_000,
  })
  return (
    <Page
      back={{ to: paths.records(), label: t('credentials.title') }}
      busy={!data && !error}
      lead={t('forwardings.lead')}
      title={t('forwardings.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <ForwardingTable forwardings={data.forwardings} />
          <NewForwarding />
        </>
      )}
    </Page>
  )
}
