import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, ApiProblem } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { useNames } from '../changes.ts'
import { useAgreementSlug } from '../governance.ts'
import { useAct } from '../meetings.ts'
import { StepForm } from '../step-form.tsx'
import type { DossierPageOf } from './services.ts'

const base = '/api/governance/agreements/{slug}/services/{service}/dossiers/{dossier}'

/** What can be done with a dossier now: submitting it, putting it on an agenda, withdrawing it. */
export function DossierActs({ dossier }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const format = useFormat()
  const { may, state, agenda } = dossier
  const awaits = agenda.find(({ decisionId, state: of }) => decisionId === null && of !== 'closed')
  if (state !== 'draft' && state !== 'submitted') return null
  return (
    <Section title={t('acts.now')}>
      {awaits && state === 'submitted' && (
        <Notice kind="info" title={t('acts.awaits')}>
          <p>
            <Link to={paths.governanceVotes(slug, awaits.meetingId)}>
              {t('acts.toVote', { meeting: awaits.meeting, when: format.dateTime(awaits.startsAt) })}
            </Link>
          </p>
        </Notice>
      )}
      {may.write && <Submit dossier={dossier} />}
      {may.schedule && !awaits && <Schedule dossier={dossier} />}
      {state === 'submitted' && !awaits && !may.schedule && <Notice kind="info" title={t('acts.toSchedule')} />}
      {may.withdraw && !awaits && <Withdraw dossier={dossier} />}
    </Section>
  )
}

function useMeetingOptions({ meetings }: DossierPageOf) {
  const format = useFormat()
  return meetings.map(({ id, title, startsAt }) => ({ value: id, label: `${title}, ${format.dateTime(startsAt)}` }))
}

function Submit({ dossier }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const meetings = useMeetingOptions(dossier)
  const [chosen, setChosen] = useState('')
  const submit = useAct(() =>
    api.POST(`${base}/submission`, {
      params: { path: { slug, service: dossier.service.number, dossier: dossier.number } },
      body: { version: dossier.version, meetingId: chosen || null },
    }),
  )
  const body = names.body(dossier.rules?.review.body ?? '')
  return (
    <StepForm
      hint={t('acts.submitHint')}
      label={t('acts.submit', { version: dossier.version })}
      onSubmit={() => submit.mutate()}
      step={submit}
      title={t('acts.submitTitle')}
    >
      <Missing error={submit.error} />
      {meetings.length > 0 && (
        <SelectField
          label={t('acts.meeting', { body })}
          onChange={({ target }) => setChosen(target.value)}
          options={[{ value: '', label: t('acts.later') }, ...meetings]}
          value={chosen}
        />
      )}
    </StepForm>
  )
}

/** The fields that a refused dossier lacks, in the words of its form. */
function Missing({ error }: { error: unknown }) {
  const { t } = useTranslation('services')
  const fields = error instanceof ApiProblem && error.code === 'dossier_incomplete' ? error.body['fields'] : undefined
  if (!Array.isArray(fields)) return null
  const simple = {
    problem: t('content.problem'),
    audience: t('content.audience'),
    learned: t('content.learned'),
    notReached: t('content.notReached'),
    measures: t('missing.measures'),
    budgetCents: t('content.budget'),
    'proposal.what': t('proposal.what'),
    'proposal.dueOn': t('missing.dueOn'),
    'proposal.users': t('proposal.users'),
    'proposal.data': t('proposal.data'),
    'proposal.code': t('proposal.code'),
  }
  const parts = {
    name: t('missing.name'),
    value: t('missing.value'),
    measuredOn: t('missing.day'),
    source: t('measure.source'),
  }
  const tell = (field: string): string => {
    const [of = '', index = ''] = field.split('.')
    const part = Object.entries(parts).find(([name]) => field.endsWith(`.${name}`))?.[1] ?? field
    if (of === 'measures' && index !== '')
      return t('missing.of', { of: t('form.measure', { number: Number(index) + 1 }), part })
    if (of === 'users') return t('missing.of', { of: t('content.users'), part })
    return Object.entries(simple).find(([name]) => name === field)?.[1] ?? field
  }
  return (
    <ul className="dossier-list">
      {fields
        .filter((field) => typeof field === 'string')
        .map((field) => (
          <li key={field}>{tell(field)}</li>
        ))}
    </ul>
  )
}

function Schedule({ dossier }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const meetings = useMeetingOptions(dossier)
  const [chosen, setChosen] = useState('')
  const schedule = useAct(() =>
    api.POST(`${base}/agenda`, {
      params: { path: { slug, service: dossier.service.number, dossier: dossier.number } },
      body: { meetingId: chosen || (meetings[0]?.value ?? '') },
    }),
  )
  const body = names.body(dossier.rules?.review.body ?? '')
  if (meetings.length === 0) return <Notice kind="info" title={t('acts.noMeeting', { body })} />
  return (
    <StepForm
      label={t('acts.schedule')}
      onSubmit={() => schedule.mutate()}
      step={schedule}
      title={t('acts.scheduleTitle')}
    >
      <SelectField
        label={t('acts.meeting', { body })}
        onChange={({ target }) => setChosen(target.value)}
        options={meetings}
        value={chosen || (meetings[0]?.value ?? '')}
      />
    </StepForm>
  )
}

function Withdraw({ dossier }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const withdraw = useAct(() =>
    api.POST(`${base}/withdrawal`, {
      params: { path: { slug, service: dossier.service.number, dossier: dossier.number } },
    }),
  )
  return (
    <details>
      <summary>{t('acts.withdrawTitle')}</summary>
      <StepForm
        hint={t('acts.withdrawHint')}
        label={t('acts.withdraw')}
        look="danger"
        onSubmit={() => withdraw.mutate()}
        step={withdraw}
        title={t('acts.withdrawTitle')}
      />
    </details>
  )
}
