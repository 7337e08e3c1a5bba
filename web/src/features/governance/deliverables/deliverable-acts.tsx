import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Section } from '../../../shell/page.tsx'
import { SelectField, TextArea, TextField } from '../../../ui/field.tsx'
import { useNames } from '../changes.ts'
import { StepForm } from '../step-form.tsx'
import { type Deliverable, useTakeAct } from './deliverables.ts'
import { TrialRecordForm } from './trial-record-form.tsx'

/** What the reader may record about a deliverable now; nothing where there is nothing. */
export function DeliverableActs({ deliverable }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const { yours } = deliverable
  const open =
    yours.deliver ||
    yours.handOver ||
    [yours.beginTrial, yours.endTrial, yours.liftReservation, yours.confirmHandOver].some(({ length }) => length > 0)
  if (!open) return null
  return (
    <Section title={t('act.title')}>
      {yours.endTrial.map((institution) => (
        <TrialRecordForm deliverable={deliverable} institution={institution} key={institution} />
      ))}
      {yours.liftReservation.map((reservation) => (
        <Lift
          deliverable={deliverable}
          key={`${reservation.institution} ${reservation.reservation}`}
          reservation={reservation}
        />
      ))}
      {yours.confirmHandOver.map((handOver) => (
        <Confirm deliverable={deliverable} handOver={handOver} key={handOver.handOver} />
      ))}
      {yours.beginTrial.length > 0 && <Begin deliverable={deliverable} />}
      {yours.handOver && <HandOver deliverable={deliverable} />}
      {yours.deliver && <Deliver deliverable={deliverable} />}
    </Section>
  )
}

/** The day of an act: today, unless it was before. */
export function DayField({
  label,
  value,
  max,
  onChange,
}: {
  label: string
  value: string
  max: string
  onChange: (day: string) => void
}) {
  return (
    <TextField
      label={label}
      max={max}
      onChange={({ target }) => onChange(target.value)}
      required
      type="date"
      value={value}
    />
  )
}

function Deliver({ deliverable: { key, today, deliveries } }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const [fields, setFields] = useState({ on: today, version: '', link: '', notes: '' })
  const act = useTakeAct(key)
  const again = deliveries.length > 0
  const form = (
    <StepForm
      hint={t(again ? 'act.deliverAgainHint' : 'act.deliverHint')}
      label={t('act.deliver')}
      look={again ? 'secondary' : 'primary'}
      onSubmit={() => act.mutate({ act: 'deliver', ...fields, link: fields.link.trim() || null })}
      step={act}
      title={t(again ? 'act.deliverAgain' : 'act.deliverTitle')}
    >
      <DayField label={t('act.day')} max={today} onChange={(on) => setFields({ ...fields, on })} value={fields.on} />
      <TextField
        label={t('act.version')}
        maxLength={100}
        onChange={({ target }) => setFields({ ...fields, version: target.value })}
        required
        value={fields.version}
      />
      <TextField
        hint={t('act.linkHint')}
        label={t('act.link')}
        onChange={({ target }) => setFields({ ...fields, link: target.value })}
        pattern="https://.*"
        type="url"
        value={fields.link}
      />
      <TextArea
        label={t('act.notes')}
        onChange={({ target }) => setFields({ ...fields, notes: target.value })}
        rows={3}
        value={fields.notes}
      />
    </StepForm>
  )
  if (!again) return form
  return (
    <details>
      <summary>{t('act.deliverAgain')}</summary>
      {form}
    </details>
  )
}

function Begin({ deliverable: { key, today, yours } }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const [on, setOn] = useState(today)
  const [chosen, setChosen] = useState('')
  const institution = chosen || (yours.beginTrial[0] ?? '')
  const act = useTakeAct(key)
  return (
    <StepForm
      hint={t('act.beginHint')}
      label={t('act.begin')}
      onSubmit={() => act.mutate({ act: 'beginTrial', on, institution })}
      step={act}
      title={t('act.beginTitle')}
    >
      <SelectField
        label={t('act.institution')}
        onChange={({ target }) => setChosen(target.value)}
        options={yours.beginTrial.map((value) => ({ value, label: names.party(value) }))}
        value={institution}
      />
      <DayField label={t('act.day')} max={today} onChange={setOn} value={on} />
    </StepForm>
  )
}

function Lift({
  deliverable: { key, today },
  reservation: { institution, reservation, text },
}: {
  deliverable: Deliverable
  reservation: Deliverable['yours']['liftReservation'][number]
}) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const [on, setOn] = useState(today)
  const [note, setNote] = useState('')
  const act = useTakeAct(key)
  return (
    <StepForm
      hint={text}
      label={t('act.lift')}
      onSubmit={() => act.mutate({ act: 'liftReservation', on, institution, reservation, note })}
      step={act}
      title={t('act.liftTitle', { number: reservation + 1, party: names.party(institution) })}
    >
      <DayField label={t('act.day')} max={today} onChange={setOn} value={on} />
      <TextArea label={t('act.liftNote')} onChange={({ target }) => setNote(target.value)} rows={2} value={note} />
    </StepForm>
  )
}

const handOvers = ['training', 'documentation', 'sourceCode', 'access'] as const

function HandOver({ deliverable: { key, today, receivers } }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const [fields, setFields] = useState({
    on: today,
    what: 'training' as (typeof handOvers)[number],
    title: '',
    to: receivers[0] ?? '',
    materials: '',
    link: '',
  })
  const act = useTakeAct(key)
  return (
    <StepForm
      hint={t('act.handOverHint')}
      label={t('act.handOver')}
      onSubmit={() => act.mutate({ act: 'handOver', ...fields, link: fields.link.trim() || null })}
      step={act}
      title={t('act.handOverTitle')}
    >
      <div className="deliverable-fields">
        <SelectField
          label={t('handOver.what')}
          onChange={({ target }) =>
            setFields({ ...fields, what: handOvers.find((each) => each === target.value) ?? 'training' })
          }
          options={handOvers.map((value) => ({ value, label: t(`handOver.kinds.${value}`) }))}
          value={fields.what}
        />
        <SelectField
          label={t('handOver.to')}
          onChange={({ target }) => setFields({ ...fields, to: target.value })}
          options={receivers.map((value) => ({ value, label: names.party(value) }))}
          value={fields.to}
        />
        <DayField label={t('act.day')} max={today} onChange={(on) => setFields({ ...fields, on })} value={fields.on} />
      </div>
      <TextField
        label={t('handOver.title')}
        maxLength={300}
        onChange={({ target }) => setFields({ ...fields, title: target.value })}
        required
        value={fields.title}
      />
      <TextArea
        label={t('handOver.materials')}
        onChange={({ target }) => setFields({ ...fields, materials: target.value })}
        rows={2}
        value={fields.materials}
      />
      <TextField
        hint={t('act.linkHint')}
        label={t('act.link')}
        onChange={({ target }) => setFields({ ...fields, link: target.value })}
        pattern="https://.*"
        type="url"
        value={fields.link}
      />
    </StepForm>
  )
}

function Confirm({
  deliverable: { key, today },
  handOver: { handOver, to, title },
}: {
  deliverable: Deliverable
  handOver: Deliverable['yours']['confirmHandOver'][number]
}) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const [on, setOn] = useState(today)
  const [note, setNote] = useState('')
  const act = useTakeAct(key)
  return (
    <StepForm
      hint={t('act.confirmHint', { party: names.party(to) })}
      label={t('act.confirm')}
      onSubmit={() => act.mutate({ act: 'confirmHandOver', on, handOver, note })}
      step={act}
      title={t('act.confirmTitle', { title })}
    >
      <DayField label={t('act.day')} max={today} onChange={setOn} value={on} />
      <TextArea label={t('act.note')} onChange={({ target }) => setNote(target.value)} rows={2} value={note} />
    </StepForm>
  )
}
