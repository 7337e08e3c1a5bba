import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../../../shell/failure.tsx'
import { Button } from '../../../ui/button.tsx'
import { Checkbox, SelectField, TextArea, TextField } from '../../../ui/field.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { useAgreementSlug } from '../governance.ts'
import { moneyKey, parseEuros } from './money.ts'

/** One thing a form asks for. Amounts are given back in cents. */
export interface ActField {
  name: string
  label: string
  kind: 'text' | 'euros' | 'number' | 'day' | 'select' | 'check' | 'area'
  hint?: string
  options?: { value: string; label: string }[]
  initial?: string
  optional?: boolean
  /** Shown only when the answers given so far call for it. */
  when?: (values: Record<string, string>) => boolean
}

/**
 * Something done about money: closed until wanted; what is missing is said field by field, a refusal in the reader's words.
 * The same press, sent twice, is done once: the key of the request changes only when it succeeded.
 */
export function ActForm({
  title,
  fields,
  submit,
  more,
  act,
}: {
  title: string
  fields: ActField[]
  submit: string
  /** What adds to the fields, after them. */
  more?: ReactNode
  act: (values: Record<string, string>, requestKey: string) => Promise<unknown>
}) {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  const explain = useProblemText()
  const initial = () => Object.fromEntries(fields.map(({ name, initial: value }) => [name, value ?? '']))
  const [values, setValues] = useState(initial)
  const [checked, setChecked] = useState(false)
  const requestKey = useRef(crypto.randomUUID())
  const asked = fields.filter(({ when }) => !when || when(values))
  const read = ({ name, kind, optional }: ActField): string | undefined => {
    const text = (values[name] ?? '').trim()
    if (kind === 'check') return text
    if (text === '') return optional ? '' : undefined
    if (kind === 'euros') return parseEuros(text)
    if (kind === 'number') return /^\d+([.,]\d{1,2})?$/.test(text) ? text.replace(',', '.') : undefined
    return text
  }
  const work = useMutation({
    mutationFn: (given: Record<string, string>) => act(given, requestKey.current),
    onSuccess: async () => {
      requestKey.current = crypto.randomUUID()
      setValues(initial())
      setChecked(false)
      await queries.invalidateQueries({ queryKey: moneyKey(slug) })
    },
  })
  function send(event: FormEvent) {
    event.preventDefault()
    setChecked(true)
    if (work.isPending) return
    const given = asked.map((field) => [field.name, read(field)] as const)
    if (given.every(([, value]) => value !== undefined))
      work.mutate(Object.fromEntries(given) as Record<string, string>)
  }
  return (
    <details className="money-act">
      <summary>{title}</summary>
      <form noValidate onSubmit={send}>
        {asked.map((field) => {
          const { name, label, kind, hint, options, optional } = field
          const wrong = checked && read(field) === undefined
          const set = (value: string) => setValues((before) => ({ ...before, [name]: value }))
          const common = {
            label: optional ? `${label} (${t('optional')})` : label,
            ...(hint && { hint }),
            ...(wrong && {
              error: t(kind === 'euros' ? 'form.amount' : kind === 'number' ? 'form.number' : 'form.missing'),
            }),
            value: values[name] ?? '',
          }
          if (kind === 'check') {
            return (
              <Checkbox
                checked={values[name] === 'yes'}
                key={name}
                label={label}
                onChange={(event) => set(event.target.checked ? 'yes' : '')}
              />
            )
          }
          if (kind === 'select') {
            return (
              <SelectField
                {...common}
                key={name}
                onChange={(event) => set(event.target.value)}
                options={[{ value: '', label: t('form.choose') }, ...(options ?? [])]}
              />
            )
          }
          if (kind === 'area') {
            return <TextArea {...common} key={name} onChange={(event) => set(event.target.value)} rows={6} />
          }
          return (
            <TextField
              {...common}
              inputMode={kind === 'euros' || kind === 'number' ? 'decimal' : undefined}
              key={name}
              onChange={(event) => set(event.target.value)}
              type={kind === 'day' ? 'date' : 'text'}
            />
          )
        })}
        {more && <div>{more}</div>}
        {work.isError && <Notice kind="danger" live="alert" title={explain(work.error)} />}
        <div className="row">
          <Button busy={work.isPending} look="primary" type="submit">
            {submit}
          </Button>
          <output className="quiet">{work.isSuccess ? t('form.done') : ''}</output>
        </div>
      </form>
    </details>
  )
}
