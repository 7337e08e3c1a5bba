import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { appearanceQuery } from '../../api/queries.ts'
import { chooseLanguage, type Language, languages } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { OfflineNotice } from '../../shell/offline-notice.tsx'
import { Mark } from '../../ui/mark.tsx'
import { Yard } from '../../ui/yard.tsx'
import './entry-layout.css'

/** The way in: the yard on one side, one thing to do on the other. */
export function EntryLayout({ title, children }: { title: string; children: ReactNode }) {
  const { t, i18n } = useTranslation(['identity', 'shell'])
  const { data: appearance } = useQuery(appearanceQuery)
  const name = appearance?.name ?? 'Préau'
  return (
    <div className="entry">
      <title>{`${title} · ${name}`}</title>
      <header className="entry-side">
        <p className="entry-brand">
          <Mark height="40" width="40" />
          <span>{name}</span>
        </p>
        <p className="entry-motto">{t('motto')}</p>
        <Yard />
      </header>
      <main className="entry-main">
        <div className="entry-work">
          <OfflineNotice />
          {children}
        </div>
        <footer className="entry-foot">
          <Link to={paths.help()}>{t('shell:nav.help')}</Link>
          <Link to={paths.accessibility()}>{t('shell:nav.accessibility')}</Link>
          {languages
            .filter((language) => language !== i18n.language)
            .map((language: Language) => (
              <button key={language} lang={language} onClick={() => void chooseLanguage(language)} type="button">
                {{ fr: 'Français', en: 'English' }[language]}
              </button>
            ))}
        </footer>
      </main>
    </div>
  )
}
