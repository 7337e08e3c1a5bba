import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Import } from './import-words.ts'

/** Until when received files are kept, and how to have them read once more. */
export function ImportReread({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const explain = useProblemText()
  const navigate = useNavigate()
  const client = useQueryClient()
  const reread = useMutation({
    mutationFn: () => read(api.POST('/api/directory/imports/{id}/reread', { params: { path: { id: data.id } } })),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['imports'] })
      await navigate(paths.import(id))
    },
  })
  if (!data.keptUntil) return null
  return (
    <div className="stack stack-tight">
      <p>{t('reread.kept', { when: format.dateTime(data.keptUntil) })}</p>
      <p className="quiet measure">{t('reread.hint')}</p>
      {reread.error && <Notice kind="danger" live="alert" title={explain(reread.error)} />}
      <div>
        <Button busy={reread.isPending} onClick={() => reread.mutate()}>
          {t('reread.action')}
        </Button>
      </div>
    </div>
  )
}
