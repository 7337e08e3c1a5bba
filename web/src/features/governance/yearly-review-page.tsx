import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { calendarQuery } from './calendar.ts'
import { useNames } from './changes.ts'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { VoicesChart } from './voices-chart.tsx'
import './calendar.css'

const path = '/api/governance/agreements/{slug}/yearly-review'
type Review = ApiPaths[typeof path]['get']['responses'][200]['content']['application/json']

/** What a school year of the consortium was, on one page to be read at a meeting or printed. */
export function YearlyReviewPage() {
  const { t } = useTranslation('governance')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [parameters, setParameters] = useSearchParams()
  const on = parameters.get('year') ?? undefined
  const { data: calendar } = useQuery(calendarQuery(slug, on))
  const { data, error, refetch } = useQuery({
    queryKey: ['governance', slug, 'yearly-review', on],
    queryFn: () => read(api.GET(path, { params: { path: { slug }, query: on === undefined ? {} : { on } } })),
  })
  return (
    <GovernancePage
      actions={<Button onClick={() => window.print()}>{t('review.print')}</Button>}
      back={{ to: paths.governanceCalendar(slug, on === undefined ? {} : { year: on }), label: t('nav.calendar') }}
      busy={!data && !error}
      lead={t('review.lead')}
      title={t('review.title')}
    >
      {calendar && data && (
        <div className="calendar-choice">
          <SelectField
            label={t('review.year')}
            onChange={({ target }) => setParameters({ year: target.value }, { replace: true })}
            options={calendar.schoolYears
              .filter(({ from }) => from <= data.today)
              .map(({ from }) => ({ value: from, label: format.schoolYear(Number(from.slice(0, 4))) }))}
            value={data.schoolYear.from}
          />
        </div>
      )}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={8} />}
      {data && (
        <>
          <Figures review={data} />
          <Meetings bodies={data.bodies} />
          <Decisions review={data} />
          <Changes changes={data.changes} />
          <Money money={data.money} />
          <Reviews review={data} />
        </>
      )}
    </GovernancePage>
  )
}

const isLate = (today: string) => (decision: Review['followUps'][number]) =>
  decision.doneOn === null && decision.dueOn !== null && decision.dueOn < today

function Figures({ review }: { review: Review }) {
  const { t } = useTranslation('governance')
  const format = useFormat()
  const { asked, decisions, followUps, money, today, version } = review
  return (
    <>
      <dl className="figures">
        <div>
          <dt>{t('review.figures.kept')}</dt>
          <dd>{format.number(asked.done)}</dd>
        </div>
        <div>
          <dt>{t('review.figures.failed')}</dt>
          <dd>{format.number(asked.late + asked.missing)}</dd>
        </div>
        <div>
          <dt>{t('review.figures.adopted')}</dt>
          <dd>{format.number(decisions.adopted)}</dd>
        </div>
        <div>
          <dt>{t('review.figures.open')}</dt>
          <dd>{format.number(followUps.filter(isLate(today)).length)}</dd>
        </div>
        <div>
          <dt>{t('review.figures.cost')}</dt>
          <dd>{format.euros(money.costCents)}</dd>
        </div>
      </dl>
      <p className="small quiet">{t('review.rules', { version })}</p>
    </>
  )
}

/** Part of the seats that were filled over meetings, of 1; null without any. */
function presenceOf(meetings: Review['bodies'][number]['meetings']): number | null {
  const seats = meetings.reduce((sum, { of }) => sum + of, 0)
  return seats === 0 ? null : meetings.reduce((sum, { came }) => sum + came, 0) / seats
}

function Meetings({ bodies }: { bodies: Review['bodies'] }) {
  const { t } = useTranslation('governance')
  const format = useFormat()
  const slug = useAgreementSlug()
  const bars = bodies.flatMap(({ shortName, meetings }) => {
    const value = presenceOf(meetings)
    return value === null ? [] : [{ label: shortName, value }]
  })
  const all = presenceOf(bodies.flatMap(({ meetings }) => meetings))
  return (
    <Section hint={t('review.meetings.hint')} title={t('review.meetings.title')}>
      {all === null ? (
        <Empty title={t('review.meetings.none')} />
      ) : (
        <VoicesChart
          bars={bars}
          columns={{ label: t('review.meetings.body'), value: t('review.meetings.presence') }}
          format={format.percent}
          mark={null}
          summary={t('review.meetings.chart')}
          title={t('review.meetings.chartTitle', { share: format.percent(all) })}
          whole={1}
          wording={{ showTable: t('review.meetings.showTable'), showChart: t('review.meetings.showChart') }}
        />
      )}
      <Table
        caption={t('review.meetings.title')}
        head={
          <tr>
            <th scope="col">{t('review.meetings.body')}</th>
            <th className="number" scope="col">
              {t('review.meetings.asked')}
            </th>
            <th className="number" scope="col">
              {t('review.meetings.held')}
            </th>
            <th scope="col">{t('review.meetings.days')}</th>
          </tr>
        }
        stacked
      >
        {bodies.map(({ key, name, askedMeetings, meetings }) => (
          <tr key={key}>
            <th scope="row">
              <Link to={paths.governanceBody(slug, key)}>{name}</Link>
            </th>
            <td className="number" data-label={t('review.meetings.asked')}>
              <div>{askedMeetings === 0 ? t('review.meetings.onDemand') : format.number(askedMeetings)}</div>
            </td>
            <td className="number" data-label={t('review.meetings.held')}>
              <div>{format.number(meetings.length)}</div>
            </td>
            <td data-label={t('review.meetings.days')}>
              <div>
                {meetings.length === 0 && '—'}
                {meetings.map(({ id, day, came, of }) => (
                  <p key={id}>
                    <Link to={paths.governanceMeeting(slug, id)}>{format.dayMedium(day)}</Link>
                    {t('review.meetings.colon')}
                    {t('review.meetings.came', { came, of })}
                  </p>
                ))}
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

function Decisions({ review }: { review: Review }) {
  const { t } = useTranslation('governance')
  const format = useFormat()
  const names = useNames()
  const { decisions, followUps, today } = review
  const late = isLate(today)
  return (
    <Section hint={t('review.decisions.summary', decisions)} title={t('review.decisions.title')}>
      {followUps.length === 0 && <p className="quiet">{t('review.decisions.none')}</p>}
      {followUps.length > 0 && (
        <Table
          caption={t('review.decisions.title')}
          head={
            <tr>
              <th scope="col">{t('review.decisions.what')}</th>
              <th scope="col">{t('review.meetings.body')}</th>
              <th scope="col">{t('review.decisions.due')}</th>
              <th scope="col">{t('review.decisions.state')}</th>
            </tr>
          }
          stacked
        >
          {followUps.map((decision) => {
            const { id, number, title, body, dueOn, doneOn, doneNote } = decision
            return (
              <tr key={id}>
                <th scope="row">
                  {number} {title}
                </th>
                <td data-label={t('review.meetings.body')}>
                  <div>{names.body(body)}</div>
                </td>
                <td data-label={t('review.decisions.due')}>
                  <div>{dueOn === null ? '—' : format.dayMedium(dueOn)}</div>
                </td>
                <td data-label={t('review.decisions.state')}>
                  <div>
                    {doneOn === null
                      ? t(`review.decisions.${late(decision) ? 'late' : 'running'}`)
                      : t('review.decisions.done', { day: format.dayMedium(doneOn) })}
                    {doneNote && <p className="small quiet">{doneNote}</p>}
                  </div>
                </td>
              </tr>
            )
          })}
        </Table>
      )}
    </Section>
  )
}

function Changes({ changes }: { changes: Review['changes'] }) {
  const { t } = useTranslation(['governance', 'changes'])
  const format = useFormat()
  const slug = useAgreementSlug()
  const results = ({ met, reductionCents }: Review['changes'][number]) => {
    if (met === null) return t('review.changes.notMeasured')
    if (met) return t('review.changes.met')
    return reductionCents === null || reductionCents === '0'
      ? t('review.changes.missed')
      : t('review.changes.missedBy', { amount: format.euros(reductionCents) })
  }
  return (
    <Section title={t('review.changes.title')}>
      {changes.length === 0 && <p className="quiet">{t('review.changes.none')}</p>}
      {changes.length > 0 && (
        <Table
          caption={t('review.changes.title')}
          head={
            <tr>
              <th scope="col">{t('review.changes.what')}</th>
              <th scope="col">{t('review.changes.state')}</th>
              <th scope="col">{t('review.changes.results')}</th>
            </tr>
          }
          stacked
        >
          {changes.map((change) => (
            <tr key={change.id}>
              <th scope="row">
                <Link to={paths.governanceChange(slug, change.id)}>{change.title}</Link>
              </th>
              <td data-label={t('review.changes.state')}>
                <div>{t(`changes:states.${change.state}`)}</div>
              </td>
              <td data-label={t('review.changes.results')}>
                <div>{results(change)}</div>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Money({ money }: { money: Review['money'] }) {
  const { t } = useTranslation('governance')
  const format = useFormat()
  const slug = useAgreementSlug()
  const lines = [
    ['committed', money.committedCents],
    ['cost', money.costCents],
    ['regularisation', money.regularisationCents],
    ['open', money.openCents],
    ['bank', money.bankCents],
    ['advance', money.advanceCents],
  ] as const
  return (
    <Section
      hint={t('review.money.hint', { from: format.day(money.startsOn), until: format.day(money.endsOn) })}
      title={t('review.money.title')}
    >
      <dl className="figures">
        {lines.map(([name, cents]) => (
          <div key={name}>
            <dt>{t(`review.money.${name}`)}</dt>
            <dd>{format.euros(cents)}</dd>
          </div>
        ))}
      </dl>
      <p>
        <Link to={paths.governanceMoney(slug, { exercise: money.startsOn })}>{t('review.money.all')}</Link>
      </p>
    </Section>
  )
}

function Reviews({ review }: { review: Review }) {
  const { t } = useTranslation('governance')
  const format = useFormat()
  const slug = useAgreementSlug()
  return (
    <Section title={t('review.reviews.title')}>
      {review.reviews.length === 0 && <p className="quiet">{t('review.reviews.none')}</p>}
      <ul className="help-list">
        {review.reviews.map(({ key, name, article, doneOn }) => (
          <li key={key}>
            {name} ({t('review.reviews.article', { number: article })}){t('review.meetings.colon')}
            {doneOn === null
              ? t('review.reviews.notDone')
              : t('review.reviews.done', { day: format.dayMedium(doneOn) })}
          </li>
        ))}
      </ul>
      <p>
        <Link to={paths.governanceCalendar(slug, { year: review.schoolYear.from })}>{t('review.reviews.record')}</Link>
      </p>
    </Section>
  )
}
