import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'
import { toLearner } from './pseudonyms.ts'

/**
 * The learners that identifiers lead to, as a projection holds them: an identifier that moved leads where it did until the
 * projection has followed. Those never seen are noted, with the name told; a name that changed is too.
 * @param told identifiers as records' `identifyAgent` says, with the last name told.
 * @param key the tenant's pseudonym key.
 */
export async function resolveLearners(
  tx: Tx,
  build: number,
  told: ReadonlyMap<string, string | null>,
  key: Buffer,
  now: Date,
): Promise<Map<string, string>> {
  const learners = new Map<string, string>()
  if (told.size === 0) return learners
  const unknown = new Set(told.keys())
  const renamed: string[] = []
  for (const { identifier, learner, name } of await listLearners(tx, build, [...told.keys()])) {
    learners.set(identifier, learner)
    unknown.delete(identifier)
    const last = told.get(identifier) ?? null
    if (last !== null && last !== name) renamed.push(identifier)
  }
  const noted = [...unknown, ...renamed]
  if (noted.length > 0) {
    await sql`
      insert into insight.learner (identifier, learner, name, origin, first_seen_at)
      select identifier, learner, name, 'own', ${now}
      from unnest(${noted}::text[], ${noted.map((each) => toLearner(key, each))}::bigint[],
        ${noted.map((each) => told.get(each) ?? null)}::text[]) told (identifier, learner, name)
      order by identifier
      on conflict (tenant_id, identifier) do update set name = excluded.name
        where excluded.name is not null and learner.name is distinct from excluded.name`.execute(tx)
  }
  // Read again: somebody else may have noted one first, and tied it.
  if (unknown.size > 0) {
    for (const { identifier, learner } of await listLearners(tx, build, [...unknown])) learners.set(identifier, learner)
  }
  return learners
}

async function listLearners(tx: Tx, build: number, identifiers: string[]) {
  const { rows } = await sql<{ identifier: string; learner: string; name: string | null }>`
    select l.identifier, l.name, coalesce(
      (select m.from_learner from insight.learner_move m
       where m.tenant_id = l.tenant_id and m.build = ${build} and m.identifier = l.identifier order by m.id limit 1),
      l.learner
    )::text as learner
    from insight.learner l
    where l.tenant_id = (select kernel.current_tenant()) and l.identifier = any(${identifiers}::text[])`.execute(tx)
  return rows
}

/** What a projection has still to follow, in order. */
export interface LearnerMove {
  id: number
  identifier: string
  from: string
  to: string
}

export function listLearnerMoves(tx: Tx, build: number): Promise<LearnerMove[]> {
  return tables(tx)
    .selectFrom('insight.learner_move')
    .select((row) => [
      'id',
      'identifier',
      row.cast<string>('from_learner', 'text').as('from'),
      row.cast<string>('to_learner', 'text').as('to'),
    ])
    .where('build', '=', build)
    .orderBy('id')
    .limit(100)
    .execute()
}

export async function deleteLearnerMove(tx: Tx, id: number): Promise<void> {
  await tables(tx).deleteFrom('insight.learner_move').where('id', '=', id).execute()
}

/** Has every projection follow an identifier to another learner. */
export async function insertLearnerMoves(
  tx: Tx,
  { identifier, from, to }: { identifier: string; from: string; to: string },
): Promise<void> {
  await sql`
    insert into insight.learner_move (build, identifier, from_learner, to_learner)
    select build, ${identifier}, ${from}::bigint, ${to}::bigint from insight.projection where state <> 'left'`.execute(
    tx,
  )
}
