import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type Comparison, sameRecord, setAside, staged } from './import-comparison.ts'
import type { RecordKind } from '../tables.ts'

/**
 * Establishments come first, alone, for the others refer to them: those written twice, or bearing a UAI that another
 * one bears, are set aside.
 * @returns the identifiers that the other records can refer to.
 */
export async function checkEstablishments(tx: Tx, comparison: Comparison): Promise<Set<string>> {
  const { importId, sourceId } = comparison
  await quarantineDuplicates(tx, comparison)
  await sql`update directory.staged_record s
    set ${setAside('uai_duplicate', sql`'Another establishment of the feed has the UAI ' || (s.body->>'uai') || '.'`)}
    from (
      select subject_id, row_number() over (partition by body->>'uai' order by file, line, subject_id) as place
      from directory.staged_record where import_id = ${importId} and kind = 'establishment' and change = 'added'
        and body ? 'uai'
    ) d
    where ${staged(importId)} and s.subject_id = d.subject_id and d.place > 1`.execute(tx)

  // A UAI that is another one's: unless that one gives it up, or gives way to this one, in the same feed.
  const taken = setAside('uai_taken', sql`'Another establishment has the UAI ' || (s.body->>'uai') || '.'`)
  const givesItUp = sql`exists (select from directory.staged_record g
    where ${staged(importId, 'g')} and g.kind = 'establishment' and g.change = 'added'
      and g.external_id = x.external_id and g.body->>'uai' <> s.body->>'uai')`
  await sql`update directory.staged_record s set ${taken}
    from directory.source_record r, directory.organisation o
    where ${staged(importId)} and s.kind = 'establishment' and s.change = 'added' and ${sameRecord(sourceId)}
      and o.uai = s.body->>'uai' and o.id <> r.subject_id
      and not exists (select from directory.source_record x
        where x.subject_id = o.id and x.source_id = ${sourceId} and x.gone_on is null and ${givesItUp})`.execute(tx)
  const stays =
    comparison.mode === 'full'
      ? sql`exists (select from directory.staged_record q where ${staged(importId, 'q')} and q.kind = 'establishment'
          and q.change = 'quarantined' and q.external_id = x.external_id)`
      : sql`not exists (select from directory.staged_record q where ${staged(importId, 'q')}
          and q.kind = 'establishment' and q.change = 'removed' and q.external_id = x.external_id)`
  await sql`update directory.staged_record s set ${taken}
    from directory.organisation o, directory.source_record x
    where ${staged(importId)} and s.kind = 'establishment' and s.change = 'added' and o.uai = s.body->>'uai'
      and x.subject_id = o.id and x.source_id = ${sourceId} and x.kind = 'establishment' and x.gone_on is null
      and x.external_id <> s.external_id and ${stays} and not ${givesItUp}
      and not exists (select from directory.source_record r where ${sameRecord(sourceId)} and r.gone_on is null)`.execute(
    tx,
  )

  // A record set aside, or a delta that does not speak of it: the establishment is there as it was.
  const { rows } = await sql<{ external_id: string }>`
    select external_id from directory.staged_record s
    where ${staged(importId)} and kind = 'establishment' and change = 'added'
    union
    select r.external_id from directory.source_record r
    where r.source_id = ${sourceId} and r.kind = 'establishment' and r.gone_on is null and (${comparison.mode} <> 'full'
      or exists (select from directory.staged_record s
        where ${staged(importId)} and s.change = 'quarantined' and ${sameRecord(sourceId)}))`.execute(tx)
  return new Set(rows.map((row) => row.external_id))
}

/** The same identifier twice: the first one counts. */
export async function quarantineDuplicates(tx: Tx, { importId }: Comparison): Promise<void> {
  const { rows } = await sql<{ kind: RecordKind; ids: string[] }>`select kind, array_agg(external_id) as ids from (
      select kind, external_id from directory.staged_record s
      where ${staged(importId)} and change in ('added', 'removed') group by kind, external_id having count(*) > 1
    ) r group by kind`.execute(tx)
  for (const { kind, ids } of rows) {
    await sql`update directory.staged_record s
      set ${setAside('duplicate', sql`'The identifier ' || s.external_id || ' was read before in this feed.'`)}
      from (
        select ctid as row, row_number() over (partition by external_id order by file, line, subject_id) as place
        from directory.staged_record s
        where ${staged(importId)} and kind = ${kind} and change in ('added', 'removed')
          and external_id = any(${ids}::text[])
      ) p
      where ${staged(importId)} and s.ctid = p.row and p.place > 1`.execute(tx)
  }
}
