import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'

/** A course or an activity that events speak of; keys as in records.activity, '0' for none. */
export interface ObjectRow {
  key: string
  iri: string
  kind: string
  /** By language, as JSON. */
  name: string
  course: string
  parent: string
}

/** Names of an activity by language tag; a course that nobody named is told by the end of its address, in no language. */
export const toldName = sql<Record<string, string>>`case when kind = 'course' and name::text = '{}'
  then json_build_object('und', substring(iri from '([^/]+)/*$')) else name end`

/**
 * Notes what was told of activities; what was not told stays as it was.
 * @param keepNames whether those that have a name keep it.
 */
export async function upsertObjects(tx: Tx, objects: readonly ObjectRow[], keepNames: boolean): Promise<void> {
  if (objects.length === 0) return
  const column = (name: keyof ObjectRow) => objects.map((each) => each[name])
  await sql`
    insert into insight.learning_object as known (key, iri, kind, name, course, parent)
    select told.key, told.iri,
      case told.kind when 'other' then coalesce(old.kind, 'other') else told.kind end,
      case when told.name::text = '{}' or ${keepNames} and old.name::text <> '{}'
        then coalesce(old.name, told.name) else told.name end,
      case told.course when 0 then coalesce(old.course, 0) else told.course end,
      case told.parent when 0 then coalesce(old.parent, 0) else told.parent end
    from unnest(${column('key')}::bigint[], ${column('iri')}::text[], ${column('kind')}::text[],
        ${column('name')}::json[], ${column('course')}::bigint[], ${column('parent')}::bigint[])
        told (key, iri, kind, name, course, parent)
      left join insight.learning_object old on old.tenant_id = (select kernel.current_tenant()) and old.key = told.key
    order by told.key
    on conflict (tenant_id, key) do update set
      kind = excluded.kind, name = excluded.name, course = excluded.course, parent = excluded.parent
    where (known.kind, known.name::text, known.course, known.parent)
      is distinct from (excluded.kind, excluded.name::text, excluded.course, excluded.parent)`.execute(tx)
}
