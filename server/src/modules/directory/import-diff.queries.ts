import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { ImportAlert, KindCounts, RecordKind } from './tables.ts'
import { tables } from './tables.ts'

/** What the steps below compare: the staged records of one import with the accepted ones of its source. */
export interface Comparison {
  importId: string
  sourceId: string
  exportedOn: Day
  schoolYear: number
  /** Whether what its source no longer holds is gone, and of which kinds. */
  mode: 'full' | 'delta'
  kinds: RecordKind[]
  /** Names of the feed's files, by their number. */
  files: string[]
  thresholds: Partial<Record<string, number>>
}

/** One statement or two of the comparison; each waits for the one before. */
export type Step<Context> = (tx: Tx, context: Context) => Promise<unknown>

const staged = (importId: string, alias = 's') => sql`${sql.raw(alias)}.import_id = ${importId}` as RawBuilder<boolean>

/**
 * Establishments come first, alone, for the others refer to them: those written twice, or bearing a UAI that another
 * one bears, are set aside.
 */
export async function checkEstablishments(tx: Tx, { importId, sourceId }: Comparison): Promise<Set<string>> {
  await quarantineDuplicates(tx, importId)
  await sql`update directory.staged_record s set change = 'quarantined', body = jsonb_build_object(
      'code', 'uai_duplicate', 'detail', 'Another establishment of the feed has the UAI ' || (s.body->>'uai') || '.')
    from (
      select subject_id, row_number() over (partition by body->>'uai' order by file, line, subject_id) as place
      from directory.staged_record where import_id = ${importId} and kind = 'establishment' and change = 'added'
    ) d
    where ${staged(importId)} and s.subject_id = d.subject_id and d.place > 1`.execute(tx)
  // A known establishment cannot take the UAI of another one.
  await sql`update directory.staged_record s set change = 'quarantined', body = jsonb_build_object(
      'code', 'uai_taken', 'detail', 'Another establishment has the UAI ' || (s.body->>'uai') || '.')
    from directory.source_record r, directory.organisation o
    where ${staged(importId)} and s.kind = 'establishment' and s.change = 'added'
      and r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id
      and o.uai = s.body->>'uai' and o.id <> r.subject_id`.execute(tx)
  const { rows } = await sql<{ external_id: string }>`
    select external_id from directory.staged_record s
    where ${staged(importId)} and kind = 'establishment' and change = 'added'
    union
    select r.external_id from directory.staged_record s
    join directory.source_record r on r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id
    where ${staged(importId)} and s.kind = 'establishment' and s.change = 'quarantined' and r.gone_on is null`.execute(
    tx,
  )
  return new Set(rows.map((row) => row.external_id))
}

/** The same identifier twice: the first one counts. */
async function quarantineDuplicates(tx: Tx, importId: string): Promise<void> {
  await sql`with repeated as (
      select kind, external_id from directory.staged_record s
      where ${staged(importId)} and change = 'added' group by kind, external_id having count(*) > 1
    ), placed as (
      select s.subject_id, row_number() over (partition by kind, external_id order by file, line, subject_id) as place
      from directory.staged_record s join repeated using (kind, external_id)
      where ${staged(importId)} and change = 'added'
    )
    update directory.staged_record s set change = 'quarantined', body = jsonb_build_object(
      'code', 'duplicate', 'detail', 'The identifier ' || s.external_id || ' was read before in this feed.')
    from placed p
    where ${staged(importId)} and s.subject_id = p.subject_id and p.place > 1`.execute(tx)
}

// Accepted records that stay as they were, though the feed does not hold them in a good state: those set aside, and
// what their accepted state refers to.
const kept = ({ importId, sourceId }: Comparison) => sql`(
  with quarantined as (
    select r.kind, r.external_id, r.body from directory.staged_record s
    join directory.source_record r on r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id
    where s.import_id = ${importId} and s.change = 'quarantined' and r.gone_on is null
  )
  select kind, external_id from quarantined
  union select 'guardian', link->>'id' from quarantined, jsonb_array_elements(body->'guardians') link
  union select 'class', ref from quarantined, jsonb_array_elements_text(body->'classes') ref
  union select 'group', ref from quarantined, jsonb_array_elements_text(body->'groups') ref
  union select link->>'kind', link->>'ref' from quarantined, jsonb_array_elements(body->'teachings') link
  union select 'establishment', link->>'establishment' from quarantined, jsonb_array_elements(body->'enrolments') link
  union select 'establishment', link->>'establishment' from quarantined, jsonb_array_elements(body->'functions') link
  union select r.kind, r.external_id from quarantined q
    join directory.source_record r on r.source_id = ${sourceId} and r.establishment_ref = q.external_id
    where q.kind = 'establishment' and r.kind in ('class', 'group')
)`

/**
 * Nobody has analysed tables filled in the same transaction: the planner thinks them small, and its nested loops over
 * them would take hours. A million rows are hashed in memory. Lists in bodies are unfolded apart, `as materialized`,
 * before they are joined, else the join itself could be done anew for each record.
 */
export async function preparePlanner(tx: Tx): Promise<void> {
  await sql`set local enable_nestloop = off`.execute(tx)
  await sql`set local work_mem = '128MB'`.execute(tx)
  await sql`set local hash_mem_multiplier = 4`.execute(tx)
}

/** The comparison of a staged feed with what was accepted before, in this order, in one transaction. */
export const comparisonSteps: Step<Comparison>[] = [
  preparePlanner,

  // What an earlier reading of the same files left, should its stage have been lost.
  async (tx, { importId }) => {
    await sql`delete from directory.quarantined_record where import_id = ${importId}`.execute(tx)
    await sql`delete from directory.import_establishment where import_id = ${importId}`.execute(tx)
  },

  (tx, { importId }) => quarantineDuplicates(tx, importId),

  // Classes that an establishment set aside declares no more, since nobody read what it declares, stay as they were.
  (tx, { importId, sourceId }) =>
    sql`delete from directory.staged_record s
    using directory.staged_record e, directory.source_record r
    where ${staged(importId)} and s.kind in ('class', 'group') and s.body @> '{"declared": false}'
      and ${staged(importId, 'e')} and e.kind = 'establishment' and e.change = 'quarantined'
      and e.external_id = s.establishment_ref
      and r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id and r.gone_on is null`.execute(
      tx,
    ),

  // A link to a guardian who is not there is left out, with another hash: the day the guardian comes, the pupil changes.
  (tx, comparison) =>
    sql`with known as (
      select external_id from directory.staged_record s
      where ${staged(comparison.importId)} and kind = 'guardian' and change = 'added'
      union all select external_id from ${kept(comparison)} k where kind = 'guardian'
    ), links as materialized (
      select s.subject_id, link->>'id' as guardian
      from directory.staged_record s, jsonb_array_elements(s.body->'guardians') link
      where ${staged(comparison.importId)} and s.kind = 'pupil' and s.change = 'added'
    ), broken as (
      select distinct subject_id, guardian from links l
      where not exists (select from known where known.external_id = l.guardian)
    ), mended as (
      select s.subject_id, coalesce(jsonb_agg(link order by place) filter (where b.guardian is null), '[]') as guardians,
        count(b.guardian) as dropped
      from directory.staged_record s
      cross join jsonb_array_elements(s.body->'guardians') with ordinality as l(link, place)
      left join broken b on b.subject_id = s.subject_id and b.guardian = link->>'id'
      where ${staged(comparison.importId)} and s.subject_id in (select subject_id from broken)
      group by s.subject_id
    ), changed as (
      update directory.staged_record s set
        body = jsonb_set(s.body, '{guardians}', m.guardians),
        hash = substring(sha256(s.hash || convert_to(m.guardians::text, 'UTF8')) for 16)
      from mended m where ${staged(comparison.importId)} and s.subject_id = m.subject_id
      returning m.dropped
    )
    update directory.import i set warnings = warnings || jsonb_build_object('guardian_unknown', d.dropped)
    from (select sum(dropped) as dropped from changed) d
    where i.id = ${comparison.importId} and d.dropped > 0`.execute(tx),

  // Guardians whom nobody refers to are none of the workspace's business.
  (tx, comparison) =>
    sql`with referenced as (
      select link->>'id' as external_id from directory.staged_record s, jsonb_array_elements(s.body->'guardians') link
      where ${staged(comparison.importId)} and s.kind = 'pupil' and s.change = 'added'
      union select external_id from ${kept(comparison)} k where kind = 'guardian'
    )
    update directory.staged_record s set change = 'ignored', body = '{"code": "guardian_without_pupil"}'
    where ${staged(comparison.importId)} and s.kind = 'guardian' and s.change = 'added'
      and not exists (select from referenced r where r.external_id = s.external_id)`.execute(tx),

  // Before the unchanged ones leave the stage: what was accepted and is no longer there.
  (tx, comparison) =>
    sql`insert into directory.staged_record
      (tenant_id, import_id, kind, external_id, change, known, subject_id, establishment_ref, file, line, hash, body)
    select r.tenant_id, ${comparison.importId}, r.kind, r.external_id, 'removed', true, r.subject_id,
      r.establishment_ref, 0, 0, r.hash, '{}'
    from directory.source_record r
    where r.source_id = ${comparison.sourceId} and r.gone_on is null and r.kind = any(${comparison.kinds}::text[])
      and not exists (
        select from directory.staged_record s where ${staged(comparison.importId)} and s.change = 'added'
          and s.kind = r.kind and s.external_id = r.external_id)
      and not exists (
        select from ${kept(comparison)} k where k.kind = r.kind and k.external_id = r.external_id)`.execute(tx),

  // All that was read, before any of it leaves the stage.
  (tx, { importId }) =>
    sql`with tally as (
      select kind, change, count(*) as number from directory.staged_record s where ${staged(importId)} group by kind, change
    ), kinds as (
      select kind, jsonb_build_object(
        'read', coalesce(sum(number) filter (where change <> 'removed'), 0),
        'quarantined', coalesce(sum(number) filter (where change = 'quarantined'), 0),
        'ignored', coalesce(sum(number) filter (where change = 'ignored'), 0),
        'added', 0, 'modified', 0, 'removed', 0, 'unchanged', 0) as counts
      from tally group by kind
    )
    update directory.import set counts = (select coalesce(jsonb_object_agg(kind, counts), '{}') from kinds)
    where id = ${importId}`.execute(tx),

  (tx, { importId, files }) =>
    sql`insert into directory.quarantined_record
      (id, import_id, kind, external_id, file, line, code, detail)
    select subject_id, import_id, kind, external_id, (${files}::text[])[file + 1], line, body->>'code', body->>'detail'
    from directory.staged_record s where ${staged(importId)} and change = 'quarantined'`.execute(tx),

  (tx, { importId }) =>
    sql`delete from directory.staged_record s
    where ${staged(importId)} and change in ('quarantined', 'ignored')`.execute(tx),

  (tx, { importId, sourceId }) =>
    sql`with unchanged as (
      delete from directory.staged_record s using directory.source_record r
      where ${staged(importId)} and s.change = 'added' and r.source_id = ${sourceId} and r.kind = s.kind
        and r.external_id = s.external_id and r.hash = s.hash and r.gone_on is null
      returning s.kind
    )
    update directory.import set counts = counts || (
      select coalesce(jsonb_object_agg(kind, counts->kind || jsonb_build_object('unchanged', number)), '{}')
      from (select kind, count(*) as number from unchanged group by kind) u)
    where id = ${importId}`.execute(tx),

  // What was known keeps its identity; a class of another school year is another class.
  (tx, { importId, sourceId, schoolYear }) =>
    sql`update directory.staged_record s set known = true,
      change = case when r.gone_on is null then 'modified' else 'added' end,
      subject_id = case when s.kind in ('class', 'group') and (r.body->>'schoolYear')::int <> ${schoolYear}::int
        then s.subject_id else r.subject_id end
    from directory.source_record r
    where ${staged(importId)} and s.change = 'added'
      and r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id`.execute(tx),

  // An establishment that is there already, from another source or under another identifier, is that one.
  (tx, { importId }) =>
    sql`update directory.staged_record s set subject_id = o.id
    from directory.organisation o
    where ${staged(importId)} and s.kind = 'establishment' and s.change = 'added' and not s.known
      and o.uai = s.body->>'uai'`.execute(tx),

  (tx, { importId, sourceId }) =>
    sql`insert into directory.import_establishment
      (import_id, establishment_ref, kind, name, added, modified, removed)
    select ${importId}, c.establishment_ref, c.kind, coalesce(s.body->>'name', r.body->>'name', ''),
      c.added, c.modified, c.removed
    from (
      select establishment_ref, kind, count(*) filter (where change = 'added') as added,
        count(*) filter (where change = 'modified') as modified, count(*) filter (where change = 'removed') as removed
      from directory.staged_record s where ${staged(importId)} and establishment_ref is not null
      group by establishment_ref, kind
    ) c
    left join directory.staged_record s on ${staged(importId)} and s.kind = 'establishment'
      and s.external_id = c.establishment_ref and s.change <> 'removed'
    left join directory.source_record r on r.source_id = ${sourceId} and r.kind = 'establishment'
      and r.external_id = c.establishment_ref`.execute(tx),

  finishComparison,
]

/** Completes the counts and raises the alerts. */
async function finishComparison(tx: Tx, comparison: Comparison): Promise<void> {
  const { importId, sourceId } = comparison
  const { counts } = await tables(tx)
    .selectFrom('directory.import')
    .select('counts')
    .where('id', '=', importId)
    .executeTakeFirstOrThrow()
  const tally = await sql<{ kind: RecordKind; change: 'added' | 'modified' | 'removed'; number: number }>`
    select kind, change, count(*) as number from directory.staged_record s where ${staged(importId)}
    group by kind, change`.execute(tx)
  let stagedCount = 0
  for (const { kind, change, number } of tally.rows) {
    const of = (counts[kind] ??= {
      read: 0,
      added: 0,
      modified: 0,
      unchanged: 0,
      quarantined: 0,
      ignored: 0,
      removed: 0,
    })
    of[change] = number
    stagedCount += number
  }
  const alerts = [
    ...(await findOlderExport(tx, comparison)),
    ...(await findThresholdsExceeded(tx, sourceId, counts, comparison.thresholds)),
  ]
  await tables(tx)
    .updateTable('directory.import')
    .set({ counts: JSON.stringify(counts), alerts: JSON.stringify(alerts), staged_count: stagedCount })
    .where('id', '=', importId)
    .execute()
}

async function findOlderExport(tx: Tx, { sourceId, exportedOn }: Comparison): Promise<ImportAlert[]> {
  const newer = await tables(tx)
    .selectFrom('directory.import')
    .select('id')
    .where('source_id', '=', sourceId)
    .where('state', '=', 'applied')
    .where('exported_on', '>', exportedOn)
    .limit(1)
    .executeTakeFirst()
  return newer ? [{ code: 'older_export', kind: null, removed: 0, total: 0, limit: 0 }] : []
}

async function findThresholdsExceeded(
  tx: Tx,
  sourceId: string,
  counts: Partial<Record<RecordKind, KindCounts>>,
  thresholds: Partial<Record<string, number>>,
): Promise<ImportAlert[]> {
  const watched = Object.entries(counts).filter(([kind, of]) => of.removed > 0 && thresholds[kind] !== undefined)
  if (watched.length === 0) return []
  const { rows } = await sql<{ kind: RecordKind; total: number }>`select kind, count(*) as total
    from directory.source_record where source_id = ${sourceId} and gone_on is null group by kind`.execute(tx)
  const totals = new Map<string, number>(rows.map((row) => [row.kind, row.total]))
  return watched.flatMap(([kind, { removed }]) => {
    const total = totals.get(kind) ?? 0
    const limit = thresholds[kind] ?? 0
    if (removed * 10_000 <= limit * total) return []
    return [{ code: 'threshold_exceeded' as const, kind: kind as RecordKind, removed, total, limit }]
  })
}
