import { createHash, randomBytes } from 'node:crypto'
import canonicalize from 'canonicalize'
import { sql } from 'kysely'
import { defineReaction } from '#kernel/events'
import { inTenant, type Tx } from '#kernel/postgres'
import { peopleDeleted } from '#modules/directory'
import { deleteCalendarsOf } from '../agreements/calendar.queries.ts'
import { tables } from '../tables.ts'
import { lockJournal } from './journal-lock.ts'
import { findNodes } from './journal.queries.ts'
import { hashLeaf, hashNode, type TreeNode } from './merkle.ts'

/** What the journal takes: JSON of texts, whole numbers and lists; amounts in cents and voices are texts. */
export type JournalContent = { [name: string]: JournalValue }
type JournalValue = string | number | boolean | null | JournalValue[] | JournalContent

/**
 * Adds an event to the journal of an agreement, in the transaction of the act itself: one is never without the other.
 * Events of one agreement are told one after the other, so their order is that of their numbers; the lock is held until
 * the transaction ends, so this is its last statement.
 * @param entry.content names nobody: persons enter as salted digests (`digestPerson`), parties by their key.
 * @returns place of the event in the journal, from 0.
 */
export async function recordInJournal(
  tx: Tx,
  entry: { agreementId: string; kind: string; subjectId: string; content: JournalContent },
  now: Date,
): Promise<number> {
  const { agreementId, kind, subjectId } = entry
  const content = canonicalize({ ...entry.content, kind, subject: subjectId, at: now.toISOString() })
  if (content === undefined) throw new TypeError('The journal takes JSON only.')
  await lockJournal(tx, agreementId)
  const last = await tables(tx)
    .selectFrom('governance.journal_entry')
    .select((each) => each.fn.max('seq').as('seq'))
    .where('agreement_id', '=', agreementId)
    .executeTakeFirst()
  const seq = (last?.seq ?? -1) + 1
  const leaf = hashLeaf(content)
  await tables(tx)
    .insertInto('governance.journal_entry')
    .values({ agreement_id: agreementId, seq, kind, subject_id: subjectId, content, leaf_hash: leaf, recorded_at: now })
    .execute()
  await completeNodes(tx, agreementId, seq, leaf)
  return seq
}

/** Writes the hashes of the subtrees that a leaf completes: as many as its number ends with ones in binary. */
async function completeNodes(tx: Tx, agreementId: string, seq: number, leaf: Buffer): Promise<void> {
  const siblings: TreeNode[] = []
  for (let level = 0, at = seq; at % 2 === 1; level += 1, at = (at - 1) / 2) siblings.push({ level, index: at - 1 })
  if (siblings.length === 0) return
  let hash = leaf
  const made = (await findNodes(tx, agreementId, siblings)).map((left, level) => {
    hash = hashNode(left, hash)
    return { agreement_id: agreementId, level: level + 1, index: siblings[level]!.index / 2, hash }
  })
  await tables(tx).insertInto('governance.journal_node').values(made).execute()
}

/**
 * What stands for a person in the journal of an agreement: nobody finds who it is without the salt, and deleting the salt
 * forgets the person for ever, while every proof holds.
 * @returns SHA-256 in hexadecimal.
 */
export async function digestPerson(tx: Tx, agreementId: string, personId: string): Promise<string> {
  await tables(tx)
    .insertInto('governance.journal_salt')
    .values({ agreement_id: agreementId, person_id: personId, salt: randomBytes(32) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { salt } = await tables(tx)
    .selectFrom('governance.journal_salt')
    .select('salt')
    .where('agreement_id', '=', agreementId)
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow()
  return createHash('sha256').update(salt).update(personId).digest('hex')
}

/** Whoever is deleted from the directory is forgotten here too, by the journals and by the calendars. */
export const forgetDeleted = defineReaction(peopleDeleted, 'governance-forget', {}, async ({ db }, batch) => {
  for (const { tenantId, personIds } of batch) {
    await inTenant(db, tenantId, async (tx) => {
      await deleteCalendarsOf(tx, personIds)
      await tables(tx)
        .deleteFrom('governance.journal_salt')
        .where('person_id', '=', sql<string>`any(${personIds}::uuid[])`)
        .execute()
    })
  }
})
