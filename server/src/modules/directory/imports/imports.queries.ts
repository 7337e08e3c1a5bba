import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { cursorInvalid } from '../cursors.ts'
import { findReferenceNames, type RawField, toFieldValue } from './import-values.queries.ts'
import { needsDescription } from './import-rows.ts'
import { isUndoable, undoneBy } from './import-rollback.queries.ts'
import type { ChangeView, ImportEstablishmentView, ImportView } from './imports.routes.ts'
import { type ChangeKind, type ImportState, type Progress, type RecordKind, tables } from '../tables.ts'

interface Page {
  limit: number
  after?: string | undefined
}

function selectImports(tx: Tx) {
  return tables(tx)
    .selectFrom('directory.import as i')
    .leftJoin('directory.source as s', 's.id', 'i.source_id')
    .leftJoin('directory.person as c', 'c.id', 'i.created_by')
    .leftJoin('directory.person as a', 'a.id', 'i.applied_by')
    .selectAll('i')
    .select(['s.name as source_name', 's.academy_code'])
    .select(['c.given_name as created_given', 'c.family_name as created_family'])
    .select(['a.given_name as applied_given', 'a.family_name as applied_family'])
    .select([isUndoable('i').as('undoable'), undoneBy('i').as('undone_by')])
}

type ImportRow = Awaited<ReturnType<ReturnType<typeof selectImports>['executeTakeFirstOrThrow']>>

/** Whether the rows to review or apply should still be there. */
export function isStaged(row: { state: ImportState; staged_at: Date | null }): boolean {
  return row.staged_at !== null && (row.state === 'ready' || row.state === 'applying' || row.state === 'interrupted')
}

function isProgress(progress: Partial<Progress>): progress is Progress {
  return progress.phase !== undefined
}

function toPerson(id: string | null, given: string | null, family: string | null): ImportView['createdBy'] {
  return id === null ? null : { id, name: `${given ?? ''} ${family ?? ''}`.trim() }
}

function toView(row: ImportRow): ImportView {
  const changes = Object.values(row.counts).some((of) => of.added + of.modified + of.removed > 0)
  const actions: ImportView['actions'] = []
  if (row.state === 'ready' || (row.state === 'interrupted' && row.staged_at)) actions.push('apply')
  if (row.state === 'interrupted' && row.uploaded && !row.staged_at) {
    actions.push(needsDescription(row.refusal) ? 'describe' : 'stage')
  }
  if (row.state === 'staging' || row.state === 'ready' || row.state === 'interrupted') actions.push('abandon')
  if (row.undoable) actions.push('rollback')
  const running = row.state === 'staging' || row.state === 'applying'
  return {
    id: row.id,
    state: row.state,
    mode: row.mode,
    retry: row.retry,
    undoes: row.undoes,
    undoneBy: row.undone_by,
    source:
      row.source_id === null ? null : { id: row.source_id, name: row.source_name ?? '', academyCode: row.academy_code },
    createdAt: row.created_at.toISOString(),
    createdBy: toPerson(row.created_by, row.created_given, row.created_family),
    unattended: row.unattended,
    exportedOn: row.exported_on,
    files: row.files,
    progress: running && isProgress(row.progress) ? row.progress : null,
    counts: row.counts,
    warnings: Object.entries(row.warnings).map(([code, count]) => ({ code, count })),
    alerts: row.alerts,
    refusal: row.refusal,
    nothingToDo: row.staged_at !== null && !changes,
    actions,
    stagedAt: row.staged_at?.toISOString() ?? null,
    appliedAt: row.applied_at?.toISOString() ?? null,
    keptUntil: row.kept_until?.toISOString() ?? null,
    appliedBy: toPerson(row.applied_by, row.applied_given, row.applied_family),
  }
}

/** Imports, newest first. */
export async function listImports(tx: Tx, page: Page): Promise<{ imports: ImportView[]; next: string | null }> {
  let query = selectImports(tx)
    .orderBy('i.id', 'desc')
    .limit(page.limit + 1)
  if (page.after !== undefined) query = query.where('i.id', '<', page.after)
  const rows = await query.execute()
  const more = rows.length > page.limit
  const imports = rows.slice(0, page.limit).map(toView)
  return { imports, next: more ? (imports.at(-1)?.id ?? null) : null }
}

/** @throws Problem 404 `import_unknown`. */
export async function getImport(tx: Tx, id: string): Promise<ImportView> {
  const row = await selectImports(tx).where('i.id', '=', id).executeTakeFirst()
  if (!row) throw new Problem(404, 'import_unknown', 'There is no such import.')
  return toView(row)
}

/** The row itself, for the rules. @throws Problem 404 `import_unknown`. */
export async function getImportRow(tx: Tx, id: string) {
  const row = await tables(tx).selectFrom('directory.import').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new Problem(404, 'import_unknown', 'There is no such import.')
  return row
}

interface ChangeFilter extends Page {
  kind?: RecordKind | undefined
  change?: ChangeKind | undefined
  establishment?: string | undefined
}

interface ChangeRow {
  kind: RecordKind
  external_id: string
  change: ChangeKind
  label: string
  establishment_ref: string | null
  establishment_name: string | null
  fields: RawField[]
}

/**
 * A page of what an import changes, by kind and identifier: from the stage while it is under review, from its history
 * once applied (where a first load has no additions).
 */
export async function listChanges(
  tx: Tx,
  importId: string,
  filter: ChangeFilter,
): Promise<{ changes: ChangeView[]; next: string | null }> {
  const row = await getImportRow(tx, importId)
  const after = readPlace(/^([a-z]+):(.*)$/s, filter.after)
  const wanted = sql`s.import_id = ${importId}
    and (${filter.kind ?? null}::text is null or s.kind = ${filter.kind ?? null})
    and (${filter.change ?? null}::text is null or s.change = ${filter.change ?? null})
    and (${filter.establishment ?? null}::text is null or s.establishment_ref = ${filter.establishment ?? null})
    and (${after?.[1] ?? null}::text is null or (s.kind, s.external_id) > (${after?.[1] ?? null}, ${after?.[2] ?? null}))`
  const limit = filter.limit + 1
  // Names of establishments as the import's own counts keep them.
  const establishmentName = sql`(select e.name from directory.import_establishment e
    where e.import_id = ${importId} and e.establishment_ref = p.establishment_ref limit 1)`
  const { rows } = isStaged(row)
    ? await sql<ChangeRow>`with page as materialized (
          select * from directory.staged_record s where ${wanted} order by s.kind, s.external_id limit ${limit}
        )
        select p.kind, p.external_id, p.change, p.establishment_ref, ${establishmentName} as establishment_name,
          directory.record_label(case when p.change = 'removed' then r.body else p.body end) as label,
          directory.changed_fields(
            case when p.change = 'added' then '{}' else r.body end,
            case when p.change = 'removed' then '{}' else p.body end) as fields
        from page p
        left join directory.source_record r
          on r.source_id = ${row.source_id} and r.kind = p.kind and r.external_id = p.external_id
        order by p.kind, p.external_id`.execute(tx)
    : await sql<ChangeRow>`select p.*, ${establishmentName} as establishment_name from (
          select * from directory.import_change s where ${wanted} order by s.kind, s.external_id limit ${limit}
        ) p order by p.kind, p.external_id`.execute(tx)
  const last = rows.length > filter.limit ? rows[filter.limit - 1] : undefined
  const names = await findReferenceNames(
    tx,
    { importId, sourceId: row.source_id },
    rows.flatMap(({ fields }) => fields),
  )
  return {
    changes: rows.slice(0, filter.limit).map((each) => ({
      kind: each.kind,
      change: each.change,
      externalId: each.external_id,
      label: each.label,
      establishment:
        each.establishment_ref === null ? null : { ref: each.establishment_ref, name: each.establishment_name ?? '' },
      fields: each.fields.map(({ field, before, after: now }) => ({
        field,
        before: toFieldValue(field, before, names),
        after: toFieldValue(field, now, names),
      })),
    })),
    next: last ? `${last.kind}:${last.external_id}` : null,
  }
}

/** Where a page begins; undefined for the first. @throws Problem 400 `cursor_invalid`. */
function readPlace(form: RegExp, after: string | undefined): RegExpExecArray | undefined {
  const place = after === undefined ? undefined : form.exec(after)
  if (place === null) throw cursorInvalid()
  return place
}

/** What an import changes in each establishment, the most changed first. */
export async function listImportEstablishments(
  tx: Tx,
  importId: string,
  page: Page,
): Promise<{ establishments: ImportEstablishmentView[]; next: string | null }> {
  await getImportRow(tx, importId)
  const [, changes, ref] = readPlace(/^(\d+):(.*)$/s, page.after) ?? []
  const { rows } = await sql<{ ref: string; name: string; changes: number; counts: ImportEstablishmentView['counts'] }>`
    select * from (
      select establishment_ref as ref, max(name) as name, sum(added + modified + removed) as changes,
        jsonb_object_agg(kind, jsonb_build_object('added', added, 'modified', modified, 'removed', removed)) as counts
      from directory.import_establishment where import_id = ${importId} group by establishment_ref
    ) e
    where ${changes ?? null}::bigint is null or (-changes, ref) > (-${changes ?? null}::bigint, ${ref ?? null})
    order by -changes, ref limit ${page.limit + 1}`.execute(tx)
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined
  return {
    establishments: rows.slice(0, page.limit).map(({ ref: each, name, counts }) => ({ ref: each, name, counts })),
    next: last ? `${last.changes}:${last.ref}` : null,
  }
}

/** Records set aside, in the order they were read, with the number of each reason. */
export async function listQuarantinedRecords(
  tx: Tx,
  importId: string,
  filter: Page & { kind?: RecordKind | undefined; code?: string | undefined },
) {
  await getImportRow(tx, importId)
  let query = tables(tx)
    .selectFrom('directory.quarantined_record')
    .select(['id', 'kind', 'external_id as externalId', 'file', 'line', 'code', 'detail'])
    .where('import_id', '=', importId)
    .orderBy('id')
    .limit(filter.limit + 1)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.code !== undefined) query = query.where('code', '=', filter.code)
  if (filter.after !== undefined) query = query.where('id', '>', filter.after)
  const records = await query.execute()
  const reasons = await tables(tx)
    .selectFrom('directory.quarantined_record')
    .select(({ fn }) => ['code', fn.countAll<number>().as('count')])
    .where('import_id', '=', importId)
    .groupBy('code')
    .orderBy('code')
    .execute()
  const more = records.length > filter.limit
  return {
    reasons,
    records: records.slice(0, filter.limit),
    next: more ? (records[filter.limit - 1]?.id ?? null) : null,
  }
}
