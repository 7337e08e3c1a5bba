import canonicalize from 'canonicalize'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'
import { hashLeaf } from './merkle.ts'

/** What the journal takes: JSON of texts, whole numbers and lists; amounts in cents and voices are texts. */
export type JournalContent = { [name: string]: JournalValue }
type JournalValue = string | number | boolean | null | JournalValue[] | JournalContent

/**
 * Adds an event to the journal of an agreement, in the transaction of the act itself: one is never without the other.
 * Events of one agreement are told one after the other, so their order is that of their numbers; the lock is held until
 * the transaction ends, so this is its last statement.
 * @param entry.content names nobody: persons enter as salted digests (`digestOf`), parties by their key.
 * @returns place of the event in the journal, from 0.
 */
export async function recordInJournal(
  tx: Tx,
  entry: { agreementId: string; kind: string; subjectId: string; content: JournalContent },
  now: Date,
): Promise<number> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`governance.journal ${entry.agreementId}`}, 0))`.execute(tx)
  const last = await tables(tx)
    .selectFrom('governance.journal_entry')
    .select((each) => each.fn.max('seq').as('seq'))
    .where('agreement_id', '=', entry.agreementId)
    .executeTakeFirst()
  const seq = (last?.seq ?? -1) + 1
  const content = canonicalize({ ...entry.content, kind: entry.kind, subject: entry.subjectId, at: now.toISOString() })
  if (content === undefined) throw new TypeError('The journal takes JSON only.')
  await tables(tx)
    .insertInto('governance.journal_entry')
    .values({
      agreement_id: entry.agreementId,
      seq,
      kind: entry.kind,
      subject_id: entry.subjectId,
      content,
      leaf_hash: hashLeaf(content),
      recorded_at: now,
    })
    .execute()
  return seq
}
