import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import {
  changedAt,
  day,
  id,
  isWithin,
  madeAt,
  readPage,
  type RosterPage,
  type RosterQuery,
  type RosterRow,
  type RosterScope,
  text,
} from './roster-pages.ts'

export interface RosterOrganisation extends RosterRow {
  name: string
  kind: 'establishment' | 'territory'
  uai: string | null
  code: string | null
  /** Undisclosed when it is out of the perimeter. */
  parentId: string | null
  childIds: string[] | null
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
    sql`(${alias}.kind = 'territory'
      and (${perimeter}::uuid is null or ${perimeter}::uuid in (${alias}.id, ${alias}.parent_id)))`
  return readPage(
    tx,
    scope,
    {
      from: sql`(select o.*, case when o.gone_on is not null then ${changedAt(sql`o.id`)} end as departed_at
        from directory.organisation o) x`,
      where: sql`x.kind = any(${kinds}::text[]) and (${isWithin(scope, id, 'any')} or ${territory(sql`x`)})`,
      columns: { name: text(sql`x.name`), kind: text(sql`x.kind`), uai: text(sql`x.uai`) },
      changedAt: changedAt(id),
      output: sql`x.name, x.kind, x.uai, x.code,
        (select p.id from directory.organisation p where p.id = x.parent_id and p.gone_on is null
          and ${territory(sql`p`)}) as "parentId",
        (select jsonb_agg(c.id order by c.id) from directory.organisation c
          where c.parent_id = x.id and ${isWithin(scope, sql`c.id`)}) as "childIds"`,
    },
    query,
  )
}

export interface RosterPeriod extends RosterRow {
  kind: 'schoolYear' | 'term'
  startYear: number
  startsOn: Day
  endsOn: Day
  /** The term of a school year, or the school year of a term. */
  otherId: string
}

/** School years, each with one term that lasts as long: the directory knows no shorter ones, and forgets none. */
export function listRosterPeriods(
  tx: Tx,
  query: RosterQuery,
  kinds: RosterPeriod['kind'][] = ['schoolYear', 'term'],
): Promise<RosterPage<RosterPeriod>> {
  const dates = sql`y.start_year, y.starts_on, y.ends_on, ${madeAt(sql`y.id`)} as made_at, null::timestamptz as departed_at`
  return readPage(
    tx,
    { departedSince: null },
    {
      from: sql`(
        select y.id, 'schoolYear' as kind, ${termId(sql`y.id`)} as other_id, ${dates} from directory.school_year y
        union all select ${termId(sql`y.id`)}, 'term', y.id, ${dates} from directory.school_year y) x`,
      where: sql`x.kind = any(${kinds}::text[])`,
      columns: {
        kind: text(sql`x.kind`),
        endYear: text(sql`(x.start_year + 1)`),
        startsOn: day(sql`x.starts_on`),
        endsOn: day(sql`x.ends_on`),
      },
      changedAt: sql`x.made_at`,
      output: sql`x.kind, x.start_year as "startYear", x.starts_on as "startsOn", x.ends_on as "endsOn",
        x.other_id as "otherId"`,
    },
    query,
  )
}

/** SQL: the identifier of a school year's only term. */
export const termId = (yearId: RawBuilder<unknown>) => sql`md5(${yearId} || ' term')::uuid`
