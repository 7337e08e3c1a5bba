import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import type { Home } from './home.ts'
import { profileOrder, subjectNames } from './people.queries.ts'
import { isShown } from './school-years.ts'

const personName = sql`jsonb_build_object('id', p.id, 'familyName', p.family_name, 'givenName', p.given_name)`
const organisation = sql`jsonb_build_object('id', o.id, 'kind', o.kind, 'name', o.name, 'level', o.level, 'uai', o.uai,
  'town', o.town)`
const group = sql`jsonb_build_object('id', g.id, 'kind', g.kind, 'code', g.code, 'name', g.name,
  'establishment', (select jsonb_build_object('id', e.id, 'name', e.name)
    from directory.organisation e where e.id = g.establishment_id))`
const classWithMainTeachers = sql`${group} || jsonb_build_object('mainTeachers', array(
  select ${personName} from directory.teaching t join directory.person p on p.id = t.person_id
  where t.teaching_group_id = g.id and t.main_teacher order by p.family_key, p.given_key, p.id))`

/**
 * The whole home page in one statement: it is the hottest read of the opening day, and a page made of ten queries spends
 * its time between them. Undefined when the directory does not know the person.
 */
export async function findHome(tx: Tx, personId: string, perimeters: string[]): Promise<Home | undefined> {
  const { rows } = await sql<{ home: Home }>`${keepPlan}
    with year as materialized (
      select id, start_year, starts_on, ends_on from directory.school_year where state = 'current'
    ), own as materialized (
      select organisation_id, profile from directory.affiliation where person_id = ${personId}
    )
    select jsonb_build_object(
      'person', jsonb_build_object('id', me.id, 'familyName', me.family_name, 'givenName', me.given_name, 'title', me.title),
      'profiles', array(select profile from own group by profile order by array_position(${profileOrder}::text[], profile)),
      'affiliations', array(select jsonb_build_object('profile', own.profile, 'organisation', ${organisation})
        from own join directory.organisation o on o.id = own.organisation_id
        order by array_position(${profileOrder}::text[], own.profile), o.name, o.id),
      'schoolYear', (select jsonb_build_object('startYear', start_year, 'startsOn', starts_on, 'endsOn', ends_on) from year),
      'classes', array(select ${classWithMainTeachers}
        from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
        where m.person_id = me.id and ${isShown('g')}
        order by g.kind, g.name, g.id),
      'children', array(select ${personName} || jsonb_build_object(
          'legalStatus', r.legal_status,
          'establishments', array(select ${organisation}
            from directory.affiliation a join directory.organisation o on o.id = a.organisation_id
            where a.person_id = p.id and a.profile = 'pupil' order by o.name, o.id),
          'classes', array(select ${classWithMainTeachers}
            from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
            where m.person_id = r.pupil_id and ${isShown('g')}
            order by g.kind, g.name, g.id))
        from directory.guardianship r join directory.person p on p.id = r.pupil_id
        where r.guardian_id = me.id and r.legal_status in ('legal', 'inCharge') and p.gone_on is null
        order by p.born_on nulls last, p.given_key, p.id),
      'teachings', array(select jsonb_build_object('group', ${group}, 'subjects', ${subjectNames}, 'mainTeacher', t.main_teacher,
          'pupils', (select count(*) from directory.membership m where m.teaching_group_id = g.id))
        from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
        where t.person_id = me.id and ${isShown('g')}
        order by t.main_teacher desc, g.kind, g.name, g.id),
      'headed', array(select jsonb_build_object('organisation', ${organisation},
          'classes', (select count(*) from directory.teaching_group g
            where g.establishment_id = o.id and g.kind = 'class' and ${isShown('g')}),
          'counts', array(select jsonb_build_object('profile', profile, 'people', count(*))
            from directory.affiliation a where a.organisation_id = o.id group by profile
            order by array_position(${profileOrder}::text[], profile)))
        from own join directory.organisation o on o.id = own.organisation_id
        where own.profile = 'head' order by o.name, o.id),
      'territories', array(select jsonb_build_object('id', o.id, 'name', o.name, 'code', o.code, 'establishments',
          (select count(*) from directory.organisation e where e.parent_id = o.id and e.kind = 'establishment'))
        from own join directory.organisation o on o.parent_id = own.organisation_id and o.kind = 'territory'
        where own.profile = 'localAuthority' order by o.name, o.id),
      'administered', array(select ${organisation} from directory.organisation o where o.id = any(${perimeters}::uuid[])
        order by o.name, o.id)) as home
    from directory.person me where me.id = ${personId}`.execute(tx)
  return rows[0]?.home
}
