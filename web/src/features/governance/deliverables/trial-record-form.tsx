import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/button.tsx'
import { Checkbox, RadioGroup, SelectField, TextArea, TextField } from '../../../ui/field.tsx'
import { useNames } from '../changes.ts'
import { Cited } from '../cited.tsx'
import { StepForm } from '../step-form.tsx'
import { type Deliverable, useTakeAct } from './deliverables.ts'

const verdicts = ['satisfactory', 'reservations', 'unsatisfactory'] as const

/** Records, for an institution one sits for, how a deliverable worked: each criterion, the verdict, the reservations. */
export function TrialRecordForm({ deliverable, institution }: { deliverable: Deliverable; institution: string }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const { key, today, criteria, rules } = deliverable
  const [on, setOn] = useState(today)
  const [verdict, setVerdict] = useState<(typeof verdicts)[number]>('satisfactory')
  const [seen, setSeen] = useState(() => criteria.map((each) => ({ ...each, met: false, observation: '' })))
  const [reservations, setReservations] = useState([{ text: '', criterion: null as number | null }])
  const [note, setNote] = useState('')
  const act = useTakeAct(key)
  const see = (index: number, said: Partial<(typeof seen)[number]>) =>
    setSeen(seen.map((each, at) => (at === index ? { ...each, ...said } : each)))
  const reserve = (index: number, said: Partial<(typeof reservations)[number]>) =>
    setReservations(reservations.map((each, at) => (at === index ? { ...each, ...said } : each)))
  return (
    <StepForm
      hint={t('record.hint', { days: rules.acceptance.trialDays })}
      label={t('record.submit')}
      onSubmit={() =>
        act.mutate({
          act: 'endTrial',
          on,
          institution,
          verdict,
          criteria: seen,
          reservations: verdict === 'reservations' ? reservations : [],
          note,
        })
      }
      step={act}
      title={t('record.title', { party: names.party(institution) })}
    >
      <div>
        <Cited {...rules.acceptance} />
      </div>
      <TextField
        label={t('record.day')}
        max={today}
        onChange={({ target }) => setOn(target.value)}
        required
        type="date"
        value={on}
      />
      {seen.map(({ what, measure, met, observation }, index) => (
        <fieldset className="deliverable-criterion" key={`${what} ${measure}`}>
          <legend>
            <strong>{what}</strong> <span className="quiet">{measure}</span>
          </legend>
          <Checkbox
            checked={met}
            label={t('record.met')}
            onChange={({ target }) => see(index, { met: target.checked })}
          />
          <TextField
            label={t('record.observation')}
            maxLength={2000}
            onChange={({ target }) => see(index, { observation: target.value })}
            required
            value={observation}
          />
        </fieldset>
      ))}
      <RadioGroup
        legend={t('record.verdict')}
        name={`verdict-${institution}`}
        onChoose={setVerdict}
        options={verdicts.map((value) => ({ value, label: t(`verdicts.${value}`) }))}
        value={verdict}
      />
      {verdict === 'reservations' && (
        <fieldset className="field">
          <legend className="field-label">{t('record.reservations')}</legend>
          {reservations.map(({ text, criterion }, index) => (
            <div className="deliverable-criterion" key={index}>
              <TextField
                label={t('trial.reservation', { number: index + 1 })}
                maxLength={2000}
                onChange={({ target }) => reserve(index, { text: target.value })}
                required
                value={text}
              />
              <SelectField
                label={t('record.about')}
                onChange={({ target }) =>
                  reserve(index, { criterion: target.value === '' ? null : Number(target.value) })
                }
                options={[
                  { value: '', label: t('record.noCriterion') },
                  ...criteria.map(({ what }, place) => ({ value: String(place), label: what })),
                ]}
                value={criterion === null ? '' : String(criterion)}
              />
              {reservations.length > 1 && (
                <Button look="quiet" onClick={() => setReservations(reservations.filter((_, at) => at !== index))}>
                  {t('record.removeReservation', { number: index + 1 })}
                </Button>
              )}
            </div>
          ))}
          <div>
            <Button onClick={() => setReservations([...reservations, { text: '', criterion: null }])}>
              {t('record.addReservation')}
            </Button>
          </div>
        </fieldset>
      )}
      <TextArea
        label={t('record.note')}
        onChange={({ target }) => setNote(target.value)}
        required={verdict === 'unsatisfactory'}
        rows={3}
        value={note}
      />
    </StepForm>
  )
}
