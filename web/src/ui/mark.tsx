import type { SVGProps } from 'react'

/** The mark of Préau: a roof line on its posts, and someone under it. Decorative: the name is always beside it. */
export function Mark(props: SVGProps<SVGSVGElement>) {
  return (
    <svg viewBox="0 0 32 32" fill="none" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" {...props}>
      <path d="M1.8 13.6 11.5 6.5 30.2 12" stroke="currentColor" strokeWidth="3" />
      <path d="M7.5 13.5V26M24.5 13V26M4 26.5h24" stroke="currentColor" strokeWidth="2.2" />
      <circle cx="16" cy="16.8" r="2.1" fill="#d98324" />
      <path d="M12.7 25.4c0-3.6 1.2-5.6 3.3-5.6s3.3 2 3.3 5.6z" fill="#d98324" />
    </svg>
  )
}
