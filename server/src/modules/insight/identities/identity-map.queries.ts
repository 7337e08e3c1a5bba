import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** One identifier of the identity map. */
export interface KnownIdentifier {
  identifier: string
  /** Pseudonym it leads to, in decimal. */
  learner: string
  name: string | null
  personId: string | null
  origin: 'own' | 'launch' | 'administrator'
}

/** What the map says of some identifiers; those it does not know are left out. */
export function listIdentifiers(tx: Tx, identifiers: string[]): Promise<KnownIdentifier[]> {
  return select(tx)
    .where('identifier', 'in', ['', ...identifiers])
    .execute()
}

/** Every identifier that leads to some learners, by text. */
export function listIdentifiersOf(tx: Tx, learners: string[]): Promise<KnownIdentifier[]> {
  return select(tx)
    .where('learner', 'in', ['0', ...learners])
    .orderBy('identifier')
    .execute()
}

/** Identifiers that hold a text, or whose name does, the closest first. @param limit at most 100. */
export function searchIdentifiers(tx: Tx, text: string, limit: number): Promise<KnownIdentifier[]> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  return select(tx)
    .where((row) => row.or([row('identifier', 'ilike', pattern), row('name', 'ilike', pattern)]))
    .orderBy((row) => row.fn('length', ['identifier']))
    .orderBy('identifier')
    .limit(Math.min(limit, 100))
    .execute()
}

const select = (tx: Tx) =>
  tables(tx)
    .selectFrom('insight.learner')
    .select((row) => [
      'identifier',
      row.cast<string>('learner', 'text').as('learner'),
      'name',
      'person_id as personId',
      'origin',
    ])

/** Notes where identifiers lead; what an administrator said of one stays. */
export async function upsertLaunched(
  tx: Tx,
  rows: { identifier: string; learner: string; name: string | null }[],
  now: Date,
): Promise<void> {
  // PostgreSQL takes 65,535 values in a statement.
  for (let start = 0; start < rows.length; start += 5_000) {
    await tables(tx)
      .insertInto('insight.learner')
      .values(
        rows.slice(start, start + 5_000).map((row) => ({ ...row, origin: 'launch' as const, first_seen_at: now })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['tenant_id', 'identifier'])
          .doUpdateSet((row) => ({ learner: row.ref('excluded.learner'), name: row.ref('excluded.name') }))
          .where('insight.learner.origin', '=', 'launch'),
      )
      .execute()
  }
}

/** Makes an identifier lead to a learner, because somebody says so. */
export async function upsertTied(
  tx: Tx,
  row: { identifier: string; learner: string; personId: string | null },
  now: Date,
): Promise<void> {
  const { identifier, learner, personId: person_id } = row
  await tables(tx)
    .insertInto('insight.learner')
    .values({ identifier, learner, person_id, name: null, origin: 'administrator', first_seen_at: now })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'identifier']).doUpdateSet({ learner, person_id, origin: 'administrator' }),
    )
    .execute()
}

/** Forgets where an identifier led. */
export async function deleteIdentifier(tx: Tx, identifier: string): Promise<void> {
  await tables(tx).deleteFrom('insight.learner').where('identifier', '=', identifier).execute()
}

/** Makes an identifier lead to its own pseudonym again. */
export async function updateOwn(tx: Tx, identifier: string, learner: string): Promise<void> {
  await tables(tx)
    .updateTable('insight.learner')
    .set({ learner, origin: 'own', person_id: null })
    .where('identifier', '=', identifier)
    .execute()
}
