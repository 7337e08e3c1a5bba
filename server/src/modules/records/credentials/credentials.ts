import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  type Credential,
  ensureSource,
  findCredential,
  insertCredential,
  listCredentials,
  withdrawCredential,
} from './credentials.queries.ts'
import type { RecordScope } from './scopes.ts'

/** What is asked of a new credential. */
export interface CredentialRequest {
  /** Of the source: one of that name is made when there is none. */
  name: string
  scopes: RecordScope[]
}

/**
 * Creates a credential. Its secret is told here and never again.
 * @param by person who does it; null for a command.
 */
export async function createCredential(
  tx: Tx,
  by: string | null,
  request: CredentialRequest,
  now: Date,
): Promise<{ credential: Credential; secret: string }> {
  // In hexadecimal: nothing that a command line, an address or a form reads as its own.
  return keepCredential(tx, by, request, randomBytes(16).toString('hex'), now)
}

async function keepCredential(
  tx: Tx,
  by: string | null,
  { name, scopes }: CredentialRequest,
  key: string,
  now: Date,
): Promise<{ credential: Credential; secret: string }> {
  const sourceId = await ensureSource(tx, { id: randomUUIDv7(), name, createdAt: now })
  const secret = randomBytes(32).toString('hex')
  const credential: Credential = {
    id: randomUUIDv7(),
    sourceId,
    name,
    key,
    scopes: [...new Set(scopes)],
    createdAt: now,
    createdBy: by,
    lastUsedAt: null,
  }
  await insertCredential(tx, credential, secret)
  await audit(tx, 'records.credential_created', by, credential)
  return { credential, secret }
}

/**
 * The credential in whose name a source's files are imported, made when there is none. Nobody knows its secret.
 * @returns its identifier.
 */
export async function ensureImportCredential(tx: Tx, name: string, now: Date): Promise<string> {
  const found = (await listCredentials(tx)).find((each) => each.name === name && each.key.startsWith(importPrefix))
  if (found) return found.id
  const key = `${importPrefix}${randomBytes(8).toString('hex')}`
  const { credential } = await keepCredential(tx, null, { name, scopes: ['statements/write', 'define'] }, key, now)
  return credential.id
}

const importPrefix = 'import-'

/**
 * Withdraws a credential: within five seconds neither it nor its tokens open anything. What it sent stays.
 * @throws Problem 404 `credential_unknown`.
 */
export async function withdrawCredentialAs(
  tx: Tx,
  by: string | null,
  which: { id: string } | { key: string },
  now: Date,
): Promise<Credential> {
  const credential = await findCredential(tx, which)
  if (!credential) throw new Problem(404, 'credential_unknown', 'There is no such credential.')
  await withdrawCredential(tx, credential.id, by, now)
  await audit(tx, 'records.credential_withdrawn', by, credential)
  return credential
}

function audit(tx: Tx, action: string, actorPersonId: string | null, { id, sourceId, scopes }: Credential) {
  const detail = { sourceId, scopes }
  return recordAudit(tx, { action, actorPersonId, subjectKind: 'records.credential', subjectId: id, detail })
}
