import { randomUUIDv7 } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { listMergedInto } from '../matching/merges.queries.ts'
import { type LeaverCounts, type LeaverRunState, tables } from '../tables.ts'

/** How long people are kept after they left, in days. */
export interface LeaverPolicy {
  archiveAfterDays: number
  deleteAfterDays: number
}

// Three months to fetch what is theirs, then out of sight until a year has passed: those who come back next autumn are
// still known.
const defaults: LeaverPolicy = { archiveAfterDays: 90, deleteAfterDays: 365 }

/** The tenant's policy, or the default one. */
export async function getLeaverPolicy(tx: Tx): Promise<LeaverPolicy> {
  const own = await tables(tx)
    .selectFrom('directory.leaver_policy')
    .select(['archive_after_days as archiveAfterDays', 'delete_after_days as deleteAfterDays'])
    .executeTakeFirst()
  return own ?? defaults
}

export async function writeLeaverPolicy(
  tx: Tx,
  policy: LeaverPolicy,
  by: { personId: string | null; now: Date },
): Promise<void> {
  const values = {
    archive_after_days: policy.archiveAfterDays,
    delete_after_days: policy.deleteAfterDays,
    changed_at: by.now,
    changed_by: by.personId,
  }
  await tables(tx)
    .insertInto('directory.leaver_policy')
    .values(values)
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values))
    .execute()
}

/** Where someone is in their life in the directory. */
export type LifeState = 'present' | 'gone' | 'archived'

// A hold on whoever was found to be them holds them too.
const held = sql<boolean>`exists (select from directory.legal_hold h where h.person_id = p.id
  or h.person_id in (select m.id from directory.person m where m.merged_into = p.id))`
// Whoever was found to be somebody else lives on with that one, and can be made two again.
const own = sql<boolean>`p.merged_into is null`
const lifeState = sql<LifeState>`case when p.gone_on is null then 'present'
  when p.archived_on is null then 'gone' else 'archived' end`

/** How many people are in each state, and how many of those who left are held back. */
export async function countLifeStates(tx: Tx): Promise<Record<LifeState | 'held', number>> {
  const { rows } = await sql<Record<LifeState | 'held', number>>`
    select count(*) filter (where p.gone_on is null) as present,
      count(*) filter (where p.gone_on is not null and p.archived_on is null) as gone,
      count(*) filter (where p.archived_on is not null) as archived,
      count(*) filter (where p.gone_on is not null and ${held}) as held
    from directory.person p where ${own}`.execute(tx)
  return rows[0]!
}

/** How many people left each month, oldest first, among those still kept; months without any are left out. */
export async function countDepartures(
  tx: Tx,
  months: number,
  today: Day,
): Promise<{ month: string; gone: number; archived: number }[]> {
  const { rows } = await sql<{ month: string; gone: number; archived: number }>`
    select to_char(p.gone_on, 'YYYY-MM') as month, count(*) filter (where p.archived_on is null) as gone,
      count(*) filter (where p.archived_on is not null) as archived
    from directory.person p
    where ${own} and p.gone_on > ${today}::date - make_interval(months => ${months}) group by 1 order by 1`.execute(tx)
  return rows
}

/** Someone who left. */
export interface Leaver {
  id: string
  familyName: string
  givenName: string
  state: LifeState
  goneOn: Day
  archivedOn: Day | null
  /** Day of their deletion under the present policy; null while held. */
  deletedOn: Day | null
  hold: { reason: string; placedAt: string } | null
}

/** A page of those who left, those to be deleted first before the others. */
export async function listLeavers(
  tx: Tx,
  policy: LeaverPolicy,
  page: {
    state?: 'gone' | 'archived' | 'held' | undefined
    after?: { goneOn: Day; id: string } | undefined
    limit: number
  },
): Promise<Leaver[]> {
  const { state, after } = page
  const wanted =
    state === 'held'
      ? held
      : state === 'gone'
        ? sql`p.archived_on is null`
        : state === 'archived'
          ? sql`p.archived_on is not null`
          : sql`true`
  const { rows } = await sql<Leaver>`
    select p.id, p.family_name as "familyName", p.given_name as "givenName", ${lifeState} as state,
      p.gone_on as "goneOn", p.archived_on as "archivedOn",
      case when h.person_id is null then p.gone_on + ${policy.deleteAfterDays}::int end as "deletedOn",
      case when h.person_id is not null
        then jsonb_build_object('reason', h.reason, 'placedAt', h.placed_at) end as hold
    from directory.person p left join directory.legal_hold h on h.person_id = p.id
    where p.gone_on is not null and ${own} and ${wanted}
      and ${after ? sql`(p.gone_on, p.id) > (${after.goneOn}::date, ${after.id}::uuid)` : sql`true`}
    order by p.gone_on, p.id limit ${page.limit}`.execute(tx)
  return rows
}

/** Keeps someone as long as a procedure needs; placed again it takes the new reason. */
export async function placeHold(
  tx: Tx,
  input: { personId: string; reason: string; placedBy: string | null; now: Date },
): Promise<void> {
  const values = { reason: input.reason, placed_at: input.now, placed_by: input.placedBy }
  await tables(tx)
    .insertInto('directory.legal_hold')
    .values({ person_id: input.personId, ...values })
    .onConflict((conflict) => conflict.column('person_id').doUpdateSet(values))
    .execute()
}

/** @returns whether there was one. */
export async function removeHold(tx: Tx, personId: string): Promise<boolean> {
  const { numDeletedRows } = await tables(tx)
    .deleteFrom('directory.legal_hold')
    .where('person_id', '=', personId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

// Kept still: present again, or held.
const due = (days: number, today: Day): RawBuilder<boolean> =>
  sql<boolean>`(p.gone_on is not null and p.gone_on + ${days}::int <= ${today}::date and ${own} and not ${held})`

/** How many people are to be archived and deleted on a day, and how many are held back from it. */
export async function countDue(tx: Tx, policy: LeaverPolicy, today: Day): Promise<LeaverCounts> {
  const { rows } = await sql<LeaverCounts>`
    select count(*) filter (where ${due(policy.deleteAfterDays, today)}) as deleted,
      count(*) filter (where p.archived_on is null and ${due(policy.archiveAfterDays, today)}
        and not ${due(policy.deleteAfterDays, today)}) as archived,
      count(*) filter (where p.gone_on + ${policy.archiveAfterDays}::int <= ${today}::date and ${held}) as held
    from directory.person p where p.gone_on is not null and ${own}`.execute(tx)
  return rows[0]!
}

/** Archives whoever is due. @returns their identifiers. */
export async function archiveDue(tx: Tx, policy: LeaverPolicy, today: Day): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`update directory.person p set archived_on = ${today}
    where p.archived_on is null and ${due(policy.archiveAfterDays, today)} returning p.id`.execute(tx)
  return rows.map(({ id }) => id)
}

/**
 * At most `limit` people whose deletion is due, locked: someone coming back meanwhile waits, or is left out. With them go
 * those who were found to be them.
 */
export async function lockDueForDeletion(tx: Tx, policy: LeaverPolicy, today: Day, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select p.id from directory.person p
    where ${due(policy.deleteAfterDays, today)} order by p.gone_on, p.id limit ${limit}
    for update skip locked`.execute(tx)
  const ids = rows.map(({ id }) => id)
  return [...ids, ...(await listMergedInto(tx, ids))]
}

/**
 * Takes away all that the directory holds of some people: their row and what refers to it, what their sources said of
 * them, and the traces of them in the histories of imports.
 */
export async function deletePeople(tx: Tx, ids: string[]): Promise<void> {
  const theirs = sql`any(${ids}::uuid[])`
  await sql`delete from directory.import_change c using directory.source_record r, directory.import i
    where r.subject_id = ${theirs} and r.kind in ('pupil', 'guardian', 'staff') and i.id = c.import_id
      and i.source_id = r.source_id and c.kind = r.kind and c.external_id = r.external_id`.execute(tx)
  await sql`delete from directory.quarantined_record q using directory.source_record r, directory.import i
    where r.subject_id = ${theirs} and r.kind in ('pupil', 'guardian', 'staff') and i.id = q.import_id
      and i.source_id = r.source_id and q.kind = r.kind and q.external_id = r.external_id`.execute(tx)
  await sql`delete from directory.source_record
    where subject_id = ${theirs} and kind in ('pupil', 'guardian', 'staff')`.execute(tx)
  await sql`delete from directory.person where id = ${theirs}`.execute(tx)
}

/** One night's work, or one act of somebody. */
export interface LeaverRun {
  id: string
  ranAt: Date
  state: LeaverRunState
  counts: LeaverCounts
  /** Null: by itself, at night. */
  runBy: string | null
}

export async function writeRun(tx: Tx, run: Omit<LeaverRun, 'id'>): Promise<LeaverRun> {
  const id = randomUUIDv7()
  await tables(tx)
    .insertInto('directory.leaver_run')
    .values({ id, ran_at: run.ranAt, state: run.state, counts: JSON.stringify(run.counts), run_by: run.runBy })
    .execute()
  return { id, ...run }
}

/** The latest runs, newest first. */
export function listRuns(tx: Tx, limit: number): Promise<LeaverRun[]> {
  return tables(tx)
    .selectFrom('directory.leaver_run')
    .select(['id', 'ran_at as ranAt', 'state', 'counts', 'run_by as runBy'])
    .orderBy('ran_at', 'desc')
    .limit(limit)
    .execute()
}
