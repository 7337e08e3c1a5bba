import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { type Db, inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Agent } from '../model/statement.ts'
import { tables } from '../tables.ts'
import { identifyPseudonym, pseudonymise, type Pseudonyms } from './pseudonymising.ts'

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
    // The address of the workspace, as all authorities tell it.
    const pseudonyms = await ensurePseudonyms(tx, authority.account?.homePage ?? '')
    return (statement) => pseudonymise(statement, pseudonyms)
  })
}

/** What makes the pseudonyms of the tenant, made at its first use: later a change of address leaves them as they are. */
async function ensurePseudonyms(tx: Tx, homePage: string): Promise<Pseudonyms> {
  // Two processes may come first at once: one row is kept, both read it.
  await tables(tx)
    .insertInto('records.pseudonym_key')
    .values({ key: randomBytes(32), home_page: homePage })
    .onConflict((conflict) => conflict.column('tenant_id').doNothing())
    .execute()
  return selectPseudonyms(tx).executeTakeFirstOrThrow()
}

const selectPseudonyms = (tx: Tx) =>
  tables(tx)
    .selectFrom('records.pseudonym_key')
    .select(['key', 'home_page as homePage'])
    .where(sql<boolean>`tenant_id = kernel.current_tenant()`)

/**
 * By which identifiers statements of pseudonymised sources tell of some agents, in their order; none when there never was
 * such a source.
 * @param identifiers as `identifyAgent` says.
 */
export async function listPseudonyms(tx: Tx, identifiers: string[]): Promise<string[]> {
  const pseudonyms = await selectPseudonyms(tx).executeTakeFirst()
  return pseudonyms === undefined ? [] : identifiers.map((each) => identifyPseudonym(each, pseudonyms))
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
