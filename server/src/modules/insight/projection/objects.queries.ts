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

/** Notes what was told of activities; what was not told stays as it was. */
export async function upsertObjects(tx: Tx, objects: readonly ObjectRow[]): Promise<void> {
  if (objects.length === 0) return
  const column = (name: keyof ObjectRow) => objects.map((each) => each[name])
  await sql`
    insert into insight.learning_object as known (key, iri, kind, name, course, parent)
    select * from unnest(${column('key')}::bigint[], ${column('iri')}::text[], ${column('kind')}::text[],
      ${column('name')}::json[], ${column('course')}::bigint[], ${column('parent')}::bigint[]) told (key, iri, kind, name, course, parent)
    order by key
    on conflict (tenant_id, key) do update set
      kind = case excluded.kind when 'other' then known.kind else excluded.kind end,
      name = case excluded.name::text when '{}' then known.name else excluded.name end,
      course = case excluded.course when 0 then known.course else excluded.course end,
      parent = case excluded.parent when 0 then known.parent else excluded.parent end
    where (known.kind, known.name::text, known.course, known.parent) is distinct from
      (case excluded.kind when 'other' then known.kind else excluded.kind end,
       case excluded.name::text when '{}' then known.name::text else excluded.name::text end,
       case excluded.course when 0 then known.course else excluded.course end,
       case excluded.parent when 0 then known.parent else excluded.parent end)`.execute(tx)
}
