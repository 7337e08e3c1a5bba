import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'
import type { Calendar, CalendarEntry } from './calendar.ts'
import { useNames } from './changes.ts'
import { Cited } from './cited.tsx'

/** Says in words what an entry asks for, and what its next step is. */
export function useEntryWords({ bodies, today }: Pick<Calendar, 'bodies' | 'today'>) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const names = useNames()
  const shortName = (body: string | null) => bodies.find(({ key }) => key === body)?.shortName ?? body ?? ''
  const period = ({ from, until }: CalendarEntry['period']) =>
    t('calendar.period', { from: format.dayMedium(from), until: format.dayMedium(until) })
  const say = (entry: CalendarEntry) => {
    const meeting = entry.meeting ? { title: entry.meeting.title, day: format.dayMedium(entry.meeting.day) } : {}
    if (entry.kind === 'frequency') {
      const asked = t('calendar.meetings', { count: entry.count?.asked ?? 0 })
      return `${asked}, ${period(entry.period)}`
    }
    if (entry.kind === 'notice') return t('calendar.notice', meeting)
    if (entry.kind === 'preparation') {
      return t('calendar.preparation', { ...meeting, body: shortName(entry.preparedBy) })
    }
    if (entry.kind === 'dossier') return t('calendar.dossier', { day: format.dayMedium(entry.period.until) })
    if (entry.kind === 'deliverable') {
      return t('calendar.deliverable', { party: names.party(entry.party ?? '') })
    }
    return t('calendar.review', { period: period(entry.period) })
  }
  const step = (next: CalendarEntry['steps'][number] | undefined) =>
    next ? t(`calendar.act.${next.act}`, { body: shortName(next.body) }) : ''
  /** Why it is so, where the state alone does not tell. */
  const detail = (entry: CalendarEntry): string => {
    const { count, state, doneOn, kind, strict, period: within } = entry
    if (kind === 'frequency' && count) {
      const held = t('calendar.held', { held: count.held, set: count.set })
      return state === 'late' && !strict && within.until < today ? `${held} ${t('calendar.wished')}` : held
    }
    if (doneOn === null) return ''
    return t(kind === 'notice' ? 'calendar.convenedOn' : 'calendar.doneOn', { day: format.dayMedium(doneOn) })
  }
  return { entry: say, step, detail }
}

/** Everything the agreement asks for in the year, body by body, with its article and its last safe day. */
export function CalendarTable({ calendar, slug, manages }: { calendar: Calendar; slug: string; manages: boolean }) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const explain = useProblemText()
  const say = useEntryWords(calendar)
  const queries = useQueryClient()
  const record = useMutation({
    mutationFn: (entry: CalendarEntry) =>
      api.POST('/api/governance/agreements/{slug}/reviews', {
        params: { path: { slug } },
        body: { review: entry.key.split(' ')[1] ?? '', periodFrom: entry.period.from, doneOn: calendar.today },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['governance', slug, 'calendar'] }),
  })
  return (
    <>
      {record.error && <Notice kind="danger" live="alert" title={explain(record.error)} />}
      <div className="calendar-all">
        <Table
          caption={t('calendar.all')}
          head={
            <tr>
              <th scope="col">{t('calendar.body')}</th>
              <th scope="col">{t('calendar.asked')}</th>
              <th scope="col">{t('calendar.stateHead')}</th>
              <th scope="col">{t('calendar.lastSafeDay')}</th>
              <th scope="col">{t('calendar.article')}</th>
            </tr>
          }
          stacked
        >
          {calendar.entries.map((entry, at) => (
            <tr key={entry.key}>
              <th className={calendar.entries[at - 1]?.name === entry.name ? 'calendar-again' : undefined} scope="row">
                {entry.name}
              </th>
              <td data-label={t('calendar.asked')}>
                <span>{say.entry(entry)}</span>
              </td>
              <td data-label={t('calendar.stateHead')}>
                <State detail={say.detail(entry)} state={entry.state} />
              </td>
              <td data-label={t('calendar.lastSafeDay')}>
                <Steps entry={entry} say={say.step} />
                {manages && entry.kind === 'review' && (entry.state === 'due' || entry.state === 'late') && (
                  <Button busy={record.isPending} look="quiet" onClick={() => record.mutate(entry)}>
                    {t('calendar.recordReview')}
                    <span className="visually-hidden"> ({entry.name})</span>
                  </Button>
                )}
                {entry.steps.length === 0 && entry.lastSafeDay !== null && (
                  <span className="quiet">{format.dayMedium(entry.lastSafeDay)}</span>
                )}
              </td>
              <td data-label={t('calendar.article')}>
                <Cited article={entry.article} interpretation={entry.interpretation} />
              </td>
            </tr>
          ))}
        </Table>
      </div>
    </>
  )
}

const tones: Partial<Record<CalendarEntry['state'], Tone>> = {
  done: 'success',
  planned: 'accent',
  late: 'warning',
  missing: 'danger',
}

function State({ state, detail }: { state: CalendarEntry['state']; detail: string }) {
  const { t } = useTranslation('agreements')
  return (
    <span>
      <Badge tone={tones[state]}>{t(`calendar.state.${state}`)}</Badge>
      <span className="quiet small calendar-detail">{detail}</span>
    </span>
  )
}

function Steps({ entry, say }: { entry: CalendarEntry; say: (step: CalendarEntry['steps'][number]) => string }) {
  const format = useFormat()
  if (entry.steps.length === 0) return null
  return (
    <ul className="calendar-steps">
      {entry.steps.map((step) => (
        <li key={`${step.act} ${step.body}`}>
          <strong>{format.dayMedium(step.by)}</strong> <span className="small">{say(step)}</span>
        </li>
      ))}
    </ul>
  )
}
