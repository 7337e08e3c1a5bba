import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Calendar, calendarQuery } from './calendar.ts'
import { CalendarTable, useEntryWords } from './calendar-table.tsx'
import { CalendarFeed } from './calendar-feed.tsx'
import { CalendarYear } from './calendar-year.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { OwnMatters } from './own-matters.tsx'
import './calendar.css'

/** What the agreement asks for in a school year: what is done, what presses, and the last safe days. */
export function CalendarPage() {
  const { t } = useTranslation(['agreements', 'governance'])
  const format = useFormat()
  const slug = useAgreementSlug()
  const [parameters, setParameters] = useSearchParams()
  const chosen = parameters.get('year')
  const year = chosen === null ? {} : { year: chosen }
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(calendarQuery(slug, parameters.get('year') ?? undefined))
  const name = ({ from }: { from: string }) => format.schoolYear(Number(from.slice(0, 4)))
  return (
    <GovernancePage
      actions={
        <Link className="button button-secondary" to={paths.governanceReview(slug, year)}>
          {t('governance:review.open')}
        </Link>
      }
      busy={!data && !error}
      lead={agreement ? agreement.title : undefined}
      title={t('calendar.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={8} />}
      {data && (
        <>
          <div className="calendar-choice">
            <SelectField
              label={t('calendar.schoolYear')}
              onChange={({ target }) => setParameters({ year: target.value }, { replace: true })}
              options={data.schoolYears.map((year) => ({ value: year.from, label: name(year) }))}
              value={data.schoolYear.from}
            />
          </div>
          <Notices calendar={data} slug={slug} />
          <OwnMatters />
          <Pressing calendar={data} slug={slug} />
          {data.entries.length === 0 ? (
            <Empty title={t('calendar.none')}>{t('calendar.noneText')}</Empty>
          ) : (
            <>
              <CalendarYear calendar={data} />
              <Section hint={t('calendar.allHint')} title={t('calendar.all')}>
                <CalendarTable calendar={data} manages={agreement?.manages ?? false} slug={slug} />
              </Section>
            </>
          )}
          <CalendarFeed since={data.feedSince} slug={slug} />
        </>
      )}
    </GovernancePage>
  )
}

/** What is late or presses, most urgent first, in one sentence each. */
function Pressing({ calendar, slug }: { calendar: Calendar; slug: string }) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const say = useEntryWords(calendar)
  const { entries, today } = calendar
  // What was only wished for, and is over, is told in the table alone; so is what was done late.
  const failing = entries.filter(
    ({ state, kind, doneOn, period, meeting }) =>
      state === 'missing' ||
      (state === 'late' &&
        (kind !== 'frequency' || period.until >= today) &&
        (doneOn === null || (meeting?.day ?? '') >= today)),
  )
  const next = entries
    .filter(({ state, steps }) => state === 'due' && steps.length > 0)
    .toSorted((a, b) => (a.steps[0]?.by ?? '').localeCompare(b.steps[0]?.by ?? ''))
    .slice(0, 4)
  return (
    <Section title={t('calendar.pressing')}>
      {failing.length === 0 && next.length === 0 && <p>{t('calendar.nothingPresses')}</p>}
      <ul className="calendar-pressing">
        {failing.map((entry) => (
          <li key={entry.key}>
            <Badge tone={entry.state === 'missing' ? 'danger' : 'warning'}>{t(`calendar.state.${entry.state}`)}</Badge>
            <span>
              <strong>{entry.name}</strong>
              {t('colon')}
              {say.entry(entry)}
            </span>
          </li>
        ))}
        {next.map((entry) => (
          <li key={entry.key}>
            <Badge>
              {entry.steps[0]?.by === today
                ? t('calendar.beforeTonight')
                : t('calendar.before', { day: format.dayMedium(entry.steps[0]?.by ?? entry.period.until) })}
            </Badge>
            <span>
              <strong>{entry.name}</strong>
              {t('colon')}
              <NextStep slug={slug} step={entry.steps[0]}>
                {say.step(entry.steps[0])}
              </NextStep>{' '}
              {t('calendar.for', { what: say.entry(entry) })}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** A step to take, leading to the body that is convened or meets. */
function NextStep({
  slug,
  step,
  children,
}: {
  slug: string
  step: Calendar['entries'][number]['steps'][number] | undefined
  children: ReactNode
}) {
  return step?.body ? <Link to={paths.governanceBody(slug, step.body)}>{children}</Link> : children
}

/** What the reader was told of and has not put aside. */
function Notices({ calendar, slug }: { calendar: Calendar; slug: string }) {
  const { t } = useTranslation('agreements')
  const explain = useProblemText()
  const format = useFormat()
  const say = useEntryWords(calendar)
  const queries = useQueryClient()
  const aside = useMutation({
    mutationFn: (id: string) =>
      api.POST('/api/governance/agreements/{slug}/notices/{id}/reading', { params: { path: { slug, id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['governance'] }),
  })
  if (calendar.notices.length === 0) return null
  return (
    <Section title={t('calendar.notices', { count: calendar.notices.length })}>
      {aside.error && <Notice kind="danger" live="alert" title={explain(aside.error)} />}
      <ul className="sessions">
        {calendar.notices.map(({ id, entry, madeAt }) => (
          <li key={id}>
            <span>
              <strong>{entry.name}</strong>
              {t('colon')}
              {say.entry(entry)}{' '}
              <span className="quiet small">
                {t(`calendar.state.${entry.state}`)}, {format.dateTime(madeAt)}
              </span>
            </span>
            <Button busy={aside.isPending} look="quiet" onClick={() => aside.mutate(id)}>
              {t('calendar.putAside')}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  )
}
