import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { useFormat } from '../../shell/format.ts'
import { TextField } from '../../ui/field.tsx'
import { type Change, useStep } from './changes.ts'
import { useAgreement } from './governance.ts'
import { parseEuros } from './money/money.ts'
import { StepForm } from './step-form.tsx'

const route = '/api/governance/agreements/{slug}/changes/{id}/acceptance'
type Body = NonNullable<ApiPaths[typeof route]['post']['requestBody']>['content']['application/json']

/** Enters what was measured of each expected result; the server says what is reached. */
export function AcceptForm({ change: { id, sheets } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const results = sheets[0]?.content.results ?? []
  const [measures, setMeasures] = useState(() => results.map(() => ({ value: '', measuredOn: '' })))
  const [reduction, setReduction] = useState('')
  const [checked, setChecked] = useState(false)
  const accept = useStep(id, (path, body: Body) => api.POST(route, { params: { path }, body }))
  const reductionCents = reduction.trim() === '' ? null : parseEuros(reduction)
  const today = agreement?.today ?? ''
  const submit = () => {
    setChecked(true)
    if (reductionCents === undefined) return
    const whole = measures.map(({ value, measuredOn }) => ({ value: value.trim(), measuredOn: measuredOn || today }))
    accept.mutate({ measures: whole, reductionCents })
  }
  const set = (index: number, said: Partial<(typeof measures)[number]>) =>
    setMeasures(measures.map((each, at) => (at === index ? { ...each, ...said } : each)))
  return (
    <StepForm
      hint={t('acts.acceptHint')}
      label={t('acts.accept')}
      onSubmit={submit}
      step={accept}
      title={t('steps.accept')}
    >
      {results.map(({ what, unit, target, comparator, by }, index) => (
        <fieldset className="change-result" key={`${what} ${target} ${by}`}>
          <legend>
            <strong>{what}</strong>{' '}
            {t('acts.expected', {
              text: `${t(`sheet.comparators.${comparator}`)} ${target} ${unit}, ${format.dayMedium(by)}`,
            })}
          </legend>
          <TextField
            inputMode="decimal"
            label={unit === '' ? t('acts.valueBare') : t('acts.value', { unit })}
            onChange={(event) => set(index, { value: event.target.value })}
            pattern="\s*-?\d{1,9}([.,]\d{1,6})?\s*"
            required
            value={measures[index]?.value ?? ''}
          />
          <TextField
            label={t('acts.measuredOn')}
            max={today}
            onChange={(event) => set(index, { measuredOn: event.target.value })}
            required
            type="date"
            value={measures[index]?.measuredOn || today}
          />
        </fieldset>
      ))}
      <TextField
        error={checked && reductionCents === undefined ? t('sheet.wrongAmount') : undefined}
        hint={t('acts.reductionHint')}
        inputMode="decimal"
        label={t('acts.reduction')}
        onChange={({ target }) => setReduction(target.value)}
        value={reduction}
      />
    </StepForm>
  )
}
