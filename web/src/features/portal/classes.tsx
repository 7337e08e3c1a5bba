import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { useSorting } from '../../shell/sorting.ts'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import type { Home } from '../../api/queries.ts'

/** A pupil's class and groups. */
export function OwnClasses({ classes }: { classes: Home['directory']['classes'] }) {
  const { t } = useTranslation('portal')
  const format = useFormat()
  return (
    <div className="tiles">
      {classes.map((each) => (
        <article className="tile" key={each.id}>
          <h3>
            <Link to={paths.teachingGroup(each.id)}>{each.name}</Link>
          </h3>
          <dl className="facts">
            <div>
              <dt>{t('classes.kind')}</dt>
              <dd>{each.kind === 'class' ? t('classes.class') : t('classes.group')}</dd>
            </div>
            <div>
              <dt>{t('classes.school')}</dt>
              <dd>
                <Link to={paths.establishment(each.establishment.id)}>{each.establishment.name}</Link>
              </dd>
            </div>
            {each.mainTeachers.length > 0 && (
              <div>
                <dt>{t('classes.mainTeacher')}</dt>
                <dd>
                  {each.mainTeachers.map((teacher) => (
                    <Link key={teacher.id} to={paths.person(teacher.id)}>
                      {format.name(teacher)}
                    </Link>
                  ))}
                </dd>
              </div>
            )}
          </dl>
        </article>
      ))}
    </div>
  )
}

/** What a teacher teaches, the classes of which one is main teacher first. */
export function Teachings({ teachings }: { teachings: Home['directory']['teachings'] }) {
  const { t } = useTranslation('portal')
  const format = useFormat()
  const sorting = useSorting()
  const schools = new Set(teachings.map(({ group }) => group.establishment.id))
  const sorted = teachings.toSorted(
    (one, other) =>
      Number(other.mainTeacher) - Number(one.mainTeacher) || format.compare(one.group.name, other.group.name),
  )
  const columns: Column<Home['directory']['teachings'][number]>[] = [
    {
      key: 'class',
      head: t('teachings.class'),
      value: ({ group }) => group.name,
      cell: ({ group, mainTeacher }) => (
        <>
          <Link to={paths.teachingGroup(group.id)}>{group.name}</Link>
          {mainTeacher && <span className="tag">{t('teachings.main')}</span>}
        </>
      ),
    },
    {
      key: 'subjects',
      head: t('teachings.subjects'),
      value: ({ subjects }) => format.list(subjects),
      cell: ({ subjects }) => format.list(subjects),
    },
    {
      key: 'school',
      head: t('teachings.school'),
      value: ({ group }) => group.establishment.name,
      cell: ({ group }) => group.establishment.name,
    },
    {
      key: 'pupils',
      head: t('teachings.pupils'),
      number: true,
      value: ({ pupils }) => pupils,
      cell: ({ pupils }) => format.number(pupils),
    },
  ]
  return (
    <DataTable
      {...sorting}
      caption={t('teachings.title')}
      columns={columns.filter(({ key }) => key !== 'school' || schools.size > 1)}
      rowKey={({ group }) => group.id}
      rows={sorted}
    />
  )
}
