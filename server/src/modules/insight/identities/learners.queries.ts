import type { KeyObject } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'
import { toLearner } from './pseudonyms.ts'

/** Where an identifier leads, and the name last told. */
export interface KnownLearner {
  learner: string
  name: string | null
}

/**
 * Fills in where identifiers lead, as a projection holds them: one that moved leads where it did until the projection has
 * followed. Those never seen are noted, with the name told; a name that changed is too.
 * @param known what was found before, by identifier; what is found now is added.
 * @param told identifiers as records' `identifyAgent` says, with the last name told.
 * @param key the tenant's pseudonym key.
 */
export async function findLearners(
  tx: Tx,
  build: number,
  known: Map<string, KnownLearner>,
  told: ReadonlyMap<string, string | null>,
  key: KeyObject,
  now: Date,
): Promise<void> {
  const missing = [...told.keys()].filter((identifier) => !known.has(identifier))
  await addLearners(tx, build, known, missing)
  const unknown = missing.filter((identifier) => !known.has(identifier))
  const renamed: string[] = []
  for (const [identifier, name] of told) {
    const found = known.get(identifier)
    if (found === undefined || name === null || name === found.name) continue
    renamed.push(identifier)
    known.set(identifier, { ...found, name })
  }
  const noted = [...unknown, ...renamed]
  if (noted.length === 0) return
  await sql`
    insert into insight.learner (identifier, learner, name, origin, first_seen_at)
    select identifier, learner, name, 'own', ${now}
    from unnest(${noted}::text[], ${noted.map((each) => toLearner(key, each))}::bigint[],
      ${noted.map((each) => told.get(each) ?? null)}::text[]) told (identifier, learner, name)
    order by identifier
    on conflict (tenant_id, identifier) do update set name = excluded.name
      where excluded.name is not null and learner.name is distinct from excluded.name`.execute(tx)
  // Read again: somebody else may have noted one first, and tied it.
  await addLearners(tx, build, known, unknown)
}

async function addLearners(tx: Tx, build: number, known: Map<string, KnownLearner>, identifiers: string[]) {
  if (identifiers.length === 0) return
  const { rows } = await sql<KnownLearner & { identifier: string }>`
    select l.identifier, l.name, coalesce(
      (select m.from_learner from insight.learner_move m
       where m.tenant_id = l.tenant_id and m.build = ${build} and m.identifier = l.identifier order by m.id limit 1),
      l.learner
    )::text as learner
    from insight.learner l
    where l.tenant_id = (select kernel.current_tenant()) and l.identifier = any(${identifiers}::text[])`.execute(tx)
  for (const { identifier, learner, name } of rows) known.set(identifier, { learner, name })
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
