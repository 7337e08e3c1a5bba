import { type ReactNode, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'
import { paths } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { Places } from '../../shell/places.tsx'
import { type Audience, EmbeddedContext, useMay, useWantedAudience } from './looking.ts'

/**
 * A page about learning dashboards: the small navigation common to all of them, then the page. The same in the workspace
 * and in the frame of a learning platform.
 * @param audience as whom the reader looks; undefined while unknown, or for who only administers.
 */
export function InsightPage({
  audience,
  children,
  ...page
}: {
  audience: Audience | undefined
  title: string
  lead?: ReactNode
  actions?: ReactNode
  busy?: boolean
  children: ReactNode
}) {
  return (
    <Page {...page} wide>
      <InsightPlaces audience={audience} />
      {children}
    </Page>
  )
}

function InsightPlaces({ audience }: { audience: Audience | undefined }) {
  const { t } = useTranslation(['dashboards', 'lti', 'traces'])
  const may = useMay()
  const embedded = useContext(EmbeddedContext)
  const as = useWantedAudience()
  // Each page, and for whom it is.
  const places = [
    { to: paths.dashboards({ as }), label: t('nav.dashboard'), only: audience !== undefined },
    { to: paths.ownTraces(), label: t('traces:own.title'), only: audience === 'student' },
    { to: paths.indicatorCatalogue({ as }), label: t('nav.catalogue'), only: audience !== undefined && !embedded },
    { to: paths.dashboardComposition(), label: t('nav.composition'), only: may('insight.administer') },
    { to: paths.programmes(), label: t('nav.programmes'), only: may('insight.administer') },
    { to: paths.platforms(), label: t('lti:platforms.title'), only: may('insight.administer') },
    { to: paths.register(), label: t('traces:register.title'), only: may('insight.administer') },
  ].filter(({ only }) => only)
  // A launch shows the dashboard at the root of its frame.
  const here = useLocation().pathname === '/' ? paths.dashboards({ as }) : undefined
  return <Places here={here} label={t('nav.label')} places={places} />
}
