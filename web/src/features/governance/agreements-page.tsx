import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, Navigate } from 'react-router'
import { agreementsQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { holds, useSession } from '../../shell/session.ts'
import { buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'

/** The agreements the reader takes part in; the only one opens by itself. */
export function AgreementsPage() {
  const { t } = useTranslation(['governance', 'agreements'])
  const { data, error, refetch } = useQuery(agreementsQuery)
  const manages = holds(useSession(), 'governance.administer')
  const [only, ...others] = data?.agreements ?? []
  if (only && others.length === 0) return <Navigate replace to={paths.governanceCalendar(only.slug)} />
  return (
    <Page
      actions={
        manages && (
          <Link className={buttonClass()} to={paths.governanceUpload()}>
            {t('agreements:upload.title')}
          </Link>
        )
      }
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data?.agreements.length === 0 && (
        <Empty title={t(manages ? 'none' : 'noneForYou')}>{t(manages ? 'noneText' : 'noneForYouText')}</Empty>
      )}
      {data && data.agreements.length > 0 && (
        <ul className="tiles">
          {data.agreements.map(({ slug, title, notices }) => (
            <li className="tile" key={slug}>
              <h2 className="tile-title">
                <Link to={paths.governanceCalendar(slug)}>{title}</Link>
              </h2>
              <p className={notices > 0 ? undefined : 'quiet'}>
                {notices > 0 ? t('agreements:calendar.notices', { count: notices }) : t('nothingNew')}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Page>
  )
}
