import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Cited } from './cited.tsx'
import { agreementQuery, useAgreementSlug } from './governance.ts'
import type { Meeting } from './meetings.ts'
import './verdict-account.css'

/** What the agreement asks before the meeting, and whether it is met, or was when it was convened. */
export function MeetingConvening({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  return (
    <Section title={t('convening.title')}>
      {meeting.convenedAt !== null && <p>{t('convening.on', { when: format.dateTime(meeting.convenedAt) })}</p>}
      {meeting.checks.length === 0 ? (
        <p className="quiet">{t('convening.nothing')}</p>
      ) : (
        <Checks checks={meeting.checks} />
      )}
      {meeting.state === 'convened' && (
        <p className="quiet measure">
          {meeting.agendaTerm === null
            ? t('convening.agendaUntilOpen')
            : t('convening.agendaUntil', { day: format.day(meeting.agendaTerm) })}
        </p>
      )}
    </Section>
  )
}

/** Checks of a convening, each with its dates and its article. */
export function Checks({ checks }: { checks: Meeting['checks'] }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useQuery(agreementQuery(slug))
  return (
    <ul className="verdict-account">
      {checks.map((check) => (
        <li className="verdict-step" key={`${check.kind} ${check.body ?? ''}`}>
          <span className={check.met ? 'verdict-mark verdict-holds' : 'verdict-mark verdict-fails'}>
            <Icon name={check.met ? 'check' : 'cross'} size={18} />
            <span className="visually-hidden">{t(check.met ? 'convening.met' : 'convening.unmet')}</span>
          </span>
          <div>
            <p>
              {t(`convening.${check.kind}`, {
                count: check.days,
                limit: format.day(check.limit),
                body: agreement?.bodies.find(({ key }) => key === check.body)?.shortName ?? check.body,
              })}{' '}
              {check.kind === 'preparation' &&
                (check.doneOn === null
                  ? t('convening.nonePlanned')
                  : t('convening.planned', { day: format.day(check.doneOn) }))}
              {!check.met &&
                check.kind !== 'preparation' &&
                check.doneOn &&
                t('convening.isOn', { day: format.day(check.doneOn) })}
            </p>
            <Cited article={check.article} interpretation={check.interpretation} />
          </div>
        </li>
      ))}
    </ul>
  )
}
