import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { AppointForm } from './appoint-form.tsx'
import { BodySeats } from './body-seats.tsx'
import { Cited } from './cited.tsx'
import { FollowUps } from './follow-ups.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Body, bodyQuery } from './meetings.ts'
import { NewMeetingForm } from './new-meeting-form.tsx'
import './meetings.css'

/** A body: its rules, who sits, its meetings, what became of its decisions. */
export function BodyPage() {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const { body: key = '' } = useParams()
  const { data, error, refetch } = useQuery(bodyQuery(slug, key))
  return (
    <GovernancePage
      back={{ to: paths.governanceBodies(slug), label: t('title') }}
      busy={!data && !error}
      lead={data && `${data.shortName} · ${t(`kind.${data.kind}`)}`}
      title={data?.name ?? t('body')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <Rules body={data} />
          <Section title={t('meetings.title')}>
            <Meetings body={data} slug={slug} />
            {data.leads && <NewMeetingForm body={data} />}
          </Section>
          <Section title={t('seats.title')}>
            <BodySeats body={data} />
            {data.seats.some(({ nameable }) => nameable.length > 0) && <AppointForm body={data} />}
          </Section>
          <FollowUps body={data} />
        </>
      )}
    </GovernancePage>
  )
}

function Rules({ body }: { body: Body }) {
  const { t } = useTranslation('meetings')
  const { composition, notice } = body
  return (
    <dl className="facts measure">
      <div>
        <dt>{t('rules.chair')}</dt>
        <dd>
          {body.chairedBy ?? t('rules.chairChosen')}
          <Cited article={body.article} interpretation={body.interpretation} />
        </dd>
      </div>
      <div>
        <dt>{t('rules.convenes')}</dt>
        <dd>{body.convenedBy}</dd>
      </div>
      <div>
        <dt>{t('rules.notice')}</dt>
        <dd>
          {notice === null
            ? t('rules.noNotice')
            : notice.urgentDays === null
              ? t('rules.days', { count: notice.days })
              : t('rules.daysUrgent', { count: notice.days, urgent: notice.urgentDays })}
          {notice && <Cited article={notice.article} />}
        </dd>
      </div>
      <div>
        <dt>{t('rules.composition')}</dt>
        <dd>
          {composition.mostPersonsPerParty !== null &&
            `${t('rules.most', { count: composition.mostPersonsPerParty })} `}
          {t(composition.deputies ? 'rules.deputies' : 'rules.noDeputies')}{' '}
          {composition.proxies === null ? t('rules.noProxies') : t('rules.proxies', { count: composition.proxies })}
          <Cited article={composition.article} interpretation={composition.interpretation} />
        </dd>
      </div>
    </dl>
  )
}

function Meetings({ body, slug }: { body: Body; slug: string }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  if (body.meetings.length === 0) return <Empty title={t('meetings.none')}>{t('meetings.noneText')}</Empty>
  return (
    <Table
      caption={t('meetings.title')}
      head={
        <tr>
          <th scope="col">{t('meetings.when')}</th>
          <th scope="col">{t('meetings.what')}</th>
          <th scope="col">{t('meetings.state')}</th>
        </tr>
      }
      stacked
    >
      {body.meetings.map((meeting) => (
        <tr key={meeting.id}>
          <th scope="row">
            <Link to={paths.governanceMeeting(slug, meeting.id)}>{format.dateTime(meeting.startsAt)}</Link>
          </th>
          <td data-label={t('meetings.what')}>
            <span>{meeting.title}</span>
            {meeting.urgent && <span className="tag">{t('urgent')}</span>}
          </td>
          <td data-label={t('meetings.state')}>
            <span>{meeting.withoutQuorum ? t('state.withoutQuorum') : t(`state.${meeting.state}`)}</span>
          </td>
        </tr>
      ))}
    </Table>
  )
}
