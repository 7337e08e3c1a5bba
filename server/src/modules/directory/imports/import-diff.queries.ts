import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { FeedRefusal } from '../feeds/feed.ts'
import { type Comparison, derivedFile, preparePlanner, sameRecord, staged, type Step } from './import-comparison.ts'
import { consequenceSteps, deltaSteps, identifyRemoved } from './import-delta.queries.ts'
import { quarantineDuplicates } from './import-establishments.queries.ts'
import { findLastApplied } from './import-rollback.queries.ts'
import type { ImportAlert, KindCounts, RecordKind } from '../tables.ts'
import { tables } from '../tables.ts'

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

const keptGuardians = (comparison: Comparison) =>
  sql`select external_id from ${kept(comparison)} k where kind = 'guardian'`

// Those accepted before whom a delta does not remove.
const untouchedGuardians = ({ importId, sourceId }: Comparison) =>
  sql`select r.external_id from (select distinct guardian from links) l
    join directory.source_record r on r.source_id = ${sourceId} and r.kind = 'guardian' and r.external_id = l.guardian
    where r.gone_on is null and not exists (select from directory.staged_record s where ${staged(importId)}
      and s.kind = 'guardian' and s.change = 'removed' and s.external_id = l.guardian)`

// Classes that an establishment set aside declares no more, since nobody read what it declares, stay as they were.
const keepUnreadClasses: Step<Comparison> = async (tx, comparison) => {
  const { importId, sourceId } = comparison
  const { numAffectedRows } = await sql`delete from directory.staged_record s
  using directory.staged_record e, directory.source_record r
  where ${staged(importId)} and s.kind in ('class', 'group') and s.body @> '{"declared": false}'
    and ${staged(importId, 'e')} and e.kind = 'establishment' and e.change = 'quarantined'
    and e.external_id = s.establishment_ref
    and ${sameRecord(sourceId)} and r.gone_on is null`.execute(tx)
  comparison.rowsDropped += Number(numAffectedRows ?? 0)
}

/** Whether guardians that it does not hold are gone. */
const speaksOfGuardians = ({ mode, kinds }: Comparison) => mode === 'full' && kinds.includes('guardian')

// A link to a guardian who is not there is left out, with another hash: the day the guardian comes, the pupil changes.
const dropUnknownGuardians: Step<Comparison> = (tx, comparison) =>
  sql`with links as materialized (
    select s.subject_id, link->>'id' as guardian
    from directory.staged_record s, jsonb_array_elements(s.body->'guardians') link
    where ${staged(comparison.importId)} and s.kind = 'pupil' and s.change = 'added'
  ), known as (
    select external_id from directory.staged_record s
    where ${staged(comparison.importId)} and kind = 'guardian' and change = 'added'
    union all ${speaksOfGuardians(comparison) ? keptGuardians(comparison) : untouchedGuardians(comparison)}
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
  where i.id = ${comparison.importId} and d.dropped > 0`.execute(tx)

// Guardians whom nobody refers to are none of the workspace's business.
const ignoreLoneGuardians: Step<Comparison> = (tx, comparison) =>
  sql`with referenced as (
    select link->>'id' as external_id from directory.staged_record s, jsonb_array_elements(s.body->'guardians') link
    where ${staged(comparison.importId)} and s.kind = 'pupil' and s.change = 'added'
    union select external_id from ${kept(comparison)} k where kind = 'guardian'
  )
  update directory.staged_record s set change = 'ignored', body = '{"code": "guardian_without_pupil"}'
  where ${staged(comparison.importId)} and s.kind = 'guardian' and s.change = 'added'
    and not exists (select from referenced r where r.external_id = s.external_id)`.execute(tx)

// Before the unchanged ones leave the stage: what was accepted and is no longer there.
const removeWhatIsGone: Step<Comparison> = (tx, comparison) =>
  sql`insert into directory.staged_record
    (tenant_id, import_id, kind, external_id, change, known, subject_id, establishment_ref, file, line, hash, body)
  select r.tenant_id, ${comparison.importId}, r.kind, r.external_id, 'removed', true, r.subject_id,
    r.establishment_ref, ${derivedFile}, 0, r.hash, '{}'
  from directory.source_record r
  where r.source_id = ${comparison.sourceId} and r.gone_on is null and r.kind = any(${comparison.kinds}::text[])
    and not exists (
      select from directory.staged_record s where ${staged(comparison.importId)} and s.change = 'added'
        and s.kind = r.kind and s.external_id = r.external_id)
    and not exists (
      select from ${kept(comparison)} k where k.kind = r.kind and k.external_id = r.external_id)`.execute(tx)

// Whatever a full export says is gone must be absent from it, and then needs no saying.
const ignoreRemovals: Step<Comparison> = (tx, { importId }) =>
  sql`update directory.staged_record s set change = 'ignored', body = '{"code": "removed_in_full"}'
    where ${staged(importId)} and change = 'removed'`.execute(tx)

const stepsOf: Record<Comparison['mode'], Step<Comparison>[]> = {
  full: [ignoreRemovals, keepUnreadClasses, dropUnknownGuardians, ignoreLoneGuardians, removeWhatIsGone],
  delta: [...deltaSteps, dropUnknownGuardians, ...consequenceSteps],
  rollback: [identifyRemoved],
}

/** The comparison of a staged feed with what was accepted before, in this order, in one transaction. */
export const comparisonSteps = (mode: Comparison['mode']): Step<Comparison>[] => [
  preparePlanner,

  // What an earlier reading of the same files left, should its stage have been lost.
  async (tx, { importId }) => {
    await sql`delete from directory.quarantined_record where import_id = ${importId}`.execute(tx)
    await sql`delete from directory.import_establishment where import_id = ${importId}`.execute(tx)
  },

  quarantineDuplicates,

  ...stepsOf[mode],

  // All that was read, before any of it leaves the stage.
  (tx, { importId }) =>
    sql`with tally as (
      select kind, change, file = ${derivedFile} as derived, count(*) as number
      from directory.staged_record s where ${staged(importId)} group by 1, 2, 3
    ), kinds as (
      select kind, jsonb_build_object(
        'read', coalesce(sum(number) filter (where not derived), 0),
        'derived', coalesce(sum(number) filter (where derived), 0),
        'quarantined', coalesce(sum(number) filter (where change = 'quarantined'), 0),
        'ignored', coalesce(sum(number) filter (where change = 'ignored'), 0),
        'added', 0, 'modified', 0, 'removed', 0, 'unchanged', 0) as counts
      from tally group by kind
    )
    update directory.import set counts = (select coalesce(jsonb_object_agg(kind, counts), '{}') from kinds)
    where id = ${importId}`.execute(tx),

  (tx, { importId, files }) =>
    sql`insert into directory.quarantined_record
      (id, import_id, kind, external_id, file, line, code, detail, refused)
    select subject_id, import_id, kind, external_id, (${files}::text[])[file + 1], line, body->>'code', body->>'detail',
      body->'refused'
    from directory.staged_record s where ${staged(importId)} and change = 'quarantined'`.execute(tx),

  (tx, { importId }) =>
    sql`delete from directory.staged_record s
    where ${staged(importId)} and change in ('quarantined', 'ignored')`.execute(tx),

  (tx, { importId, sourceId }) =>
    sql`with unchanged as (
      delete from directory.staged_record s using directory.source_record r
      where ${staged(importId)} and s.change = 'added' and ${sameRecord(sourceId)} and r.gone_on is null
        -- What a roll-back or a link left out has written bears another hash.
        and (r.hash = s.hash or r.body = s.body)
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
    where ${staged(importId)} and s.change = 'added' and ${sameRecord(sourceId)}`.execute(tx),

  // An establishment that is there already, from another source or under another identifier, is that one; unless that
  // one gives its UAI up in this very feed.
  (tx, { importId }) =>
    sql`update directory.staged_record s set subject_id = o.id
    from directory.organisation o
    where ${staged(importId)} and s.kind = 'establishment' and s.change = 'added' and not s.known
      and o.uai = s.body->>'uai'
      and not exists (select from directory.staged_record k where ${staged(importId, 'k')} and k.kind = 'establishment'
        and k.known and k.change <> 'removed' and k.subject_id = o.id)`.execute(tx),

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

const noRecord: KindCounts = {
  read: 0,
  derived: 0,
  added: 0,
  modified: 0,
  removed: 0,
  unchanged: 0,
  quarantined: 0,
  ignored: 0,
}

/** Completes the counts, checks that no record is missing from them, and raises the alerts. */
async function finishComparison(tx: Tx, comparison: Comparison): Promise<void> {
  const { importId } = comparison
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
    const of = (counts[kind] ??= { ...noRecord })
    of[change] = number
    stagedCount += number
  }
  for (const { kind } of comparison.unchanged) {
    const of = (counts[kind] ??= { ...noRecord })
    of.read++
    of.unchanged++
  }
  checkSums(comparison, counts)
  const alerts = [...(await findOddDay(tx, comparison)), ...(await findThresholdsExceeded(tx, comparison, counts))]
  await tables(tx)
    .updateTable('directory.import')
    .set({ counts: JSON.stringify(counts), alerts: JSON.stringify(alerts), staged_count: stagedCount })
    .where('id', '=', importId)
    .execute()
}

/**
 * Every record read ends in one of the counts, and so does every change that follows from others.
 * @throws FeedRefusal `sums_differ`: a defect of this program, which would lose something of the feed.
 */
function checkSums(comparison: Comparison, counts: Partial<Record<RecordKind, KindCounts>>): void {
  let read = comparison.rowsDropped
  for (const [kind, of] of Object.entries(counts)) {
    read += of.read
    const ended = of.added + of.modified + of.removed + of.unchanged + of.quarantined + of.ignored
    if (ended === of.read + of.derived) continue
    const detail = `Of ${of.read} ${kind} records read and ${of.derived} derived, ${ended} are accounted for.`
    throw new FeedRefusal('sums_differ', detail)
  }
  const all = comparison.rowsRead + comparison.unchanged.length
  if (read !== all) throw new FeedRefusal('sums_differ', `Of ${all} records read, ${read} are accounted for.`)
}

/** An export that is not later than the last one, or later than it can be: once applied, the real ones would be older. */
async function findOddDay(tx: Tx, { sourceId, exportedOn, today, mode }: Comparison): Promise<ImportAlert[]> {
  if (mode === 'rollback') return []
  const last = (await findLastApplied(tx, sourceId))?.exported_on ?? ''
  const none = { kind: null, removed: 0, total: 0, limit: 0 }
  if (last > exportedOn) return [{ code: 'older_export', ...none }]
  return exportedOn > today && exportedOn > last ? [{ code: 'future_export', ...none }] : []
}

async function findThresholdsExceeded(
  tx: Tx,
  { sourceId, thresholds }: Comparison,
  counts: Partial<Record<RecordKind, KindCounts>>,
): Promise<ImportAlert[]> {
  const watched = Object.entries(counts).filter(([kind, of]) => of.removed > 0 && thresholds[kind] !== undefined)
  if (watched.length === 0) return []
  // What applied imports added up to: counting the records themselves takes longer than a whole delta.
  const { rows } = await sql<{ kind: RecordKind; total: number }>`
    select c.kind, sum((c.of->>'added')::bigint - (c.of->>'removed')::bigint)::bigint as total
    from directory.import i cross join lateral jsonb_each(i.counts) as c (kind, of)
    where i.source_id = ${sourceId} and i.state = 'applied' group by c.kind`.execute(tx)
  const totals = new Map<string, number>(rows.map((row) => [row.kind, row.total]))
  return watched.flatMap(([kind, { removed }]) => {
    const total = totals.get(kind) ?? 0
    const limit = thresholds[kind] ?? 0
    if (removed * 10_000 <= limit * total) return []
    return [{ code: 'threshold_exceeded' as const, kind: kind as RecordKind, removed, total, limit }]
  })
}
