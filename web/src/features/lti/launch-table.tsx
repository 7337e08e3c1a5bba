import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Table } from '../../ui/table.tsx'
import type { PlatformDetails } from './platforms.ts'

type Launch = PlatformDetails['launches'][number]

/** The last launches: who and where, as the platform says and as learning records do; and why some were refused. */
export function LaunchTable({ launches }: { launches: Launch[] }) {
  const { t } = useTranslation('lti')
  const format = useFormat()
  const outcome = ({ outcome: code, role, detail }: Launch) => {
    if (code !== 'accepted') return findText(`problems:${code}`) ?? detail ?? code
    if (role === 'teacher' || role === 'student') return t('launches.acceptedAs', { role: t(`launches.role.${role}`) })
    return t('launches.accepted')
  }
  const records = (count: number) => (count === 0 ? t('launches.noEvents') : t('launches.events', { count }))
  return (
    <Section hint={t('launches.hint')} title={t('launches.title')}>
      {launches.length === 0 && <Empty title={t('launches.none')} />}
      {launches.length > 0 && (
        <Table
          caption={t('launches.title')}
          head={
            <tr>
              <th scope="col">{t('launches.at')}</th>
              <th scope="col">{t('launches.outcome')}</th>
              <th scope="col">{t('launches.person')}</th>
              <th scope="col">{t('launches.course')}</th>
            </tr>
          }
          stacked
        >
          {launches.map((launch) => {
            const { id, at, person, course } = launch
            return (
              <tr key={id}>
                <th scope="row">{format.dateTime(at)}</th>
                <td data-label={t('launches.outcome')}>
                  <span>{launch.outcome === 'accepted' ? outcome(launch) : <strong>{outcome(launch)}</strong>}</span>
                </td>
                <td data-label={t('launches.person')}>
                  <Sides
                    known={person.identifier === null ? t('launches.nobody') : person.identifier}
                    records={person.identifier === null ? undefined : records(person.events)}
                    said={[person.name, person.subject].filter(Boolean).join(' · ') || t('launches.unsaid')}
                  />
                </td>
                <td data-label={t('launches.course')}>
                  <Sides
                    known={course.iri ?? t('launches.noCourse')}
                    records={course.iri === null ? undefined : records(course.events)}
                    said={[course.title, course.context].filter(Boolean).join(' · ') || t('launches.unsaid')}
                  />
                </td>
              </tr>
            )
          })}
        </Table>
      )}
    </Section>
  )
}

/** What the platform says, then what records do. */
function Sides({ said, known, records }: { said: string; known: string; records: string | undefined }) {
  return (
    <span className="lti-sides lti-value">
      <span>{said}</span>
      <span className="small quiet">→ {known}</span>
      {records && <span className="small">{records}</span>}
    </span>
  )
}
