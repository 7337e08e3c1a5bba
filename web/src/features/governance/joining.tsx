import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Checkbox, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'
import { useNames } from './changes.ts'
import { useAgreement } from './governance.ts'
import { type Membership, type MembershipAct, useMembershipAct } from './members.ts'
import { StepForm } from './step-form.tsx'

const base = '/api/governance/agreements/{slug}/membership/joinings'

/** Who asked to join, who leaves and who is made to; the step that comes next for whoever may take it. */
export function MembershipActs({ membership }: { membership: Membership }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const { acts } = membership
  return (
    <Section title={t('members.acts')}>
      {acts.length === 0 && <p className="quiet">{t('members.noActs')}</p>}
      {acts.length > 0 && (
        <Table
          caption={t('members.acts')}
          head={
            <tr>
              <th scope="col">{t('members.member')}</th>
              <th scope="col">{t('members.notifiedOn')}</th>
              <th scope="col">{t('state')}</th>
            </tr>
          }
          stacked
        >
          {acts.map((act) => (
            <tr key={act.id}>
              <th scope="row">
                {act.name}
                <br />
                <span className="small quiet">{t(`members.actKinds.${act.kind}`)}</span>
              </th>
              <td data-label={t('members.notifiedOn')}>
                <div>{format.dayMedium(act.notifiedOn)}</div>
              </td>
              <td data-label={t('state')}>
                <div>
                  {act.joinsOn
                    ? t('members.joinsOn', { day: format.day(act.joinsOn) })
                    : t(`members.actStates.${act.state}`, { day: act.lastDay ? format.day(act.lastDay) : '' })}
                  {act.next && (
                    <>
                      <br />
                      <span className="small">
                        {t('members.nextStep', { step: t(`members.joinSteps.${act.next}`) })}
                        {act.next === 'deliberationOfEveryMember' &&
                          ` (${t('members.deliberations', { done: act.deliberations.length, all: membership.members.length })})`}
                      </span>
                    </>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {acts
        .filter(({ next }) => next !== null)
        .map((act) => (
          <NextStep act={act} key={`${act.id} ${act.state} ${act.deliberations.length}`} membership={membership} />
        ))}
    </Section>
  )
}

function NextStep({ act, membership }: { act: MembershipAct; membership: Membership }) {
  const { data: agreement } = useAgreement()
  if (act.next === 'deliberationOfEveryMember') return <Deliberate act={act} membership={membership} />
  if (!agreement?.manages) return null
  if (act.next === 'examination') return <Examine act={act} />
  if (act.next === 'approval') return <Approve act={act} membership={membership} />
  return <Sign act={act} membership={membership} />
}

const titleOf = (step: string, { name }: MembershipAct) => `${step} : ${name}`

function Examine({ act }: { act: MembershipAct }) {
  const { t } = useTranslation('changes')
  const [note, setNote] = useState('')
  const examine = useMembershipAct((slug, body: { note: string }) =>
    api.POST(`${base}/{id}/examination`, { params: { path: { slug, id: act.id } }, body }),
  )
  return (
    <StepForm
      label={t('members.examineSubmit')}
      onSubmit={() => examine.mutate({ note })}
      step={examine}
      title={titleOf(t('members.joinSteps.examination'), act)}
    >
      <TextArea label={t('members.examine')} onChange={({ target }) => setNote(target.value)} rows={3} value={note} />
    </StepForm>
  )
}

function Approve({ act, membership: { joining } }: { act: MembershipAct; membership: Membership }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const [chosen, setChosen] = useState('')
  const meetingId = chosen || (joining.meetings[0]?.id ?? '')
  const schedule = useMembershipAct((slug, body: { meetingId: string }) =>
    api.POST(`${base}/{id}/agenda`, { params: { path: { slug, id: act.id } }, body }),
  )
  if (schedule.isSuccess) return <Notice kind="success" live="status" title={t('members.scheduled')} />
  if (joining.meetings.length === 0) return <p className="change-act">{t('members.noMeeting')}</p>
  return (
    <StepForm
      label={t('members.schedule')}
      onSubmit={() => schedule.mutate({ meetingId })}
      step={schedule}
      title={titleOf(t('members.joinSteps.approval'), act)}
    >
      <SelectField
        label={t('members.approvalMeeting')}
        onChange={({ target }) => setChosen(target.value)}
        options={joining.meetings.map(({ id, title, startsAt }) => ({
          value: id,
          label: `${title}, ${format.dateTime(startsAt)}`,
        }))}
        value={meetingId}
      />
    </StepForm>
  )
}

function Deliberate({ act, membership }: { act: MembershipAct; membership: Membership }) {
  const { t } = useTranslation('changes')
  const { data: agreement } = useAgreement()
  // Only a holder says what its party deliberated.
  const seats = agreement?.seats.filter(({ rank }) => rank === 'holder').map(({ party }) => party) ?? []
  const open = membership.members.filter(
    ({ party }) =>
      (agreement?.manages || seats.includes(party)) && !act.deliberations.some((each) => each.party === party),
  )
  const [draft, setDraft] = useState({ party: '', adopted: true, on: '', reference: '' })
  const party = draft.party || (open[0]?.party ?? '')
  const on = draft.on || (agreement?.today ?? '')
  const deliberate = useMembershipAct((slug, body: typeof draft) =>
    api.POST(`${base}/{id}/deliberations`, { params: { path: { slug, id: act.id } }, body }),
  )
  if (open.length === 0) return null
  return (
    <StepForm
      label={t('members.deliberationSubmit')}
      onSubmit={() => deliberate.mutate({ ...draft, party, on })}
      step={deliberate}
      title={titleOf(t('members.joinSteps.deliberationOfEveryMember'), act)}
    >
      <SelectField
        label={t('members.deliberation')}
        onChange={({ target }) => setDraft({ ...draft, party: target.value })}
        options={open.map(({ party: value, name }) => ({ value, label: name }))}
        value={party}
      />
      <TextField
        label={t('members.on')}
        max={agreement?.today}
        onChange={({ target }) => setDraft({ ...draft, on: target.value })}
        required
        type="date"
        value={on}
      />
      <TextField
        label={t('members.reference')}
        onChange={({ target }) => setDraft({ ...draft, reference: target.value })}
        value={draft.reference}
      />
      <Checkbox
        checked={!draft.adopted}
        label={t('members.refusedBy')}
        onChange={({ target }) => setDraft({ ...draft, adopted: !target.checked })}
      />
    </StepForm>
  )
}

function Sign({ act, membership: { weightedBodies } }: { act: MembershipAct; membership: Membership }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const { data: agreement } = useAgreement()
  const [joinedOn, setJoinedOn] = useState('')
  const [voices, setVoices] = useState<Record<string, string>>({})
  const day = joinedOn || (agreement?.today ?? '')
  const sign = useMembershipAct((slug, body: { joinedOn: string; voices: Record<string, string> }) =>
    api.POST(`${base}/{id}/amendment`, { params: { path: { slug, id: act.id } }, body }),
  )
  return (
    <StepForm
      label={t('members.sign')}
      onSubmit={() => sign.mutate({ joinedOn: day, voices })}
      step={sign}
      title={titleOf(t('members.joinSteps.amendmentSigned'), act)}
    >
      <TextField
        label={t('members.joinedOn')}
        min={agreement?.today}
        onChange={({ target }) => setJoinedOn(target.value)}
        required
        type="date"
        value={day}
      />
      {weightedBodies.map((body) => (
        <TextField
          inputMode="decimal"
          key={body}
          label={t('members.voicesIn', { body: names.body(body) })}
          onChange={({ target }) => setVoices({ ...voices, [body]: target.value.trim() })}
          pattern="\d{1,6}([.,]\d{1,3})?"
          required
          value={voices[body] ?? ''}
        />
      ))}
    </StepForm>
  )
}

const kinds = [
  'department',
  'region',
  'syndicate',
  'municipality',
  'university',
  'agency',
  'academicAuthority',
  'company',
] as const

/** Records that somebody asks to join. */
export function JoinForm({ membership: { joining, former } }: { membership: Membership }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const nothing = { party: '', name: '', requestedOn: '', reason: '' }
  const [draft, setDraft] = useState(nothing)
  const [kind, setKind] = useState<(typeof kinds)[number]>('department')
  // Typing the key of a former member does not take the field away from under the hand that types.
  const [returning, setReturning] = useState(false)
  const back = returning ? former.find(({ party }) => party === draft.party) : undefined
  const requestedOn = draft.requestedOn || (agreement?.today ?? '')
  const join = useMembershipAct(async (slug, body: typeof nothing & { kind: (typeof kinds)[number] }) => {
    const added = await read(api.POST(base, { params: { path: { slug } }, body }))
    setDraft(nothing)
    setReturning(false)
    return added
  })
  const steps = format.list(joining.steps.map((step) => t(`members.joinSteps.${step}`).toLowerCase()))
  return (
    <StepForm
      folded
      hint={t('members.joinHint', { steps })}
      label={t('members.joinSubmit')}
      onSubmit={() => join.mutate({ ...draft, requestedOn, kind })}
      step={join}
      title={t('members.join')}
    >
      {former.length > 0 && (
        <SelectField
          label={t('members.asker')}
          onChange={({ target }) => {
            setReturning(target.value !== '')
            const asker = former.find(({ party }) => party === target.value)
            setDraft({ ...draft, party: asker?.party ?? '', name: asker?.name ?? '' })
            if (asker) setKind(asker.kind)
          }}
          options={[
            { value: '', label: t('members.newcomer') },
            ...former.map(({ party, name }) => ({ value: party, label: t('members.formerMember', { name }) })),
          ]}
          value={back?.party ?? ''}
        />
      )}
      <TextField
        label={t('members.name')}
        maxLength={200}
        onChange={({ target }) => setDraft({ ...draft, name: target.value })}
        required
        value={draft.name}
      />
      {!back && (
        <TextField
          autoCapitalize="none"
          hint={t('members.keyFormat')}
          label={t('members.key')}
          onChange={({ target }) => setDraft({ ...draft, party: target.value })}
          pattern="[a-z][a-z0-9\-]*"
          required
          value={draft.party}
        />
      )}
      <SelectField
        label={t('members.partyKind')}
        onChange={({ target }) => setKind(kinds.find((each) => each === target.value) ?? 'department')}
        options={kinds.map((value) => ({ value, label: t(`members.kinds.${value}`) }))}
        value={kind}
      />
      <TextField
        label={t('members.requestedOn')}
        max={agreement?.today}
        onChange={({ target }) => setDraft({ ...draft, requestedOn: target.value })}
        required
        type="date"
        value={requestedOn}
      />
      <TextArea
        label={t('members.reason')}
        onChange={({ target }) => setDraft({ ...draft, reason: target.value })}
        rows={2}
        value={draft.reason}
      />
    </StepForm>
  )
}
