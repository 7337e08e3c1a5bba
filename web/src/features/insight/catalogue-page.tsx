import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Failure, isRefused } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { IndicatorHelp } from './indicator-help.tsx'
import { type BrokenIndicator, type Indicator, indicatorsQuery, scopeNames } from './indicators.ts'
import { InsightPage } from './insight-page.tsx'
import { useWantedAudience, viewerQuery } from './looking.ts'
import './catalogue-page.css'

/** The indicators there are: what each asks, of whom, where it comes from; and, for who administers them, those refused. */
export function CataloguePage() {
  const { t, i18n } = useTranslation('dashboards')
  const as = useWantedAudience()
  const { data: viewer } = useQuery(viewerQuery(as))
  const { data, error, refetch } = useQuery(indicatorsQuery(as))
  const language = i18n.language === 'en' ? 'en' : 'fr'
  const indicators = (data?.indicators ?? []).toSorted((one, other) =>
    one.texts[language].title.localeCompare(other.texts[language].title, language),
  )
  return (
    <InsightPage
      audience={viewer?.audience}
      busy={!data && !error}
      lead={t('catalogue.lead')}
      title={t('catalogue.title')}
    >
      {error &&
        (isRefused(error) ? (
          <Empty title={t('none.title')}>
            <p>{t('none.text')}</p>
          </Empty>
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        ))}
      {!data && !error && <SkeletonRows count={6} height="4.5rem" />}
      {data && data.broken.length > 0 && <Broken broken={data.broken} />}
      {indicators.length > 0 && (
        <ul className="catalogue">
          {indicators.map((indicator) => (
            <CatalogueEntry indicator={indicator} key={indicator.name} language={language} />
          ))}
        </ul>
      )}
    </InsightPage>
  )
}

function CatalogueEntry({ indicator, language }: { indicator: Indicator; language: 'fr' | 'en' }) {
  const { t } = useTranslation('dashboards')
  const texts = indicator.texts[language]
  const audiences = [...new Set(scopeNames.flatMap((scope) => indicator.scopes[scope]?.audiences ?? []))]
  return (
    <li className="catalogue-entry">
      <h2>{texts.title}</h2>
      <p>{texts.question}</p>
      <p className="small quiet">
        {[
          audiences.map((audience) => t(`audience.${audience}`)).join(', '),
          indicator.scopes.named && t('catalogue.names'),
          t(`catalogue.origin.${indicator.origin}`),
          t('catalogue.version', { version: indicator.version }),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <details>
        <summary>
          {t('catalogue.more')} <span className="visually-hidden">{texts.title}</span>
        </summary>
        <IndicatorHelp texts={texts} />
      </details>
    </li>
  )
}

/** What is wrong is told to who can mend it; the others go on. */
function Broken({ broken }: { broken: BrokenIndicator[] }) {
  const { t } = useTranslation('dashboards')
  return (
    <Section hint={t('catalogue.brokenHint')} title={t('catalogue.broken')}>
      {broken.map(({ name, origin, folder, problems }) => (
        <Notice key={folder} kind="warning" title={t('catalogue.refused', { name })}>
          <p className="small">
            {t(`catalogue.origin.${origin}`)} · <span className="code">{folder}</span>
          </p>
          <ul className="catalogue-faults">
            {problems.map(({ file, reason }) => (
              <li key={`${file} ${reason}`}>
                <span className="code">{file}</span> {reason}
              </li>
            ))}
          </ul>
        </Notice>
      ))}
    </Section>
  )
}
