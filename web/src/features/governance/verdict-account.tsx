import { useTranslation } from 'react-i18next'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { Icon } from '../../ui/icons.tsx'
import './verdict-account.css'

type Decision =
  ApiPaths['/api/governance/public/{slug}/decisions/{number}']['get']['responses'][200]['content']['application/json']
export type Verdict = NonNullable<Decision['verdict']>

/** Why a vote ended as it did: each step in words, with its article, and what was read into the text. */
export function VerdictAccount({ verdict }: { verdict: Pick<Verdict, 'steps'> }) {
  const { t, i18n } = useTranslation('governance')
  const language = i18n.language === 'en' ? 'en' : 'fr'
  return (
    <ol className="verdict-account">
      {verdict.steps.map((step, place) => (
        <li
          className="verdict-step"
          key={`${step.key} ${verdict.steps.slice(0, place).filter(({ key }) => key === step.key).length}`}
        >
          {step.holds !== null && (
            <span className={step.holds ? 'verdict-mark verdict-holds' : 'verdict-mark verdict-fails'}>
              <Icon name={step.holds ? 'check' : 'cross'} size={18} />
              <span className="visually-hidden">{t(step.holds ? 'holds' : 'fails')}</span>
            </span>
          )}
          <div>
            <p>{step.text[language]}</p>
            {step.article !== null && <p className="small quiet">{t('article', { number: step.article })}</p>}
            {step.interpretation && (
              <p className="small quiet">{t('interpretation', { text: step.interpretation[language] })}</p>
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}
