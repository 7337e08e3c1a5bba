import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Has what a source set aside read again, where the records were kept: in an import that is reviewed like any other. */
export function RetryHeld({ sourceId }: { sourceId: string }) {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const explain = useProblemText()
  const navigate = useNavigate()
  const client = useQueryClient()
  const path = { id: sourceId }
  const { data } = useQuery({
    queryKey: ['sources', sourceId, 'quarantine', 'retryable'],
    queryFn: () => read(api.GET('/api/directory/sources/{id}/quarantine', { params: { path, query: { limit: 1 } } })),
  })
  const retry = useMutation({
    mutationFn: () => read(api.POST('/api/directory/sources/{id}/retry', { params: { path } })),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['imports'] })
      await navigate(paths.import(id))
    },
  })
  const count = data?.retryable ?? 0
  if (count === 0) return null
  return (
    <div className="stack stack-tight">
      <p className="measure">{t('retry.what', { count, total: format.number(count) })}</p>
      {retry.error && <Notice kind="danger" live="alert" title={explain(retry.error)} />}
      <div>
        <Button busy={retry.isPending} onClick={() => retry.mutate()}>
          {t('retry.action')}
        </Button>
      </div>
    </div>
  )
}
