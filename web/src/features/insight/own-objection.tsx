import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Objecting to being counted, and taking it back. @param since when the reader objected; null when they do not. */
export function OwnObjection({ since }: { since: string | null }) {
  const { t } = useTranslation('traces')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: () =>
      since === null ? api.PUT('/api/insight/own/objection') : api.DELETE('/api/insight/own/objection'),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['insight', 'own', 'objection'] }),
  })
  return (
    <Section hint={t('objection.hint')} title={t('objection.title')}>
      {change.error && <Notice kind="danger" live="alert" title={explain(change.error)} />}
      <Notice
        kind={since === null ? 'info' : 'success'}
        live="status"
        title={since === null ? t('objection.counted') : t('objection.since', { at: format.dateTime(since) })}
      />
      <div className="row">
        <Button busy={change.isPending} onClick={() => change.mutate()}>
          {t(since === null ? 'objection.object' : 'objection.withdraw')}
        </Button>
      </div>
    </Section>
  )
}
