import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { useNow } from '../../ui/now.ts'

const followUpsQuery = (course: string) =>
  queryOptions({
    queryKey: ['insight', 'follow-ups', course],
    queryFn: () => read(api.GET('/api/insight/courses/{course}/follow-ups', { params: { path: { course } } })),
  })

/** What the teacher did about a flag raised on somebody, or buttons to say so; the person can read it. */
export function FollowUp({
  course,
  learner,
  rule,
  name,
}: {
  course: string
  learner: string
  rule: string
  /** Of the person, for who hears the buttons. */
  name: string
}) {
  const { t } = useTranslation('dashboards')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const { data } = useQuery(followUpsQuery(course))
  const decide = useMutation({
    mutationFn: (decision: 'followed' | 'dismissed') =>
      read(
        api.POST('/api/insight/courses/{course}/follow-ups', {
          params: { path: { course } },
          body: { learner, rule, decision },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: followUpsQuery(course).queryKey }),
  })
  const now = useNow(600).toISOString()
  const last = data?.followUps.find(
    (each) => each.learner === learner && each.rule === rule && (each.until === null || each.until > now),
  )
  if (last) {
    return <span className="quiet">{t(`followUp.${last.decision}`, { when: format.dayMedium(last.decidedAt) })}</span>
  }
  return (
    <>
      {(['followed', 'dismissed'] as const).map((decision) => (
        <Button
          aria-label={t('followUp.about', { act: t(`followUp.say.${decision}`), name })}
          busy={decide.isPending}
          className="follow-up"
          key={decision}
          look="quiet"
          onClick={() => decide.mutate(decision)}
        >
          {t(`followUp.say.${decision}`)}
        </Button>
      ))}
      {decide.error && <span role="alert">{explain(decide.error)}</span>}
    </>
  )
}
