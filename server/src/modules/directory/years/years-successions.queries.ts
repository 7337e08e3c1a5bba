import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { SuccessionReason, SuccessionState } from '../tables.ts'
import { tables } from '../tables.ts'

/** A class or group, with how many pupils it has. */
export interface GroupOfYear {
  id: string
  kind: 'class' | 'group'
  code: string
  name: string
  pupils: number
}

/** Two groups of one establishment, a year apart, that have a code or pupils in common. */
export interface Candidate {
  kind: 'class' | 'group'
  predecessorId: string
  successorId: string
  sameCode: boolean
  /** Pupils of the one who are in the other. */
  common: number
  /** Pupils of the predecessor. */
  pupils: number
}

/** Classes and groups of an establishment in the year that starts then. */
export async function listGroupsOfYear(tx: Tx, establishmentId: string, startYear: number): Promise<GroupOfYear[]> {
  const { rows } = await sql<GroupOfYear>`
    select g.id, g.kind, g.code, g.name,
      (select count(*) from directory.membership m where m.teaching_group_id = g.id) as pupils
    from directory.teaching_group g join directory.school_year y on y.id = g.school_year_id
    where g.establishment_id = ${establishmentId} and y.start_year = ${startYear}
    order by g.kind, g.name, g.id`.execute(tx)
  return rows
}

/** What the groups of some establishments have in common with those of the year that starts at `startYear`. */
export async function listCandidates(tx: Tx, establishmentIds: string[], startYear: number): Promise<Candidate[]> {
  const groups = (year: number) => sql`select g.id, g.establishment_id, g.kind, g.code
    from directory.teaching_group g join directory.school_year y on y.id = g.school_year_id
    where g.establishment_id = any(${establishmentIds}::uuid[]) and y.start_year = ${year}`
  const { rows } = await sql<Candidate>`
    with former as materialized (${groups(startYear - 1)}), later as materialized (${groups(startYear)}),
    size as materialized (
      select m.teaching_group_id as id, count(*) as pupils from directory.membership m
      where m.teaching_group_id in (select id from former) group by 1
    ), common as materialized (
      select f.id as former_id, l.id as later_id, count(*) as common
      from former f join directory.membership a on a.teaching_group_id = f.id
      join directory.membership b on b.person_id = a.person_id
      join later l on l.id = b.teaching_group_id and l.kind = f.kind and l.establishment_id = f.establishment_id
      group by 1, 2
    )
    select f.kind, f.id as "predecessorId", l.id as "successorId", f.code = l.code as "sameCode",
      coalesce(c.common, 0) as common, coalesce(s.pupils, 0) as pupils
    from former f join later l on l.kind = f.kind and l.establishment_id = f.establishment_id
    left join common c on c.former_id = f.id and c.later_id = l.id
    left join size s on s.id = f.id
    where c.common is not null or f.code = l.code
    order by f.id, l.id`.execute(tx)
  return rows
}

/** What was decided of the groups of an establishment in a year. */
export interface Decision {
  predecessorId: string
  successorId: string
  reason: SuccessionReason
  share: number
  state: SuccessionState
  decidedBy: string | null
  decidedAt: Date
}

/** Decisions on predecessors of the year before `startYear`. */
export async function listDecisions(tx: Tx, establishmentIds: string[], startYear: number): Promise<Decision[]> {
  const { rows } = await sql<Decision>`
    select d.predecessor_id as "predecessorId", d.successor_id as "successorId", d.reason, d.share, d.state,
      d.decided_by as "decidedBy", d.decided_at as "decidedAt"
    from directory.class_succession d join directory.teaching_group g on g.id = d.predecessor_id
      join directory.school_year y on y.id = g.school_year_id
    where g.establishment_id = any(${establishmentIds}::uuid[]) and y.start_year = ${startYear - 1}`.execute(tx)
  return rows
}

/** Notes decisions; one taken again replaces the former, and is announced anew if it is confirmed then. */
export async function writeDecisions(
  tx: Tx,
  decisions: {
    predecessorId: string
    successorId: string
    reason: SuccessionReason
    share: number
    state: SuccessionState
  }[],
  by: { personId: string | null; now: Date },
): Promise<void> {
  if (decisions.length === 0) return
  await tables(tx)
    .insertInto('directory.class_succession')
    .values(
      decisions.map((each) => ({
        predecessor_id: each.predecessorId,
        successor_id: each.successorId,
        reason: each.reason,
        share: each.share,
        state: each.state,
        decided_by: by.personId,
        decided_at: by.now,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['predecessor_id', 'successor_id']).doUpdateSet((row) => ({
        reason: row.ref('excluded.reason'),
        share: row.ref('excluded.share'),
        state: row.ref('excluded.state'),
        decided_by: row.ref('excluded.decided_by'),
        decided_at: row.ref('excluded.decided_at'),
      })),
    )
    .execute()
}

/** Marks as announced what is confirmed and shown, and gives it. */
export async function takeUnannounced(tx: Tx, now: Date): Promise<{ predecessorId: string; successorId: string }[]> {
  const { rows } = await sql<{ predecessorId: string; successorId: string }>`
    update directory.class_succession d set announced_at = ${now}
    from directory.teaching_group g join directory.shown_year y using (establishment_id, school_year_id)
    where g.id = d.successor_id and d.state = 'confirmed' and d.announced_at is null
    returning d.predecessor_id as "predecessorId", d.successor_id as "successorId"`.execute(tx)
  return rows
}

/** A class or group that takes up what was shared in another one. */
export interface Successor {
  id: string
  name: string
  /** Pupils of the predecessor who were in it when it was decided, in basis points. */
  share: number
}

/** The confirmed successors of a class or group, those with most of its pupils first; none before anybody decided. */
export async function listSuccessors(tx: Tx, classId: string): Promise<Successor[]> {
  const { rows } = await sql<Successor>`
    select g.id, g.name, d.share from directory.class_succession d
      join directory.teaching_group g on g.id = d.successor_id
    where d.predecessor_id = ${classId} and d.state = 'confirmed'
    union all
    select g.id, g.name, d.share from directory.class_renaming d
      join directory.teaching_group g on g.id = d.successor_id
    where d.predecessor_id = ${classId} and d.state = 'confirmed' order by share desc, name, id`.execute(tx)
  return rows
}

/** A class that vanished within its year, and one that may take up what people shared in it. */
export interface Renaming extends GroupOfYear {
  successorId: string
  successorName: string
  share: number
  state: 'proposed' | SuccessionState
}

/** The renamings of an establishment in some years; those undone since, whose class is there again, are none. */
export async function listRenamings(tx: Tx, establishmentId: string, startYears: number[]): Promise<Renaming[]> {
  const { rows } = await sql<Renaming>`
    select d.predecessor_id as id, d.kind, d.code, d.name, d.pupils, d.share, d.state, g.id as "successorId",
      g.name as "successorName"
    from directory.class_renaming d join directory.teaching_group g on g.id = d.successor_id
      join directory.school_year y on y.id = d.school_year_id
    where d.establishment_id = ${establishmentId} and y.start_year = any(${startYears}::int[])
      and not exists (select from directory.teaching_group f where f.id = d.predecessor_id)
    order by d.kind, d.name, d.predecessor_id, d.share desc, g.id`.execute(tx)
  return rows
}

/** Notes what somebody decides of a renaming. @returns whether it is confirmed and others are still to be told. */
export async function decideRenaming(
  tx: Tx,
  { predecessorId, successorId, state }: { predecessorId: string; successorId: string; state: SuccessionState },
  by: { personId: string | null; now: Date },
): Promise<boolean> {
  const { rows } = await sql<{ untold: boolean }>`
    with before as materialized (
      select announced_at from directory.class_renaming
      where predecessor_id = ${predecessorId} and successor_id = ${successorId} for update
    )
    update directory.class_renaming d set state = ${state}, decided_by = ${by.personId}, decided_at = ${by.now},
      announced_at = case when ${state} = 'confirmed' then coalesce(d.announced_at, ${by.now}) else d.announced_at end
    from before b where d.predecessor_id = ${predecessorId} and d.successor_id = ${successorId}
    returning ${state} = 'confirmed' and b.announced_at is null as untold`.execute(tx)
  return rows[0]?.untold ?? false
}
