import type { SVGProps } from 'react'

/** The mark of Préau: a roof line on its posts, and someone under it. Decorative: the name is always beside it. */
export function Mark(props: SVGProps<SVGSVGElement>) {
  return (
    <svg viewBox="0 0 32 32" fill="none" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" {...props}>
      <path d="M2.5 14.5 14 6.5l15.5 5" stroke="currentColor" strokeWidth="3" />
      <path d="M8 14v12.5M24 13v13.5M3 27h26" stroke="currentColor" strokeWidth="2.4" />
      <circle cx="16" cy="20" r="2.6" fill="#d98324" />
    </svg>
  )
}
