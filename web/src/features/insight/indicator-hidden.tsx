import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Icon } from '../../ui/icons.tsx'
import type { IndicatorAnswer } from './indicators.ts'

/** What was kept from sight, and why; nothing when all is there. */
export function HiddenNotes({ answer, named }: { answer: IndicatorAnswer; named: boolean }) {
  const { t } = useTranslation('dashboards')
  const format = useFormat()
  const { suppressed, period, excludedObjectors, withheld } = answer
  const { k } = suppressed
  const snapped = period.from !== period.askedFrom || period.until !== period.askedUntil
  const range = t('range', { from: format.dayMedium(period.from), until: format.dayMedium(period.until) })
  const notes = [
    suppressed.rows > 0 && t('hidden.rows', { count: suppressed.rows, k }),
    suppressed.cells > 0 && t('hidden.cells', { count: suppressed.cells, k }),
    suppressed.weeks > 0 && !withheld && t('hidden.weeks', { count: suppressed.weeks, k }),
    snapped && !withheld && t('hidden.snapped', { range }),
    excludedObjectors && t('hidden.objectors'),
    named && t('card.named'),
    named && answer.columns.some(({ name }) => name === 'rule') && t('followUp.note'),
  ].filter((note) => note !== false)
  if (notes.length === 0) return null
  return (
    <ul className="indicator-notes">
      {notes.map((note) => (
        <li key={note}>
          <Icon name="info" size={16} /> <span>{note}</span>
        </li>
      ))}
    </ul>
  )
}
