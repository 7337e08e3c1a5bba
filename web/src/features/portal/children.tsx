import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import type { Home } from '../../api/queries.ts'

/** A guardian's children, each with the school, the class and who to turn to. */
export function Children({ people }: { people: Home['directory']['children'] }) {
  const { t } = useTranslation('portal')
  const format = useFormat()
  return (
    <div className="tiles">
      {people.map((child) => {
        const classes = child.classes.filter(({ kind }) => kind === 'class')
        const groups = child.classes.filter(({ kind }) => kind === 'group')
        const mainTeachers = classes.flatMap((each) => each.mainTeachers)
        return (
          <article className="tile" key={child.id}>
            <h3>
              <Link to={paths.person(child.id)}>{format.name(child)}</Link>
            </h3>
            <dl className="facts">
              <div>
                <dt>{t('children.school')}</dt>
                <dd>
                  {child.establishments.length === 0 && t('children.noSchool')}
                  {child.establishments.map((school) => (
                    <Link key={school.id} to={paths.establishment(school.id)}>
                      {school.name}
                    </Link>
                  ))}
                </dd>
              </div>
              <div>
                <dt>{t('children.class')}</dt>
                <dd>
                  {classes.length === 0 && t('children.noClass')}
                  {classes.map((each) => (
                    <Link key={each.id} to={paths.teachingGroup(each.id)}>
                      {each.name}
                    </Link>
                  ))}
                </dd>
              </div>
              {mainTeachers.length > 0 && (
                <div>
                  <dt>{t('classes.mainTeacher')}</dt>
                  <dd>
                    {mainTeachers.map((teacher) => (
                      <Link key={teacher.id} to={paths.person(teacher.id)}>
                        {format.name(teacher)}
                      </Link>
                    ))}
                  </dd>
                </div>
              )}
              {groups.length > 0 && (
                <div>
                  <dt>{t('classes.groups')}</dt>
                  <dd>{format.list(groups.map(({ name }) => name))}</dd>
                </div>
              )}
            </dl>
          </article>
        )
      })}
    </div>
  )
}
