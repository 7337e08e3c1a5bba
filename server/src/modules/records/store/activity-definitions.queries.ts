import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { bigintArray, textArray } from './binary-arrays.ts'
import type { ActivityDefinition } from '../model/statement.ts'
import { tables } from '../tables.ts'

/** An activity with its definition, as JSON text. */
export interface DefinedActivity {
  key: string
  iri: string
  definition: string
}

/** Keeps definitions of activities that had none. @returns the keys of those that had one, left as it is. */
export async function insertDefinitions(tx: Tx, activities: DefinedActivity[], now: Date): Promise<Set<string>> {
  const { rows } = await sql<{ key: string }>`${keepPlan}
    insert into records.activity (key, iri, definition, updated_at)
    select key, iri, definition::json, ${now}::timestamptz
    from unnest(
      ${bigintArray(activities.map(({ key }) => key))}::bigint[], ${textArray(activities.map(({ iri }) => iri))}::text[],
      ${textArray(activities.map(({ definition }) => definition))}::text[]) told (key, iri, definition)
    on conflict (key) do nothing returning key::text`.execute(tx)
  const taken = new Set(activities.map(({ key }) => key))
  for (const { key } of rows) taken.delete(key)
  return taken
}

/** The definitions kept of activities, by key; nobody else changes them until the transaction ends. */
export async function lockDefinitions(tx: Tx, keys: Iterable<string>): Promise<Map<string, ActivityDefinition>> {
  const rows = await tables(tx)
    .selectFrom('records.activity as a')
    .select([sql<string>`a.key::text`.as('key'), 'a.definition'])
    .where(sql<boolean>`a.key = any(${bigintArray([...keys])}::bigint[])`)
    .orderBy('a.key')
    .forUpdate()
    .execute()
  return new Map(rows.map(({ key, definition }) => [key, definition as ActivityDefinition]))
}

/** Replaces the definitions of activities that have one. */
export async function updateDefinitions(tx: Tx, activities: DefinedActivity[], now: Date): Promise<void> {
  await sql`
    update records.activity set definition = told.definition::json, updated_at = ${now}::timestamptz
    from unnest(
      ${bigintArray(activities.map(({ key }) => key))}::bigint[],
      ${textArray(activities.map(({ definition }) => definition))}::text[]) told (key, definition)
    where records.activity.key = told.key`.execute(tx)
}
