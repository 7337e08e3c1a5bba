import type { ReactNode } from 'react'
import './table.css'

/**
 * A table for comparing: its caption names it, its head stays in sight, and what is too wide scrolls inside, reachable
 * by keyboard.
 * @param captionShown false when a heading just above says the same.
 */
export function Table({
  caption,
  captionShown = false,
  head,
  children,
}: {
  caption: string
  captionShown?: boolean
  head: ReactNode
  children: ReactNode
}) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable (RGAA 7.3)
    <section aria-label={caption} className="table-frame" tabIndex={0}>
      <table className="table">
        <caption className={captionShown ? '' : 'visually-hidden'}>{caption}</caption>
        <thead>{head}</thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
