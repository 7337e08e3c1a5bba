import { type RawBuilder, sql } from 'kysely'
import { streamRows } from '#kernel/row-stream'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { isShown } from './school-years.ts'
import type { Level, Profile } from './tables.ts'

// Everyone of many establishments, for partners who receive the whole of it: read by batches, in one school year, in a
// transaction whose snapshot does not change.

/** What is extracted: establishments of some levels, in the school year it is. */
export interface ExtractScope {
  levels: Level[]
  now: Date
}

export interface ExtractedEstablishment {
  id: string
  uai: string
  name: string
  phone: string | null
  email: string | null
}

export interface ExtractedPerson {
  id: string
  familyName: string
  birthFamilyName: string | null
  givenName: string
  otherGivenNames: string | null
  title: string | null
  bornOn: Day | null
}

/** `mef` and `level` (MEF_STAT_4) are null when the feed gives none. */
export type ExtractedPupil = ExtractedPerson & { places: { uai: string; mef: string | null; level: string | null }[] }

export type ExtractedTeacher = ExtractedPerson & {
  email: string | null
  places: { uai: string; profile: Extract<Profile, 'teacher' | 'documentation'> }[]
  disciplines: { uai: string; code: string }[] | null
}

export interface ExtractedGroup {
  uai: string
  code: string
  name: string
  kind: 'class' | 'group'
  /** Codes of the classes that the pupils of a group are in. */
  classes: string[] | null
}

/** A person's link with a class or group of an establishment. */
/** A MEF or a subject; what is null its nomenclature does not say, nor that of subjects ever. */
interface ExtractedCode {
  uai: string
  code: string
  name: string
  attachedTo: string | null
  statisticalCode: string | null
}

interface Link {
  personId: string
  uai: string
  code: string
}

const schools = ({ levels }: ExtractScope) => sql`school as (
  select id, uai, name, phone, email from directory.organisation
  where kind = 'establishment' and gone_on is null and uai is not null and level = any(${levels}::text[]))`

// A group that bears the code of a class of its establishment cannot be told from it where one code is all there is.
const groups = (scope: ExtractScope) => sql`${schools(scope)}, class_or_group as (
  select g.id, g.establishment_id, g.school_year_id, g.code, g.name, g.kind, s.uai
  from directory.teaching_group g join school s on s.id = g.establishment_id
  where ${isShown('g')} and not (g.kind = 'group' and exists (
    select from directory.teaching_group c where c.establishment_id = g.establishment_id
      and c.school_year_id = g.school_year_id and c.kind = 'class' and c.code = g.code)))`

const enrolled = ({ now }: ExtractScope) => sql`${isShown('e')}
  and (e.left_on is null or e.left_on >= ${now}::timestamptz::date)`

const person = sql`p.id, p.family_name as "familyName", p.birth_family_name as "birthFamilyName",
  p.given_name as "givenName", p.other_given_names as "otherGivenNames", p.title, p.born_on as "bornOn"`

const all = async <Row>(tx: Tx, query: RawBuilder<Row>): Promise<Row[]> => (await query.execute(tx)).rows

/** Establishments that have a UAI, by UAI. */
export function listExtractedEstablishments(tx: Tx, scope: ExtractScope): Promise<ExtractedEstablishment[]> {
  return all(tx, sql<ExtractedEstablishment>`with ${schools(scope)} select * from school order by uai`)
}

/** What extracts leave out, whatever their people. */
export interface Unextracted {
  /** Establishments of these levels that have no UAI. */
  withoutUai: number
  /** Establishments whose level nobody told. */
  withoutLevel: number
  /** Groups that bear the code of a class of their establishment. */
  sameCode: number
}

export async function countUnextracted(tx: Tx, scope: ExtractScope): Promise<Unextracted> {
  const present = sql`select count(*) from directory.organisation where kind = 'establishment' and gone_on is null`
  const [counts] = await all(
    tx,
    sql<Unextracted>`with ${groups(scope)} select
      (${present} and uai is null and level = any(${scope.levels}::text[])) as "withoutUai",
      (${present} and level is null) as "withoutLevel",
      (select count(*) from directory.teaching_group g join school s on s.id = g.establishment_id where ${isShown('g')})
        - (select count(*) from class_or_group) as "sameCode"`,
  )
  return counts ?? { withoutUai: 0, withoutLevel: 0, sameCode: 0 }
}

/** Pupils enrolled this year, each once, with their establishments. */
export function streamExtractedPupils(tx: Tx, scope: ExtractScope): AsyncGenerator<ExtractedPupil[]> {
  return streamRows(
    tx,
    sql<ExtractedPupil>`with ${schools(scope)}, place as (
      select e.person_id,
        jsonb_agg(jsonb_build_object('uai', s.uai, 'mef', e.mef_code, 'level', e.level_code) order by s.uai) as places
      from directory.enrolment e join school s on s.id = e.establishment_id where ${enrolled(scope)} group by e.person_id)
    select ${person}, place.places from place join directory.person p on p.id = place.person_id and p.gone_on is null
    order by p.id`,
  )
}

/** Teachers and documentalists, each once, with their establishments and disciplines. */
export function streamExtractedTeachers(tx: Tx, scope: ExtractScope): AsyncGenerator<ExtractedTeacher[]> {
  return streamRows(
    tx,
    sql<ExtractedTeacher>`with ${schools(scope)}, place as (
      select a.person_id, jsonb_agg(jsonb_build_object('uai', s.uai, 'profile', a.profile) order by s.uai, a.profile desc)
        as places
      from directory.affiliation a join school s on s.id = a.organisation_id
      where a.profile in ('teacher', 'documentation') group by a.person_id
    ), discipline as (
      select f.person_id, jsonb_agg(distinct jsonb_build_object('uai', s.uai, 'code', f.discipline_code)) as disciplines
      from directory.staff_function f join school s on s.id = f.organisation_id
      where f.discipline_code is not null group by f.person_id)
    select ${person}, p.email, place.places, discipline.disciplines
    from place join directory.person p on p.id = place.person_id and p.gone_on is null
    left join discipline on discipline.person_id = p.id order by p.id`,
  )
}

/** Classes and groups of this year. */
export function streamExtractedGroups(tx: Tx, scope: ExtractScope): AsyncGenerator<ExtractedGroup[]> {
  return streamRows(
    tx,
    sql<ExtractedGroup>`with ${groups(scope)}
    select g.uai, g.code, g.name, g.kind, case when g.kind = 'group' then (
      select jsonb_agg(distinct c.code order by c.code) from directory.membership m
      join directory.membership other on other.person_id = m.person_id
      join class_or_group c on c.id = other.teaching_group_id and c.kind = 'class'
        and c.establishment_id = g.establishment_id
      where m.teaching_group_id = g.id) end as classes
    from class_or_group g order by g.uai, g.kind, g.code`,
  )
}

/** Who is in which class or group: enrolled pupils, and teachers of them. */
export function streamExtractedMembers(tx: Tx, scope: ExtractScope): AsyncGenerator<Link[]> {
  return streamRows(
    tx,
    sql<Link>`with ${groups(scope)}, link as (
      select m.person_id, g.uai, g.code from directory.membership m join class_or_group g on g.id = m.teaching_group_id
      where exists (select from directory.enrolment e where e.person_id = m.person_id
        and e.establishment_id = g.establishment_id and ${enrolled(scope)})
      union select t.person_id, g.uai, g.code from directory.teaching t join class_or_group g on g.id = t.teaching_group_id)
    select link.person_id as "personId", link.uai, link.code
    from link join directory.person p on p.id = link.person_id and p.gone_on is null
    order by link.person_id, link.uai, link.code`,
  )
}

/** What teachers teach to whom, where the feed says what. */
export function streamExtractedTeachings(
  tx: Tx,
  scope: ExtractScope & { kind: 'class' | 'group' },
): AsyncGenerator<(Link & { subjects: string[] })[]> {
  return streamRows(
    tx,
    sql<Link & { subjects: string[] }>`with ${groups(scope)}
    select t.person_id as "personId", g.uai, g.code, t.subject_codes as subjects
    from directory.teaching t join class_or_group g on g.id = t.teaching_group_id and g.kind = ${scope.kind}
    join directory.person p on p.id = t.person_id and p.gone_on is null
    where cardinality(t.subject_codes) > 0 order by t.person_id, g.uai, g.code`,
  )
}

// What a pupil's record says of the year that is shown, of subjects that its source names.
const followed = (scope: ExtractScope) => sql`followed as (
  select distinct r.subject_id as person_id, s.uai, n.code, r.source_id from directory.source_record r
  join directory.source_record a on a.source_id = r.source_id and a.kind = 'establishment'
    and a.external_id = r.body->'enrolments'->0->>'establishment'
  join school s on s.id = a.subject_id
  join directory.enrolment e on e.person_id = r.subject_id and e.establishment_id = s.id and ${enrolled(scope)}
  join directory.school_year y on y.id = e.school_year_id and y.start_year = (r.body->>'schoolYear')::int
  cross join lateral jsonb_array_elements_text(r.body->'subjects') c(code)
  join directory.subject n on n.source_id = r.source_id and n.code = c.code
  where r.kind = 'pupil' and r.gone_on is null and r.body ? 'subjects')`

/** The subjects that pupils follow in their own establishment, where the feed lists them; `code` is the subject's. */
export function streamFollowedSubjects(tx: Tx, scope: ExtractScope): AsyncGenerator<Link[]> {
  return streamRows(
    tx,
    sql<Link>`with ${schools(scope)}, ${followed(scope)}
    select distinct f.person_id as "personId", f.uai, f.code
    from followed f join directory.person p on p.id = f.person_id and p.gone_on is null
    order by "personId", uai, code`,
  )
}

/** The MEFs, or the levels, of the pupils whom teachers teach, by establishment; `code` is that of the MEF or level. */
export function streamTaughtFormations(
  tx: Tx,
  scope: ExtractScope & { by: 'mef_code' | 'level_code' },
): AsyncGenerator<Link[]> {
  const code = sql.ref(`e.${scope.by}`)
  return streamRows(
    tx,
    sql<Link>`with ${groups(scope)}, group_code as (
      select distinct g.id, g.uai, ${code} as code from class_or_group g
      join directory.membership m on m.teaching_group_id = g.id
      join directory.enrolment e on e.person_id = m.person_id and e.establishment_id = g.establishment_id
      where ${code} is not null and ${enrolled(scope)})
    select distinct t.person_id as "personId", g.uai, g.code
    from directory.teaching t join group_code g on g.id = t.teaching_group_id
    join directory.person p on p.id = t.person_id and p.gone_on is null
    order by "personId", g.uai, code`,
  )
}

/** MEFs followed, and subjects taught or followed, in each establishment, with what their nomenclature says of them. */
export function streamExtractedCodes(
  tx: Tx,
  scope: ExtractScope & { kind: 'mef' | 'subject' },
): AsyncGenerator<ExtractedCode[]> {
  const used =
    scope.kind === 'mef'
      ? sql`select s.uai, e.mef_code as code, e.source_id from directory.enrolment e
          join school s on s.id = e.establishment_id where e.mef_code is not null and ${enrolled(scope)}`
      : sql`select g.uai, unnest(t.subject_codes) as code, t.source_id
          from directory.teaching t join class_or_group g on g.id = t.teaching_group_id
          union select uai, code, source_id from followed`
  const more =
    scope.kind === 'mef'
      ? sql`min(n.attached_to) as "attachedTo", min(n.statistical_code) as "statisticalCode"`
      : sql`null as "attachedTo", null as "statisticalCode"`
  return streamRows(
    tx,
    sql<ExtractedCode>`with ${groups(scope)}, ${followed(scope)}, used as (${used})
    select u.uai, u.code, coalesce(min(n.name), u.code) as name, ${more}
    from (select distinct * from used) u
    left join ${sql.table(`directory.${scope.kind}`)} n on n.source_id = u.source_id and n.code = u.code
    group by u.uai, u.code order by u.uai, u.code`,
  )
}

/** The people named by their identifiers, those who left excepted, with the UAIs within each organisation given. */
export async function listExtractedAssigners(
  tx: Tx,
  scope: ExtractScope,
  holders: { personId: string; organisationId: string | null }[],
): Promise<(ExtractedPerson & { email: string | null; uais: string[] })[]> {
  return all(
    tx,
    sql<ExtractedPerson & { email: string | null; uais: string[] }>`with recursive ${schools(scope)}, holder as (
      select * from jsonb_to_recordset(${JSON.stringify(holders)}) as h ("personId" uuid, "organisationId" uuid)
    ), within as (
      select distinct "organisationId" as root, "organisationId" as id from holder where "organisationId" is not null
      union select w.root, o.id from within w join directory.organisation o on o.parent_id = w.id)
    select ${person}, p.email, jsonb_agg(distinct s.uai order by s.uai) as uais
    from holder h join directory.person p on p.id = h."personId" and p.gone_on is null
    join school s on h."organisationId" is null
      or s.id in (select id from within where root = h."organisationId")
    group by p.id order by p.id`,
  )
}
