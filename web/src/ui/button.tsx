import type { ButtonHTMLAttributes } from 'react'
import './button.css'

export type ButtonLook = 'primary' | 'secondary' | 'quiet' | 'danger'

/** Class of anything that looks like a button, links included. */
export function buttonClass(look: ButtonLook = 'secondary'): string {
  return `button button-${look}`
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook
  /** Its work is under way: said to screen readers, and a second press does nothing. */
  busy?: boolean
}

/** A button says what it does. While busy it keeps the focus. */
export function Button({
  look = 'secondary',
  busy = false,
  type = 'button',
  className,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      // A disabled button would lose the focus; aria-disabled keeps it.
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      className={[buttonClass(look), className].filter(Boolean).join(' ')}
      onClick={(event) => {
        if (busy) event.preventDefault()
        else onClick?.(event)
      }}
      // oxlint-disable-next-line react/button-has-type -- its default is given above
      type={type}
      {...rest}
    />
  )
}
