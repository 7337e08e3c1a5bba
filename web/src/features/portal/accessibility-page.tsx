import { useTranslation } from 'react-i18next'
import { Page, Section } from '../../shell/page.tsx'

const sections = ['state', 'tests', 'gaps', 'made', 'contact'] as const

/** The accessibility statement: what was checked, by whom, and what was not. */
export function AccessibilityPage() {
  const { t } = useTranslation('help')
  return (
    <Page lead={t('accessibility.lead')} title={t('accessibility.title')}>
      {sections.map((section) => (
        <Section key={section} title={t(`accessibility.${section}.title`)}>
          {t(`accessibility.${section}.paragraphs`, { returnObjects: true }).map((paragraph) => (
            <p className="measure" key={paragraph}>
              {paragraph}
            </p>
          ))}
        </Section>
      ))}
    </Page>
  )
}
