import { sql } from 'kysely'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { PersonName } from './people.queries.ts'
import { listMergedInto } from './matching/merges.queries.ts'
import { findManagedIds } from './perimeters.queries.ts'

/** What to look for in the trail; what is absent does not narrow. Days are the tenant's, both included. */
export interface TrailFilter {
  /** Who did it, or to whom it was done; those merged into them too. */
  person?: string | undefined
  action?: string | undefined
  from?: Day | undefined
  until?: Day | undefined
}

/** An act, with the names of who did it and to whom. */
export interface TrailEntry {
  id: string
  recordedAt: Date
  action: string
  actor: PersonName | null
  /** The person it was done to; null for anything else. */
  subject: PersonName | null
  /** The organisation it was done to. */
  organisation: { id: string; name: string } | null
  detail: Record<string, unknown>
}

/**
 * Acts on the people and establishments that someone manages, newest first; all acts of the tenant for who manages it
 * whole. One act is seen by every manager of the person: two heads who share a teacher see what either did.
 * @param page.before identifier of the last entry seen.
 * @throws Problem 403 `not_allowed` to who manages nothing.
 */
export async function listTrail(
  tx: Tx,
  actor: Pick<Actor, 'personId' | 'rights'>,
  filter: TrailFilter,
  page: { before?: string | undefined; limit: number },
): Promise<TrailEntry[]> {
  const managed = await findManagedIds(tx, actor)
  if (managed?.length === 0) throw new Problem(403, 'not_allowed', 'You manage nobody.')
  const people = filter.person === undefined ? [] : [filter.person, ...(await listMergedInto(tx, [filter.person]))]
  const zone = sql`(select time_zone from kernel.tenant where id = kernel.current_tenant())`
  const conditions = [
    managed === undefined
      ? sql`true`
      : sql`(e.subject_id = any(${managed}::uuid[]) or exists (select from directory.affiliation a
          where a.person_id in (e.subject_id, q.merged_into) and a.organisation_id = any(${managed}::uuid[])))`,
    filter.person === undefined
      ? sql`true`
      : sql`(e.subject_id = any(${people}::uuid[]) or e.actor_person_id = any(${people}::uuid[]))`,
    filter.action === undefined ? sql`true` : sql`e.action = ${filter.action}`,
    filter.from === undefined
      ? sql`true`
      : sql`e.recorded_at >= (${filter.from}::date::timestamp at time zone ${zone})`,
    filter.until === undefined
      ? sql`true`
      : sql`e.recorded_at < ((${filter.until}::date + 1)::timestamp at time zone ${zone})`,
    page.before === undefined
      ? sql`true`
      : sql`(e.recorded_at, e.id) < (select recorded_at, id from kernel.audit_entry where id = ${page.before})`,
  ]
  const name = (table: 'p' | 'q') =>
    sql`case when ${sql.ref(table)}.id is not null then jsonb_build_object('id', ${sql.ref(table)}.id,
      'familyName', ${sql.ref(`${table}.family_name`)}, 'givenName', ${sql.ref(`${table}.given_name`)}) end`
  const { rows } = await sql<TrailEntry>`
    select e.id, e.recorded_at as "recordedAt", e.action, ${name('p')} as actor, ${name('q')} as subject,
      case when o.id is not null then jsonb_build_object('id', o.id, 'name', o.name) end as organisation, e.detail
    from kernel.audit_entry e
      left join directory.person p on p.id = e.actor_person_id
      left join directory.person q on q.id = e.subject_id
      left join directory.organisation o on o.id = e.subject_id
    where ${sql.join(conditions, sql` and `)}
    order by e.recorded_at desc, e.id desc limit ${page.limit}`.execute(tx)
  return rows
}
