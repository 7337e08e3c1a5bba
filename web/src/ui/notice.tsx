import type { ReactNode } from 'react'
import { Icon, type IconName } from './icons.tsx'
import './notice.css'

export type NoticeKind = 'info' | 'success' | 'warning' | 'danger'

const icons: Record<NoticeKind, IconName> = { info: 'info', success: 'check', warning: 'alert', danger: 'alert' }

/**
 * Something to know, in the flow of the page. `live` says it aloud when it appears: `alert` at once, `status` when the
 * reader pauses.
 */
export function Notice({
  kind = 'info',
  title,
  live,
  children,
}: {
  kind?: NoticeKind
  title?: ReactNode
  live?: 'status' | 'alert'
  children?: ReactNode
}) {
  return (
    <div className={`notice notice-${kind}`} role={live}>
      <Icon name={icons[kind]} />
      <div className="notice-text">
        {title && <p className="notice-title">{title}</p>}
        {children}
      </div>
    </div>
  )
}
