import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/button.tsx'
import { Checkbox, SelectField, TextArea, TextField } from '../../../ui/field.tsx'
import { useAgreement } from '../governance.ts'
import { type Definition, kinds } from './deliverables.ts'

/** The fields of one deliverable of a list. */
export function DefinitionFields({
  definition,
  onChange,
}: {
  definition: Definition
  onChange: (changed: Partial<Definition>) => void
}) {
  const { t } = useTranslation('deliverables')
  const { data: agreement } = useAgreement()
  const parties = agreement?.parties ?? []
  const { title, what, kind, owner, dueOn, criteria, pilots, receivers } = definition
  const setCriterion = (index: number, changed: Partial<Definition['criteria'][number]>) =>
    onChange({ criteria: criteria.map((each, at) => (at === index ? { ...each, ...changed } : each)) })
  return (
    <div className="stack">
      <TextField
        label={t('form.name')}
        maxLength={300}
        onChange={({ target }) => onChange({ title: target.value })}
        value={title}
      />
      <TextArea
        label={t('form.what')}
        maxLength={5000}
        onChange={({ target }) => onChange({ what: target.value })}
        rows={3}
        value={what}
      />
      <div className="deliverable-fields">
        <SelectField
          label={t('kind')}
          onChange={({ target }) => onChange({ kind: kinds.find((each) => each === target.value) ?? 'software' })}
          options={kinds.map((value) => ({ value, label: t(`kinds.${value}`) }))}
          value={kind}
        />
        <SelectField
          label={t('owner')}
          onChange={({ target }) => onChange({ owner: target.value })}
          options={[
            { value: '', label: t('form.choose') },
            ...parties.map(({ key: value, name }) => ({ value, label: name })),
          ]}
          value={owner}
        />
        <TextField
          label={t('dueOn')}
          onChange={({ target }) => onChange({ dueOn: target.value || null })}
          type="date"
          value={dueOn ?? ''}
        />
      </div>
      <fieldset className="field">
        <legend className="field-label">{t('criteria')}</legend>
        {criteria.map((criterion, index) => (
          <div className="deliverable-criterion" key={index}>
            <TextField
              label={t('form.criterion', { number: index + 1 })}
              maxLength={500}
              onChange={({ target }) => setCriterion(index, { what: target.value })}
              value={criterion.what}
            />
            <TextField
              label={t('form.measure')}
              maxLength={500}
              onChange={({ target }) => setCriterion(index, { measure: target.value })}
              value={criterion.measure}
            />
            <Button look="quiet" onClick={() => onChange({ criteria: criteria.filter((_, at) => at !== index) })}>
              {t('form.removeCriterion', { number: index + 1 })}
            </Button>
          </div>
        ))}
        <div>
          <Button onClick={() => onChange({ criteria: [...criteria, { what: '', measure: '' }] })}>
            {t('form.addCriterion')}
          </Button>
        </div>
      </fieldset>
      <PartyChoice
        chosen={pilots}
        legend={t('pilots')}
        onChoose={(chosen) => onChange({ pilots: chosen })}
        parties={parties.filter(({ roles }) => roles.includes('pilotInstitution'))}
      />
      <PartyChoice
        chosen={receivers}
        legend={t('receivers')}
        onChoose={(chosen) => onChange({ receivers: chosen })}
        parties={parties}
      />
    </div>
  )
}

function PartyChoice({
  legend,
  parties,
  chosen,
  onChoose,
}: {
  legend: string
  parties: { key: string; name: string }[]
  chosen: string[]
  onChoose: (chosen: string[]) => void
}) {
  return (
    <fieldset className="field">
      <legend className="field-label">{legend}</legend>
      {parties.map(({ key, name }) => (
        <Checkbox
          checked={chosen.includes(key)}
          key={key}
          label={name}
          onChange={({ target }) => onChoose(target.checked ? [...chosen, key] : chosen.filter((each) => each !== key))}
        />
      ))}
    </fieldset>
  )
}
