import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { Import } from './import-words.ts'
import { Quarantine } from './quarantine.tsx'
import { RetryHeld } from './retry-held.tsx'

/** What one import has set aside. */
export function ImportQuarantine({ data: { id, source, state } }: { data: Import }) {
  const { t } = useTranslation('imports')
  return (
    <Quarantine
      lead={t('quarantineLead')}
      load={(query) => read(api.GET('/api/directory/imports/{id}/quarantine', { params: { path: { id }, query } }))}
      queryKey={['import', id, 'quarantine']}
      remedy={source && state === 'applied' && <RetryHeld sourceId={source.id} />}
    />
  )
}
