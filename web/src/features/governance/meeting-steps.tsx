import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Checks } from './meeting-convening.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Meeting, useAct, useMoments } from './meetings.ts'
import { addHours } from './new-meeting-form.tsx'

const base = '/api/governance/agreements/{slug}/meetings/{id}'

/** What who leads the meeting does next: convene, open, close, cancel, convene again. */
export function MeetingSteps({ meeting }: { meeting: Meeting }) {
  const { state } = meeting
  return (
    <div className="stack stack-tight">
      {state === 'draft' && <Convene meeting={meeting} />}
      {state === 'convened' && <Open meeting={meeting} />}
      {state === 'open' && <Close meeting={meeting} />}
      {(state === 'draft' || state === 'convened') && <Cancel meeting={meeting} />}
      {state === 'closed' && meeting.withoutQuorum && <Again meeting={meeting} />}
    </div>
  )
}

function Convene({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const convene = useAct((acknowledged: boolean) =>
    api.POST(`${base}/convening`, { params: { path: { slug, id: meeting.id } }, body: { acknowledged } }),
  )
  const warned = convene.error instanceof ApiProblem && convene.error.code === 'convening_warned'
  return (
    <>
      {!warned && (
        <div>
          <Button busy={convene.isPending} look="primary" onClick={() => convene.mutate(false)}>
            {t('steps.convene')}
          </Button>
        </div>
      )}
      {warned && (
        <Notice kind="warning" live="alert" title={t('steps.warned')}>
          <Checks checks={meeting.checks.filter(({ met }) => !met)} />
          <div className="row">
            <Button busy={convene.isPending} look="primary" onClick={() => convene.mutate(true)}>
              {t('steps.conveneAnyway')}
            </Button>
            <Button look="quiet" onClick={() => convene.reset()}>
              {t('cancel')}
            </Button>
          </div>
        </Notice>
      )}
      {convene.error && !warned && <Failure error={convene.error} />}
    </>
  )
}

function Open({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const open = useAct(() => api.POST(`${base}/opening`, { params: { path: { slug, id: meeting.id } } }))
  if (agreement && meeting.day > agreement.today)
    return <p className="quiet">{t('steps.opensOn', { day: format.day(meeting.day) })}</p>
  return (
    <>
      <div>
        <Button busy={open.isPending} look="primary" onClick={() => open.mutate()}>
          {t('steps.open')}
        </Button>
      </div>
      {open.error && <Failure error={open.error} />}
    </>
  )
}

function Close({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [asking, setAsking] = useState(false)
  const close = useAct((withoutQuorum: boolean) =>
    api.POST(`${base}/closing`, { params: { path: { slug, id: meeting.id } }, body: { withoutQuorum } }),
  )
  const voted = meeting.agenda.some(({ voting }) => voting !== 'none')
  return (
    <>
      {!asking && (
        <div>
          <Button onClick={() => setAsking(true)}>{t('steps.close')}</Button>
        </div>
      )}
      {asking && (
        <Notice kind="info" live="status" title={t('steps.closeAsk')}>
          <p>{t('steps.closeText')}</p>
          <div className="row">
            <Button busy={close.isPending} look="primary" onClick={() => close.mutate(false)}>
              {t('steps.closeNow')}
            </Button>
            {meeting.quorum?.reached === false && !voted && (
              <Button busy={close.isPending} onClick={() => close.mutate(true)}>
                {t('steps.closeWithoutQuorum')}
              </Button>
            )}
            <Button look="quiet" onClick={() => setAsking(false)}>
              {t('cancel')}
            </Button>
          </div>
        </Notice>
      )}
      {close.error && <Failure error={close.error} />}
    </>
  )
}

function Cancel({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [reason, setReason] = useState('')
  const cancel = useAct(() =>
    api.POST(`${base}/cancellation`, { params: { path: { slug, id: meeting.id } }, body: { reason } }),
  )
  return (
    <details className="act">
      <summary>{t('steps.cancel')}</summary>
      <form
        className="stack stack-tight measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (!cancel.isPending) cancel.mutate()
        }}
      >
        <TextField
          hint={t('steps.cancelHint')}
          label={t('steps.reason')}
          maxLength={1000}
          onChange={({ target }) => setReason(target.value)}
          required
          value={reason}
        />
        <div>
          <Button busy={cancel.isPending} look="danger" type="submit">
            {t('steps.cancel')}
          </Button>
        </div>
        {cancel.error && <Failure error={cancel.error} />}
      </form>
    </details>
  )
}

function Again({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const navigate = useNavigate()
  const [from, setFrom] = useState('')
  const moments = useMoments()
  const startsAt = moments.read(from)
  const again = useAct(async () => {
    if (startsAt === null) return
    const { id } = await read(
      api.POST(`${base}/second-convening`, {
        params: { path: { slug, id: meeting.id } },
        body: { startsAt, endsAt: addHours(startsAt, 2), place: meeting.place },
      }),
    )
    await navigate(paths.governanceMeeting(slug, id))
  })
  if (meeting.secondId !== null)
    return <Link to={paths.governanceMeeting(slug, meeting.secondId)}>{t('steps.second')}</Link>
  if (!meeting.secondConvening) return <p className="quiet measure">{t('steps.noSecond')}</p>
  return (
    <form
      className="stack stack-tight measure"
      onSubmit={(event) => {
        event.preventDefault()
        if (!again.isPending) again.mutate()
      }}
    >
      <TextField
        label={t('steps.secondFrom')}
        onChange={({ target }) => setFrom(target.value)}
        required
        type="datetime-local"
        value={from}
      />
      <div>
        <Button busy={again.isPending} type="submit">
          {t('steps.again')}
        </Button>
      </div>
      {again.error && <Failure error={again.error} />}
    </form>
  )
}
