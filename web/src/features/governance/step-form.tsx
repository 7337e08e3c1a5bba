import type { FormEvent, ReactNode } from 'react'
import { Failure } from '../../shell/failure.tsx'
import { Button, type ButtonLook } from '../../ui/button.tsx'
import './change-page.css'

/** A form of one step: its title, what it does, its fields, its button. */
export function StepForm({
  title,
  hint,
  label,
  look = 'primary',
  folded = false,
  step,
  done = false,
  children,
  onSubmit,
}: {
  title: string
  hint?: ReactNode
  label: string
  look?: ButtonLook
  /** Behind its title until it is wanted. */
  folded?: boolean
  step: { isPending: boolean; error: unknown }
  /** What was done by it, said beside its button; a step that takes its form away tells it elsewhere. */
  done?: string | false
  children?: ReactNode
  onSubmit: () => void
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!step.isPending) onSubmit()
  }
  const form = (
    <form aria-label={title} className="change-act" onSubmit={submit}>
      {!folded && <h3>{title}</h3>}
      {hint && <p className="quiet measure">{hint}</p>}
      {step.error !== null && <Failure error={step.error} />}
      {children}
      <div className="row">
        <Button busy={step.isPending} look={look} type="submit">
          {label}
        </Button>
        <output className="quiet">{done}</output>
      </div>
    </form>
  )
  if (!folded) return form
  return (
    <details className="act">
      <summary>{title}</summary>
      {form}
    </details>
  )
}
