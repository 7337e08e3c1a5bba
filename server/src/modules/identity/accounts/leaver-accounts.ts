import { sql } from 'kysely'
import { defineReaction } from '#kernel/events'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { peopleArchived, peopleDeleted } from '#modules/directory'

/** Whoever is archived is signed out everywhere; signing in again is refused as long as they are. */
export const closeArchived = defineReaction(peopleArchived, 'sign-out', {}, (services, batch) =>
  ofEach(services, batch, async (tx, ids) => {
    await sql`delete from identity.session s using identity.account a
      where a.id = s.account_id and a.person_id = any(${ids}::uuid[])`.execute(tx)
  }),
)

/**
 * Of whoever is deleted nothing is kept: account with sessions, codes and federated identities, rights, stays. The proof of
 * what they answered to a text stays, under an identifier that names nobody any more.
 */
export const deleteAccounts = defineReaction(peopleDeleted, 'delete-accounts', {}, (services, batch) =>
  ofEach(services, batch, async (tx, ids) => {
    const theirs = sql`any(${ids}::uuid[])`
    await sql`delete from identity.granted_right where person_id = ${theirs}`.execute(tx)
    await sql`delete from identity.temporary_stay where person_id = ${theirs}`.execute(tx)
    await sql`delete from identity.account_merge
      where merged_person_id = ${theirs} or kept_person_id = ${theirs}`.execute(tx)
    await sql`update identity.account set merged_into = null
      where merged_into in (select id from identity.account where person_id = ${theirs})`.execute(tx)
    await sql`delete from identity.account where person_id = ${theirs}`.execute(tx)
  }),
)

async function ofEach(
  services: Services,
  batch: { tenantId: string; personIds: string[] }[],
  work: (tx: Tx, ids: string[]) => Promise<void>,
): Promise<void> {
  for (const { tenantId, personIds } of batch) await inTenant(services.db, tenantId, (tx) => work(tx, personIds))
}
