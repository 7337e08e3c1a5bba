import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import { Failure } from '../../../shell/failure.tsx'
import { Button } from '../../../ui/button.tsx'
import { Checkbox, TextArea, TextField } from '../../../ui/field.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { useAgreementSlug } from '../governance.ts'
import { useAct } from '../meetings.ts'
import { parseEuros } from '../money/money.ts'
import { ProposalFields } from './proposal-fields.tsx'
import { ReadingFields } from './reading-fields.tsx'
import { type Content, type DossierPageOf, isDecimal, type Measure } from './services.ts'

const noMeasure: Measure = {
  name: '',
  unit: '',
  startingPoint: null,
  target: null,
  value: null,
  measuredOn: null,
  source: '',
}

/** Cents as one would type them: `12000,50`. */
const typeEuros = (cents: string) => `${cents.padStart(3, '0').slice(0, -2)},${cents.padStart(3, '0').slice(-2)}`

const isFigure = (value: string | null) => value === null || isDecimal(value)
const isMeasure = ({ name, startingPoint, target, value }: Measure) =>
  name.trim() !== '' && [startingPoint, target, value].every(isFigure)

/** Writes a dossier: each saving is a version, the last of which is submitted. */
export function DossierForm({ dossier }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const [content, setContent] = useState<Content>(dossier.content)
  const [amount, setAmount] = useState(content.budgetCents === null ? '' : typeEuros(content.budgetCents))
  const [checked, setChecked] = useState(false)
  // Of this form, whatever somebody else saved meanwhile: their words are not undone.
  const [basedOn, setBasedOn] = useState(dossier.version)
  // Open where there is nothing yet, and still open once it is saved.
  const [isNew] = useState(dossier.version === 1)
  const set = (change: Partial<Content>) => setContent({ ...content, ...change })
  const budgetCents = amount.trim() === '' ? null : parseEuros(amount)
  const save = useAct(async (body: Content) => {
    const { version } = await read(
      api.POST('/api/governance/agreements/{slug}/services/{service}/dossiers/{dossier}/versions', {
        params: { path: { slug, service: dossier.service.number, dossier: dossier.number } },
        body: { basedOn, content: body },
      }),
    )
    setBasedOn(version)
  })
  const valid = budgetCents !== undefined && content.measures.every(isMeasure) && isFigure(content.users.value)
  const setMeasure = (index: number, change: Partial<Measure>) =>
    set({ measures: content.measures.map((each, at) => (at === index ? { ...each, ...change } : each)) })
  const area = (name: 'problem' | 'audience' | 'learned' | 'notReached') => (
    <TextArea
      label={t(`content.${name}`)}
      maxLength={20_000}
      onChange={({ target }) => set({ [name]: target.value })}
      rows={3}
      value={content[name]}
    />
  )
  return (
    <details className="change-act" open={isNew}>
      <summary>{t('form.title')}</summary>
      <p className="quiet measure">{t('form.hint')}</p>
      <div aria-live="polite">
        {save.isSuccess && <Notice kind="success" title={t('form.saved', { version: basedOn })} />}
      </div>
      {dossier.version > basedOn && !save.isPending && <Notice kind="warning" title={t('form.elsewhere')} />}
      {save.error && <Failure error={save.error} />}
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setChecked(true)
          if (valid && !save.isPending) save.mutate({ ...content, budgetCents })
        }}
      >
        {checked && !valid && <Notice kind="danger" live="alert" title={t('form.wrong')} />}
        {area('problem')}
        {area('audience')}
        <fieldset className="stack">
          <legend className="field-label">{t('content.measures')}</legend>
          <p className="field-hint">{t('form.measuresHint')}</p>
          {content.measures.map((measure, index) => (
            <fieldset className="change-result" key={index}>
              <legend>{t('form.measure', { number: index + 1 })}</legend>
              <TextField
                error={checked && measure.name.trim() === '' ? t('form.wrongName') : undefined}
                label={t('measure.name')}
                maxLength={200}
                onChange={({ target }) => setMeasure(index, { name: target.value })}
                value={measure.name}
              />
              <TextField
                label={t('measure.unit')}
                maxLength={50}
                onChange={({ target }) => setMeasure(index, { unit: target.value })}
                value={measure.unit}
              />
              {(['startingPoint', 'target'] as const).map((name) => (
                <TextField
                  error={checked && !isFigure(measure[name]) ? t('form.wrongFigure') : undefined}
                  inputMode="decimal"
                  key={name}
                  label={t(`measure.${name}`)}
                  onChange={({ target }) => setMeasure(index, { [name]: target.value.trim() || null })}
                  value={measure[name] ?? ''}
                />
              ))}
              <ReadingFields
                checked={checked}
                label={t('measure.value')}
                onChange={(change) => setMeasure(index, change)}
                reading={measure}
              />
              <div>
                <Button
                  look="quiet"
                  onClick={() => set({ measures: content.measures.filter((_, at) => at !== index) })}
                >
                  {t('form.removeMeasure', { number: index + 1 })}
                </Button>
              </div>
            </fieldset>
          ))}
          <div>
            <Button onClick={() => set({ measures: [...content.measures, noMeasure] })}>{t('form.addMeasure')}</Button>
          </div>
        </fieldset>
        <fieldset className="change-result">
          <legend>{t('content.users')}</legend>
          <ReadingFields
            checked={checked}
            label={t('content.usersCount')}
            onChange={(change) => set({ users: { ...content.users, ...change } })}
            reading={content.users}
          />
        </fieldset>
        {dossier.orders.length > 0 && (
          <fieldset className="field">
            <legend className="field-label">{t('costs.title')}</legend>
            <p className="field-hint">{t('form.ordersHint')}</p>
            <div className="choices">
              {dossier.orders.map(({ id, number, label }) => (
                <Checkbox
                  checked={content.orders.includes(id)}
                  key={id}
                  label={`${number} · ${label}`}
                  onChange={({ target }) =>
                    set({
                      orders: target.checked ? [...content.orders, id] : content.orders.filter((each) => each !== id),
                    })
                  }
                />
              ))}
            </div>
          </fieldset>
        )}
        {area('learned')}
        {area('notReached')}
        <TextField
          error={checked && budgetCents === undefined ? t('form.wrongAmount') : undefined}
          hint={t('form.budgetHint')}
          inputMode="decimal"
          label={t('content.budget')}
          onChange={({ target }) => setAmount(target.value)}
          value={amount}
        />
        <ProposalFields
          from={dossier.service.phase}
          onChange={(proposal) => set({ proposal })}
          proposal={content.proposal}
          rules={dossier.rules}
        />
        <div>
          <Button busy={save.isPending} look="primary" type="submit">
            {t('form.save')}
          </Button>
        </div>
      </form>
    </details>
  )
}
