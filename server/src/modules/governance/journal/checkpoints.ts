import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { tables } from '../tables.ts'
import { type Checkpoint, countEntries, findLatestCheckpoint, findNodes } from './journal.queries.ts'
import { hashSpan, splitSpan } from './merkle.ts'
import { openNote, rawPublicKey, signNote, type Verifier } from './signed-note.ts'

/** Name and public key under which an agreement's journal is signed; undefined before the first checkpoint. */
export async function findVerifier(tx: Tx, agreementId: string): Promise<Verifier | undefined> {
  return tables(tx)
    .selectFrom('governance.journal_key')
    .select(['origin as name', 'public_key as publicKey'])
    .where('agreement_id', '=', agreementId)
    .executeTakeFirst()
}

/**
 * Signs the size and root of a journal (c2sp.org/tlog-checkpoint), with a key made at the first time; when nothing came
 * since the last checkpoint, that one is kept.
 * @returns undefined for an empty journal.
 */
export async function signCheckpoint(
  tx: Tx,
  { secrets, publicUrl }: Pick<Services, 'secrets' | 'publicUrl'>,
  agreement: { id: string; slug: string },
  now: Date,
): Promise<Checkpoint | undefined> {
  const size = await countEntries(tx, agreement.id)
  if (size === 0) return undefined
  const latest = await findLatestCheckpoint(tx, agreement.id)
  if (latest?.size === size) return latest
  const { verifier, privateKey } = await getKey(tx, { secrets, publicUrl }, agreement, now)
  const root = await findRoot(tx, agreement.id, size)
  const note = signNote(`${verifier.name}\n${size}\n${root.toString('base64')}\n`, verifier, privateKey)
  await tables(tx)
    .insertInto('governance.journal_checkpoint')
    .values({ agreement_id: agreement.id, size, note, signed_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return findLatestCheckpoint(tx, agreement.id)
}

/** Root of the first events of a journal. */
export async function findRoot(tx: Tx, agreementId: string, size: number): Promise<Buffer> {
  return hashSpan(await findNodes(tx, agreementId, splitSpan({ start: 0, end: size })))
}

/** Size and root of a checkpoint, when the key signed it; undefined otherwise. */
export function openCheckpoint(note: string, verifier: Verifier): { size: number; root: Buffer } | undefined {
  const [origin, size = '', root = '', ...rest] = openNote(note, verifier)?.split('\n') ?? []
  if (origin !== verifier.name || !/^(0|[1-9]\d{0,15})$/.test(size) || rest.at(-1) !== '') return undefined
  const hash = Buffer.from(root, 'base64')
  return hash.length === 32 ? { size: Number(size), root: hash } : undefined
}

/** The key of a journal, made at first use; its private half is sealed where it is kept. */
async function getKey(
  tx: Tx,
  { secrets, publicUrl }: Pick<Services, 'secrets' | 'publicUrl'>,
  agreement: { id: string; slug: string },
  now: Date,
) {
  const context = `governance.journal_key ${agreement.id}`
  const pair = generateKeyPairSync('ed25519')
  await tables(tx)
    .insertInto('governance.journal_key')
    .values({
      agreement_id: agreement.id,
      origin: `${new URL(publicUrl).host}/governance/${agreement.slug}`,
      public_key: rawPublicKey(pair.publicKey),
      private_key: await secrets.seal(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), context),
      created_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { name, publicKey, sealed } = await tables(tx)
    .selectFrom('governance.journal_key')
    .select(['origin as name', 'public_key as publicKey', 'private_key as sealed'])
    .where('agreement_id', '=', agreement.id)
    .executeTakeFirstOrThrow()
  return { verifier: { name, publicKey }, privateKey: createPrivateKey(await secrets.open(sealed, context)) }
}

/** Signs what came since the last checkpoint, each night: every event is provable the day after. */
export const checkpointQueue = defineQueue('governance-checkpoint')

export async function signEveryJournal(services: Services): Promise<void> {
  for (const { id: tenantId } of await listTenants(services.owner)) {
    await inTenant(services.db, tenantId, async (tx) => {
      const agreements = await tables(tx)
        .selectFrom('governance.agreement')
        .select(['id', 'slug'])
        .orderBy('id')
        .execute()
      for (const agreement of agreements) await signCheckpoint(tx, services, agreement, services.now())
    })
  }
}
