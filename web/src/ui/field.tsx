import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
  useState,
} from 'react'
import { Icon } from './icons.tsx'
import './field.css'

interface FieldWording {
  label: ReactNode
  /** Help, read before the field. */
  hint?: ReactNode
  /** What is wrong and how to mend it. */
  error?: ReactNode
}

type InputProps = FieldWording & Omit<InputHTMLAttributes<HTMLInputElement>, 'id'>

/** Label, help and error around a control, tied to it for screen readers (RGAA 11.1, 11.10). */
function Field({
  label,
  hint,
  error,
  children,
}: FieldWording & {
  children: (control: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': true | undefined
  }) => ReactNode
}) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className={error ? 'field field-wrong' : 'field'}>
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          <Icon name="alert" size={18} /> {error}
        </p>
      )}
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
    </div>
  )
}

export function TextField({ label, hint, error, ...input }: InputProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <input className="control" type="text" {...input} {...control} />}
    </Field>
  )
}

/** A text of several lines. */
export function TextArea({
  label,
  hint,
  error,
  ...area
}: FieldWording & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'id'>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <textarea {...area} {...control} className={`control ${area.className ?? ''}`} />}
    </Field>
  )
}

/** A password that can be shown: typing blind is the first cause of a refused sign-in. */
export function PasswordField({
  label,
  hint,
  error,
  wording,
  ...input
}: InputProps & { wording: { show: string; hide: string } }) {
  const [shown, setShown] = useState(false)
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <div className="control-with-action">
          <input
            className="control"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            {...input}
            {...control}
            type={shown ? 'text' : 'password'}
          />
          <button aria-pressed={shown} className="control-action" onClick={() => setShown(!shown)} type="button">
            {shown ? wording.hide : wording.show}
          </button>
        </div>
      )}
    </Field>
  )
}

export function SelectField({
  label,
  hint,
  error,
  options,
  ...select
}: FieldWording &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'id' | 'children'> & { options: { value: string; label: string }[] }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select className="control" {...select} {...control}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** One sentence to agree with or not. */
export function Checkbox({
  label,
  ...input
}: { label: ReactNode } & Omit<InputHTMLAttributes<HTMLInputElement>, 'id'>) {
  return (
    <label className="choice">
      <input type="checkbox" {...input} />
      <span>{label}</span>
    </label>
  )
}

/** One choice among a few, all seen at once. */
export function RadioGroup<Value extends string>({
  legend,
  hint,
  name,
  value,
  options,
  onChoose,
}: {
  legend: ReactNode
  hint?: ReactNode
  name: string
  value: Value
  options: readonly { value: Value; label: string }[]
  onChoose: (value: Value) => void
}) {
  return (
    <fieldset className="field">
      <legend className="field-label">{legend}</legend>
      {hint && <p className="field-hint">{hint}</p>}
      <div className="choices">
        {options.map((option) => (
          <label className="choice choice-tile" key={option.value}>
            <input
              checked={option.value === value}
              name={name}
              onChange={() => onChoose(option.value)}
              type="radio"
              value={option.value}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
