import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findCheckpoint, findEntry, findLatestCheckpoint, findNodes, type JournalEntry } from './journal.queries.ts'
import { hashLeaf, hashSpan, spanConsistency, spanInclusion, splitSpan, verifyInclusion } from './merkle.ts'
import { openCheckpoint } from './checkpoints.ts'
import type { Verifier } from './signed-note.ts'

const header = 'c2sp.org/tlog-proof@v1'

/**
 * The proof that an event is in a journal: a file (c2sp.org/tlog-proof) that holds the event itself (`extra`), its place,
 * the siblings up to the root, and the signed root. Whoever has the journal's public key needs nothing else.
 * @throws Problem 404 `journal_entry_not_found`; 409 `checkpoint_awaited` for an event that no signed root covers yet.
 */
export async function proveInclusion(tx: Tx, agreementId: string, seq: number): Promise<string> {
  const entry = await findEntry(tx, agreementId, seq)
  if (!entry) throw new Problem(404, 'journal_entry_not_found', 'The journal has no event at this place.')
  const checkpoint = await findLatestCheckpoint(tx, agreementId)
  if (!checkpoint || checkpoint.size <= seq) {
    throw new Problem(
      409,
      'checkpoint_awaited',
      'The journal is signed after each meeting and every night: this comes.',
    )
  }
  const siblings = await hashSpans(tx, agreementId, spanInclusion(seq, checkpoint.size))
  return formatProof(entry, siblings, checkpoint.note)
}

/**
 * The proof that a journal only grew from one signed root to another (RFC 6962 §2.1.2), each hash in base64.
 * @throws Problem 404 `checkpoint_not_found` for a size that was not signed; 422 `checkpoints_reversed`.
 */
export async function proveConsistency(tx: Tx, agreementId: string, former: number, size: number): Promise<string[]> {
  if (former > size) throw new Problem(422, 'checkpoints_reversed', 'The first size is the larger one.')
  for (const each of [former, size]) {
    if (!(await findCheckpoint(tx, agreementId, each))) {
      throw new Problem(404, 'checkpoint_not_found', `The journal was not signed when it had ${each} events.`)
    }
  }
  const hashes = await hashSpans(tx, agreementId, spanConsistency(former, size))
  return hashes.map((hash) => hash.toString('base64'))
}

/** Hashes of parts of the tree, read at once. */
async function hashSpans(tx: Tx, agreementId: string, spans: { start: number; end: number }[]): Promise<Buffer[]> {
  const parts = spans.map(splitSpan)
  const hashes = await findNodes(tx, agreementId, parts.flat())
  return parts.map((each) => hashSpan(hashes.splice(0, each.length)))
}

function formatProof(entry: JournalEntry, siblings: Buffer[], note: string): string {
  const lines = [
    header,
    `extra ${Buffer.from(entry.content).toString('base64')}`,
    `index ${entry.seq}`,
    ...siblings.map((hash) => hash.toString('base64')),
  ]
  return `${lines.join('\n')}\n\n${note}`
}

/** What a proof shows once it is verified. */
export interface ProvenEntry {
  /** Name of the journal. */
  origin: string
  /** Place of the event, from 0, and number of events that were signed for. */
  seq: number
  size: number
  /** The event: canonical JSON. */
  content: string
}

/**
 * Verifies a proof with nothing but the public key of the journal.
 * @throws Problem 422 `proof_unreadable`, or `proof_invalid` saying which part does not hold.
 */
export function verifyProof(proof: string, verifier: Verifier): ProvenEntry {
  const end = proof.indexOf('\n\n')
  const [first, extra = '', index = '', ...siblings] = proof.slice(0, end).split('\n')
  const [, content] = /^extra ([A-Za-z0-9+/=]+)$/.exec(extra) ?? []
  const [, seq] = /^index (0|[1-9]\d{0,15})$/.exec(index) ?? []
  if (end < 0 || first !== header || content === undefined || seq === undefined) {
    throw new Problem(422, 'proof_unreadable', 'This is no proof of a journal (c2sp.org/tlog-proof with its event).')
  }
  const tree = openCheckpoint(proof.slice(end + 2), verifier)
  if (!tree) throw new Problem(422, 'proof_invalid', `The root is not signed by ${verifier.name} under this key.`)
  const text = Buffer.from(content, 'base64').toString('utf8')
  const path = siblings.map((hash) => Buffer.from(hash, 'base64'))
  if (!verifyInclusion(hashLeaf(text), Number(seq), tree, path)) {
    throw new Problem(
      422,
      'proof_invalid',
      'The event does not lead to the signed root: it was changed, or it is not there.',
    )
  }
  return { origin: verifier.name, seq: Number(seq), size: tree.size, content: text }
}
