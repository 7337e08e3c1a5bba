import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Badge } from '../../ui/badge.tsx'
import { changesQuery, listAwaited } from './changes.ts'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { bodiesQuery } from './meetings.ts'

/** What waits for the reader now, each with the way to it; nothing while it is unknown, or where there is nothing. */
export function OwnMatters() {
  const { t } = useTranslation(['governance', 'changes'])
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const { data: bodies } = useQuery(bodiesQuery(slug))
  const { data: changes } = useQuery(changesQuery(slug))
  if (!agreement || !bodies || !changes) return null
  const meetings = bodies.bodies.flatMap(({ key, shortName, next }) =>
    next && (agreement.manages || agreement.seats.some(({ body }) => body === key)) ? [{ ...next, shortName }] : [],
  )
  const matters: { key: string; mark: string; what: ReactNode }[] = [
    ...meetings
      .toSorted((one, other) => one.startsAt.localeCompare(other.startsAt))
      .map(({ id, state, startsAt, shortName, title }) => ({
        key: id,
        mark: state === 'open' ? t('own.now') : state === 'draft' ? t('own.draft') : t('own.meeting'),
        what: (
          <>
            <Link to={paths.governanceMeeting(slug, id)}>
              {shortName}, {title}
            </Link>
            <span className="quiet"> · {format.dateTime(startsAt)}</span>
          </>
        ),
      })),
    ...changes.changes.flatMap(({ id, title, next, state }) => {
      const mine = listAwaited({ state, next }).filter(({ yours }) => yours)
      return mine.length === 0
        ? []
        : [
            {
              key: id,
              mark: t('own.change'),
              what: (
                <>
                  <Link to={paths.governanceChange(slug, id)}>{title}</Link>
                  <span className="quiet"> · {format.list(mine.map(({ step }) => t(`changes:steps.${step}`)))}</span>
                </>
              ),
            },
          ]
    }),
  ]
  if (matters.length === 0) return null
  return (
    <Section title={t('own.title')}>
      <ul className="calendar-pressing">
        {matters.map(({ key, mark, what }) => (
          <li key={key}>
            <Badge tone="accent">{mark}</Badge>
            <span>{what}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
