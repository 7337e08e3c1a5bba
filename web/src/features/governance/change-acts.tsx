import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useFormat } from '../../shell/format.ts'
import { Checkbox, RadioGroup, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { AcceptForm } from './change-accept-form.tsx'
import { SheetForm } from './change-sheet-form.tsx'
import { type Change, type ChangeStep, useNames, useStep } from './changes.ts'
import { useAgreement } from './governance.ts'
import { StepForm } from './step-form.tsx'

const base = '/api/governance/agreements/{slug}/changes/{id}'

/** The form of a step the reader may take. */
export function ChangeAct({ change, step }: { change: Change; step: ChangeStep }) {
  switch (step) {
    case 'qualify':
      return <Qualify change={change} />
    case 'writeSheet':
      return <SheetForm change={change} />
    case 'submitSheet':
      return <SubmitSheet change={change} />
    case 'giveOpinion':
      return <GiveOpinion change={change} />
    case 'noteSilence':
      return <NoteSilence change={change} />
    case 'commit':
      return <Commit change={change} />
    case 'schedule':
      return <Schedule change={change} />
    case 'decide':
      return <Decide change={change} />
    case 'order':
      return <Order change={change} />
    case 'accept':
      return <AcceptForm change={change} />
    default:
      return <Noted change={change} step={step} />
  }
}

const questions = ['paid', 'wholeEstablishment', 'technicalFrame'] as const

function Qualify({ change: { id, qualification } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const { data: agreement } = useAgreement()
  const [answers, setAnswers] = useState({
    paid: qualification?.paid ?? false,
    wholeEstablishment: qualification?.wholeEstablishment ?? false,
    technicalFrame: qualification?.technicalFrame ?? false,
    separableTo: qualification?.separableTo ?? null,
  })
  const qualify = useStep(id, (path, body: typeof answers) =>
    api.PUT(`${base}/qualification`, { params: { path }, body }),
  )
  const members = agreement?.parties.filter(({ roles }) => roles.includes('member')) ?? []
  return (
    <StepForm
      folded={qualification !== null}
      hint={t('qualify.hint')}
      label={t('qualify.submit')}
      look={qualification ? 'secondary' : 'primary'}
      onSubmit={() => qualify.mutate(answers)}
      step={qualify}
      title={t(qualification ? 'qualify.again' : 'qualify.title')}
    >
      {questions.map((question) => (
        <Checkbox
          checked={answers[question]}
          key={question}
          label={t(`qualify.${question}`)}
          onChange={({ target }) => setAnswers({ ...answers, [question]: target.checked })}
        />
      ))}
      <SelectField
        label={t('qualify.separableTo')}
        onChange={({ target }) => setAnswers({ ...answers, separableTo: target.value || null })}
        options={[
          { value: '', label: t('qualify.notSeparable') },
          ...members.map(({ key, name }) => ({ value: key, label: name })),
        ]}
        value={answers.separableTo ?? ''}
      />
    </StepForm>
  )
}

function SubmitSheet({ change: { id, sheets } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const number = sheets[0]?.number ?? 0
  const submit = useStep(id, (path, version: number) =>
    api.POST(`${base}/sheets/{number}/submission`, { params: { path: { ...path, number: version } } }),
  )
  if (number === 0 || sheets[0]?.submittedAt) return null
  return (
    <StepForm
      hint={t('sheet.submitHint')}
      label={t('sheet.submit', { number })}
      onSubmit={() => submit.mutate(number)}
      step={submit}
      title={t('steps.submitSheet')}
    />
  )
}

const opinions = ['favourable', 'reservations', 'unfavourable'] as const

function GiveOpinion({ change: { id, advisers, opinions: given, sheets } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const { data: agreement } = useAgreement()
  const seats = agreement?.seats.map(({ party }) => party) ?? []
  const last = sheets[0]?.number
  const mine = advisers.filter(
    (party) => seats.includes(party) && !given.some((each) => each.party === party && each.sheet === last),
  )
  const [opinion, setOpinion] = useState<(typeof opinions)[number]>('favourable')
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState('')
  const party = chosen || (mine[0] ?? '')
  const give = useStep(id, (path, body: { party: string; opinion: (typeof opinions)[number]; text: string }) =>
    api.POST(`${base}/opinions`, { params: { path }, body }),
  )
  if (mine.length === 0) return null
  return (
    <StepForm
      label={t('opinions.give')}
      onSubmit={() => give.mutate({ party, opinion, text })}
      step={give}
      title={`${t('opinions.opinion')} : ${names.party(party)}`}
    >
      {mine.length > 1 && (
        <SelectField
          label={t('opinions.forParty')}
          onChange={({ target }) => setChosen(target.value)}
          options={mine.map((key) => ({ value: key, label: names.party(key) }))}
          value={party}
        />
      )}
      <RadioGroup
        legend={t('opinions.opinion')}
        name="opinion"
        onChoose={setOpinion}
        options={opinions.map((value) => ({ value, label: t(`opinions.${value}`) }))}
        value={opinion}
      />
      <TextArea
        hint={t('opinions.textHint')}
        label={t('opinions.text')}
        onChange={({ target }) => setText(target.value)}
        required={opinion !== 'favourable'}
        rows={3}
        value={text}
      />
    </StepForm>
  )
}

function NoteSilence({ change: { id, advisers, opinions: given, sheets } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const last = sheets[0]?.number
  const silent = advisers.filter((party) => !given.some((each) => each.party === party && each.sheet === last))
  const [chosen, setChosen] = useState('')
  const party = chosen || (silent[0] ?? '')
  const note = useStep(id, (path, body: { party: string }) => api.POST(`${base}/silences`, { params: { path }, body }))
  return (
    <StepForm
      label={t('opinions.noteSilence')}
      look="secondary"
      onSubmit={() => note.mutate({ party })}
      step={note}
      title={t('steps.noteSilence')}
    >
      <SelectField
        label={t('opinions.ofWhom')}
        onChange={({ target }) => setChosen(target.value)}
        options={silent.map((key) => ({ value: key, label: names.party(key) }))}
        value={party}
      />
    </StepForm>
  )
}

function Commit({ change: { id, qualification } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const commit = useStep(id, (path) => api.POST(`${base}/commitment`, { params: { path } }))
  return (
    <StepForm
      hint={t('acts.commitHint')}
      label={t('acts.commit', { party: names.party(qualification?.separableTo ?? '') })}
      onSubmit={() => commit.mutate(undefined)}
      step={commit}
      title={t('steps.commit')}
    />
  )
}

function Schedule({ change: { id, meetings, ballot } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  const [chosen, setChosen] = useState('')
  const meetingId = chosen || (meetings[0]?.id ?? '')
  const schedule = useStep(id, (path, body: { meetingId: string }) =>
    api.POST(`${base}/agenda`, { params: { path }, body }),
  )
  const body = ballot ? names.body(ballot.body) : ''
  if (meetings.length === 0) return <p className="change-act">{t('acts.noMeeting', { body })}</p>
  return (
    <StepForm
      label={t('acts.schedule')}
      onSubmit={() => schedule.mutate({ meetingId })}
      step={schedule}
      title={t('steps.schedule')}
    >
      <SelectField
        label={t('acts.meeting', { body })}
        onChange={({ target }) => setChosen(target.value)}
        options={meetings.map(({ id: value, title, startsAt }) => ({
          value,
          label: `${title}, ${format.dateTime(startsAt)}`,
        }))}
        value={meetingId}
      />
    </StepForm>
  )
}

function Decide({ change: { id } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const [adopted, setAdopted] = useState<'adopt' | 'reject'>('adopt')
  const [note, setNote] = useState('')
  const decide = useStep(id, (path, body: { adopted: boolean; note: string }) =>
    api.POST(`${base}/decision`, { params: { path }, body }),
  )
  return (
    <StepForm
      label={t('acts.decide')}
      onSubmit={() => decide.mutate({ adopted: adopted === 'adopt', note })}
      step={decide}
      title={t('steps.decide')}
    >
      <RadioGroup
        legend={t('steps.decide')}
        name="decision"
        onChoose={setAdopted}
        options={(['adopt', 'reject'] as const).map((value) => ({ value, label: t(`acts.${value}`) }))}
        value={adopted}
      />
      <TextArea label={t('acts.note')} onChange={({ target }) => setNote(target.value)} rows={2} value={note} />
    </StepForm>
  )
}

function Order({ change: { id } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const { data: agreement } = useAgreement()
  const [chosen, setChosen] = useState('')
  const effectiveOn = chosen || (agreement?.today ?? '')
  const order = useStep(id, (path, body: { effectiveOn: string }) =>
    api.POST(`${base}/order`, { params: { path }, body }),
  )
  return (
    <StepForm
      hint={t('acts.orderHint')}
      label={t('acts.order')}
      onSubmit={() => order.mutate({ effectiveOn })}
      step={order}
      title={t('steps.order')}
    >
      <TextField
        label={t('acts.effectiveOn')}
        min={agreement?.today}
        onChange={({ target }) => setChosen(target.value)}
        required
        type="date"
        value={effectiveOn}
      />
    </StepForm>
  )
}

type NotedStep = 'reviseSheet' | 'deliver' | 'rollBack' | 'withdraw'

/** A step that takes nothing but a note. */
function Noted({ change: { id }, step }: { change: Change; step: NotedStep }) {
  const { t } = useTranslation('changes')
  const [note, setNote] = useState('')
  const take = useStep(id, async (path, body: { note: string }): Promise<unknown> => {
    const options = { params: { path }, body }
    if (step === 'deliver') return api.POST(`${base}/delivery`, options)
    if (step === 'rollBack') return api.POST(`${base}/roll-back`, options)
    if (step === 'withdraw') return api.POST(`${base}/withdrawal`, options)
    return api.POST(`${base}/revision`, options)
  })
  const label = { reviseSheet: 'revise', deliver: 'deliver', rollBack: 'rollBack', withdraw: 'withdraw' } as const
  return (
    <StepForm
      {...(step === 'reviseSheet' && { hint: t('acts.reviseHint') })}
      folded={step === 'reviseSheet' || step === 'withdraw'}
      label={t(`acts.${label[step]}`)}
      look={step === 'deliver' ? 'primary' : step === 'withdraw' ? 'danger' : 'secondary'}
      onSubmit={() => take.mutate({ note })}
      step={take}
      title={step === 'reviseSheet' || step === 'withdraw' ? t(`acts.${label[step]}`) : t(`steps.${step}`)}
    >
      <TextArea label={t('acts.note')} onChange={({ target }) => setNote(target.value)} rows={2} value={note} />
    </StepForm>
  )
}
