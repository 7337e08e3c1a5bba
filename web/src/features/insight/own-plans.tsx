import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { appearanceQuery } from '../../api/queries.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useNow } from '../../ui/now.ts'
import { Table } from '../../ui/table.tsx'
import { pickName } from './indicator-words.ts'
import { coursesQuery } from './indicators.ts'
import { plansQuery, readField } from './own.ts'
import { findToday } from './period.ts'

/** What the reader means to do each week in their courses: only they see it. */
export function OwnPlans() {
  const { t, i18n } = useTranslation('traces')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const { data } = useQuery(plansQuery)
  const { data: appearance } = useQuery(appearanceQuery)
  const { data: courses } = useQuery(coursesQuery({ as: 'student', q: '' }))
  const today = findToday(useNow(600), appearance?.timeZone ?? 'Europe/Paris')
  const [chosen, setChosen] = useState('')
  const course = chosen || courses?.courses[0]?.key || ''
  const after = { onSuccess: () => queries.invalidateQueries({ queryKey: ['insight'] }) }
  const set = useMutation({
    mutationFn: ({ weekly, until }: { weekly: number; until: string | null }) =>
      api.PUT('/api/insight/own/plans/{course}', {
        params: { path: { course } },
        body: { weekly, since: today, until },
      }),
    ...after,
  })
  const giveUp = useMutation({
    mutationFn: (of: string) => api.DELETE('/api/insight/own/plans/{course}', { params: { path: { course: of } } }),
    ...after,
  })
  if (!data || !courses || (courses.courses.length === 0 && data.plans.length === 0)) return null
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    set.mutate({ weekly: Number(readField(form, 'weekly')), until: readField(form, 'until') || null })
  }
  const nameOf = (name: Record<string, string> | null | undefined) =>
    pickName(name ?? undefined, i18n.language) ?? t('unnamedCourse')
  const error = set.error ?? giveUp.error
  return (
    <Section hint={t('plans.hint')} title={t('plans.title')}>
      {error && <Notice kind="danger" live="alert" title={explain(error)} />}
      {data.plans.length > 0 && (
        <Table
          caption={t('plans.title')}
          head={
            <tr>
              <th scope="col">{t('course')}</th>
              <th scope="col">{t('plans.weekly')}</th>
              <th scope="col">{t('plans.until')}</th>
              <th scope="col">{t('plans.change')}</th>
            </tr>
          }
          stacked
        >
          {data.plans.map(({ course: of, courseName, weekly, until }) => (
            <tr key={of}>
              <th scope="row">{nameOf(courseName)}</th>
              <td data-label={t('plans.weekly')}>
                <span>{format.number(weekly)}</span>
              </td>
              <td data-label={t('plans.until')}>
                <span>{until === null ? t('plans.noEnd') : format.dayMedium(until)}</span>
              </td>
              <td data-label={t('plans.change')}>
                <Button
                  aria-label={t('plans.giveUpOf', { course: nameOf(courseName) })}
                  busy={giveUp.isPending && giveUp.variables === of}
                  look="quiet"
                  onClick={() => giveUp.mutate(of)}
                >
                  {t('plans.giveUp')}
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <form className="own-form" onSubmit={submit}>
        <SelectField
          label={t('course')}
          onChange={({ target }) => setChosen(target.value)}
          options={courses.courses.map(({ key, name }) => ({ value: key, label: nameOf(name) }))}
          value={course}
        />
        <TextField
          defaultValue="3"
          label={t('plans.weekly')}
          max={200}
          min={1}
          name="weekly"
          required
          step={1}
          type="number"
        />
        <TextField label={t('plans.untilOptional')} min={today} name="until" type="date" />
        <Button busy={set.isPending} type="submit">
          {t('plans.set')}
        </Button>
      </form>
    </Section>
  )
}
