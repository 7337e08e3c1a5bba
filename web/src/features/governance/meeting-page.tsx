import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams, useSearchParams } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Places } from '../../shell/places.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { FollowUps } from './follow-ups.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { MeetingAgenda } from './meeting-agenda.tsx'
import { MeetingConvening } from './meeting-convening.tsx'
import { MeetingInvitations } from './meeting-invitations.tsx'
import { MeetingRegister } from './meeting-register.tsx'
import { MeetingSettings } from './meeting-settings.tsx'
import { MeetingSteps } from './meeting-steps.tsx'
import { OwnAnswer } from './own-answer.tsx'
import { bodyQuery, type Meeting, meetingQuery } from './meetings.ts'
import './meetings.css'

const views = ['agenda', 'register', 'invitations'] as const

/** A meeting, from its preparation to its minutes. */
export function MeetingPage() {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { meeting: id = '' } = useParams()
  const { data, error, refetch } = useQuery(meetingQuery(slug, id))
  return (
    <GovernancePage
      actions={data && (data.state === 'open' || data.state === 'closed') && <Ways meeting={data} />}
      back={data && { to: paths.governanceBody(slug, data.body), label: data.bodyName }}
      busy={!data && !error}
      lead={
        data && (
          <>
            {format.dateTime(data.startsAt)}
            {data.place !== '' && ` · ${data.place}`} ·{' '}
            <strong>{data.withoutQuorum ? t('state.withoutQuorum') : t(`state.${data.state}`)}</strong>
            {data.urgent && <span className="tag">{t('urgent')}</span>}
          </>
        )
      }
      title={data?.title ?? t('meeting')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && <Body meeting={data} />}
    </GovernancePage>
  )
}

/** The ways to the votes of a meeting and to its minutes. */
function Ways({ meeting: { id, state, agenda } }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  return (
    <>
      {agenda.some(({ ballotRule }) => ballotRule !== null) && (
        <Link className={buttonClass(state === 'open' ? 'primary' : 'secondary')} to={paths.governanceVotes(slug, id)}>
          {t('toVotes')}
        </Link>
      )}
      <Link className={buttonClass()} to={paths.governanceMinutes(slug, id)}>
        {t(state === 'open' ? 'toDraftMinutes' : 'toMinutes')}
      </Link>
    </>
  )
}

function Body({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [parameters] = useSearchParams()
  const asked = views.find((view) => view === parameters.get('view'))
  const view = asked ?? (meeting.state === 'open' ? 'register' : 'agenda')
  const shown = views.filter((each) => each === 'agenda' || meeting.state !== 'draft')
  return (
    <>
      {meeting.cancelReason !== null && meeting.state === 'cancelled' && (
        <p className="measure">{t('cancelledWhy', { reason: meeting.cancelReason })}</p>
      )}
      <OwnAnswer meeting={meeting} />
      {meeting.leads && <MeetingSteps meeting={meeting} />}
      {meeting.state !== 'draft' && (
        <Places
          here={paths.governanceMeeting(slug, meeting.id, { view })}
          label={t('parts')}
          places={shown.map((each) => ({
            to: paths.governanceMeeting(slug, meeting.id, { view: each }),
            label: t(`views.${each}`),
          }))}
          within
        />
      )}
      {view === 'agenda' && (
        <>
          <MeetingAgenda meeting={meeting} />
          <OpenFollowUps meeting={meeting} slug={slug} />
          <MeetingConvening meeting={meeting} />
          {meeting.leads && ['draft', 'convened', 'open'].includes(meeting.state) && (
            <MeetingSettings key={meeting.id} meeting={meeting} />
          )}
        </>
      )}
      {view === 'register' && <MeetingRegister meeting={meeting} />}
      {view === 'invitations' && <MeetingInvitations meeting={meeting} />}
    </>
  )
}

/** What the body decided earlier and is still to be done: looked at in each of its meetings. */
function OpenFollowUps({ meeting, slug }: { meeting: Meeting; slug: string }) {
  const { data: body } = useQuery(bodyQuery(slug, meeting.body))
  const pending = body?.followUps.some(({ doneOn }) => doneOn === null)
  if (!body || !pending || meeting.state === 'closed' || meeting.state === 'cancelled') return null
  return <FollowUps body={body} />
}
