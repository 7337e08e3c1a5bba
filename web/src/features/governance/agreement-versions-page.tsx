import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { versionQuery, versionsQuery } from './agreement.ts'
import { AgreementDifference } from './agreement-difference.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import './agreement.css'

/** Every version of an agreement, and what one changes of another. */
export function AgreementVersionsPage() {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [parameters] = useSearchParams()
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(versionsQuery(slug))
  const number = Number(parameters.get('version'))
  const since = Number(parameters.get('since'))
  return (
    <GovernancePage
      actions={
        <>
          <Link className={buttonClass()} to={paths.governanceAmendments(slug)}>
            {t('amendments.title')}
          </Link>
          {agreement?.manages && (
            <>
              <Link className={buttonClass()} to={paths.governanceUpload()}>
                {t('upload.title')}
              </Link>
              <Link className={buttonClass('primary')} to={paths.governanceAmend(slug)}>
                {t('page.edit')}
              </Link>
            </>
          )}
        </>
      }
      back={{ to: paths.governanceAgreement(slug), label: t('title') }}
      busy={!data && !error}
      lead={t('versions.lead')}
      title={t('versions.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data && (
        <Table
          caption={t('versions.title')}
          head={
            <tr>
              <th scope="col">{t('versions.number')}</th>
              <th scope="col">{t('versions.validFrom')}</th>
              <th scope="col">{t('versions.recorded')}</th>
              <th scope="col">{t('versions.reason')}</th>
              <th scope="col">{t('versions.decision')}</th>
              <th scope="col">{t('versions.compare')}</th>
            </tr>
          }
          stacked
        >
          {data.versions.map((version) => (
            <tr key={version.number}>
              <th scope="row">{version.number}</th>
              <td data-label={t('versions.validFrom')}>
                <span>{format.dayMedium(version.validFrom)}</span>
              </td>
              <td data-label={t('versions.recorded')}>
                <span>{format.dateTime(version.recordedAt)}</span>
              </td>
              <td data-label={t('versions.reason')}>
                <span>{version.reason}</span>
              </td>
              <td data-label={t('versions.decision')}>
                {version.decision === null ? (
                  <span className="quiet">{t('versions.noDecision')}</span>
                ) : (
                  <Link to={paths.governanceDecisions(slug)}>{version.decision}</Link>
                )}
              </td>
              <td data-label={t('versions.compare')}>
                {version.number > 1 ? (
                  <Link
                    to={paths.governanceVersions(slug, {
                      version: String(version.number),
                      since: String(version.number - 1),
                    })}
                  >
                    {t('versions.compareWith')}
                    <span className="visually-hidden"> ({version.number})</span>
                  </Link>
                ) : (
                  <span className="quiet">{t('versions.first')}</span>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {number > 0 && since > 0 && <Difference number={number} since={since} slug={slug} />}
    </GovernancePage>
  )
}

function Difference({ slug, number, since }: { slug: string; number: number; since: number }) {
  const { t } = useTranslation('agreements')
  const { data: version } = useQuery(versionQuery(slug, number))
  const { data, error, refetch } = useQuery({
    queryKey: ['governance', slug, 'versions', number, 'since', since],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/versions/{number}/changes', {
          params: { path: { slug, number }, query: { since } },
        }),
      ),
    staleTime: Infinity,
  })
  return (
    <Section title={t('versions.changes', { since, number })}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && data.lines.length === 0 && <p>{t('versions.same')}</p>}
      {data && data.lines.length > 0 && (
        <AgreementDifference changes={data.changes} lines={data.lines} rules={version?.rules} />
      )}
    </Section>
  )
}
