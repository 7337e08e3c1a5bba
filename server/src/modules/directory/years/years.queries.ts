import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { SchoolYearState } from '../tables.ts'
import { tables } from '../tables.ts'

/** The columns of a school year that the switch looks at. */
export interface YearRow {
  id: string
  start_year: number
  state: SchoolYearState
  switch_on: Day
}

/** Locks the tenant's years, oldest first: one switch at a time; imports, which refer to them, go on. */
export function lockYears(tx: Tx): Promise<YearRow[]> {
  return tables(tx)
    .selectFrom('directory.school_year')
    .select(['id', 'start_year', 'state', 'switch_on'])
    .orderBy('start_year')
    .forNoKeyUpdate()
    .execute()
}

/** The day it is in the tenant's zone. */
export async function findToday(tx: Tx, now: Date): Promise<Day> {
  const { rows } = await sql<{ today: Day }>`select (${now}::timestamptz at time zone time_zone)::date as today
    from kernel.tenant where id = kernel.current_tenant()`.execute(tx)
  return rows[0]!.today
}

/** SQL condition: the establishment has classes, groups or pupils in a year. */
function isReady(establishmentId: RawBuilder<unknown>, yearId: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(exists (select from directory.teaching_group r
      where r.establishment_id = ${establishmentId} and r.school_year_id = ${yearId})
    or exists (select from directory.enrolment r
      where r.establishment_id = ${establishmentId} and r.school_year_id = ${yearId}))`
}

/** Whether any establishment has classes or pupils in a year. */
export async function isYearStarted(tx: Tx, yearId: string): Promise<boolean> {
  const { rows } = await sql`select from directory.organisation o
    where o.kind = 'establishment' and ${isReady(sql`o.id`, sql`${yearId}::uuid`)} limit 1`.execute(tx)
  return rows.length > 0
}

/** Whether one establishment has classes or pupils in a year. */
export async function isEstablishmentReady(tx: Tx, establishmentId: string, yearId: string): Promise<boolean> {
  const { rows } = await sql<{ ready: boolean }>`
    select ${isReady(sql`${establishmentId}::uuid`, sql`${yearId}::uuid`)} as ready`.execute(tx)
  return rows[0]?.ready ?? false
}

/** The year that each establishment shows. */
export async function listShown(tx: Tx): Promise<Map<string, string | null>> {
  const { rows } = await sql<{ id: string; year: string | null }>`
    select establishment_id as id, school_year_id as year from directory.shown_year`.execute(tx)
  return new Map(rows.map(({ id, year }) => [id, year]))
}

/** Makes a year the tenant's current one: those before are closed, those after prepared. */
export async function makeYearCurrent(tx: Tx, target: YearRow, now: Date): Promise<void> {
  await sql`update directory.school_year set state = case when start_year < ${target.start_year} then 'closed'
    else 'preparing' end where id <> ${target.id}`.execute(tx)
  await sql`update directory.school_year set state = 'current', switched_at = ${now} where id = ${target.id}`.execute(
    tx,
  )
}

/**
 * Makes each establishment show the current year, or while nothing of that has come, or has come undone, the newest year
 * before it that it has something of. Those that show a later year, by an act, go on.
 */
export async function followReadiness(tx: Tx): Promise<void> {
  await sql`with current as materialized (
      select id, start_year from directory.school_year where state = 'current'
    ), wanted as (
      select o.id, case when ${isReady(sql`o.id`, sql`c.id`)} then null else (
          select y.id from directory.school_year y where y.start_year < c.start_year
            and ${isReady(sql`o.id`, sql`y.id`)} order by y.start_year desc limit 1) end as year
      from directory.organisation o cross join current c
      left join directory.school_year shown on shown.id = o.school_year_id
      where o.kind = 'establishment' and coalesce(shown.start_year, 0) <= c.start_year
    )
    update directory.organisation o set school_year_id = w.year from wanted w
    where w.id = o.id and o.school_year_id is distinct from w.year`.execute(tx)
}

/** Establishments that showed a year before the others need to say so no more: it is the current one. */
export async function showCurrentYear(tx: Tx, yearId: string): Promise<void> {
  await sql`update directory.organisation set school_year_id = null where school_year_id = ${yearId}`.execute(tx)
}

/** Makes one establishment show a year; null: the tenant's current one. */
export async function showYear(tx: Tx, establishmentId: string, yearId: string | null): Promise<void> {
  await sql`update directory.organisation set school_year_id = ${yearId} where id = ${establishmentId}`.execute(tx)
}

/**
 * Writes anew the functions of staff in establishments that now show a year, as the sources that speak of that year state
 * them: while it was being prepared nobody was told of them.
 */
export async function rewriteFunctions(tx: Tx, establishmentIds: string[], yearId: string): Promise<void> {
  const theirs = sql`any(${establishmentIds}::uuid[])`
  await sql`delete from directory.staff_function f using directory.source o
    where f.organisation_id = ${theirs} and o.id = f.source_id and o.school_year_id = ${yearId}`.execute(tx)
  await sql`with stated as materialized (
      select r.subject_id, r.source_id, f.* from directory.source_record r
      join directory.source o on o.id = r.source_id and o.school_year_id = ${yearId}
      cross join lateral jsonb_to_recordset(r.body->'functions') as f (establishment text, code text, label text,
        "disciplineCode" text, "disciplineLabel" text, profile text)
      where r.kind = 'staff' and r.gone_on is null
    )
    insert into directory.staff_function (person_id, organisation_id, source_id,
      code, label, discipline_code, discipline_label, profile)
    select l.subject_id, a.subject_id, l.source_id, l.code, l.label, l."disciplineCode", l."disciplineLabel", l.profile
    from stated l join directory.source_record a on a.source_id = l.source_id and a.kind = 'establishment'
      and a.external_id = l.establishment
    where a.subject_id = ${theirs}`.execute(tx)
}

/** Makes affiliations follow from the relations of the year that establishments now show. */
export async function rewriteAffiliations(tx: Tx, establishmentIds: string[]): Promise<void> {
  const theirs = (column: RawBuilder<unknown>) => sql`${column} = any(${establishmentIds}::uuid[])`
  await sql`with desired as materialized (
      select e.person_id, e.establishment_id as organisation_id, 'pupil' as profile, e.source_id
      from directory.enrolment e join directory.shown_year y using (establishment_id, school_year_id)
      where ${theirs(sql`e.establishment_id`)}
      union select g.guardian_id, e.establishment_id, 'guardian', g.source_id
      from directory.enrolment e join directory.shown_year y using (establishment_id, school_year_id)
      join directory.guardianship g on g.pupil_id = e.person_id and g.legal_status <> 'none'
      where ${theirs(sql`e.establishment_id`)}
      union select f.person_id, f.organisation_id, f.profile, f.source_id
      from directory.staff_function f where ${theirs(sql`f.organisation_id`)}
      union select t.person_id, g.establishment_id, 'teacher', t.source_id
      from directory.teaching_group g join directory.shown_year y using (establishment_id, school_year_id)
      join directory.teaching t on t.teaching_group_id = g.id where ${theirs(sql`g.establishment_id`)}
    ), dropped as (
      delete from directory.affiliation a where ${theirs(sql`a.organisation_id`)} and a.source_id is not null
        and not exists (select from desired d where d.person_id = a.person_id
          and d.organisation_id = a.organisation_id and d.profile = a.profile)
    )
    insert into directory.affiliation (person_id, organisation_id, profile, source_id)
    select distinct on (person_id, organisation_id, profile) person_id, organisation_id, profile, d.source_id
    -- Whoever left since is not brought back by looking back.
    from desired d join directory.person p on p.id = d.person_id and p.gone_on is null
    where not exists (select from directory.affiliation a where a.person_id = d.person_id
      and a.organisation_id = d.organisation_id and a.profile = d.profile)
    order by person_id, organisation_id, profile, d.source_id`.execute(tx)
}

/**
 * Ends the stay of whoever no source knows any more: those that the feed of the new year left out were kept while the
 * former one was shown.
 * @returns how many people are gone by this.
 */
export async function endStays(tx: Tx, today: Day): Promise<number> {
  const { rows } = await sql<{ id: string }>`update directory.person p set gone_on = ${today}
    where p.gone_on is null
      and exists (select from directory.source_record r where r.subject_id = p.id and r.gone_on is not null)
      and not exists (select from directory.source_record r where r.subject_id = p.id and r.gone_on is null)
      and not exists (select from directory.enrolment e join directory.shown_year y
        using (establishment_id, school_year_id) where e.person_id = p.id)
      and not exists (select from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
        join directory.shown_year y using (establishment_id, school_year_id) where t.person_id = p.id)
      -- Late establishments keep their staff, and the guardians of pupils whom only their former year knows.
      and not exists (select from directory.staff_function f join directory.organisation o on o.id = f.organisation_id
        join directory.school_year y on y.id = o.school_year_id and y.state = 'closed' where f.person_id = p.id)
      and not exists (select from directory.guardianship g
        join directory.enrolment e on e.person_id = g.pupil_id
        join directory.shown_year y using (establishment_id, school_year_id)
        where g.guardian_id = p.id and not exists (select from directory.source_record r
          where r.subject_id = g.pupil_id and r.gone_on is null))
    returning p.id`.execute(tx)
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return 0
  const gone = sql`any(${ids}::uuid[])`
  await sql`delete from directory.guardianship where pupil_id = ${gone} or guardian_id = ${gone}`.execute(tx)
  await sql`delete from directory.staff_function where person_id = ${gone}`.execute(tx)
  await sql`delete from directory.affiliation where person_id = ${gone} and source_id is not null`.execute(tx)
  return ids.length
}

/** How far an establishment is with a year. */
export interface YearOfEstablishment {
  id: string
  name: string
  uai: string | null
  town: string | null
  shownYear: number | null
  /** showing: its people see it; ready: its classes have come; missing: nothing of it has come. */
  state: 'showing' | 'ready' | 'missing'
  classes: { shown: number; next: number }
  pupils: { shown: number; next: number }
  /** Classes of the year before that are taken up by none of the year, nor refused. */
  undecided: number
}

// Those that have nothing in either year (replacement zones) wait for nothing.
const concerned = (yearId: RawBuilder<unknown>) =>
  sql`(${isReady(sql`o.id`, sql`s.school_year_id`)} or ${isReady(sql`o.id`, yearId)})`

const progressState = (yearId: RawBuilder<unknown>) => sql`case when s.school_year_id = ${yearId} then 'showing'
  when ${isReady(sql`o.id`, yearId)} then 'ready' else 'missing' end`

/** How many establishments are how far with a year. */
export async function countYearStates(tx: Tx, yearId: string): Promise<Record<YearOfEstablishment['state'], number>> {
  const { rows } = await sql<{ state: YearOfEstablishment['state']; count: number }>`
    select ${progressState(sql`${yearId}::uuid`)} as state, count(*) as count
    from directory.organisation o join directory.shown_year s on s.establishment_id = o.id
    where o.gone_on is null and ${concerned(sql`${yearId}::uuid`)} group by 1`.execute(tx)
  return { showing: 0, ready: 0, missing: 0, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) }
}

/** A page of establishments by name, each with how far it is with a year. */
export async function listYearEstablishments(
  tx: Tx,
  yearId: string,
  page: {
    after?: { name: string; id: string } | undefined
    state?: YearOfEstablishment['state'] | undefined
    limit: number
  },
): Promise<YearOfEstablishment[]> {
  const { after, state } = page
  const year = sql`${yearId}::uuid`
  const count = (table: string, of: RawBuilder<unknown>, more = sql`true`) => sql`(select count(*)
    from ${sql.table(table)} c where c.establishment_id = p.id and c.school_year_id = ${of} and ${more})`
  const aClass = sql`c.kind = 'class'`
  const { rows } = await sql<YearOfEstablishment>`
    with page as materialized (
      select o.id, o.name, o.uai, o.town, s.school_year_id as shown_id, ${progressState(year)} as state
      from directory.organisation o join directory.shown_year s on s.establishment_id = o.id
      where o.gone_on is null and ${concerned(year)}
        and ${after ? sql`(o.name, o.id) > (${after.name}, ${after.id}::uuid)` : sql`true`}
        and ${state ? sql`${progressState(year)} = ${state}` : sql`true`}
      order by o.name, o.id limit ${page.limit}
    )
    select p.id, p.name, p.uai, p.town, p.state,
      (select start_year from directory.school_year y where y.id = p.shown_id) as "shownYear",
      jsonb_build_object('shown', ${count('directory.teaching_group', sql`p.shown_id`, aClass)},
        'next', ${count('directory.teaching_group', year, aClass)}) as classes,
      jsonb_build_object('shown', ${count('directory.enrolment', sql`p.shown_id`)},
        'next', ${count('directory.enrolment', year)}) as pupils,
      (select count(*) from directory.teaching_group c
        where c.establishment_id = p.id and c.kind = 'class' and c.school_year_id = (
            select b.id from directory.school_year b, directory.school_year t
            where t.id = ${year} and b.start_year = t.start_year - 1)
          and not exists (select from directory.class_succession d where d.predecessor_id = c.id)) as undecided
    from page p order by p.name, p.id`.execute(tx)
  return rows
}
