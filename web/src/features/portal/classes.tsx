import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { Table } from '../../ui/table.tsx'
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
              <dt>{each.kind === 'class' ? t('classes.class') : t('classes.group')}</dt>
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
  const schools = new Set(teachings.map(({ group }) => group.establishment.id))
  const sorted = teachings.toSorted(
    (one, other) =>
      Number(other.mainTeacher) - Number(one.mainTeacher) || format.compare(one.group.name, other.group.name),
  )
  return (
    <Table
      caption={t('teachings.title')}
      head={
        <tr>
          <th scope="col">{t('teachings.class')}</th>
          <th scope="col">{t('teachings.subjects')}</th>
          {schools.size > 1 && <th scope="col">{t('teachings.school')}</th>}
          <th className="number" scope="col">
            {t('teachings.pupils')}
          </th>
        </tr>
      }
    >
      {sorted.map(({ group, subjects, mainTeacher, pupils }) => (
        <tr key={group.id}>
          <th scope="row">
            <Link to={paths.teachingGroup(group.id)}>{group.name}</Link>
            {mainTeacher && <span className="tag">{t('teachings.main')}</span>}
          </th>
          <td>{format.list(subjects)}</td>
          {schools.size > 1 && <td>{group.establishment.name}</td>}
          <td className="number">{format.number(pupils)}</td>
        </tr>
      ))}
    </Table>
  )
}
