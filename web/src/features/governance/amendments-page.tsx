import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { amendmentsQuery } from './amendments.ts'
import { Cited } from './cited.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'

/** The amendments proposed to the vote, by which rule they are adopted, and what became of each. */
export function AmendmentsPage() {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(amendmentsQuery(slug))
  const nameOf = (body: string) => agreement?.bodies.find(({ key }) => key === body)?.name ?? body
  return (
    <GovernancePage
      actions={
        agreement?.manages && (
          <Link className={buttonClass('primary')} to={paths.governanceAmend(slug)}>
            {t('page.edit')}
          </Link>
        )
      }
      back={{ to: paths.governanceVersions(slug), label: t('versions.title') }}
      busy={!data && !error}
      lead={t('amendments.lead')}
      title={t('amendments.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data && data.ballots.length === 0 && (
        <Notice kind="info" title={t('amendments.noBallot')}>
          {t('amendments.noBallotText')}
        </Notice>
      )}
      {data?.ballots.map(({ key, name, body, article, interpretation }) => (
        <div className="stack stack-tight measure" key={key}>
          <p>{t('amendments.adoptedBy', { body: nameOf(body), ballot: name })}</p>
          <Cited article={article} interpretation={interpretation} />
        </div>
      ))}
      {data && data.amendments.length === 0 && <Empty title={t('amendments.none')}>{t('amendments.noneText')}</Empty>}
      {data && data.amendments.length > 0 && (
        <Table
          caption={t('amendments.title')}
          head={
            <tr>
              <th scope="col">{t('amendments.amendment')}</th>
              <th scope="col">{t('versions.reason')}</th>
              <th scope="col">{t('amendments.proposedOn')}</th>
              <th scope="col">{t('versions.validFrom')}</th>
              <th scope="col">{t('amendments.outcome')}</th>
            </tr>
          }
          stacked
        >
          {data.amendments.map((each) => (
            <tr key={each.number}>
              <th scope="row">
                <Link to={paths.governanceAmendment(slug, each.number)}>
                  {t('amendments.itemTitle', { number: each.number })}
                </Link>
              </th>
              <td data-label={t('versions.reason')}>
                <span>{each.reason}</span>
              </td>
              <td data-label={t('amendments.proposedOn')}>
                <span>{format.dateTime(each.proposedAt)}</span>
              </td>
              <td data-label={t('versions.validFrom')}>
                <span>{format.dayMedium(each.validFrom)}</span>
              </td>
              <td data-label={t('amendments.outcome')}>
                <span>
                  <strong>{t(`amendments.state.${each.state}`)}</strong>
                  {each.decision !== null && (
                    <span className="agreement-below quiet small">
                      {t('amendments.byDecision', { number: each.decision })}
                    </span>
                  )}
                  {each.state === 'proposed' && each.basedOn !== data.lastVersion && (
                    <span className="agreement-below quiet small">{t('amendments.overtaken')}</span>
                  )}
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </GovernancePage>
  )
}
