import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Quarantine } from './quarantine.tsx'
import { RetryHeld } from './retry-held.tsx'

/** What is still set aside of a source, over all its imports. */
export function SourceQuarantine({ id }: { id: string }) {
  const { t } = useTranslation('sources')
  return (
    <Quarantine
      lead={t('quarantineLead')}
      remedy={<RetryHeld sourceId={id} />}
      load={(query) => read(api.GET('/api/directory/sources/{id}/quarantine', { params: { path: { id }, query } }))}
      queryKey={['sources', id, 'quarantine']}
    />
  )
}
