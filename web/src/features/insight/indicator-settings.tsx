import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { SelectField, TextField } from '../../ui/field.tsx'
import { pickName } from './indicator-words.ts'
import { activitiesQuery, type Indicator, type Parameter, type Question, type Texts } from './indicators.ts'

/** What the reader may set of an indicator. */
export function IndicatorSettings({
  indicator,
  question,
  texts,
  onSet,
}: {
  indicator: Indicator
  question: Pick<Question, 'parameters' | 'course' | 'as'>
  texts: Texts
  onSet: (name: string, value: string) => void
}) {
  return (
    <div className="indicator-settings">
      {Object.entries(indicator.parameters).map(([name, parameter]) => (
        <Setting
          key={name}
          label={texts.parameters[name] ?? name}
          name={name}
          onSet={(value) => onSet(name, value)}
          parameter={parameter}
          question={question}
          texts={texts}
          value={question.parameters[name] ?? ('default' in parameter ? String(parameter.default) : '')}
        />
      ))}
    </div>
  )
}

function Setting({
  name,
  label,
  parameter,
  question,
  texts,
  value,
  onSet,
}: {
  name: string
  label: string
  parameter: Parameter
  question: Pick<Question, 'course' | 'as'>
  texts: Texts
  value: string
  onSet: (value: string) => void
}) {
  switch (parameter.type) {
    case 'choice':
      return (
        <SelectField
          label={label}
          onChange={({ target }) => onSet(target.value)}
          options={parameter.values.map((each) => ({
            value: each,
            label: texts.parameters[`${name}_${each}`] ?? each,
          }))}
          value={value}
        />
      )
    case 'integer':
      return (
        <TextField
          inputMode="numeric"
          label={label}
          max={parameter.max}
          min={parameter.min}
          onChange={({ target }) => {
            // Half typed numbers are not asked.
            if (target.validity.valid && target.value !== '') onSet(target.value)
          }}
          step={1}
          type="number"
          defaultValue={value}
        />
      )
    case 'activity':
      return <ActivitySetting label={label} onSet={onSet} parameter={parameter} question={question} value={value} />
  }
}

function ActivitySetting({
  label,
  parameter,
  question: { course, as },
  value,
  onSet,
}: {
  label: string
  parameter: Extract<Parameter, { type: 'activity' }>
  question: Pick<Question, 'course' | 'as'>
  value: string
  onSet: (value: string) => void
}) {
  const { t, i18n } = useTranslation('dashboards')
  const { data } = useQuery(activitiesQuery({ course, kinds: parameter.kinds, as }))
  const none = { value: '', label: parameter.required ? t('card.chooseActivity') : t('card.anyActivity') }
  return (
    <SelectField
      label={label}
      onChange={({ target }) => onSet(target.value)}
      options={[
        none,
        ...(data?.activities ?? []).map(({ key, name }) => ({
          value: key,
          label: pickName(name, i18n.language) ?? t('card.unknownActivity'),
        })),
      ]}
      value={value}
    />
  )
}
