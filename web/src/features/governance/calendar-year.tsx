import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Table } from '../../ui/table.tsx'
import { type Calendar, listMonths } from './calendar.ts'

type Mark = { kind: 'held' | 'set' | 'lastDay' | 'missing'; day: string; text: string }

/** The year at a glance, month by month: the meetings held and set, the last safe days, and what is missing. */
export function CalendarYear({ calendar }: { calendar: Calendar }) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const months = listMonths(calendar.schoolYear.from)
  const now = calendar.today.slice(0, 7)
  const rows = calendar.bodies.flatMap(({ key, shortName }) => {
    const marks = listMarks(calendar, key, (kind, day, title) =>
      t(`calendar.mark.${kind}`, { day: format.dayMedium(day), title }),
    )
    return marks.length > 0 ? [{ key, shortName, marks }] : []
  })
  if (rows.length === 0) return null
  return (
    <Section hint={t('calendar.yearHint')} title={t('calendar.year')}>
      <div className="calendar-year">
        <Table
          caption={t('calendar.year')}
          head={
            <tr>
              <th scope="col">{t('calendar.body')}</th>
              {months.map((month) => (
                <th className={month === now ? 'calendar-now' : undefined} key={month} scope="col">
                  <span className="visually-hidden">{format.month(month)}</span>
                  <abbr aria-hidden="true" title={format.month(month)}>
                    {format.month(month).slice(0, 1).toUpperCase()}
                  </abbr>
                </th>
              ))}
            </tr>
          }
        >
          {rows.map(({ key, shortName, marks }) => (
            <tr key={key}>
              <th scope="row">{shortName}</th>
              {months.map((month) => (
                <td className={month === now ? 'calendar-now' : undefined} key={month}>
                  {marks
                    .filter(({ day }) => day.startsWith(month))
                    .map(({ kind, day, text }) => (
                      <span className={`calendar-mark calendar-mark-${kind}`} key={kind + day} title={text}>
                        <Shape kind={kind} />
                        <span className="visually-hidden">{text}</span>
                      </span>
                    ))}
                </td>
              ))}
            </tr>
          ))}
        </Table>
      </div>
      <ul className="calendar-legend small">
        {(['held', 'set', 'lastDay', 'missing'] as const).map((kind) => (
          <li key={kind}>
            <span className={`calendar-mark calendar-mark-${kind}`}>
              <Shape kind={kind} />
            </span>{' '}
            {t(`calendar.legend.${kind}`)}
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Shape({ kind }: { kind: Mark['kind'] }) {
  return (
    <svg aria-hidden="true" height="14" viewBox="0 0 14 14" width="14">
      {kind === 'held' && <circle cx="7" cy="7" fill="currentColor" r="5.5" />}
      {kind === 'set' && <circle cx="7" cy="7" fill="none" r="4.5" stroke="currentColor" strokeWidth="2" />}
      {kind === 'lastDay' && <path d="M7 12 1.5 3h11z" fill="none" stroke="currentColor" strokeWidth="2" />}
      {kind === 'missing' && <path d="m2 2 10 10M12 2 2 12" stroke="currentColor" strokeWidth="2.5" />}
    </svg>
  )
}

function listMarks(
  { entries, meetings, today }: Calendar,
  body: string,
  say: (kind: Mark['kind'], day: string, title: string) => string,
): Mark[] {
  const marks = new Map<string, Mark>()
  const add = (kind: Mark['kind'], day: string, title: string) => {
    marks.set(`${kind} ${day}`, { kind, day, text: say(kind, day, title) })
  }
  for (const meeting of meetings) {
    if (meeting.body === body && (meeting.held || meeting.day >= today)) {
      add(meeting.held ? 'held' : 'set', meeting.day, meeting.title)
    }
  }
  for (const entry of entries) {
    for (const step of entry.steps) if (step.body === body && step.act === 'meet') add('lastDay', step.by, entry.name)
    if (entry.body === body && entry.state === 'missing') {
      add('missing', entry.meeting?.day ?? entry.period.until, entry.name)
    }
  }
  return [...marks.values()]
}
