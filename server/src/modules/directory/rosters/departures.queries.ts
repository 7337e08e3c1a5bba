import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { isShown } from '../school-years.ts'
import { changedAt } from './roster-pages.ts'

// What is there, and what was and is no more: triggers note the rows that go (former_…); rows that stay cease to be told
// with their person, their establishment, or the year that it shows.

/** For how many days departures are told: as long as whoever left keeps, by default, what is theirs. */
export const departureDays = 90

type Since = Date | null

/** SQL: who belongs where, of people and establishments that are there. */
export const presentAffiliations = sql`select a.person_id, a.organisation_id, a.profile
  from directory.affiliation a
  join directory.person p on p.id = a.person_id and p.gone_on is null
  join directory.organisation o on o.id = a.organisation_id and o.gone_on is null`

/** SQL: person_id, organisation_id, profile, departed_at of those who belonged somewhere; they may still, elsewhere. */
export const departedAffiliations = (since: Date) => sql`
  select f.person_id, f.organisation_id, f.profile, f.ended_at as departed_at
  from directory.former_affiliation f where f.ended_at >= ${since}
  union all select a.person_id, a.organisation_id, a.profile, ${changedAt(sql`p.id`)}
  from directory.person p join directory.affiliation a on a.person_id = p.id where p.gone_on is not null
  union all select a.person_id, a.organisation_id, a.profile, ${changedAt(sql`o.id`)}
  from directory.organisation o join directory.affiliation a on a.organisation_id = o.id where o.gone_on is not null`

const groupColumns = sql`g.id, g.establishment_id, g.school_year_id, g.kind, g.code, g.name`

/** SQL: the classes and groups that are shown, and those that were since an instant: their columns and departed_at. */
export const listedGroups = (since: Since): RawBuilder<unknown> => {
  const present = sql`select ${groupColumns}, null::timestamptz as departed_at from directory.teaching_group g
    join directory.organisation o on o.id = g.establishment_id and o.gone_on is null where ${isShown('g')}`
  if (since === null) return present
  return sql`${present}
    union all select ${groupColumns}, g.ended_at from directory.former_group g
    where g.ended_at >= ${since} and not exists (select from directory.teaching_group t where t.id = g.id)
    union all select ${groupColumns}, y.hidden_at from directory.year_showing y
    join directory.teaching_group g using (establishment_id, school_year_id) where y.hidden_at >= ${since}
    union all select ${groupColumns}, ${changedAt(sql`o.id`)} from directory.organisation o
    join directory.teaching_group g on g.establishment_id = o.id
    where o.gone_on is not null and ${isShown('g')}`
}

const memberRows = {
  pupil: sql`select m.person_id, m.teaching_group_id, 'pupil' as role, false as main_teacher, m.source_id,
    '{}'::text[] as subject_codes, null::timestamptz as since from directory.membership m`,
  teacher: sql`select t.person_id, t.teaching_group_id, 'teacher' as role, t.main_teacher, t.source_id, t.subject_codes,
    t.since from directory.teaching t`,
}

/**
 * SQL: the pupils and teachers of classes that are shown, and those who were since an instant: person_id,
 * teaching_group_id, role, main_teacher, source_id, subject_codes, since, establishment_id, school_year_id (null when
 * unknown), departed_at.
 */
export const listedMembers = (since: Since, roles: (keyof typeof memberRows)[] = ['pupil', 'teacher']) => {
  const rows = sql`(${sql.join(
    roles.map((role) => memberRows[role]),
    sql` union all `,
  )}) l`
  const columns = sql`l.*, g.establishment_id, g.school_year_id`
  const present = sql`select ${columns}, null::timestamptz as departed_at from ${rows}
    join directory.teaching_group g on g.id = l.teaching_group_id and ${isShown('g')}
    join directory.organisation o on o.id = g.establishment_id and o.gone_on is null
    join directory.person p on p.id = l.person_id and p.gone_on is null`
  if (since === null) return present
  // One that came and went several ways is told once, as of the last time.
  return sql`${present}
    union all select * from (select distinct on (d.person_id, d.teaching_group_id, d.role) d.* from (
      select f.person_id, f.teaching_group_id, f.role, false as main_teacher, f.source_id, f.subject_codes,
        null::timestamptz as since, f.establishment_id, null::uuid as school_year_id, f.ended_at as departed_at
      from directory.former_member f where f.ended_at >= ${since} and f.role = any(${roles}::text[])
        and not exists (select from directory.membership m where f.role = 'pupil' and m.person_id = f.person_id
          and m.teaching_group_id = f.teaching_group_id)
        and not exists (select from directory.teaching t where f.role = 'teacher' and t.person_id = f.person_id
          and t.teaching_group_id = f.teaching_group_id)
      union all select ${columns}, y.hidden_at from directory.year_showing y
      join directory.teaching_group g using (establishment_id, school_year_id)
      join ${rows} on l.teaching_group_id = g.id where y.hidden_at >= ${since}
      union all select ${columns}, ${changedAt(sql`o.id`)} from directory.organisation o
      join directory.teaching_group g on g.establishment_id = o.id and ${isShown('g')}
      join ${rows} on l.teaching_group_id = g.id where o.gone_on is not null
      union all select ${columns}, ${changedAt(sql`p.id`)} from directory.person p
      join ${rows} on l.person_id = p.id
      join directory.teaching_group g on g.id = l.teaching_group_id and ${isShown('g')} where p.gone_on is not null
    ) d order by d.person_id, d.teaching_group_id, d.role, d.departed_at desc) departed`
}

/** SQL: when the year of a class or group `x` began to be shown there, if it was not from the beginning. */
export const shownAt = sql`(select y.shown_at from directory.year_showing y
  where y.establishment_id = x.establishment_id and y.school_year_id = x.school_year_id)`

/** Notes which establishments show another year, and which they showed before. */
export async function noteShowing(
  tx: Tx,
  changes: { establishmentId: string; from: string | null; to: string | null }[],
): Promise<void> {
  const ids = changes.map(({ establishmentId }) => establishmentId)
  const note = (years: (string | null)[], shown: boolean) =>
    sql`insert into directory.year_showing (establishment_id, school_year_id, shown_at, hidden_at)
      select e, y, case when ${shown} then now() end, case when not ${shown} then now() end
      from unnest(${ids}::uuid[], ${years}::uuid[]) as c (e, y) where y is not null
      on conflict (establishment_id, school_year_id) do update
        set shown_at = coalesce(excluded.shown_at, year_showing.shown_at), hidden_at = excluded.hidden_at`.execute(tx)
  await note(
    changes.map(({ from }) => from),
    false,
  )
  await note(
    changes.map(({ to }) => to),
    true,
  )
}

/** Forgets the departures that are told no more. */
export async function sweepDepartures(tx: Tx, now: Date): Promise<void> {
  const before = new Date(now.getTime() - departureDays * 86_400_000)
  for (const table of ['former_affiliation', 'former_group', 'former_member']) {
    await sql`delete from ${sql.table(`directory.${table}`)} where ended_at < ${before}`.execute(tx)
  }
}
