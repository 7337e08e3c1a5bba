import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

/** A tile of the home page: where one can go. */
export interface Application {
  id: string
  slug: string
  name: string
  description: string
  url: string
  category: string
  /** Profiles it is meant for; empty: everyone. */
  profiles: string[]
}

/** The catalogue in the order it is shown; with `profiles`, only what is meant for one of them. */
export async function listApplications(tx: Tx, profiles?: string[]): Promise<Application[]> {
  let query = tables(tx)
    .selectFrom('applications.application')
    .select(['id', 'slug', 'name', 'description', 'url', 'category', 'profiles'])
    .orderBy('category')
    .orderBy('position')
    .orderBy('name')
  if (profiles) query = query.where(sql<boolean>`profiles = '{}' or profiles && ${profiles}::text[]`)
  return query.modifyEnd(keepPlan).execute()
}

/** Adds an application, or changes the one of the same slug. */
export async function saveApplication(tx: Tx, application: Application & { position: number }): Promise<void> {
  await tables(tx)
    .insertInto('applications.application')
    .values(application)
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'slug']).doUpdateSet((row) => ({
        name: row.ref('excluded.name'),
        description: row.ref('excluded.description'),
        url: row.ref('excluded.url'),
        category: row.ref('excluded.category'),
        profiles: row.ref('excluded.profiles'),
        position: row.ref('excluded.position'),
      })),
    )
    .execute()
}

/** @returns whether there was one. */
export async function deleteApplication(tx: Tx, slug: string): Promise<boolean> {
  const result = await tables(tx).deleteFrom('applications.application').where('slug', '=', slug).executeTakeFirst()
  return result.numDeletedRows > 0n
}
