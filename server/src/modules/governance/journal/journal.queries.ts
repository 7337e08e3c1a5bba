import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'
import type { TreeNode } from './merkle.ts'

/** Hashes of complete subtrees, in the order asked. @throws Error when the tree does not hold one of them. */
export async function findNodes(tx: Tx, agreementId: string, nodes: TreeNode[]): Promise<Buffer[]> {
  if (nodes.length === 0) return []
  const { rows } = await sql<{ hash: Buffer | null }>`
    select coalesce(e.leaf_hash, n.hash) as hash
    from unnest(${nodes.map(({ level }) => level)}::smallint[], ${nodes.map(({ index }) => index)}::bigint[])
      with ordinality as asked (level, index, place)
    left join governance.journal_entry e
      on asked.level = 0 and e.agreement_id = ${agreementId} and e.seq = asked.index
    left join governance.journal_node n
      on asked.level > 0 and n.agreement_id = ${agreementId} and n.level = asked.level and n.index = asked.index
    order by asked.place`.execute(tx)
  return rows.map(({ hash }) => {
    if (!hash) throw new Error('The tree of the journal lacks a part.')
    return hash
  })
}

/** Number of events in the journal of an agreement. */
export async function countEntries(tx: Tx, agreementId: string): Promise<number> {
  const last = await tables(tx)
    .selectFrom('governance.journal_entry')
    .select((each) => each.fn.max('seq').as('seq'))
    .where('agreement_id', '=', agreementId)
    .executeTakeFirst()
  return (last?.seq ?? -1) + 1
}

/** An event of the journal. */
export interface JournalEntry {
  seq: number
  kind: string
  subjectId: string
  /** Canonical JSON. */
  content: string
  recordedAt: Date
}

const entryColumns = ['seq', 'kind', 'subject_id as subjectId', 'content', 'recorded_at as recordedAt'] as const

/** The events of a journal, newest first. @param before place of the last one read. */
export async function listEntries(
  tx: Tx,
  agreementId: string,
  page: { before: number | undefined; limit: number },
): Promise<JournalEntry[]> {
  let query = tables(tx)
    .selectFrom('governance.journal_entry')
    .select(entryColumns)
    .where('agreement_id', '=', agreementId)
    .orderBy('seq', 'desc')
    .limit(page.limit)
  if (page.before !== undefined) query = query.where('seq', '<', page.before)
  return query.execute()
}

export async function findEntry(tx: Tx, agreementId: string, seq: number): Promise<JournalEntry | undefined> {
  return tables(tx)
    .selectFrom('governance.journal_entry')
    .select(entryColumns)
    .where('agreement_id', '=', agreementId)
    .where('seq', '=', seq)
    .executeTakeFirst()
}

/** Where the events about something stand in the journal, oldest first. */
export async function listPlacesOf(tx: Tx, agreementId: string, subjectId: string): Promise<number[]> {
  const rows = await tables(tx)
    .selectFrom('governance.journal_entry')
    .select('seq')
    .where('agreement_id', '=', agreementId)
    .where('subject_id', '=', subjectId)
    .orderBy('seq')
    .execute()
  return rows.map(({ seq }) => seq)
}

/** A signed size and root of a journal. */
export interface Checkpoint {
  size: number
  /** The signed note, byte for byte. */
  note: string
  signedAt: Date
}

/** The newest checkpoint; undefined before the first. */
export async function findLatestCheckpoint(tx: Tx, agreementId: string): Promise<Checkpoint | undefined> {
  return checkpoints(tx, agreementId).orderBy('size', 'desc').limit(1).executeTakeFirst()
}

/** The checkpoints, newest first. */
export async function listCheckpoints(tx: Tx, agreementId: string, limit: number): Promise<Checkpoint[]> {
  return checkpoints(tx, agreementId).orderBy('size', 'desc').limit(limit).execute()
}

export async function findCheckpoint(tx: Tx, agreementId: string, size: number): Promise<Checkpoint | undefined> {
  return checkpoints(tx, agreementId).where('size', '=', size).executeTakeFirst()
}

const checkpoints = (tx: Tx, agreementId: string) =>
  tables(tx)
    .selectFrom('governance.journal_checkpoint')
    .select(['size', 'note', 'signed_at as signedAt'])
    .where('agreement_id', '=', agreementId)
