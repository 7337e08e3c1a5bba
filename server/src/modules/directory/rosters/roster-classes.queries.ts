import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { listedGroups, listedMembers, shownAt } from './departures.queries.ts'
import { termId } from './roster-organisations.queries.ts'
import {
  changedAt,
  id,
  isWithin,
  readPage,
  type RosterPage,
  type RosterQuery,
  type RosterRow,
  type RosterScope,
  text,
} from './roster-pages.ts'
import { isIn } from './roster-people.queries.ts'

// A class of many subjects is about its establishment's classes as such; a group of one subject, about this subject.
const classCourseId = (establishment: RawBuilder<unknown>) => sql`md5(${establishment} || ' class')::uuid`
const subjectCourseId = (establishment: RawBuilder<unknown>, source: RawBuilder<unknown>, code: RawBuilder<unknown>) =>
  sql`md5(${establishment} || ' ' || ${source} || ' ' || ${code})::uuid`
const courseId = sql`coalesce((
  select case when count(distinct s.code) = 1 then min(${subjectCourseId(sql`x.establishment_id`, sql`t.source_id`, sql`s.code`)}::text)::uuid end
  from directory.teaching t cross join unnest(t.subject_codes) s(code) where t.teaching_group_id = x.id),
  ${classCourseId(sql`x.establishment_id`)})`

export interface RosterCourse extends RosterRow {
  title: string
  /** Code of the subject; null for the course of an establishment's classes. */
  code: string | null
  establishmentId: string
}

/** What is taught in the establishments of a perimeter, and what is no more. */
export function listRosterCourses(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  establishmentId?: string,
): Promise<RosterPage<RosterCourse>> {
  return readPage(
    tx,
    scope,
    {
      // A subject is taught as long as somebody teaches it there.
      from: sql`(
        select ${classCourseId(sql`e.id`)} as id, null as title, null as code, e.id as establishment_id,
          null::timestamptz as since, case when e.gone_on is not null then ${changedAt(sql`e.id`)} end as departed_at
        from directory.organisation e where e.kind = 'establishment'
        union all select ${subjectCourseId(sql`t.establishment_id`, sql`t.source_id`, sql`s.code`)},
          min(coalesce(n.name, s.code)), s.code, t.establishment_id, max(greatest(t.since, y.shown_at)),
          case when bool_and(t.departed_at is not null) then max(t.departed_at) end
        from (${listedMembers(scope.departedSince, ['teacher'])}) t cross join unnest(t.subject_codes) s(code)
        left join directory.subject n on n.source_id = t.source_id and n.code = s.code
        left join directory.year_showing y using (establishment_id, school_year_id)
        group by t.establishment_id, t.source_id, s.code) x`,
      where: sql`${isWithin(scope, sql`x.establishment_id`, 'any')}
        and (${establishmentId ?? null}::uuid is null or x.establishment_id = ${establishmentId ?? null}::uuid)`,
      columns: { title: text(sql`x.title`), code: text(sql`x.code`) },
      changedAt: sql`greatest(${changedAt(sql`x.establishment_id`)}, x.since)`,
      output: sql`coalesce(x.title, '') as title, x.code, x.establishment_id as "establishmentId"`,
    },
    query,
  )
}

export interface RosterClass extends RosterRow {
  code: string
  name: string
  kind: 'class' | 'group'
  establishmentId: string
  courseId: string
  termId: string
  subjects: string[] | null
}

/** Classes and groups that establishments of a perimeter show, and those they did. Of somebody: those they are in. */
export function listRosterClasses(
  tx: Tx,
  scope: RosterScope,
  query: RosterQuery,
  of: { establishmentId?: string; courseId?: string; termId?: string; pupilId?: string; teacherId?: string } = {},
): Promise<RosterPage<RosterClass>> {
  const term = termId(sql`x.school_year_id`)
  const conditions = [isWithin(scope, sql`x.establishment_id`, 'any')]
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
    scope,
    {
      from: sql`(${listedGroups(people.length > 0 ? null : scope.departedSince)}) x`,
      where: sql.join(conditions, sql` and `),
      columns: { name: text(sql`x.name`), code: text(sql`x.code`), kind: text(sql`x.kind`) },
      changedAt: sql`greatest(${changedAt(id)}, ${shownAt})`,
      output: sql`x.code, x.name, x.kind, x.establishment_id as "establishmentId", ${courseId} as "courseId",
        ${term} as "termId",
        (select jsonb_agg(distinct coalesce(n.name, s.code)) from directory.teaching t
          cross join unnest(t.subject_codes) s(code)
          left join directory.subject n on n.source_id = t.source_id and n.code = s.code
          where t.teaching_group_id = x.id) as subjects`,
    },
    query,
  )
}
