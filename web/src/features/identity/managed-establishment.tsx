import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { NavLink, useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import './administration.css'

/** Around the pages that manage one establishment: its name, and the way from one to the other. */
export function ManagedEstablishment({
  busy = false,
  children,
}: {
  busy?: boolean
  children: (id: string) => ReactNode
}) {
  const { t } = useTranslation('administration')
  const { id = '' } = useParams()
  const { data } = useQuery({
    queryKey: ['establishment', id],
    queryFn: () => read(api.GET('/api/directory/establishments/{id}', { params: { path: { id } } })),
  })
  const tabs = [
    { to: paths.managedAccounts(id), label: t('tabs.accounts'), end: true },
    { to: paths.managedRights(id), label: t('tabs.rights'), end: false },
    { to: paths.managedStays(id), label: t('tabs.stays'), end: false },
  ]
  return (
    <Page
      back={{ to: paths.administration(), label: t('title') }}
      busy={busy}
      title={data?.name ?? t('title')}
      wide
      {...(data?.town && { lead: data.town })}
    >
      <nav aria-label={t('tabs.label')} className="tabs">
        <ul className="tabs-list">
          {tabs.map(({ to, label, end }) => (
            <li key={to}>
              <NavLink className="tabs-link" end={end} to={to}>
                {label}
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
      {children(id)}
    </Page>
  )
}
