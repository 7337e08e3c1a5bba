import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type Comparison, derivedFile, sameRecord, setAside, staged, type Step } from './import-comparison.ts'

// What a delta does not say and what follows from it all the same, so that the directory is as a full export of the
// same day would make it. Every statement starts from the few staged records.

/** Whether a row `alias` of directory.source_record is an accepted one that the delta leaves alone. */
const untouched = ({ importId, sourceId }: Comparison, alias: string) => {
  const r = sql.raw(alias)
  return sql`${r}.source_id = ${sourceId} and ${r}.gone_on is null and not exists (
    select from directory.staged_record t where ${staged(importId, 't')} and t.kind = ${r}.kind
      and t.external_id = ${r}.external_id and t.change in ('added', 'removed'))` as RawBuilder<boolean>
}

/** Stages what follows from other records. @param rows what is there of it: kind, external_id, and what it becomes. */
const insertDerived = ({ importId }: Comparison, rows: RawBuilder<unknown>) => sql`
  insert into directory.staged_record (tenant_id, import_id, kind, external_id, change, known, subject_id,
    establishment_ref, file, line, hash, body, family_key, given_key)
  select r.tenant_id, ${importId}, r.kind, r.external_id, d.change, d.change = 'removed', r.subject_id,
    r.establishment_ref, ${derivedFile}, 0, substring(sha256(convert_to(d.body::text, 'UTF8')) for 16), d.body,
    p.family_key, p.given_key
  from (${rows}) d
  join directory.source_record r on r.source_id = d.source_id and r.kind = d.kind and r.external_id = d.external_id
  left join directory.person p on p.id = r.subject_id`

/** The steps of a delta, once records that come twice are set aside and before all is counted. */
export const deltaSteps: Step<Comparison>[] = [
  // What is to be removed must be there.
  async (tx, { importId, sourceId }) => {
    await sql`update directory.staged_record s
      set ${setAside('record_unknown', sql`'No record accepted before has the identifier ' || s.external_id || '.'`)}
      where ${staged(importId)} and s.change = 'removed'
        and not exists (select from directory.source_record r where ${sameRecord(sourceId)})`.execute(tx)
    await sql`update directory.staged_record s set change = 'ignored', body = '{"code": "already_gone"}'
      from directory.source_record r
      where ${staged(importId)} and s.change = 'removed' and ${sameRecord(sourceId)} and r.gone_on is not null`.execute(
      tx,
    )
  },

  // A class that a record only refers to is known by what was declared of it, unless its establishment speaks again.
  async (tx, comparison) => {
    const { importId, sourceId } = comparison
    const { numAffectedRows } = await sql`delete from directory.staged_record s using directory.source_record r
      where ${staged(importId)} and s.kind in ('class', 'group') and s.change = 'added'
        and s.body @> '{"declared": false}' and ${sameRecord(sourceId)} and r.gone_on is null
        and (not r.body @> '{"declared": false}' or s.body->>'name' = s.body->>'code')
        and not exists (select from directory.staged_record e where ${staged(importId, 'e')}
          and e.kind = 'establishment' and e.change = 'added' and e.external_id = s.establishment_ref)`.execute(tx)
    comparison.rowsDropped += Number(numAffectedRows ?? 0)
  },

  quarantineWhatIsReferredTo,

  // The children of a guardian who is removed keep the others.
  (tx, comparison) => {
    const { importId, sourceId } = comparison
    return insertDerived(
      comparison,
      sql`with leaving as materialized (
          select distinct p.external_id
          from directory.staged_record s
          join directory.source_record r on ${sameRecord(sourceId)}
          join directory.guardianship g on g.guardian_id = r.subject_id
          join directory.source_record p on p.subject_id = g.pupil_id and p.kind = 'pupil'
          where ${staged(importId)} and s.kind = 'guardian' and s.change = 'removed' and ${untouched(comparison, 'p')}
        )
        select 'pupil' as kind, p.external_id, p.source_id, 'added' as change, jsonb_set(p.body, '{guardians}', (
          select coalesce(jsonb_agg(link order by place), '[]')
          from jsonb_array_elements(p.body->'guardians') with ordinality as l(link, place)
          where not exists (select from directory.staged_record s where ${staged(importId)} and s.kind = 'guardian'
            and s.change = 'removed' and s.external_id = link->>'id'))) as body
        from leaving join directory.source_record p
          on p.source_id = ${sourceId} and p.kind = 'pupil' and p.external_id = leaving.external_id`,
    ).execute(tx)
  },
]

/** What is removed is what was accepted. */
export async function identifyRemoved(tx: Tx, { importId, sourceId }: Comparison): Promise<void> {
  await sql`update directory.staged_record s set known = true, subject_id = r.subject_id,
      establishment_ref = r.establishment_ref, hash = r.hash
    from directory.source_record r
    where ${staged(importId)} and s.change = 'removed' and ${sameRecord(sourceId)}`.execute(tx)
}

/** Steps of a delta once the links of its pupils are known: guardians, then classes, whom nobody refers to any more. */
export const consequenceSteps: Step<Comparison>[] = [
  // A guardian with no child in the workspace is none of its business.
  (tx, comparison) => {
    const { importId, sourceId } = comparison
    return sql`with linked as materialized (${stagedLinks(comparison)})
      update directory.staged_record s set change = 'ignored', body = '{"code": "guardian_without_pupil"}'
      where ${staged(importId)} and s.kind = 'guardian' and s.change = 'added'
        and s.external_id not in (select guardian from linked)
        and not exists (select from directory.source_record r where ${sameRecord(sourceId)}
          and ${hasPupil(comparison, 'r')} offset 0)`.execute(tx)
  },

  // A record that a rule leaves out is no longer there.
  (tx, comparison) =>
    insertDerived(
      comparison,
      sql`select r.kind, r.external_id, r.source_id, 'removed' as change, '{}'::jsonb as body
        from directory.staged_record s join directory.source_record r on ${sameRecord(comparison.sourceId)}
        where ${staged(comparison.importId)} and s.change = 'ignored' and r.gone_on is null`,
    ).execute(tx),

  (tx, comparison) => {
    const { importId, sourceId } = comparison
    return insertDerived(
      comparison,
      sql`with released as materialized (
          select distinct link->>'id' as external_id
          from directory.staged_record s join directory.source_record r on ${sameRecord(sourceId)},
            jsonb_array_elements(r.body->'guardians') link
          where ${staged(importId)} and s.kind = 'pupil' and s.change in ('added', 'removed') and r.gone_on is null
        ), linked as materialized (${stagedLinks(comparison)})
        select 'guardian' as kind, g.external_id, g.source_id, 'removed' as change, '{}'::jsonb as body
        from released join directory.source_record g on g.source_id = ${sourceId} and g.kind = 'guardian'
          and g.external_id = released.external_id and g.gone_on is null
        where not exists (select from directory.staged_record t where ${staged(importId, 't')} and t.kind = 'guardian'
            and t.external_id = g.external_id)
          and g.external_id not in (select guardian from linked)
          and not ${hasPupil(comparison, 'g')}`,
    ).execute(tx)
  },

  async (tx, comparison) => {
    const { importId, sourceId, unchanged } = comparison
    const kinds = unchanged.map(({ kind }) => kind)
    const ids = unchanged.map(({ externalId }) => externalId)
    // Classes of establishments that declare theirs anew or go, and those that only changed records referred to.
    await insertDerived(
      comparison,
      sql`with former as materialized (
          select c.kind, c.external_id from directory.staged_record s
          join directory.source_record c on c.source_id = ${sourceId} and c.kind in ('class', 'group')
            and c.establishment_ref = s.external_id and c.gone_on is null
          where ${staged(importId)} and s.kind = 'establishment' and s.change in ('added', 'removed')
          union
          select l.kind, l.ref from (
            select m.kind, m.ref
            from directory.staged_record s join directory.source_record r on ${sameRecord(sourceId)} and r.gone_on is null
            cross join lateral (
              select 'class' as kind, ref from jsonb_array_elements_text(r.body->'classes') ref
              union all select 'group', ref from jsonb_array_elements_text(r.body->'groups') ref
              union all select link->>'kind', link->>'ref' from jsonb_array_elements(r.body->'teachings') link
            ) m
            where ${staged(importId)} and s.kind in ('pupil', 'staff') and s.change in ('added', 'removed')
          ) l join directory.source_record c on c.source_id = ${sourceId} and c.kind = l.kind and c.external_id = l.ref
          where c.gone_on is null and c.body @> '{"declared": false}'
        ), unsaid as materialized (
          select * from former f where not exists (select from directory.staged_record t
            where ${staged(importId, 't')} and t.kind = f.kind and t.external_id = f.external_id)
          except select * from unnest(${kinds}::text[], ${ids}::text[])
        ), named as materialized (${referredTo(comparison)})
        select c.kind, c.external_id, c.source_id, case when u.used then 'added' else 'removed' end as change,
          case when u.used then c.body || jsonb_build_object('name', c.body->>'code', 'declared', false)
            else '{}' end as body
        from unsaid f join directory.source_record c on c.source_id = ${sourceId} and c.kind = f.kind
          and c.external_id = f.external_id
        cross join lateral (select (c.kind, c.external_id) in (select kind, ref from named)
          or ${hasMember(comparison, 'c')} as used) u
        where not (u.used and c.body @> '{"declared": false}')`,
    ).execute(tx)
  },

  identifyRemoved,
]

/** The guardians of staged pupils. */
const stagedLinks = ({ importId }: Comparison) => sql`
  select distinct link->>'id' as guardian from directory.staged_record l, jsonb_array_elements(l.body->'guardians') link
  where ${staged(importId, 'l')} and l.kind = 'pupil' and l.change = 'added' and link->>'id' is not null`

// Looked up for each row in question, by the offset, which keeps the planner from joining whole tables.

/** Whether a pupil whom the delta leaves alone has the guardian `alias`, a row of directory.source_record. */
const hasPupil = (comparison: Comparison, alias: string) => {
  const g = sql.raw(alias)
  return sql`exists (select from directory.guardianship x
    join directory.source_record p on p.subject_id = x.pupil_id and p.kind = 'pupil'
    where x.guardian_id = ${g}.subject_id and ${untouched(comparison, 'p')}
      and p.body->'guardians' @> jsonb_build_array(jsonb_build_object('id', ${g}.external_id)) offset 0)` as RawBuilder<boolean>
}

/** Whether someone whom the delta leaves alone is in the class or group `alias`, or teaches it. */
const hasMember = (comparison: Comparison, alias: string) => {
  const c = sql.raw(alias)
  return sql`(exists (select from directory.membership x
      join directory.source_record p on p.subject_id = x.person_id and p.kind = 'pupil'
      where x.teaching_group_id = ${c}.subject_id and ${untouched(comparison, 'p')}
        and (p.body->'classes' ? ${c}.external_id or p.body->'groups' ? ${c}.external_id))
    or exists (select from directory.teaching x
      join directory.source_record p on p.subject_id = x.person_id and p.kind = 'staff'
      where x.teaching_group_id = ${c}.subject_id and ${untouched(comparison, 'p')}
        and p.body->'teachings' @> jsonb_build_array(jsonb_build_object('ref', ${c}.external_id))))` as RawBuilder<boolean>
}

/** The classes, groups and establishments that staged pupils and staff refer to: kind, ref. */
const referredTo = ({ importId }: Comparison) => sql`
  select m.kind, m.ref from directory.staged_record s
  cross join lateral (
    select 'class' as kind, ref from jsonb_array_elements_text(s.body->'classes') ref
    union all select 'group', ref from jsonb_array_elements_text(s.body->'groups') ref
    union all select link->>'kind', link->>'ref' from jsonb_array_elements(s.body->'teachings') link
    union all select 'establishment', split_part(link->>'ref', '$', 1) from jsonb_array_elements(s.body->'teachings') link
    union all select 'establishment', link->>'establishment' from jsonb_array_elements(s.body->'enrolments') link
    union all select 'establishment', link->>'establishment' from jsonb_array_elements(s.body->'functions') link
  ) m
  where ${staged(importId)} and s.kind in ('pupil', 'staff') and s.change = 'added'`

/** An establishment or a class that people still belong to is not removed: they would be nowhere. */
async function quarantineWhatIsReferredTo(tx: Tx, comparison: Comparison): Promise<void> {
  const { importId, sourceId } = comparison
  await sql`with named as materialized (${referredTo(comparison)})
    update directory.staged_record s
    set ${setAside('still_referred', sql`'People still belong to ' || s.external_id || '.'`)}
    from directory.source_record r
    where ${staged(importId)} and s.change = 'removed' and s.kind in ('establishment', 'class', 'group')
      and ${sameRecord(sourceId)} and (
        (s.kind, s.external_id) in (select kind, ref from named)
        or s.kind <> 'establishment' and ${hasMember(comparison, 'r')}
        or s.kind = 'establishment' and exists (
          select from directory.affiliation a join directory.source_record p on p.subject_id = a.person_id
          where a.organisation_id = r.subject_id and a.profile <> 'guardian' and p.kind in ('pupil', 'staff')
            and ${untouched(comparison, 'p')}
            and (p.establishment_ref = s.external_id
              or p.body->'enrolments' @> jsonb_build_array(jsonb_build_object('establishment', s.external_id))
              or p.body->'functions' @> jsonb_build_array(jsonb_build_object('establishment', s.external_id)))))`.execute(
    tx,
  )
}
