import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { appearanceQuery } from '../api/queries.ts'
import { Icon } from '../ui/icons.tsx'
import './page.css'

/** One page: its title in the tab and as the only `h1`, which takes the focus when one arrives (see the shell). */
export function Page({
  title,
  lead,
  back,
  actions,
  picture,
  wide = false,
  busy = false,
  children,
}: {
  title: string
  lead?: ReactNode
  back?: { to: string; label: string } | undefined
  actions?: ReactNode
  /** Decorative, beside the title. */
  picture?: ReactNode
  /** For tables to compare. */
  wide?: boolean
  busy?: boolean
  children: ReactNode
}) {
  const { data: appearance } = useQuery(appearanceQuery)
  return (
    <div aria-busy={busy || undefined} className={wide ? 'page page-wide' : 'page'}>
      <title>{`${title} · ${appearance?.name ?? 'Préau'}`}</title>
      <header className="page-head">
        {back && (
          <Link className="page-back" to={back.to}>
            <Icon name="back" size={18} /> {back.label}
          </Link>
        )}
        <div className="page-title">
          <h1 tabIndex={-1}>{title}</h1>
          {actions && <div className="row">{actions}</div>}
        </div>
        {lead && <div className="page-lead">{lead}</div>}
        {picture}
      </header>
      {children}
    </div>
  )
}

/** A part of a page under its own heading. */
export function Section({
  title,
  hint,
  actions,
  children,
}: {
  title: string
  hint?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="section">
      <div className="section-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {hint && <p className="quiet measure">{hint}</p>}
      {children}
    </section>
  )
}
