import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { bodiesQuery, type BodyLine } from './meetings.ts'
import './meetings.css'

/** The bodies of an agreement: what each is, its vacant seats, its next meeting. */
export function BodiesPage() {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(bodiesQuery(slug))
  return (
    <GovernancePage busy={!data && !error} lead={agreement?.title} title={t('title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={7} />}
      {data?.bodies.length === 0 && <Empty title={t('bodies.none')} />}
      {data && data.bodies.length > 0 && (
        <Table
          caption={t('title')}
          head={
            <tr>
              <th scope="col">{t('bodies.body')}</th>
              <th scope="col">{t('bodies.nature')}</th>
              <th scope="col">{t('bodies.seats')}</th>
              <th scope="col">{t('bodies.next')}</th>
              <th scope="col">{t('bodies.followUps')}</th>
            </tr>
          }
          stacked
        >
          {data.bodies.map((body) => (
            <BodyRow body={body} key={body.key} slug={slug} />
          ))}
        </Table>
      )}
    </GovernancePage>
  )
}

function BodyRow({ body, slug }: { body: BodyLine; slug: string }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const { next } = body
  return (
    <tr>
      <th scope="row">
        <Link to={paths.governanceBody(slug, body.key)}>{body.name}</Link>
        <span className="small quiet block">
          {body.shortName} · {t('article', { number: body.article })}
        </span>
      </th>
      <td data-label={t('bodies.nature')}>
        <span>{t(`kind.${body.kind}`)}</span>
      </td>
      <td data-label={t('bodies.seats')}>
        <span>{t('bodies.seatCount', { count: body.seats })}</span>
        {body.vacant > 0 && <span className="small quiet block">{t('bodies.vacant', { count: body.vacant })}</span>}
      </td>
      <td data-label={t('bodies.next')}>
        {next ? (
          <Link to={paths.governanceMeeting(slug, next.id)}>
            {next.state === 'open' ? t('bodies.now') : format.dateTime(next.startsAt)}
            <span className="visually-hidden"> : {next.title}</span>
          </Link>
        ) : (
          <span>–</span>
        )}
      </td>
      <td className="number" data-label={t('bodies.followUps')}>
        <span>{format.number(body.openFollowUps)}</span>
      </td>
    </tr>
  )
}
