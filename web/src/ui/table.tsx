import type { ReactNode } from 'react'
import './table.css'

/**
 * A table for comparing: its caption names it, its head stays in sight, and what is too wide scrolls inside, reachable
 * by keyboard.
 * @param captionShown false when a heading just above says the same.
 * @param stacked one block a row on a phone; each cell then bears its column's name as `data-label`.
 */
export function Table({
  caption,
  captionShown = false,
  stacked = false,
  head,
  children,
}: {
  caption: string
  captionShown?: boolean
  stacked?: boolean
  head: ReactNode
  children: ReactNode
}) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable (RGAA 7.3)
    <section aria-label={caption} className="table-frame" tabIndex={0}>
      <table className={stacked ? 'table table-stacked' : 'table'}>
        <caption className={captionShown ? '' : 'visually-hidden'}>{caption}</caption>
        <thead>{head}</thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
