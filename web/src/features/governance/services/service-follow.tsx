import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../../paths.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { useNames } from '../changes.ts'
import { Cited } from '../cited.tsx'
import { useAgreementSlug } from '../governance.ts'
import type { Service } from './services.ts'

/** The months since the last dossier: when the body that follows the services met, and when it did not. */
export function ServiceFollow({ service: { follow, rules } }: { service: Service }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const format = useFormat()
  if (!follow || !rules) return null
  const missed = follow.months.filter(({ state }) => state === 'missed').length
  return (
    <Section title={t('follow.title', { body: names.body(follow.body) })}>
      <div className="measure">
        {t('follow.hint', { day: format.day(follow.since) })}{' '}
        <strong>{missed === 0 ? t('follow.noneMissed') : t('follow.missed', { count: missed })}</strong>{' '}
        <Cited article={rules.article} interpretation={rules.interpretation} />
      </div>
      <ul className="follow">
        {follow.months.map(({ month, state, meetings }) => (
          <li className={`follow-${state}`} key={month}>
            <strong className="follow-month">{format.month(month)}</strong>
            <span className="small">{t(`follow.states.${state}`)}</span>
            {meetings.map(({ id, title, day }) => (
              <Link className="small" key={id} to={paths.governanceMeeting(slug, id)}>
                {t('follow.meeting', { title, day: format.dayShort(day) })}
              </Link>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  )
}
