import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../shell/format.ts'
import type { Rules, Service } from './services.ts'
import './services.css'

/** The phases of a service as a path: those behind it, where it is, those to come. */
export function ServicePhases({
  rules,
  phase,
  stopped,
  course,
}: {
  rules: Rules
  phase: string
  stopped: boolean
  course: Service['course']
}) {
  const { t } = useTranslation('services')
  const format = useFormat()
  const now = rules.phases.findIndex(({ key }) => key === phase)
  /** Day on which the service came into a phase, the last time it did. */
  const since = (key: string) =>
    course.findLast((step) => step.phase === key && (step.fromPhase === null || step.fromPhase !== key))?.at
  return (
    <ol aria-label={t('phases')} className="phases">
      {rules.phases.map(({ key, name }, index) => {
        const is = index === now ? (stopped ? 'stopped' : 'now') : index < now ? 'done' : 'next'
        const came = since(key)
        return (
          <li aria-current={index === now ? 'step' : undefined} className={`phase-${is}`} key={key}>
            <span aria-hidden="true" className="phase-mark">
              {is === 'done' ? '✓' : is === 'stopped' ? '■' : index + 1}
            </span>
            <span className="phase-words">
              {name}
              <small>
                {is === 'next' && t('phase.next')}
                {is === 'done' && (came ? t('phase.doneSince', { day: format.dayMedium(came) }) : t('phase.done'))}
                {is === 'now' && (came ? t('phase.since', { day: format.dayMedium(came) }) : t('phase.now'))}
                {is === 'stopped' && t('phase.stopped')}
              </small>
            </span>
          </li>
        )
      })}
    </ol>
  )
}
