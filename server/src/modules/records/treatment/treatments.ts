import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { type Db, inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Agent } from '../model/statement.ts'
import { tables } from '../tables.ts'
import { pseudonymise } from './pseudonymising.ts'

export const treatments = ['whole', 'pseudonymised'] as const
/** What is kept of the statements of a source. */
export type Treatment = (typeof treatments)[number]

/** What is done to each statement before anything of it is kept. */
export type Treat = (statement: unknown) => unknown

/** How long an answer is kept, in ms: a source set to be treated is within that time, everywhere. */
const keptFor = 5_000
const mostKept = 5_000

interface Seen {
  treat: Promise<Treat | undefined>
  until: number
}
const memories = new WeakMap<Db, Map<string, Seen>>()

/**
 * What is done to the statements of a credential; undefined when they are kept whole, as they are at first.
 * @param authority that of the credential.
 */
export function findTreat(
  services: Pick<Services, 'db' | 'now'>,
  tenantId: string,
  credentialId: string,
  authority: Agent,
): Promise<Treat | undefined> {
  const memory = memories.get(services.db) ?? new Map<string, Seen>()
  memories.set(services.db, memory)
  const now = services.now().getTime()
  const name = `${tenantId} ${credentialId}`
  const seen = memory.get(name)
  if (seen && seen.until > now) return seen.treat
  const asked = { treat: ask(services, tenantId, credentialId, authority), until: now + keptFor }
  asked.treat.catch(() => memory.delete(name))
  if (memory.size >= mostKept) memory.clear()
  memory.set(name, asked)
  return asked.treat
}

function ask(
  services: Pick<Services, 'db' | 'now'>,
  tenantId: string,
  credentialId: string,
  authority: Agent,
): Promise<Treat | undefined> {
  return inTenant(services.db, tenantId, async (tx) => {
    const source = await tables(tx)
      .selectFrom('records.credential as c')
      .innerJoin('records.source as s', 's.id', 'c.source_id')
      .select('s.treatment')
      .where('c.id', '=', credentialId)
      .executeTakeFirst()
    if (source?.treatment !== 'pseudonymised') return undefined
    const key = await ensureKey(tx)
    // The address of the tenant, as all authorities tell it.
    const homePage = authority.account?.homePage ?? ''
    return (statement) => pseudonymise(statement, { homePage, key })
  })
}

/** The tenant's key of 32 bytes; undefined before its first use. */
export async function findKey(tx: Tx): Promise<Buffer | undefined> {
  const row = await tables(tx)
    .selectFrom('records.pseudonym_key')
    .select('key')
    .where(sql<boolean>`tenant_id = kernel.current_tenant()`)
    .executeTakeFirst()
  return row?.key
}

/** The tenant's key of 32 bytes, made at its first use. */
async function ensureKey(tx: Tx): Promise<Buffer> {
  // Two processes may come first at once: one row is kept, both read it.
  await tables(tx)
    .insertInto('records.pseudonym_key')
    .values({ key: randomBytes(32) })
    .onConflict((conflict) => conflict.column('tenant_id').doNothing())
    .execute()
  const row = await tables(tx)
    .selectFrom('records.pseudonym_key')
    .select('key')
    .where(sql<boolean>`tenant_id = kernel.current_tenant()`)
    .executeTakeFirstOrThrow()
  return row.key
}

/**
 * Says what is kept of what a source sends from now on: within five seconds, everywhere. What is kept already stays as it is.
 * @param by person who does it; null for a command.
 * @throws Problem 404 `source_unknown`.
 */
export async function setTreatment(tx: Tx, by: string | null, sourceId: string, treatment: Treatment): Promise<void> {
  const { numUpdatedRows } = await tables(tx)
    .updateTable('records.source')
    .set({ treatment })
    .where('id', '=', sourceId)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new Problem(404, 'source_unknown', 'There is no such source.')
  await recordAudit(tx, {
    action: 'records.treatment_set',
    actorPersonId: by,
    subjectKind: 'records.source',
    subjectId: sourceId,
    detail: { treatment },
  })
}
