import { useTranslation } from 'react-i18next'

/** The article a rule comes from; what its text leaves open opens below it. */
export function Cited({ article, interpretation }: { article: string; interpretation?: string | null | undefined }) {
  const { t } = useTranslation('governance')
  const number = t('article', { number: article })
  if (!interpretation) return <span className="small">{number}</span>
  return (
    <details className="small cited">
      <summary>{number}</summary>
      <p>{t('interpretation', { text: interpretation })}</p>
    </details>
  )
}
