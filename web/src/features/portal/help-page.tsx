import { useTranslation } from 'react-i18next'
import { Page, Section } from '../../shell/page.tsx'

const topics = [
  'enter',
  'home',
  'directory',
  'account',
  'codes',
  'manage',
  'imports',
  'matching',
  'exchange',
  'records',
  'status',
] as const

/** Short help, by page; anyone may read it, signed in or not. */
export function HelpPage() {
  const { t } = useTranslation('help')
  return (
    <Page lead={t('lead')} title={t('title')}>
      {topics.map((topic) => (
        <Section key={topic} title={t(`topic.${topic}.title`)}>
          <ul className="stack stack-tight measure help-list">
            {t(`topic.${topic}.lines`, { returnObjects: true }).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </Section>
      ))}
    </Page>
  )
}
