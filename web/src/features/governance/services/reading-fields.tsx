import { useTranslation } from 'react-i18next'
import { TextField } from '../../../ui/field.tsx'
import { useAgreement } from '../governance.ts'
import { type Content, isDecimal } from './services.ts'

type Reading = Content['users']

/** A figure, the day it was read, and where; left empty where nothing was measured. */
export function ReadingFields({
  label,
  reading: { value, measuredOn, source },
  checked,
  onChange,
}: {
  label: string
  reading: Reading
  checked: boolean
  onChange: (change: Partial<Reading>) => void
}) {
  const { t } = useTranslation('services')
  const { data: agreement } = useAgreement()
  return (
    <>
      <TextField
        error={checked && value !== null && !isDecimal(value) ? t('form.wrongFigure') : undefined}
        inputMode="decimal"
        label={label}
        onChange={({ target }) => onChange({ value: target.value.trim() || null })}
        value={value ?? ''}
      />
      <TextField
        label={t('measure.measuredOn')}
        max={agreement?.today}
        onChange={({ target }) => onChange({ measuredOn: target.value || null })}
        type="date"
        value={measuredOn ?? ''}
      />
      <TextField
        label={t('measure.source')}
        maxLength={500}
        onChange={({ target }) => onChange({ source: target.value })}
        value={source}
      />
    </>
  )
}
