import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { findMergedInto, peopleMerged, peopleUnmerged } from '#modules/directory'
import { recordAudit } from '#kernel/audit'
import { defineReaction } from '#kernel/events'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { replaceCodes } from './access-codes.queries.ts'
import { type Account, findAccount } from './accounts.queries.ts'
import { listGrants } from '../rights/rights.queries.ts'
import { coversRightsOf, findRightsHolder } from '../rights/rights.ts'
import { deleteSessions } from '../sign-in/sessions.queries.ts'
import { tables } from '../tables.ts'

// When two people become one, one account is left to them: with the identities of federations and the rights of both,
// and opened by the login of either. The other account stays, as a way into the first, to be given back one day.

interface Merged {
  tenantId: string
  mergedId: string
  by: string | null
}

async function reconcile(services: Services, batch: Merged[]): Promise<void> {
  for (const { tenantId, mergedId, by } of batch) {
    await inTenant(services.db, tenantId, (tx) => reconcileAccounts(tx, mergedId, by, services.now()))
  }
}

/** Leaves one account to people made one. */
export const joinAccounts = defineReaction(peopleMerged, 'accounts', { batchSize: 200 }, reconcile)

/** Gives an account back to people who are two after all. */
export const partAccounts = defineReaction(peopleUnmerged, 'accounts', { batchSize: 200 }, reconcile)

interface AccountMerge {
  mergedPersonId: string
  keptPersonId: string
  state: 'joined' | 'swapped' | 'moved' | 'apart'
  accountId: string | null
  identities: string[]
  rights: string[]
  stays: string[]
  mergedBy: string | null
}

/**
 * Brings the accounts of a person and of whom they were merged into to what the directory says now, whatever was done
 * before: told late, twice or in another order, it ends the same. What was joined above is parted first and joined
 * again after, so that each merge gives back what it took and nothing else.
 */
export async function reconcileAccounts(tx: Tx, mergedId: string, by: string | null, now: Date): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('identity.merge ' || kernel.current_tenant(), 0))`.execute(tx)
  const keptId = await findMergedInto(tx, mergedId)
  const former = await findAccountMerge(tx, mergedId)
  if (former?.keptPersonId === keptId) return
  const above: AccountMerge[] = []
  for (let at = former?.keptPersonId ?? keptId; at !== undefined; at = above.at(-1)?.keptPersonId) {
    const next = await findAccountMerge(tx, at)
    if (!next) break
    above.push(next)
  }
  for (const each of above.toReversed()) await part(tx, each)
  if (former) await part(tx, former)
  if (keptId !== undefined) await join(tx, { mergedId, keptId, by }, now)
  for (const { mergedPersonId, keptPersonId, mergedBy } of above) {
    await join(tx, { mergedId: mergedPersonId, keptId: keptPersonId, by: mergedBy }, now)
  }
  if (former && keptId === undefined) {
    for (const subjectId of [mergedId, former.keptPersonId]) {
      await recordAudit(tx, {
        action: 'identity.accounts_parted',
        actorPersonId: by,
        subjectKind: 'person',
        subjectId,
      })
    }
  }
}

async function findAccountMerge(tx: Tx, mergedPersonId: string): Promise<AccountMerge | undefined> {
  return tables(tx)
    .selectFrom('identity.account_merge')
    .select([
      'merged_person_id as mergedPersonId',
      'kept_person_id as keptPersonId',
      'state',
      'account_id as accountId',
      'identities',
      'rights',
      'stays',
      'merged_by as mergedBy',
    ])
    .where('merged_person_id', '=', mergedPersonId)
    .executeTakeFirst()
}

async function join(
  tx: Tx,
  { mergedId, keptId, by }: { mergedId: string; keptId: string; by: string | null },
  now: Date,
): Promise<void> {
  // The place they give was moved, whatever becomes of the accounts.
  const stays = await moveStays(tx, { from: mergedId, to: keptId })
  const record = (merge: Pick<AccountMerge, 'state' | 'accountId' | 'identities' | 'rights'>) =>
    tables(tx)
      .insertInto('identity.account_merge')
      .values({
        merged_person_id: mergedId,
        kept_person_id: keptId,
        state: merge.state,
        account_id: merge.accountId,
        identities: merge.identities,
        rights: merge.rights,
        stays,
        merged_by: by,
        merged_at: now,
      })
      .execute()
  const audit = async (action: string, detail: Record<string, unknown>) => {
    for (const subjectId of [mergedId, keptId]) {
      await recordAudit(tx, { action, actorPersonId: by, subjectKind: 'person', subjectId, detail })
    }
  }
  if (!(await mayJoin(tx, [mergedId, keptId], by, now))) {
    await record({ state: 'apart', accountId: null, identities: [], rights: [] })
    await audit('identity.accounts_kept_apart', {})
    return
  }
  const merged = await findAccount(tx, { personId: mergedId })
  const kept = await findAccount(tx, { personId: keptId })
  const rights = await moveRights(tx, { from: mergedId, to: keptId })
  if (!merged || !kept) {
    if (merged) await giveTo(tx, merged.id, keptId)
    await record({ state: 'moved', accountId: merged?.id ?? null, identities: [], rights })
  } else {
    // An account that its holder opened is worth more than one that waits for it.
    const swapped = kept.state === 'inactive' && merged.state === 'active'
    if (swapped) await exchangeHolders(tx, merged, kept)
    const [left, other] = swapped ? [merged, kept] : [kept, merged]
    const identities = await leadTo(tx, other, left, now)
    await record({ state: swapped ? 'swapped' : 'joined', accountId: other.id, identities, rights })
  }
  if (merged ?? rights.length > 0) {
    await audit('identity.accounts_joined', { rights: rights.length, logins: merged && kept ? 2 : 1 })
  }
}

/**
 * Whether accounts may become one: it gives the powers of each to whoever signs in to the other. Where there are any,
 * somebody who has them all must have said so: neither a line in a feed nor a lesser administrator gives them. Nor does a
 * second account lead around the block of the first.
 */
async function mayJoin(tx: Tx, people: string[], by: string | null, now: Date): Promise<boolean> {
  for (const personId of people) if ((await findAccount(tx, { personId }))?.state === 'blocked') return false
  const held = (await Promise.all(people.map((id) => listGrants(tx, now, id)))).flat()
  if (held.length === 0) return true
  if (by === null) return false
  const actor = await findRightsHolder(tx, by, now)
  for (const id of people) if (!(await coversRightsOf(tx, actor, id, now))) return false
  return true
}

async function part(tx: Tx, merge: AccountMerge): Promise<void> {
  const { mergedPersonId, keptPersonId, state, accountId, identities, rights, stays } = merge
  if (accountId !== null) {
    const other = await findAccount(tx, { id: accountId })
    const left = await findAccount(tx, { personId: keptPersonId })
    if (other && state === 'moved') await giveTo(tx, other.id, mergedPersonId)
    if (other && state !== 'moved') {
      await tables(tx).updateTable('identity.account').set({ merged_into: null }).where('id', '=', other.id).execute()
      await tables(tx)
        .updateTable('identity.federated_identity')
        .set({ account_id: other.id })
        .where('id', '=', sql<string>`any(${identities}::uuid[])`)
        .execute()
      if (left && state === 'swapped') await exchangeHolders(tx, left, other)
    }
    // Whoever is signed in may be either of the two.
    if (left) await deleteSessions(tx, left.id)
    if (other) await deleteSessions(tx, other.id)
  }
  await tables(tx)
    .updateTable('identity.granted_right')
    .set({ person_id: mergedPersonId })
    .where('id', '=', sql<string>`any(${rights}::uuid[])`)
    .execute()
  await tables(tx)
    .updateTable('identity.temporary_stay')
    .set({ person_id: mergedPersonId })
    .where('id', '=', sql<string>`any(${stays}::uuid[])`)
    .execute()
  await tables(tx).deleteFrom('identity.account_merge').where('merged_person_id', '=', mergedPersonId).execute()
}

async function moveRights(tx: Tx, { from, to }: { from: string; to: string }): Promise<string[]> {
  const rows = await tables(tx)
    .updateTable('identity.granted_right')
    .set({ person_id: to })
    .where('person_id', '=', from)
    .where('withdrawn_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

async function moveStays(tx: Tx, { from, to }: { from: string; to: string }): Promise<string[]> {
  const rows = await tables(tx)
    .updateTable('identity.temporary_stay')
    .set({ person_id: to })
    .where('person_id', '=', from)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

async function giveTo(tx: Tx, accountId: string, personId: string): Promise<void> {
  await tables(tx).updateTable('identity.account').set({ person_id: personId }).where('id', '=', accountId).execute()
}

async function exchangeHolders(tx: Tx, one: Account, other: Account): Promise<void> {
  const holders = [await findAccount(tx, { id: one.id }), await findAccount(tx, { id: other.id })]
  // A person has one account at any moment, between two statements too.
  await giveTo(tx, one.id, randomUUIDv7())
  await giveTo(tx, other.id, holders[0]?.personId ?? one.personId)
  await giveTo(tx, one.id, holders[1]?.personId ?? other.personId)
}

/** Makes an account a way into another; its sessions end. @returns the federations' identities that it gave. */
async function leadTo(tx: Tx, other: Account, left: Account, now: Date): Promise<string[]> {
  await tables(tx).updateTable('identity.account').set({ merged_into: left.id }).where('id', '=', other.id).execute()
  await deleteSessions(tx, other.id)
  // A code on paper would open the account that is no more.
  await replaceCodes(tx, other.id, now)
  const moved = await tables(tx)
    .updateTable('identity.federated_identity')
    .set({ account_id: left.id })
    .where('account_id', '=', other.id)
    .returning('id')
    .execute()
  return moved.map(({ id }) => id)
}
