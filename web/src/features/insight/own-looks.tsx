import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { pickName } from './indicator-words.ts'
import { indicatorsQuery } from './indicators.ts'
import { followUpsQuery, looksQuery } from './own.ts'

/** Who saw the reader by name. */
export function OwnLooks() {
  const { t, i18n } = useTranslation('traces')
  const format = useFormat()
  const { data, error, refetch } = useQuery(looksQuery)
  const { data: catalogue } = useQuery(indicatorsQuery('student'))
  const titleOf = (name: string) =>
    catalogue?.indicators.find((each) => each.name === name)?.texts[i18n.language === 'en' ? 'en' : 'fr'].title ?? name
  return (
    <Section hint={t('looks.hint')} title={t('looks.title')}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={2} />}
      {data?.looks.length === 0 && <p>{t('looks.none')}</p>}
      {data && data.looks.length > 0 && (
        <Table
          caption={t('looks.title')}
          head={
            <tr>
              <th scope="col">{t('looks.at')}</th>
              <th scope="col">{t('looks.by')}</th>
              <th scope="col">{t('course')}</th>
              <th scope="col">{t('looks.what')}</th>
            </tr>
          }
          stacked
        >
          {data.looks.map(({ lookedAt, by, course, courseName, indicators }) => (
            <tr key={`${lookedAt} ${course} ${by}`}>
              <th scope="row">{format.dateTime(lookedAt)}</th>
              <td data-label={t('looks.by')}>
                <span>{by ?? t('looks.unnamed')}</span>
              </td>
              <td data-label={t('course')}>
                <span>{pickName(courseName ?? undefined, i18n.language) ?? t('unnamedCourse')}</span>
              </td>
              <td data-label={t('looks.what')}>
                <span>{format.list(indicators.map(titleOf))}</span>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

/** What teachers did about flags raised on the reader; nothing at all where none was raised. */
export function OwnFollowUps() {
  const { t, i18n } = useTranslation('traces')
  const format = useFormat()
  const { data } = useQuery(followUpsQuery)
  if (!data || data.followUps.length === 0) return null
  return (
    <Section hint={t('followUps.hint')} title={t('followUps.title')}>
      <Table
        caption={t('followUps.title')}
        head={
          <tr>
            <th scope="col">{t('followUps.at')}</th>
            <th scope="col">{t('course')}</th>
            <th scope="col">{t('followUps.decision')}</th>
            <th scope="col">{t('followUps.by')}</th>
            <th scope="col">{t('followUps.note')}</th>
          </tr>
        }
        stacked
      >
        {data.followUps.map(({ id, decidedAt, courseName, decision, decidedBy, note }) => (
          <tr key={id}>
            <th scope="row">{format.dateTime(decidedAt)}</th>
            <td data-label={t('course')}>
              <span>{pickName(courseName ?? undefined, i18n.language) ?? t('unnamedCourse')}</span>
            </td>
            <td data-label={t('followUps.decision')}>
              <span>{t(`followUps.${decision}`)}</span>
            </td>
            <td data-label={t('followUps.by')}>
              <span>{decidedBy ?? t('looks.unnamed')}</span>
            </td>
            <td data-label={t('followUps.note')}>
              <span>{note ?? '–'}</span>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
