import { useTranslation } from 'react-i18next'
import { PasswordField } from '../../ui/field.tsx'

/** Shortest password the server takes; it says so itself too. */
const shortest = 12

/** A new password, with what is left to type said while one types. */
export function NewPassword({
  value,
  onChange,
  error,
}: {
  value: string
  onChange: (value: string) => void
  error?: string | undefined
}) {
  const { t } = useTranslation('identity')
  const left = shortest - [...value].length
  return (
    <div className="stack stack-tight">
      <PasswordField
        autoComplete="new-password"
        error={error}
        hint={t('password.advice', { count: shortest })}
        label={t('password.new')}
        name="password"
        onChange={(event) => onChange(event.target.value)}
        required
        value={value}
        wording={{ show: t('password.show'), hide: t('password.hide') }}
      />
      <p className="small quiet" aria-live="polite">
        {value === '' ? '' : left > 0 ? t('password.left', { count: left }) : t('password.long')}
      </p>
    </div>
  )
}
