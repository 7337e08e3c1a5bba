import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'
import { Page } from '../../shell/page.tsx'
import './help-page.css'

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
  'agreement',
  'meetings',
  'voting',
  'changes',
  'services',
  'deliverables',
  'money',
  'decisions',
  'status',
] as const

/** Short help, by page; anyone may read it, signed in or not. */
export function HelpPage() {
  const { t } = useTranslation('help')
  const { hash } = useLocation()
  return (
    <Page lead={t('lead')} title={t('title')}>
      <nav aria-label={t('contents')}>
        <ul className="help-contents">
          {topics.map((topic) => (
            <li key={topic}>
              <a href={`#${topic}`}>{t(`topic.${topic}.title`)}</a>
            </li>
          ))}
        </ul>
      </nav>
      {topics.map((topic) => (
        <section
          className={hash === `#${topic}` ? 'section help-topic help-asked' : 'section help-topic'}
          id={topic}
          key={topic}
        >
          <h2>{t(`topic.${topic}.title`)}</h2>
          <ul className="stack stack-tight measure help-list">
            {t(`topic.${topic}.lines`, { returnObjects: true }).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      ))}
    </Page>
  )
}
