import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../shell/format.ts'
import { Table } from '../../../ui/table.tsx'
import type { DeliverableHead } from './deliverables.ts'

const moments = ['dueOn', 'deliveredOn', 'acceptedOn', 'transferOn'] as const
type Moment = (typeof moments)[number]

const dayCount = (day: string) => Date.parse(`${day}T00:00:00Z`) / 86_400_000

/** Days of a deliverable on the picture; the transfer stands on its day, or on the last it is awaited by. */
function listMoments(deliverable: DeliverableHead): Partial<Record<Moment, string>> {
  const { dueOn, deliveredOn, acceptedOn, transferredOn, deadlines } = deliverable
  const transferOn = transferredOn ?? deadlines.find(({ kind }) => kind === 'transfer')?.by
  return {
    ...(dueOn && { dueOn }),
    ...(deliveredOn && { deliveredOn }),
    ...(acceptedOn && { acceptedOn }),
    ...(transferOn && { transferOn }),
  }
}

/** First days of the months of a span, thinned out so that their names have room. */
function listTicks(first: number, last: number): string[] {
  const ticks: string[] = []
  const day = new Date(first * 86_400_000)
  day.setUTCDate(1)
  day.setUTCMonth(day.getUTCMonth() + 1)
  for (; day.getTime() / 86_400_000 < last; day.setUTCMonth(day.getUTCMonth() + 1))
    ticks.push(day.toISOString().slice(0, 10))
  const step = Math.ceil(ticks.length / 6)
  const room = last - (last - first) / 6
  return ticks.filter((tick, index) => index % step === 0 && dayCount(tick) < room)
}

/** The deliverables over time: when each is due, was delivered, was accepted, and when its skills are passed on. */
export function DeliverableTimeline({ deliverables, today }: { deliverables: DeliverableHead[]; today: string }) {
  const { t } = useTranslation('deliverables')
  const format = useFormat()
  const rows = deliverables.map((each) => ({ ...each, days: listMoments(each) }))
  const all = [today, ...rows.flatMap(({ days }) => Object.values(days))].map(dayCount)
  const first = Math.min(...all) - 10
  const last = Math.max(...all) + 10
  const place = (day: string) => `${(100 * (dayCount(day) - first)) / (last - first)}%`
  return (
    <figure className="timeline-figure">
      <figcaption>{t('timeline.title')}</figcaption>
      <div aria-hidden="true" className="timeline">
        <div className="timeline-row timeline-scale">
          <span />
          <div className="timeline-track">
            {listTicks(first, last).map((day) => (
              <span className="timeline-tick small" key={day} style={{ insetInlineStart: place(day) }}>
                {format.month(day.slice(0, 7))}
              </span>
            ))}
          </div>
        </div>
        {rows.map(({ key, title, days, deliveredOn, acceptedOn }) => (
          <div className="timeline-row" key={key}>
            <span className="timeline-name">{title}</span>
            <div className="timeline-track">
              <span className="timeline-today" style={{ insetInlineStart: place(today) }} />
              {deliveredOn && (
                <span
                  className="timeline-bar"
                  style={{
                    insetInlineStart: place(deliveredOn),
                    inlineSize: `calc(${place(acceptedOn ?? today)} - ${place(deliveredOn)})`,
                  }}
                />
              )}
              {moments.map((moment) => {
                const day = days[moment]
                return (
                  day && (
                    <span
                      className="timeline-mark"
                      key={moment}
                      style={{ insetInlineStart: place(day) }}
                      title={t(`timeline.${moment}`, { day: format.dayMedium(day) })}
                    >
                      <Shape moment={moment} />
                    </span>
                  )
                )
              })}
            </div>
          </div>
        ))}
      </div>
      <ul aria-hidden="true" className="timeline-legend small">
        {moments.map((moment) => (
          <li key={moment}>
            <Shape moment={moment} /> {t(`timeline.heads.${moment}`)}
          </li>
        ))}
        <li>
          <span className="timeline-bar-sample" /> {t('timeline.trial')}
        </li>
        <li>
          <span className="timeline-today-sample" /> {t('timeline.today')}
        </li>
      </ul>
      <details>
        <summary>{t('timeline.table')}</summary>
        <Table
          caption={t('timeline.title')}
          head={
            <tr>
              <th scope="col">{t('deliverable')}</th>
              {moments.map((moment) => (
                <th key={moment} scope="col">
                  {t(`timeline.heads.${moment}`)}
                </th>
              ))}
            </tr>
          }
          stacked
        >
          {rows.map(({ key, title, days }) => (
            <tr key={key}>
              <th scope="row">{title}</th>
              {moments.map((moment) => (
                <td data-label={t(`timeline.heads.${moment}`)} key={moment}>
                  <div>{days[moment] ? format.dayMedium(days[moment]) : '–'}</div>
                </td>
              ))}
            </tr>
          ))}
        </Table>
      </details>
    </figure>
  )
}

function Shape({ moment }: { moment: Moment }) {
  return (
    <svg aria-hidden="true" height="16" viewBox="0 0 16 16" width="16">
      {moment === 'dueOn' && <path d="M8 14 2 3.5h12z" fill="var(--surface)" stroke="currentColor" strokeWidth="2" />}
      {moment === 'deliveredOn' && (
        <circle cx="8" cy="8" fill="var(--surface)" r="5" stroke="currentColor" strokeWidth="2" />
      )}
      {moment === 'acceptedOn' && <circle cx="8" cy="8" fill="currentColor" r="6" />}
      {moment === 'transferOn' && <path d="m8 1.5 6.5 6.5L8 14.5 1.5 8z" fill="currentColor" />}
    </svg>
  )
}
