import type { ReactNode } from 'react'
import { Mark } from './mark.tsx'
import './empty.css'

/** Nothing yet: says what will come here, and how. */
export function Empty({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      <Mark height="30" width="30" />
      <div>
        <p className="empty-title">{title}</p>
        {children}
      </div>
    </div>
  )
}
