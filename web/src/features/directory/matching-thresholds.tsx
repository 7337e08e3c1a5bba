import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'

/** From how many points people are merged or proposed. */
export function MatchThresholds({ thresholds }: { thresholds: { automatic: number; review: number } }) {
  const { t } = useTranslation('matching')
  const client = useQueryClient()
  const tellProblem = useProblemText()
  const [automatic, setAutomatic] = useState(String(thresholds.automatic))
  const [review, setReview] = useState(String(thresholds.review))
  const reversed = Number(review) > Number(automatic)
  const save = useMutation({
    mutationFn: () =>
      api.PUT('/api/directory/matching/thresholds', {
        body: { automatic: Number(automatic), review: Number(review) },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['matching', 'proposals'] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!reversed) save.mutate()
  }
  const field = (value: string, set: (value: string) => void) => ({
    inputMode: 'numeric' as const,
    max: 1000,
    min: 1,
    onChange: (event: { target: { value: string } }) => {
      set(event.target.value)
      save.reset()
    },
    required: true,
    type: 'number',
    value,
  })
  return (
    <Section hint={t('thresholds.hint')} title={t('thresholds.title')}>
      <form className="thresholds" onSubmit={submit}>
        <TextField label={t('thresholds.automatic')} {...field(automatic, setAutomatic)} />
        <TextField
          error={reversed && t('thresholds.reversed')}
          label={t('thresholds.review')}
          {...field(review, setReview)}
        />
        <Button busy={save.isPending} type="submit">
          {t('thresholds.save')}
        </Button>
      </form>
      <div aria-live="polite">
        {save.isSuccess && (
          <Notice kind="success">
            <p>{t('thresholds.saved')}</p>
          </Notice>
        )}
        {save.error && (
          <Notice kind="danger">
            <p>{tellProblem(save.error)}</p>
          </Notice>
        )}
      </div>
    </Section>
  )
}
