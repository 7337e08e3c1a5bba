import { type RawBuilder, sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { isShown } from './school-years.ts'
import type { Profile } from './tables.ts'
import type { Because, Reach } from './visibility.ts'

/** The lists of a reach, all from one query. `perimeters`: organisations over which the person administers people. */
export async function findReachRow(
  tx: Tx,
  personId: string,
  perimeters: string[],
): Promise<Omit<Reach, 'personId' | 'wholeTenant'>> {
  const { rows } = await sql<Omit<Reach, 'personId' | 'wholeTenant'>>`${keepPlan}
    with own as (
      select organisation_id, profile from directory.affiliation where person_id = ${personId}
    ), own_group as (
      select g.id from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
      where m.person_id = ${personId} and ${isShown('g')}
    ), taught as (
      select g.id, t.main_teacher from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
      where t.person_id = ${personId} and ${isShown('g')}
    ), child as (
      select pupil_id as id from directory.guardianship
      where guardian_id = ${personId} and legal_status in ('legal', 'inCharge')
    )
    select
      array(${establishmentsUnder(sql`any(${perimeters}::uuid[])`)}) as administered,
      array(select distinct organisation_id from own where profile in ('head', 'schoolLife')) as supervised,
      array(select organisation_id from own where profile = 'teacher') as "taughtIn",
      array(select distinct organisation_id from own where profile in ('documentation', 'staff')) as "workedIn",
      array(select id from taught) as "taughtGroups",
      array(select id from taught where main_teacher) as "mainGroups",
      array(select organisation_id from own where profile = 'pupil') as schools,
      array(select id from own_group) as groups,
      array(select id from child) as children,
      array(select distinct a.organisation_id from child join directory.affiliation a on a.person_id = child.id
        where a.profile = 'pupil') as "childrensSchools",
      array(select distinct g.id from child join directory.membership m on m.person_id = child.id
        join directory.teaching_group g on g.id = m.teaching_group_id
        where ${isShown('g')}) as "childrensGroups",
      array(${establishmentsUnder(sql`any(array(select organisation_id from own where profile = 'localAuthority'))`)})
        as "territoryEstablishments"`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('a select without from gives one row')
  return row
}

/** SQL for the establishments among some organisations, in the territories among them, or in those partners' territories. */
export function establishmentsUnder(organisations: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select e.id from directory.organisation e where e.kind = 'establishment' and e.id = ${organisations}
    union select e.id from directory.organisation e where e.kind = 'establishment' and e.parent_id = ${organisations}
    union select e.id from directory.organisation t join directory.organisation e on e.parent_id = t.id
      where e.kind = 'establishment' and t.parent_id = ${organisations}`
}

/** A condition on the column that identifies a person. It may name outer tables, except by the aliases a, g, m, p, r, t. */
export type Who = (personId: RawBuilder<unknown>) => RawBuilder<unknown>

/**
 * SQL for the people an actor sees: rows (person_id, because, profile, organisation_id), several a person. Profile and
 * organisation are what that reason discloses of the person, null when nothing: a pupil who sees a teacher learns
 * nothing of the teacher's own children in the school.
 * @param who the few people to keep; put inside every branch, since PostgreSQL pushes no join condition into a union.
 */
export function reachedPeople(reach: Reach, who?: Who): RawBuilder<unknown> {
  const me = sql`${reach.personId}::uuid`
  const because = (code: Because) => sql`${sql.lit(code)}::text as because`
  const keeps: Who = who ?? (() => sql`true`)
  const staff = sql`a.profile in ('teacher', 'head', 'schoolLife', 'documentation', 'staff')`
  return sql.join(
    [
      sql`select p.id as person_id, ${because('self')}, a.profile, a.organisation_id
        from directory.person p left join directory.affiliation a on a.person_id = p.id
        where p.id = ${me} and ${keeps(sql`p.id`)}`,
      ...everyone(),
      ...affiliated(reach.administered, 'youAdminister'),
      ...affiliated(reach.supervised, 'youSupervise'),
      ...affiliated(reach.taughtIn, 'yourEstablishment', sql`a.profile <> 'guardian'`),
      ...affiliated(reach.workedIn, 'yourEstablishment'),
      ...affiliated(reach.schools, 'staffOfYourSchool', staff),
      ...affiliated(reach.childrensSchools, 'staffOfYourChildsSchool', staff),
      ...affiliated(reach.territoryEstablishments, 'headInYourTerritory', sql`a.profile = 'head'`),
      ...members(reach.groups, 'sameClass'),
      ...members(reach.taughtGroups, 'youTeach'),
      ...teachers(reach.groups, 'teachesYou'),
      ...teachers(reach.childrensGroups, 'teachesYourChild'),
      ...guardians(reach.taughtGroups, 'guardianOfYourPupil'),
      ...guardians(reach.mainGroups, 'guardianOfYourMainClass'),
      sql`select r.guardian_id, ${because('yourGuardian')}, 'guardian', null::uuid from directory.guardianship r
        where r.pupil_id = ${me} and ${keeps(sql`r.guardian_id`)}`,
      ...unlessEmpty(
        reach.children,
        sql`select p.id, ${because('yourChild')}, a.profile, a.organisation_id
          from directory.person p left join directory.affiliation a on a.person_id = p.id and a.profile = 'pupil'
          where ${isAmong(sql`p.id`, reach.children)} and ${keeps(sql`p.id`)}`,
      ),
      ...unlessEmpty(
        reach.children,
        sql`select r.guardian_id, ${because('guardianOfYourChild')}, 'guardian', null::uuid
          from directory.guardianship r
          where ${isAmong(sql`r.pupil_id`, reach.children)} and r.legal_status in ('legal', 'inCharge')
            and r.guardian_id <> ${me} and ${keeps(sql`r.guardian_id`)}`,
      ),
    ],
    sql` union all `,
  )

  // Most viewers have two or three lists that hold something.
  function unlessEmpty(ids: string[], branch: RawBuilder<unknown>): RawBuilder<unknown>[] {
    return ids.length === 0 ? [] : [branch]
  }
  // When the people are known, `is true` keeps a list of a thousand establishments from being looked up in an index
  // one by one for each person.
  function isAmong(column: RawBuilder<unknown>, ids: string[]): RawBuilder<unknown> {
    return who ? sql`(${column} = any(${ids}::uuid[])) is true` : sql`${column} = any(${ids}::uuid[])`
  }
  function everyone(): RawBuilder<unknown>[] {
    if (!reach.wholeTenant) return []
    return [
      sql`select a.person_id, ${because('youOperate')}, a.profile, a.organisation_id
        from directory.affiliation a where ${keeps(sql`a.person_id`)}`,
      // Those without a place too.
      sql`select p.id, ${because('youOperate')}, null::text, null::uuid from directory.person p where ${keeps(sql`p.id`)}`,
    ]
  }
  function affiliated(organisations: string[], code: Because, condition: RawBuilder<unknown> = sql`true`) {
    return unlessEmpty(
      organisations,
      sql`select a.person_id, ${because(code)}, a.profile, a.organisation_id from directory.affiliation a
        where ${isAmong(sql`a.organisation_id`, organisations)} and ${condition} and ${keeps(sql`a.person_id`)}`,
    )
  }
  function members(groups: string[], code: Because) {
    return unlessEmpty(
      groups,
      sql`select m.person_id, ${because(code)}, 'pupil', g.establishment_id
        from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
        where ${isAmong(sql`g.id`, groups)} and ${keeps(sql`m.person_id`)}`,
    )
  }
  function teachers(groups: string[], code: Because) {
    return unlessEmpty(
      groups,
      sql`select t.person_id, ${because(code)}, 'teacher', g.establishment_id
        from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
        where ${isAmong(sql`g.id`, groups)} and ${keeps(sql`t.person_id`)}`,
    )
  }
  function guardians(groups: string[], code: Because) {
    return unlessEmpty(
      groups,
      sql`select r.guardian_id, ${because(code)}, 'guardian', g.establishment_id
        from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
          join directory.guardianship r on r.pupil_id = m.person_id
        where ${isAmong(sql`g.id`, groups)} and ${keeps(sql`r.guardian_id`)}`,
    )
  }
}

/** SQL condition: the viewer may know who belongs to, and who teaches, the group aliased `g`. */
export function knowsGroup(reach: Reach): RawBuilder<boolean> {
  if (reach.wholeTenant) return sql.lit(true)
  const establishments = [...reach.administered, ...reach.supervised, ...reach.taughtIn, ...reach.workedIn]
  return sql<boolean>`(g.establishment_id = any(${establishments}::uuid[])
    or g.id = any(${[...reach.groups, ...reach.childrensGroups, ...reach.taughtGroups]}::uuid[]))`
}

/**
 * SQL condition: the viewer may know the relation aliased `r`, which depends on the pupil it is about: oneself, one's
 * child, a pupil one teaches, supervises or administers.
 */
export function knowsGuardianship(reach: Reach): RawBuilder<boolean> {
  if (reach.wholeTenant) return sql.lit(true)
  return sql<boolean>`(r.pupil_id = ${reach.personId}::uuid or r.pupil_id = any(${reach.children}::uuid[])
    or exists (select from directory.membership m
      where m.person_id = r.pupil_id and m.teaching_group_id = any(${reach.taughtGroups}::uuid[]))
    or exists (select from directory.affiliation a where a.person_id = r.pupil_id and a.profile = 'pupil'
      and a.organisation_id = any(${[...reach.administered, ...reach.supervised]}::uuid[])))`
}

/** What one reason to see a person tells of that person's places. */
export interface Reason {
  personId: string
  because: Because
  profile: Profile | null
  organisationId: string | null
}

/** Why each of some people is seen. A person without a reason is not. */
export async function listReasons(tx: Tx, reach: Reach, personIds: string[]): Promise<Reason[]> {
  const { rows } = await sql<Reason>`${keepPlan}
    select distinct person_id as "personId", because, profile, organisation_id as "organisationId"
    from (${reachedPeople(reach, (id) => sql`${id} = any(${personIds}::uuid[])`)}) reached`.execute(tx)
  return rows
}
