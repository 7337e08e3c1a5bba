import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'
import { paths } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { Places } from '../../shell/places.tsx'
import { Icon } from '../../ui/icons.tsx'
import { type Agreement, useAgreement, useAgreementSlug } from './governance.ts'

/** Where the help about each part is, by the first word of the addresses of its pages after the agreement. */
const topics = {
  '': 'agreement',
  agreement: 'agreement',
  review: 'agreement',
  bodies: 'meetings',
  meetings: 'meetings',
  ballots: 'voting',
  'what-if': 'voting',
  changes: 'changes',
  services: 'services',
  deliverables: 'deliverables',
  members: 'changes',
  money: 'money',
  decisions: 'decisions',
} as const

/** What bodies do has addresses of its own. */
const partsOfBodies = ['meetings', 'ballots', 'what-if']

/** The words of the address after the agreement. */
const useParts = () => useLocation().pathname.split('/').slice(3)

/** A page about one agreement: the small navigation common to all of them, the page, then where help with it is. */
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
  const { data: agreement } = useAgreement()
  const [part = ''] = useParts()
  return (
    <Page {...page} wide>
      <Places
        here={
          partsOfBodies.includes(part)
            ? paths.governanceBodies(slug)
            : part === 'review'
              ? paths.governanceCalendar(slug)
              : undefined
        }
        label={t('nav.label')}
        places={[
          { to: paths.governanceCalendar(slug), label: t('nav.calendar') },
          { to: paths.governanceBodies(slug), label: t('nav.bodies'), end: false },
          { to: paths.governanceChanges(slug), label: t('nav.changes'), end: false },
          // What the agreement says nothing of has no place in it.
          ...(agreement?.services
            ? [{ to: paths.governanceServices(slug), label: t('nav.services'), end: false }]
            : []),
          ...(agreement?.deliverables
            ? [{ to: paths.governanceDeliverables(slug), label: t('nav.deliverables'), end: false }]
            : []),
          ...(agreement && sitsForContractorOnly(agreement)
            ? []
            : [{ to: paths.governanceMoney(slug), label: t('nav.money'), end: false }]),
          { to: paths.governanceMembers(slug), label: t('nav.members'), end: false },
          { to: paths.governanceAgreement(slug), label: t('nav.agreement'), end: false },
          { to: paths.governanceDecisions(slug), label: t('nav.publication'), end: false },
        ]}
      />
      {children}
      <HelpLink />
    </Page>
  )
}

/** The accounts are for the members and the authorities. */
function sitsForContractorOnly({ manages, seats, parties }: Agreement): boolean {
  const rolesOf = (party: string) => parties.find(({ key }) => key === party)?.roles ?? []
  return !manages && seats.every(({ party }) => rolesOf(party).every((role) => role === 'contractor'))
}

function HelpLink() {
  const { t } = useTranslation('governance')
  const [part = '', , last] = useParts()
  const found = Object.entries(topics).find(([word]) => word === part)?.[1]
  const topic = found === 'meetings' && last === 'votes' ? 'voting' : found
  if (topic === undefined) return null
  return (
    <p>
      <Link className="page-help" to={paths.help(topic)}>
        <Icon name="help" size={19} /> {t(`help.${topic}`)}
      </Link>
    </p>
  )
}
