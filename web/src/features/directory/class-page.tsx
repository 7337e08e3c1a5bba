import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, isMissing } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useConsentText } from './class-consents.tsx'
import { PersonLine } from './person-line.tsx'

/** A class or group: who teaches it, who is in it. */
export function ClassPage() {
  const { t } = useTranslation('directory')
  const format = useFormat()
  const { id = '' } = useParams()
  const {
    data: card,
    error,
    refetch,
  } = useQuery({
    queryKey: ['class', id],
    queryFn: () => read(api.GET('/api/directory/classes/{id}', { params: { path: { id } } })),
  })
  const consents = useConsentText(id, card?.pupils ?? [])
  if (!card) {
    return (
      <Page
        back={{ to: paths.directory(), label: t('search.title') }}
        busy={!error}
        title={isMissing(error) ? t('group.missing') : t('group.class')}
      >
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <SkeletonRows count={8} height="3.6rem" />}
      </Page>
    )
  }
  const teachers = card.teachers.toSorted((one, other) => Number(other.mainTeacher) - Number(one.mainTeacher))
  return (
    <Page
      back={{ to: paths.establishment(card.establishment.id), label: card.establishment.name }}
      lead={[
        t(`group.${card.kind}`),
        format.schoolYear(card.schoolYear.startYear),
        card.count === null ? undefined : t('group.pupilCount', { count: card.count }),
      ]
        .filter(Boolean)
        .join(' · ')}
      title={card.name}
    >
      <Section title={t('group.teachers')}>
        {teachers.length === 0 ? (
          <Empty title={t('group.noTeacher')} />
        ) : (
          <ul className="person-list">
            {teachers.map((teacher) => (
              <PersonLine key={teacher.id} person={teacher}>
                {[teacher.mainTeacher && t('group.mainTeacher'), format.list(teacher.subjects)]
                  .filter(Boolean)
                  .join(' · ')}
              </PersonLine>
            ))}
          </ul>
        )}
      </Section>
      <Section
        title={t('group.pupils')}
        {...(card.withheld.includes('members')
          ? { hint: t('group.membersWithheld') }
          : consents.told && { hint: t('consents.hint') })}
      >
        {card.pupils.length === 0 ? (
          <Empty title={t('group.noPupil')} />
        ) : (
          <ul className="person-list">
            {card.pupils.map((pupil) => (
              <PersonLine key={pupil.id} person={pupil}>
                {consents.tell(pupil.id)}
              </PersonLine>
            ))}
          </ul>
        )}
      </Section>
    </Page>
  )
}
