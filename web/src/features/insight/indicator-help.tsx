import { useTranslation } from 'react-i18next'
import type { Texts } from './indicators.ts'

/** What an indicator says, how, what it does not say, and what one may do about it. */
export function IndicatorHelp({ texts }: { texts: Texts }) {
  const { t } = useTranslation('dashboards')
  return (
    <dl className="indicator-help">
      {(['says', 'computed', 'limits', 'advice'] as const).map((part) => (
        <div key={part}>
          <dt>{t(`help.${part}`)}</dt>
          <dd>{texts[part]}</dd>
        </div>
      ))}
    </dl>
  )
}
