import type { ReactNode } from 'react'

export type Tone = 'quiet' | 'accent' | 'success' | 'warning' | 'danger'

/** Where something is, in a word: never by colour alone. */
export function Badge({ tone = 'quiet', children }: { tone?: Tone | undefined; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>
}
