import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type Day, isDay } from '#kernel/time'
import { isShown } from './school-years.ts'
import type { Profile } from './tables.ts'

// Who is where, page by page, for systems that are given a part of the directory: the organisations of a perimeter, the
// classes they show, the people who belong to them. Nobody and nothing else is read.

/** What a system may read. */
export interface RosterScope {
  /** An establishment, a territory or a partner; null for the whole tenant. */
  perimeter: string | null
}

export type RosterOperator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'contains'

/** Which rows, in which order, and how many. */
export interface RosterQuery {
  conditions: { column: string; operator: RosterOperator; value: string }[]
  /** How conditions are joined. */
  every: boolean
  order: { column: string; descending: boolean }[]
  limit: number
  offset: number
}

export interface RosterPage<Row> {
  rows: Row[]
  /** Of all pages. */
  total: number
}

type ColumnKind = 'uuid' | 'text' | 'day' | 'time'
type Column = { [Kind in ColumnKind]: { kind: Kind; value: RawBuilder<unknown> } }[ColumnKind]
const text = (value: RawBuilder<unknown>): Column => ({ kind: 'text', value })
const day = (value: RawBuilder<unknown>): Column => ({ kind: 'day', value })
const time = (value: RawBuilder<unknown>): Column => ({ kind: 'time', value })
const uuid = (value: RawBuilder<unknown>): Column => ({ kind: 'uuid', value })

interface Collection {
  /** Rows, under the alias `x`, with a column `id`. */
  from: RawBuilder<unknown>
  where: RawBuilder<unknown>
  /** What can be asked of and ordered by. */
  columns: Record<string, Column>
  output: RawBuilder<unknown>
}

// A list made once a statement, rather than a search for each row.
const isWithin = ({ perimeter }: RosterScope, organisation: RawBuilder<unknown>) =>
  sql<boolean>`${organisation} in (select o.id from directory.organisation o
    left join directory.organisation t on t.id = o.parent_id where o.kind = 'establishment' and o.gone_on is null
      and (${perimeter}::uuid is null or ${perimeter}::uuid in (o.id, o.parent_id, t.parent_id)))`

// Identifiers are UUIDs of version 7, which hold the instant they were made.
const madeAt = (id: RawBuilder<unknown>) =>
  sql`to_timestamp(('x' || translate(left(${id}::text, 13), '-', ''))::bit(48)::bigint / 1000.0)`

/** When a feed last changed it, or when it was made by hand. */
const changedAt = (id: RawBuilder<unknown>) =>
  sql`coalesce((select max(r.changed_at) from directory.source_record r where r.subject_id = ${id}), ${madeAt(id)})`

const id = sql`x.id`

async function readPage<Row>(tx: Tx, collection: Collection, query: RosterQuery): Promise<RosterPage<Row>> {
  const { from, output, columns } = collection
  const column = (name: string): Column => {
    const found = { ...columns, status: text(sql`'active'`) }[name]
    if (!found) throw new Problem(400, 'column_unknown', `There is no column ${name}.`)
    return found
  }
  const conditions = query.conditions.map(({ column: name, operator, value }) => compare(column(name), operator, value))
  const asked =
    conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, query.every ? sql` and ` : sql` or `)})`
  const where = sql`${collection.where} and ${asked}`
  const order = sql.join([
    ...query.order.map(({ column: name, descending }) =>
      descending ? sql`${column(name).value} desc nulls last` : sql`${column(name).value} nulls last`,
    ),
    id,
  ])
  const count = await sql<{ total: number }>`select count(*) as total from ${from} where ${where}`.execute(tx)
  const { rows } = await sql<Row>`select ${output} from (
      select x.* from ${from} where ${where} order by ${order} limit ${query.limit} offset ${query.offset}) x
    order by ${order}`.execute(tx)
  return { rows, total: count.rows[0]?.total ?? 0 }
}

const operators = { '=': sql`=`, '!=': sql`is distinct from`, '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` }

function compare(column: Column, operator: RosterOperator, value: string): RawBuilder<unknown> {
  const { kind, value: expression } = column
  if (operator === 'contains') return sql`strpos(lower(${expression}::text), lower(${value})) > 0`
  if ((kind === 'day' && !isDay(value)) || (kind === 'time' && !isInstant.test(value))) {
    throw new Problem(400, 'value_invalid', 'A value is not what its column holds.')
  }
  const sign = operators[operator]
  switch (kind) {
    case 'text':
      return sql`${expression}::text ${sign} ${value}::text`
    case 'day':
      return sql`${expression} ${sign} ${value}::date`
    case 'time':
      return sql`${expression} ${sign} ${value}::timestamptz`
    case 'uuid':
      // Something that is no identifier is nobody's.
      return isUuid.test(value) ? sql`${expression} ${sign} ${value}::uuid` : sql.lit(operator === '!=')
  }
}

const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/
const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface RosterOrganisation {
  id: string
  name: string
  kind: 'establishment' | 'territory'
  uai: string | null
  code: string | null
  /** Undisclosed when it is out of the perimeter. */
  parentId: string | null
  childIds: string[] | null
  changedAt: Date
}

/** Establishments of a perimeter, and the territories that are within it. */
export function listRosterOrganisations(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  kinds: RosterOrganisation['kind'][] = ['establishment', 'territory'],
): Promise<RosterPage<RosterOrganisation>> {
  const { perimeter } = scope
  const territory = (alias: RawBuilder<unknown>) =>
    sql`(${alias}.kind = 'territory' and ${alias}.gone_on is null
      and (${perimeter}::uuid is null or ${perimeter}::uuid in (${alias}.id, ${alias}.parent_id)))`
  return readPage(
    tx,
    {
      from: sql`directory.organisation x`,
      where: sql`x.kind = any(${kinds}::text[]) and (${isWithin(scope, id)} or ${territory(sql`x`)})`,
      columns: {
        id: uuid(id),
        name: text(sql`x.name`),
        kind: text(sql`x.kind`),
        uai: text(sql`x.uai`),
        changedAt: time(changedAt(id)),
      },
      output: sql`x.id, x.name, x.kind, x.uai, x.code, ${changedAt(id)} as "changedAt",
        (select p.id from directory.organisation p where p.id = x.parent_id and ${territory(sql`p`)}) as "parentId",
        (select jsonb_agg(c.id order by c.id) from directory.organisation c
          where c.parent_id = x.id and ${isWithin(scope, sql`c.id`)}) as "childIds"`,
    },
    query,
  )
}

export interface RosterPeriod {
  id: string
  kind: 'schoolYear' | 'term'
  startYear: number
  startsOn: Day
  endsOn: Day
  /** The term of a school year, or the school year of a term. */
  otherId: string
  changedAt: Date
}

/** School years, each with one term that lasts as long: the directory knows no shorter ones. */
export function listRosterPeriods(
  tx: Tx,
  query: RosterQuery,
  kinds: RosterPeriod['kind'][] = ['schoolYear', 'term'],
): Promise<RosterPage<RosterPeriod>> {
  return readPage(
    tx,
    {
      from: sql`(
        select y.id, 'schoolYear' as kind, y.start_year, y.starts_on, y.ends_on, ${termId(sql`y.id`)} as other_id,
          ${madeAt(sql`y.id`)} as changed_at from directory.school_year y
        union all select ${termId(sql`y.id`)}, 'term', y.start_year, y.starts_on, y.ends_on, y.id, ${madeAt(sql`y.id`)}
        from directory.school_year y) x`,
      where: sql`x.kind = any(${kinds}::text[])`,
      columns: {
        id: uuid(id),
        kind: text(sql`x.kind`),
        endYear: text(sql`(x.start_year + 1)`),
        startsOn: day(sql`x.starts_on`),
        endsOn: day(sql`x.ends_on`),
        changedAt: time(sql`x.changed_at`),
      },
      output: sql`x.id, x.kind, x.start_year as "startYear", x.starts_on as "startsOn", x.ends_on as "endsOn",
        x.other_id as "otherId", x.changed_at as "changedAt"`,
    },
    query,
  )
}

const termId = (yearId: RawBuilder<unknown>) => sql`md5(${yearId} || ' term')::uuid`

// A class of many subjects is about its establishment's classes as such; a group of one subject, about this subject.
const classCourseId = (establishment: RawBuilder<unknown>) => sql`md5(${establishment} || ' class')::uuid`
const subjectCourseId = (establishment: RawBuilder<unknown>, source: RawBuilder<unknown>, code: RawBuilder<unknown>) =>
  sql`md5(${establishment} || ' ' || ${source} || ' ' || ${code})::uuid`
const courseId = sql`coalesce((
  select case when count(distinct s.code) = 1 then min(${subjectCourseId(sql`x.establishment_id`, sql`t.source_id`, sql`s.code`)}::text)::uuid end
  from directory.teaching t cross join unnest(t.subject_codes) s(code) where t.teaching_group_id = x.id),
  ${classCourseId(sql`x.establishment_id`)})`

export interface RosterCourse {
  id: string
  title: string
  /** Code of the subject; null for the course of an establishment's classes. */
  code: string | null
  establishmentId: string
  changedAt: Date
}

/** What is taught in the establishments of a perimeter. */
export function listRosterCourses(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  establishmentId?: string,
): Promise<RosterPage<RosterCourse>> {
  return readPage(
    tx,
    {
      from: sql`(
        select ${classCourseId(sql`e.id`)} as id, null as title, null as code, e.id as establishment_id
        from directory.organisation e where e.kind = 'establishment'
        union all select distinct on (1) ${subjectCourseId(sql`g.establishment_id`, sql`t.source_id`, sql`s.code`)},
          coalesce(n.name, s.code), s.code, g.establishment_id
        from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id and ${isShown('g')}
        cross join unnest(t.subject_codes) s(code)
        left join directory.subject n on n.source_id = t.source_id and n.code = s.code) x`,
      where: sql`${isWithin(scope, sql`x.establishment_id`)}
        and (${establishmentId ?? null}::uuid is null or x.establishment_id = ${establishmentId ?? null}::uuid)`,
      columns: {
        id: uuid(id),
        title: text(sql`x.title`),
        code: text(sql`x.code`),
        changedAt: time(changedAt(sql`x.establishment_id`)),
      },
      output: sql`x.id, coalesce(x.title, '') as title, x.code, x.establishment_id as "establishmentId",
        ${changedAt(sql`x.establishment_id`)} as "changedAt"`,
    },
    query,
  )
}

export interface RosterClass {
  id: string
  code: string
  name: string
  kind: 'class' | 'group'
  establishmentId: string
  courseId: string
  termId: string
  subjects: string[] | null
  changedAt: Date
}

/** Classes and groups that establishments of a perimeter show. */
export function listRosterClasses(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  of: { establishmentId?: string; courseId?: string; termId?: string; pupilId?: string; teacherId?: string } = {},
): Promise<RosterPage<RosterClass>> {
  const term = termId(sql`x.school_year_id`)
  const conditions = [isShown('x'), isWithin(scope, sql`x.establishment_id`)]
  if (of.establishmentId !== undefined) conditions.push(sql<boolean>`x.establishment_id = ${of.establishmentId}::uuid`)
  if (of.courseId !== undefined) conditions.push(sql<boolean>`${courseId} = ${of.courseId}::uuid`)
  if (of.termId !== undefined) conditions.push(sql<boolean>`${term} = ${of.termId}::uuid`)
  const people = [
    ...(of.pupilId === undefined ? [] : [isIn('membership', sql`${of.pupilId}::uuid`, id)]),
    ...(of.teacherId === undefined ? [] : [isIn('teaching', sql`${of.teacherId}::uuid`, id)]),
  ]
  if (people.length > 0) conditions.push(sql<boolean>`(${sql.join(people, sql` or `)})`)
  return readPage(
    tx,
    {
      from: sql`directory.teaching_group x`,
      where: sql.join(conditions, sql` and `),
      columns: {
        id: uuid(id),
        name: text(sql`x.name`),
        code: text(sql`x.code`),
        kind: text(sql`x.kind`),
        changedAt: time(changedAt(id)),
      },
      output: sql`x.id, x.code, x.name, x.kind, x.establishment_id as "establishmentId", ${courseId} as "courseId",
        ${term} as "termId", ${changedAt(id)} as "changedAt",
        (select jsonb_agg(distinct coalesce(n.name, s.code)) from directory.teaching t
          cross join unnest(t.subject_codes) s(code)
          left join directory.subject n on n.source_id = t.source_id and n.code = s.code
          where t.teaching_group_id = x.id) as subjects`,
    },
    query,
  )
}

const isIn = (relation: 'membership' | 'teaching', person: RawBuilder<unknown>, group: RawBuilder<unknown>) =>
  sql<boolean>`exists (select from ${sql.table(`directory.${relation}`)} l
    where l.person_id = ${person} and l.teaching_group_id = ${group})`

export interface RosterPerson {
  id: string
  familyName: string
  givenName: string
  otherGivenNames: string | null
  bornOn: Day | null
  email: string | null
  phone: string | null
  mobile: string | null
  /** Within the perimeter. */
  roles: { organisationId: string; profile: Profile }[]
  /** Guardians of a pupil and children of a guardian, within the perimeter. */
  relatedIds: string[] | null
  /** Whether a guardian is the mother or father of a child. */
  parent: boolean
  changedAt: Date
}

/** People who belong to the establishments of a perimeter. */
export function listRosterPeople(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  of: { profiles?: Profile[]; establishmentId?: string; memberOf?: string; teacherOf?: string } = {},
): Promise<RosterPage<RosterPerson>> {
  const belongs = (person: RawBuilder<unknown>, profiles: Profile[] | null) =>
    sql<boolean>`exists (select from directory.affiliation a where a.person_id = ${person}
      and (${profiles}::text[] is null or a.profile = any(${profiles}::text[]))
      and (${of.establishmentId ?? null}::uuid is null or a.organisation_id = ${of.establishmentId ?? null}::uuid)
      and ${isWithin(scope, sql`a.organisation_id`)})`
  const conditions = [sql<boolean>`x.gone_on is null`, belongs(id, of.profiles ?? null)]
  if (of.memberOf !== undefined) conditions.push(isIn('membership', id, sql`${of.memberOf}::uuid`))
  if (of.teacherOf !== undefined) conditions.push(isIn('teaching', id, sql`${of.teacherOf}::uuid`))
  const related = (own: 'pupil_id' | 'guardian_id', other: 'pupil_id' | 'guardian_id', profile: Profile) =>
    sql`select g.${sql.id(other)} as id from directory.guardianship g
      join directory.person p on p.id = g.${sql.id(other)} and p.gone_on is null
      where g.${sql.id(own)} = x.id and g.legal_status <> 'none'
        and exists (select from directory.affiliation a where a.person_id = p.id and a.profile = ${profile}
          and ${isWithin(scope, sql`a.organisation_id`)})`
  return readPage(
    tx,
    {
      from: sql`directory.person x`,
      where: sql.join(conditions, sql` and `),
      columns: {
        id: uuid(id),
        familyName: text(sql`x.family_name`),
        givenName: text(sql`x.given_name`),
        email: text(sql`x.email`),
        bornOn: day(sql`x.born_on`),
        changedAt: time(changedAt(id)),
      },
      output: sql`x.id, x.family_name as "familyName", x.given_name as "givenName",
        x.other_given_names as "otherGivenNames", x.born_on as "bornOn", x.email, x.phone, x.mobile,
        (select jsonb_agg(jsonb_build_object('organisationId', a.organisation_id, 'profile', a.profile)
            order by a.organisation_id, a.profile) from directory.affiliation a
          where a.person_id = x.id and ${isWithin(scope, sql`a.organisation_id`)}) as roles,
        (select jsonb_agg(distinct r.id) from (${related('pupil_id', 'guardian_id', 'guardian')}
          union all ${related('guardian_id', 'pupil_id', 'pupil')}) r) as "relatedIds",
        exists (select from directory.guardianship g where g.guardian_id = x.id
          and g.link_code in ('1', '2', '10', '20', 'parent')) as parent,
        ${changedAt(id)} as "changedAt"`,
    },
    query,
  )
}

export interface RosterEnrolment {
  /** Made of those of the person and of the class. */
  id: string
  personId: string
  classId: string
  establishmentId: string
  role: 'pupil' | 'teacher'
  mainTeacher: boolean
  changedAt: Date
}

/** Who is in, or teaches, which class or group of a perimeter. */
export function listRosterEnrolments(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  of: { establishmentId?: string; classId?: string; personId?: string } = {},
): Promise<RosterPage<RosterEnrolment>> {
  const link = (relation: 'membership' | 'teaching', role: RosterEnrolment['role'], main: RawBuilder<unknown>) =>
    sql`select l.person_id || '.' || l.teaching_group_id as id, l.person_id, l.teaching_group_id,
        ${sql.lit(role)} as role, ${main} as main_teacher, g.establishment_id, g.school_year_id
      from ${sql.table(`directory.${relation}`)} l join directory.teaching_group g on g.id = l.teaching_group_id
      join directory.person p on p.id = l.person_id and p.gone_on is null`
  const conditions = [isShown('x'), isWithin(scope, sql`x.establishment_id`)]
  if (of.establishmentId !== undefined) conditions.push(sql<boolean>`x.establishment_id = ${of.establishmentId}::uuid`)
  if (of.classId !== undefined) conditions.push(sql<boolean>`x.teaching_group_id = ${of.classId}::uuid`)
  if (of.personId !== undefined) conditions.push(sql<boolean>`x.person_id = ${of.personId}::uuid`)
  return readPage(
    tx,
    {
      from: sql`(${link('membership', 'pupil', sql`false`)}
        union all ${link('teaching', 'teacher', sql`l.main_teacher`)}) x`,
      where: sql.join(conditions, sql` and `),
      columns: {
        id: text(id),
        role: text(sql`x.role`),
        changedAt: time(changedAt(sql`x.person_id`)),
      },
      output: sql`x.id, x.person_id as "personId", x.teaching_group_id as "classId",
        x.establishment_id as "establishmentId", x.role, x.main_teacher as "mainTeacher",
        ${changedAt(sql`x.person_id`)} as "changedAt"`,
    },
    query,
  )
}
