import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { consequenceKinds, sheetTexts } from './change-sheet.tsx'
import { type Change, type ChangeSheet, useStep } from './changes.ts'
import { parseEuros } from './money/money.ts'

type Result = ChangeSheet['results'][number]
const comparators = ['>=', '<=', '>', '<', '='] as const
const noResult: Result = { what: '', unit: '', target: '', comparator: '>=', by: '' }
const nothing: ChangeSheet = {
  consequences: { functional: '', technical: '', legal: '', organisational: '', financial: '', training: '' },
  documentation: '',
  validation: '',
  regressions: '',
  rollBack: '',
  amountCents: '0',
  results: [],
}

/** Cents as one would type them: `12000,50`. */
function typeEuros(cents: string): string {
  const digits = cents.padStart(3, '0')
  return `${digits.slice(0, -2)},${digits.slice(-2)}`
}

const isResult = ({ what, target, by }: Result) => what !== '' && /^-?\d{1,9}([.,]\d{1,6})?$/.test(target) && by !== ''

/** Writes the configuration sheet: each saving is a version, the last of which is what one begins from. */
export function SheetForm({ change }: { change: Change }) {
  const { t } = useTranslation('changes')
  const [last] = change.sheets
  const [sheet, setSheet] = useState<ChangeSheet>(last?.content ?? nothing)
  const [amount, setAmount] = useState(last ? typeEuros(last.content.amountCents) : '')
  const [checked, setChecked] = useState(false)
  // Open where there is nothing yet, and still open once the first version is saved.
  const [isNew] = useState(!last)
  const save = useStep(change.id, (path, body: ChangeSheet) =>
    read(api.POST('/api/governance/agreements/{slug}/changes/{id}/sheets', { params: { path }, body })),
  )
  const amountCents = parseEuros(amount)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (amountCents !== undefined && sheet.results.every(isResult) && !save.isPending) {
      save.mutate({ ...sheet, amountCents })
    }
  }
  const setResult = (index: number, change: Partial<Result>) =>
    setSheet({ ...sheet, results: sheet.results.map((each, at) => (at === index ? { ...each, ...change } : each)) })
  return (
    <details className="change-act" open={isNew}>
      <summary>{t('sheet.write')}</summary>
      <p className="quiet">{t('sheet.writeHint')}</p>
      <div aria-live="polite">
        {save.isSuccess && <Notice kind="success" title={t('sheet.saved', { number: save.data.number })} />}
      </div>
      {save.error && <Failure error={save.error} />}
      <form className="stack" noValidate onSubmit={submit}>
        <TextField
          error={checked && amountCents === undefined ? t('sheet.wrongAmount') : undefined}
          hint={t('sheet.amountHint')}
          inputMode="decimal"
          label={t('sheet.amount')}
          onChange={({ target }) => setAmount(target.value)}
          value={amount}
        />
        <fieldset className="field">
          <legend className="field-label">{t('sheet.results')}</legend>
          {sheet.results.map((result, index) => (
            <fieldset className="change-result" key={index}>
              <legend>{t('sheet.result', { number: index + 1 })}</legend>
              <TextField
                error={checked && !isResult(result) ? t('sheet.wrongResult') : undefined}
                label={t('sheet.what')}
                onChange={({ target }) => setResult(index, { what: target.value })}
                value={result.what}
              />
              <SelectField
                label={t('sheet.comparator')}
                onChange={({ target }) =>
                  setResult(index, { comparator: comparators.find((each) => each === target.value) ?? '>=' })
                }
                options={comparators.map((value) => ({ value, label: t(`sheet.comparators.${value}`) }))}
                value={result.comparator}
              />
              <TextField
                inputMode="decimal"
                label={t('sheet.target')}
                onChange={({ target }) => setResult(index, { target: target.value.trim() })}
                value={result.target}
              />
              <TextField
                label={t('sheet.unit')}
                onChange={({ target }) => setResult(index, { unit: target.value })}
                value={result.unit}
              />
              <TextField
                label={t('sheet.byDay')}
                onChange={({ target }) => setResult(index, { by: target.value })}
                type="date"
                value={result.by}
              />
              <Button
                aria-label={t('sheet.removeResult', { number: index + 1 })}
                look="quiet"
                onClick={() => setSheet({ ...sheet, results: sheet.results.filter((_, at) => at !== index) })}
              >
                {t('sheet.removeResult', { number: index + 1 })}
              </Button>
            </fieldset>
          ))}
          <div>
            <Button onClick={() => setSheet({ ...sheet, results: [...sheet.results, noResult] })}>
              {t('sheet.addResult')}
            </Button>
          </div>
        </fieldset>
        <fieldset className="stack">
          <legend className="field-label">{t('sheet.consequences')}</legend>
          {consequenceKinds.map((kind) => (
            <TextArea
              key={kind}
              label={t(`sheet.${kind}`)}
              onChange={({ target }) =>
                setSheet({ ...sheet, consequences: { ...sheet.consequences, [kind]: target.value } })
              }
              rows={2}
              value={sheet.consequences[kind]}
            />
          ))}
        </fieldset>
        {sheetTexts.map((name) => (
          <TextArea
            key={name}
            label={t(`sheet.${name}`)}
            onChange={({ target }) => setSheet({ ...sheet, [name]: target.value })}
            rows={2}
            value={sheet[name]}
          />
        ))}
        <div>
          <Button busy={save.isPending} look="primary" type="submit">
            {t('sheet.save')}
          </Button>
        </div>
      </form>
    </details>
  )
}
