import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'
import type { PlatformDetails } from './platforms.ts'

type Course = PlatformDetails['courses'][number]

/** The courses of a platform: their members and grades, as far as it tells. */
export function CourseTable({ courses, platformId }: { courses: Course[]; platformId: string }) {
  const { t } = useTranslation('lti')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const readNow = useMutation({
    mutationFn: (course: string) =>
      api.POST('/api/lti/platforms/{id}/courses/{course}/read', { params: { path: { id: platformId, course } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['lti', 'platforms', platformId] }),
  })
  const count = (isOffered: boolean, value: number | null) => {
    if (!isOffered) return t('courses.notOffered')
    return value === null ? '–' : format.number(value)
  }
  return (
    <Section title={t('courses.title')}>
      <div aria-live="polite">
        {readNow.error && <Notice kind="danger" title={explain(readNow.error)} />}
        {readNow.isSuccess && <Notice kind="success" title={t('courses.asked')} />}
      </div>
      {courses.length === 0 && <Empty title={t('courses.none')} />}
      {courses.length > 0 && (
        <Table
          caption={t('courses.title')}
          head={
            <tr>
              <th scope="col">{t('courses.name')}</th>
              <th scope="col">{t('courses.members')}</th>
              <th scope="col">{t('courses.grades')}</th>
              <th scope="col">{t('courses.read')}</th>
            </tr>
          }
          stacked
        >
          {courses.map((course) => {
            const name = course.title ?? course.iri
            return (
              <tr key={course.course}>
                <th scope="row">
                  {name}
                  <br />
                  <span className="lti-note small quiet lti-value">{course.iri}</span>
                </th>
                <td data-label={t('courses.members')}>
                  <span className="lti-sides">
                    <span>{count(course.offersMembers, course.members)}</span>
                    {course.unidentified !== null && course.unidentified > 0 && (
                      <strong className="small">{t('courses.unidentified', { count: course.unidentified })}</strong>
                    )}
                  </span>
                </td>
                <td data-label={t('courses.grades')}>
                  <span>{count(course.offersGrades, course.grades)}</span>
                </td>
                <td data-label={t('courses.read')}>
                  <span className="lti-sides">
                    <span>{course.readAt ? format.dateTime(course.readAt) : t('courses.never')}</span>
                    {course.failure && (
                      <strong className="small">
                        {findText(`problems:${course.failure.code}`) ?? course.failure.code}
                        {course.failure.status !== null && ` (HTTP ${course.failure.status})`}
                      </strong>
                    )}
                    {(course.offersMembers || course.offersGrades) && (
                      <span>
                        <Button
                          aria-label={t('courses.readNowOf', { name })}
                          busy={readNow.isPending && readNow.variables === course.course}
                          look="quiet"
                          onClick={() => readNow.mutate(course.course)}
                        >
                          {t('courses.readNow')}
                        </Button>
                      </span>
                    )}
                  </span>
                </td>
              </tr>
            )
          })}
        </Table>
      )}
    </Section>
  )
}
