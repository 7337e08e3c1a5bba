import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { agreementsQuery, feedAlertsQuery, type Home, latestImportsQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { holds, useSession } from '../../shell/session.ts'
import { Empty } from '../../ui/empty.tsx'
import { Icon, type IconName } from '../../ui/icons.tsx'

/** What waits for this person: nothing for most people, and then it says so. */
export function Tasks({ directory }: { directory: Home['directory'] }) {
  const { t } = useTranslation(['portal', 'sources', 'agreements'])
  const session = useSession()
  const mayImport = holds(session, 'directory.import')
  const { data: lately } = useQuery({ ...latestImportsQuery, enabled: mayImport })
  const { data: feeds } = useQuery({ ...feedAlertsQuery, enabled: mayImport })
  const { data: consortium } = useQuery(agreementsQuery)
  const tasks: { key: string; icon: IconName; to: string; text: ReactNode }[] = []
  const alerts = feeds?.alerts.length ?? 0
  if (alerts > 0) {
    tasks.push({ key: 'feeds', icon: 'alert', to: paths.sources(), text: t('sources:home.alerts', { count: alerts }) })
  }
  for (const { slug, title, notices } of consortium?.agreements ?? []) {
    if (notices === 0) continue
    const text = t('agreements:calendar.toRead', { count: notices, title })
    tasks.push({ key: slug, icon: 'alert', to: paths.governanceCalendar(slug), text })
  }
  for (const each of lately?.imports ?? []) {
    if (each.state !== 'ready' && each.state !== 'interrupted' && each.state !== 'refused') continue
    // An older failure is no task once a newer import of the source went through.
    if (each !== lately?.imports[0] && each.state !== 'ready') continue
    tasks.push({
      key: each.id,
      icon: each.state === 'ready' ? 'import' : 'alert',
      to: paths.import(each.id),
      text: t(`tasks.import.${each.state}`, { source: each.source?.name ?? t('tasks.unknownSource') }),
    })
  }
  if (mayImport && lately?.imports.length === 0) {
    tasks.push({ key: 'first', icon: 'import', to: paths.newImport(), text: t('tasks.firstImport') })
  }
  for (const organisation of directory.administered) {
    tasks.push({
      key: organisation.id,
      icon: 'people',
      to: paths.managedAccounts(organisation.id),
      text: t('tasks.codes', { name: organisation.name }),
    })
  }
  if (tasks.length === 0) {
    return (
      <Empty title={t('tasks.empty')}>
        <p>{t('tasks.will')}</p>
      </Empty>
    )
  }
  return (
    <ul className="tasks">
      {tasks.map(({ key, icon, to, text }) => (
        <li key={key}>
          <Link to={to}>
            <Icon name={icon} />
            <span>{text}</span>
            <Icon name="forward" size={18} />
          </Link>
        </li>
      ))}
    </ul>
  )
}
