import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'

/** The address that the reader's own calendar program reads: made, replaced, withdrawn. */
export function CalendarFeed({ slug, since }: { slug: string; since: string | null }) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const params = { path: { slug } }
  const refresh = () => queries.invalidateQueries({ queryKey: ['governance', slug, 'calendar'] })
  const make = useMutation({
    mutationFn: () => read(api.POST('/api/governance/agreements/{slug}/calendar-feed', { params })),
    onSuccess: refresh,
  })
  const withdraw = useMutation({
    mutationFn: () => api.DELETE('/api/governance/agreements/{slug}/calendar-feed', { params }),
    onSuccess: () => {
      make.reset()
      return refresh()
    },
  })
  const failed = make.error ?? withdraw.error
  return (
    <Section hint={t('feed.hint')} title={t('feed.title')}>
      <div aria-live="polite" className="stack measure">
        {failed && <Notice kind="danger" title={explain(failed)} />}
        {make.data && (
          <TextField
            hint={t('feed.once')}
            label={t('feed.address')}
            onFocus={({ target }) => target.select()}
            readOnly
            value={make.data.address}
          />
        )}
        {since !== null && <p>{t('feed.since', { when: format.dateTime(since) })}</p>}
      </div>
      <div className="row">
        <Button busy={make.isPending} onClick={() => make.mutate()}>
          {since === null ? t('feed.make') : t('feed.replace')}
        </Button>
        {since !== null && (
          <Button busy={withdraw.isPending} look="quiet" onClick={() => withdraw.mutate()}>
            {t('feed.withdraw')}
          </Button>
        )}
      </div>
    </Section>
  )
}
