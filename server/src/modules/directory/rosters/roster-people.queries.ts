import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Profile } from '../tables.ts'
import { departedAffiliations, listedMembers, presentAffiliations, shownAt } from './departures.queries.ts'
import {
  changedAt,
  day,
  id,
  isWithin,
  readPage,
  type RosterPage,
  type RosterQuery,
  type RosterRow,
  type RosterScope,
  text,
} from './roster-pages.ts'

export interface RosterPerson extends RosterRow {
  /** Of someone who departed and is archived or deleted since: empty. */
  familyName: string
  givenName: string
  otherGivenNames: string | null
  bornOn: Day | null
  email: string | null
  phone: string | null
  mobile: string | null
  /** Within the perimeter; of someone who departed, those they had. */
  roles: { organisationId: string; profile: Profile }[]
  /** Guardians of a pupil and children of a guardian, within the perimeter. */
  relatedIds: string[] | null
  /** Whether a guardian is the mother or father of a child. */
  parent: boolean
}

/**
 * People who belong to the establishments of a perimeter, and those who belong to none of them any more. Of these, nothing
 * is told but their names and former roles.
 */
export function listRosterPeople(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  of: { profiles?: Profile[]; establishmentId?: string; memberOf?: string; teacherOf?: string } = {},
): Promise<RosterPage<RosterPerson>> {
  const { profiles = null, establishmentId = null } = of
  const isAsked = sql<boolean>`(${profiles}::text[] is null or a.profile = any(${profiles}::text[]))
    and (${establishmentId}::uuid is null or a.organisation_id = ${establishmentId}::uuid)`
  const isHere = isWithin(scope, sql`a.organisation_id`)
  const present = sql`select p.id, p.family_name, p.given_name, p.other_given_names, p.born_on, p.email, p.phone, p.mobile,
      null::timestamptz as departed_at
    from directory.person p where p.gone_on is null and exists (select from directory.affiliation a
      where a.person_id = p.id and ${isAsked} and ${isHere})`
  const since = of.memberOf === undefined && of.teacherOf === undefined ? scope.departedSince : null
  const departed =
    since &&
    sql`union all select d.person_id, coalesce(p.family_name, ''), coalesce(p.given_name, ''), null, null, null, null, null,
      d.departed_at
    from (select a.person_id, max(a.departed_at) as departed_at from (${departedAffiliations(since)}) a
      where ${isWithin(scope, sql`a.organisation_id`, 'any')} group by 1 having bool_or(${isAsked})) d
    left join directory.person p on p.id = d.person_id and p.archived_on is null
    where not exists (select from (${presentAffiliations}) a where a.person_id = d.person_id and ${isHere})`
  const conditions = [sql<boolean>`true`]
  if (of.memberOf !== undefined) conditions.push(isIn('membership', id, sql`${of.memberOf}::uuid`))
  if (of.teacherOf !== undefined) conditions.push(isIn('teaching', id, sql`${of.teacherOf}::uuid`))
  const related = (own: 'pupil_id' | 'guardian_id', other: 'pupil_id' | 'guardian_id', profile: Profile) =>
    sql`select g.${sql.id(other)} as id from directory.guardianship g
      join directory.person p on p.id = g.${sql.id(other)} and p.gone_on is null
      where g.${sql.id(own)} = x.id and x.departed_at is null and g.legal_status <> 'none'
        and exists (select from directory.affiliation a where a.person_id = p.id and a.profile = ${profile} and ${isHere})`
  const held = since
    ? sql`union select a.organisation_id, a.profile from (${departedAffiliations(since)}) a
        where x.departed_at is not null and a.person_id = x.id and ${isWithin(scope, sql`a.organisation_id`, 'any')}`
    : sql``
  return readPage(
    tx,
    scope,
    {
      from: sql`(${present} ${departed ?? sql``}) x`,
      where: sql.join(conditions, sql` and `),
      columns: {
        familyName: text(sql`x.family_name`),
        givenName: text(sql`x.given_name`),
        email: text(sql`x.email`),
        bornOn: day(sql`x.born_on`),
      },
      // Places come and go by what feeds say of others too: a mother's by her child's.
      changedAt: sql`greatest(${changedAt(id)},
        (select max(a.since) from directory.affiliation a where a.person_id = x.id),
        (select max(f.ended_at) from directory.former_affiliation f where f.person_id = x.id))`,
      output: sql`x.family_name as "familyName", x.given_name as "givenName",
        x.other_given_names as "otherGivenNames", x.born_on as "bornOn", x.email, x.phone, x.mobile,
        (select jsonb_agg(jsonb_build_object('organisationId', r.organisation_id, 'profile', r.profile)
            order by r.organisation_id, r.profile)
          from (select a.organisation_id, a.profile from directory.affiliation a
            where x.departed_at is null and a.person_id = x.id and ${isHere} ${held}) r) as roles,
        (select jsonb_agg(distinct r.id) from (${related('pupil_id', 'guardian_id', 'guardian')}
          union all ${related('guardian_id', 'pupil_id', 'pupil')}) r) as "relatedIds",
        exists (select from directory.guardianship g where g.guardian_id = x.id
          and g.link_code in ('1', '2', '10', '20', 'parent')) as parent`,
    },
    query,
  )
}

/** SQL condition: someone is in, or teaches, a class. */
export const isIn = (
  relation: 'membership' | 'teaching',
  person: RawBuilder<unknown>,
  group: RawBuilder<unknown>,
): RawBuilder<boolean> =>
  sql<boolean>`exists (select from ${sql.table(`directory.${relation}`)} l
    where l.person_id = ${person} and l.teaching_group_id = ${group})`

export interface RosterEnrolment extends RosterRow {
  /** Made of those of the person and of the class. */
  id: string
  personId: string
  classId: string
  establishmentId: string
  role: 'pupil' | 'teacher'
  mainTeacher: boolean
}

/** Who is in, or teaches, which class or group of a perimeter; and who was. */
export function listRosterEnrolments(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  of: { establishmentId?: string; classId?: string; personId?: string } = {},
): Promise<RosterPage<RosterEnrolment>> {
  const conditions = [isWithin(scope, sql`x.establishment_id`, 'any')]
  if (of.establishmentId !== undefined) conditions.push(sql<boolean>`x.establishment_id = ${of.establishmentId}::uuid`)
  if (of.classId !== undefined) conditions.push(sql<boolean>`x.teaching_group_id = ${of.classId}::uuid`)
  if (of.personId !== undefined) conditions.push(sql<boolean>`x.person_id = ${of.personId}::uuid`)
  return readPage(
    tx,
    scope,
    {
      from: sql`(select m.*, m.person_id || '.' || m.teaching_group_id as id
        from (${listedMembers(scope.departedSince)}) m) x`,
      where: sql.join(conditions, sql` and `),
      columns: { id: text(id), role: text(sql`x.role`) },
      changedAt: sql`greatest(${changedAt(sql`x.person_id`)}, ${shownAt})`,
      output: sql`x.person_id as "personId", x.teaching_group_id as "classId",
        x.establishment_id as "establishmentId", x.role, x.main_teacher as "mainTeacher"`,
    },
    query,
  )
}
