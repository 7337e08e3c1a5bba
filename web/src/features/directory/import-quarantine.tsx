import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Quarantine } from './quarantine.tsx'

/** What one import has set aside. */
export function ImportQuarantine({ id }: { id: string }) {
  const { t } = useTranslation('imports')
  return (
    <Quarantine
      lead={t('quarantineLead')}
      load={(query) => read(api.GET('/api/directory/imports/{id}/quarantine', { params: { path: { id }, query } }))}
      queryKey={['import', id, 'quarantine']}
    />
  )
}
