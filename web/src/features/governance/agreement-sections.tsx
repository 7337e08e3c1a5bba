import { useTranslation } from 'react-i18next'
import { Section } from '../../shell/page.tsx'
import type { Rules } from './agreement.ts'
import { useAgreementWords } from './agreement-words.ts'
import { Cited } from './cited.tsx'

/** Phases of a service in their order, who follows it and when it is reviewed; nothing where the agreement knows none. */
export function ServiceRules({ rules }: { rules: Rules }) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(rules)
  const { services } = rules
  if (!services) return null
  const { phases, followedBy, review, article, interpretation } = services
  return (
    <Section title={t('part.services')}>
      <div className="stack stack-tight">
        <ol className="agreement-phases">
          {phases.map(({ key, name }) => (
            <li key={key}>{name}</li>
          ))}
        </ol>
        <p>{t('page.followedBy', { body: say.value(followedBy) })}</p>
        <Cited article={article} interpretation={interpretation} />
      </div>
      <div className="stack stack-tight">
        <p>
          {t('page.reviewed', {
            count: review.everyMonths,
            ballot: rules.ballots.find(({ key }) => key === review.ballot)?.name ?? review.ballot,
          })}
        </p>
        <Cited article={review.article} interpretation={review.interpretation} />
      </div>
    </Section>
  )
}

/** How deliverables are validated, accepted and handed over; nothing where the agreement knows none. */
export function DeliverableRules({ rules }: { rules: Rules }) {
  const { t } = useTranslation('agreements')
  const { deliverables } = rules
  if (!deliverables) return null
  const { validation, acceptance, transfer, article, interpretation } = deliverables
  const steps = [
    {
      rule: validation,
      text: t('page.validated', {
        ballot: rules.ballots.find(({ key }) => key === validation.ballot)?.name ?? validation.ballot,
      }),
    },
    {
      rule: acceptance,
      text: `${t('page.acceptedBy', { count: acceptance.atLeast })} ${t('page.triedFor', { count: acceptance.trialDays })}`,
    },
    ...(transfer
      ? [
          {
            rule: transfer,
            text:
              transfer.withinDays === null
                ? t('page.transferred')
                : t('page.transferredWithin', { count: transfer.withinDays }),
          },
        ]
      : []),
  ]
  return (
    <Section title={t('part.deliverables')}>
      <Cited article={article} interpretation={interpretation} />
      <ol className="agreement-steps">
        {steps.map(({ rule, text }) => (
          <li key={text}>
            <p>{text}</p>
            <Cited article={rule.article} interpretation={rule.interpretation} />
          </li>
        ))}
      </ol>
    </Section>
  )
}
