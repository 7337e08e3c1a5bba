import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { pickName } from './indicator-words.ts'
import { coursesQuery } from './indicators.ts'
import type { Audience, Viewer } from './looking.ts'
import { type ComparisonName, comparisonNames, type Period, type PeriodName, periodNames } from './period.ts'

/** Which course, which period, compared with what; all in the address. On a phone behind a button that says what is chosen. */
export function DashboardFilters({
  viewer,
  as,
  course,
  period,
  comparison,
}: {
  viewer: Viewer
  as: Audience | undefined
  course: string | undefined
  period: { name: PeriodName } & Period
  comparison: ComparisonName
}) {
  const { t } = useTranslation(['dashboards', 'shell'])
  const format = useFormat()
  const [, change] = useFilters()
  const [open, setOpen] = useState(false)
  const id = useId()
  const wrong = period.from > period.until ? t('filters.wrongPeriod') : undefined
  return (
    <>
      <Button
        aria-controls={id}
        aria-expanded={open}
        className="dashboard-filters-toggle"
        onClick={() => setOpen(!open)}
      >
        {`${t('shell:filters')} · `}
        {period.name === 'custom'
          ? t('range', { from: format.dayMedium(period.from), until: format.dayMedium(period.until) })
          : t(`period.${period.name}`)}
      </Button>
      <section
        aria-label={t('filters.label')}
        className={open ? 'dashboard-filters dashboard-filters-open' : 'dashboard-filters'}
        id={id}
      >
        {viewer.audiences.length > 1 && (
          <SelectField
            label={t('audience.label')}
            onChange={({ target }) => change({ as: target.value, course: '' })}
            options={viewer.audiences.map((each) => ({ value: each, label: t(`audience.${each}`) }))}
            value={viewer.audience}
          />
        )}
        {viewer.courses?.length !== 1 && <CourseFilter as={as} audience={viewer.audience} course={course} />}
        <SelectField
          label={t('filters.period')}
          onChange={({ target }) =>
            change(
              target.value === 'custom'
                ? { period: 'custom', from: period.from, until: period.until }
                : { period: target.value === '8w' ? '' : target.value, from: '', until: '' },
            )
          }
          options={periodNames.map((each) => ({ value: each, label: t(`period.${each}`) }))}
          value={period.name}
        />
        {period.name === 'custom' && (
          <div className="dashboard-days">
            {(['from', 'until'] as const).map((end) => (
              <TextField
                error={end === 'until' ? wrong : undefined}
                key={end}
                label={t(`filters.${end}`)}
                onChange={({ target }) => {
                  if (target.value !== '') change({ [end]: target.value })
                }}
                type="date"
                value={period[end]}
              />
            ))}
          </div>
        )}
        <SelectField
          label={t('filters.compare')}
          onChange={({ target }) => change({ compare: target.value === 'none' ? '' : target.value })}
          options={comparisonNames.map((each) => ({ value: each, label: t(`compare.${each}`) }))}
          value={comparison}
        />
      </section>
    </>
  )
}

/** One course among those within reach; when they are many, by the words of its name. */
function CourseFilter({
  as,
  audience,
  course,
}: {
  as: Audience | undefined
  audience: Audience
  course: string | undefined
}) {
  const { t, i18n } = useTranslation('dashboards')
  const [, change] = useFilters()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const { data: first } = useQuery(coursesQuery({ as, q: '' }))
  const { data: found } = useQuery(coursesQuery({ as, q }))
  const listed = found ?? first
  const courses = listed?.courses ?? []
  // The one chosen stays in the list, whatever is searched.
  const chosen = first?.courses.find(({ key }) => key === course)
  const options = chosen && !courses.some(({ key }) => key === chosen.key) ? [chosen, ...courses] : courses
  return (
    <>
      {first?.more && (
        <TextField
          autoComplete="off"
          label={t('filters.find')}
          onChange={({ target }) => setTyped(target.value)}
          type="search"
          value={typed}
        />
      )}
      <SelectField
        label={t('filters.course')}
        onChange={({ target }) => change({ course: target.value })}
        options={[
          { value: '', label: t(audience === 'institution' ? 'filters.allCourses' : 'filters.allOwnCourses') },
          ...options.map(({ key, name }) => ({
            value: key,
            label: pickName(name, i18n.language) ?? t('card.unknownActivity'),
          })),
        ]}
        value={course ?? ''}
      />
    </>
  )
}
