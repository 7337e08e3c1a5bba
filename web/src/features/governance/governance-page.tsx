import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { Places } from '../../shell/places.tsx'
import { useAgreementSlug } from './governance.ts'

/** A page about one agreement: the small navigation common to all of them, then the page. */
export function GovernancePage({
  children,
  ...page
}: {
  title: string
  lead?: ReactNode
  back?: { to: string; label: string } | undefined
  actions?: ReactNode
  busy?: boolean
  children: ReactNode
}) {
  const { t } = useTranslation('governance')
  const slug = useAgreementSlug()
  return (
    <Page {...page} wide>
      <Places
        label={t('nav.label')}
        places={[
          { to: paths.governanceCalendar(slug), label: t('nav.calendar') },
          { to: paths.governanceBodies(slug), label: t('nav.bodies'), end: false },
          { to: paths.governanceChanges(slug), label: t('nav.changes'), end: false },
          { to: paths.governanceMoney(slug), label: t('nav.money'), end: false },
          { to: paths.governanceMembers(slug), label: t('nav.members'), end: false },
          { to: paths.governanceAgreement(slug), label: t('nav.agreement'), end: false },
          { to: paths.governanceDecisions(slug), label: t('nav.publication'), end: false },
        ]}
      />
      {children}
    </Page>
  )
}
