import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { latestImportsQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { holds, useSession } from '../../shell/session.ts'
import { Empty } from '../../ui/empty.tsx'
import { Icon } from '../../ui/icons.tsx'

/** What happened lately that concerns this person, or the child they chose. */
export function News({ childName }: { childName: string | undefined }) {
  const { t } = useTranslation('portal')
  const format = useFormat()
  const session = useSession()
  const { data: lately } = useQuery({ ...latestImportsQuery, enabled: holds(session, 'directory.import') })
  const applied = lately?.imports.find((each) => each.state === 'applied')
  if (!applied) {
    return (
      <Empty title={childName === undefined ? t('news.empty') : t('news.emptyFor', { name: childName })}>
        <p>{t('news.will')}</p>
      </Empty>
    )
  }
  const counts = Object.values(applied.counts)
  const total = (change: 'added' | 'modified' | 'removed') =>
    counts.reduce((sum, kind) => sum + (kind?.[change] ?? 0), 0)
  return (
    <ul className="tasks">
      <li>
        <Link to={paths.import(applied.id)}>
          <Icon name="import" />
          <span>
            {t('news.imported', {
              source: applied.source?.name ?? t('tasks.unknownSource'),
              when: format.dateTime(applied.appliedAt ?? applied.createdAt),
              added: format.number(total('added')),
              modified: format.number(total('modified')),
              removed: format.number(total('removed')),
            })}
          </span>
          <Icon name="forward" size={18} />
        </Link>
      </li>
    </ul>
  )
}
