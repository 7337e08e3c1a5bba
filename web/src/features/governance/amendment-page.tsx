import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { versionQuery } from './agreement.ts'
import { CarryingOver } from './amendment-carrying-over.tsx'
import { AgreementDifference } from './agreement-difference.tsx'
import { type Amendment, amendmentQuery } from './amendments.ts'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { useAct, useMaking } from './meetings.ts'
import { StepForm } from './step-form.tsx'
import './agreement.css'

/** An amendment proposed to the vote: what became of it, what it changes, and what to do next. */
export function AmendmentPage() {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const slug = useAgreementSlug()
  const number = Number(useParams()['number'])
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(amendmentQuery(slug, number))
  const { data: version } = useQuery({ ...versionQuery(slug, data?.basedOn ?? 0), enabled: data !== undefined })
  return (
    <GovernancePage
      back={{ to: paths.governanceAmendments(slug), label: t('amendments.title') }}
      busy={!data && !error}
      lead={data?.reason}
      title={t('amendments.one', { number })}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <Standing amendment={data} />
          <dl className="facts measure">
            <div>
              <dt>{t('amendments.proposedOn')}</dt>
              <dd>{format.dateTime(data.proposedAt)}</dd>
            </div>
            <div>
              <dt>{t('versions.validFrom')}</dt>
              <dd>{format.day(data.validFrom)}</dd>
            </div>
            <div>
              <dt>{t('amendments.basedOn')}</dt>
              <dd>{t('amendments.versionNumber', { number: data.basedOn })}</dd>
            </div>
            {data.agenda.map(({ id, meetingId, title, startsAt }) => (
              <div key={id}>
                <dt>{t('amendments.onAgenda')}</dt>
                <dd>
                  <Link to={paths.governanceMeeting(slug, meetingId)}>
                    {title}, {format.dateTime(startsAt)}
                  </Link>
                </dd>
              </div>
            ))}
          </dl>
          {agreement?.manages && isOvertaken(data) && <CarryingOver amendment={data} />}
          {agreement?.manages && data.state === 'proposed' && <Acts amendment={data} />}
          <Section title={t('amendments.changes', { number: data.basedOn })}>
            <AgreementDifference changes={data.changes} lines={data.lines} rules={version?.rules} />
          </Section>
        </>
      )}
    </GovernancePage>
  )
}

const isOvertaken = ({ state, basedOn, lastVersion }: Amendment) =>
  state === 'stale' || (state === 'proposed' && basedOn !== lastVersion)

function Standing({ amendment }: { amendment: Amendment }) {
  const { t } = useTranslation('agreements')
  const slug = useAgreementSlug()
  const { state, decision, version, basedOn, lastVersion } = amendment
  if (state === 'proposed') {
    if (basedOn === lastVersion) return <Notice kind="info" title={t('amendments.state.proposed')} />
    return (
      <Notice kind="warning" title={t('amendments.overtaken')}>
        {t('amendments.overtakenText')}
      </Notice>
    )
  }
  return (
    <Notice
      kind={state === 'adopted' ? 'success' : state === 'stale' ? 'warning' : 'info'}
      title={t(`amendments.state.${state}`)}
    >
      {state === 'stale' && <p>{t('amendments.staleText')}</p>}
      {decision !== null && (
        <p>
          <Link to={paths.governanceDecisions(slug)}>{t('amendments.byDecision', { number: decision })}</Link>
        </p>
      )}
      {version !== null && (
        <p>
          <Link to={paths.governanceVersions(slug, { version: String(version), since: String(version - 1) })}>
            {t('amendments.versionNumber', { number: version })}
          </Link>
        </p>
      )}
    </Notice>
  )
}

/** What who manages may do with a proposal: put it on an agenda, or take it back. */
function Acts({ amendment }: { amendment: Amendment }) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { id, number, reason, agenda, meetings, basedOn, lastVersion } = amendment
  const [chosen, setChosen] = useState('')
  const meeting = meetings.find((each) => each.id === chosen) ?? meetings[0]
  const schedule = useMaking((requestKey) =>
    api.POST('/api/governance/agreements/{slug}/meetings/{id}/agenda', {
      params: { path: { slug, id: meeting?.id ?? '' } },
      body: {
        requestKey,
        title: t('amendments.itemTitle', { number }),
        text: reason,
        kind: 'decision',
        ballotRule: meeting?.ballotRule ?? null,
        subjectKind: 'amendment',
        subjectId: id,
      },
    }),
  )
  const withdraw = useAct(() =>
    api.POST('/api/governance/agreements/{slug}/amendments/{number}/withdrawal', {
      params: { path: { slug, number } },
    }),
  )
  const awaited = agenda.some(({ state, decision }) => decision === null && state !== 'closed')
  return (
    <Section title={t('amendments.acts')}>
      {basedOn === lastVersion && !awaited && meetings.length === 0 && <p>{t('amendments.noMeeting')}</p>}
      {basedOn === lastVersion && !awaited && meetings.length > 0 && (
        <StepForm
          label={t('amendments.schedule')}
          onSubmit={() => schedule.mutate()}
          step={schedule}
          title={t('amendments.scheduleTitle')}
        >
          <SelectField
            label={t('amendments.meeting')}
            onChange={({ target }) => setChosen(target.value)}
            options={meetings.map((each) => ({
              value: each.id,
              label: `${each.title}, ${format.dateTime(each.startsAt)}`,
            }))}
            value={meeting?.id ?? ''}
          />
        </StepForm>
      )}
      <StepForm
        folded
        hint={t('amendments.withdrawHint')}
        label={t('amendments.withdraw')}
        look="secondary"
        onSubmit={() => withdraw.mutate()}
        step={withdraw}
        title={t('amendments.withdrawTitle')}
      />
    </Section>
  )
}
