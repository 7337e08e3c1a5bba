import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../../paths.ts'
import { Places } from '../../../shell/places.tsx'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreementSlug } from '../governance.ts'
import './money.css'

/** A page about money: the navigation between its parts, then the part. */
export function MoneyPage(page: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  busy?: boolean
  children: ReactNode
}) {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const { children, ...rest } = page
  return (
    <GovernancePage {...rest}>
      <Places
        label={t('title')}
        places={[
          { to: paths.governanceMoney(slug), label: t('nav.overview') },
          { to: paths.governanceMoneyPart(slug, 'part'), label: t('nav.part') },
          { to: paths.governanceMoneyPart(slug, 'orders'), label: t('nav.orders') },
          { to: paths.governanceMoneyPart(slug, 'bills'), label: t('nav.bills') },
          { to: paths.governanceMoneyPart(slug, 'advances'), label: t('nav.advances') },
          { to: paths.governanceMoneyPart(slug, 'staff'), label: t('nav.staff') },
          { to: paths.governanceMoneyPart(slug, 'head-counts'), label: t('nav.headCounts') },
          { to: paths.governanceMoneyPart(slug, 'entries'), label: t('nav.entries') },
        ]}
        within
      />
      {children}
    </GovernancePage>
  )
}
