import { randomUUIDv7 } from 'node:crypto'
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK, SignJWT } from 'jose'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Secrets } from '#kernel/secrets'
import { tables } from './tables.ts'

const contextOf = (id: string) => `lti.signing_key ${id}`

/** What platforms verify our messages by: every key, announced ones too; one is made when there is none. */
export async function listPublicKeys(tx: Tx, secrets: Secrets, now: Date): Promise<JWK[]> {
  const keys = () =>
    tables(tx).selectFrom('lti.signing_key').select('public_key').orderBy('created_at', 'desc').execute()
  if ((await keys()).length === 0) await addSigningKey(tx, secrets, { active: true }, now)
  return (await keys()).map((row) => row.public_key)
}

/** Makes a key, published at once; it signs at once only if `active`. @returns its identifier. */
export async function addSigningKey(
  tx: Tx,
  secrets: Secrets,
  { active }: { active: boolean },
  now: Date,
): Promise<string> {
  const id = randomUUIDv7()
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 })
  const jwk = { ...(await exportJWK(publicKey)), kid: id, alg: 'RS256', use: 'sig' }
  await tables(tx)
    .insertInto('lti.signing_key')
    .values({
      id,
      public_key: JSON.stringify(jwk),
      private_key: await secrets.seal(await exportPKCS8(privateKey), contextOf(id)),
      created_at: now,
      active_from: active ? now : null,
    })
    .execute()
  await recordAudit(tx, {
    action: 'lti.signing_key_added',
    actorPersonId: null,
    subjectKind: 'lti.signing_key',
    subjectId: id,
    detail: { active },
  })
  return id
}

/**
 * Signs by the key that was only published; the one before stays published, for what it signed; older ones go.
 * @throws Problem 409 `no_next_key` when none waits.
 */
export async function activateSigningKey(tx: Tx, now: Date): Promise<string> {
  const next = await tables(tx)
    .updateTable('lti.signing_key')
    .set({ active_from: now })
    .where('active_from', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!next)
    throw new Problem(409, 'no_next_key', 'No key was added: add one, then give platforms the time to read it.')
  const kept = tables(tx)
    .selectFrom('lti.signing_key')
    .select('id')
    .orderBy('active_from', 'desc')
    .orderBy('id', 'desc')
    .limit(2)
  await tables(tx).deleteFrom('lti.signing_key').where('id', 'not in', kept).execute()
  await recordAudit(tx, {
    action: 'lti.signing_key_activated',
    actorPersonId: null,
    subjectKind: 'lti.signing_key',
    subjectId: next.id,
  })
  return next.id
}

/** Signs a message to a platform: RS256, with the time it is made at and the five minutes it lasts. */
export async function signMessage(
  tx: Tx,
  secrets: Secrets,
  claims: Record<string, unknown>,
  now: Date,
): Promise<string> {
  // Makes the first key.
  await listPublicKeys(tx, secrets, now)
  const { id, private_key: sealed } = await tables(tx)
    .selectFrom('lti.signing_key')
    .select(['id', 'private_key'])
    .where('active_from', 'is not', null)
    .orderBy('active_from', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  const key = await importPKCS8(await secrets.open(sealed, contextOf(id)), 'RS256')
  const seconds = Math.floor(now.getTime() / 1_000)
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: id, typ: 'JWT' })
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 300)
    .sign(key)
}

/** Seals by the newest secret key what a former one sealed. @returns how many. */
export async function resealSigningKeys(tx: Tx, secrets: Secrets): Promise<number> {
  let sealed = 0
  for (const { id, private_key: current } of await tables(tx)
    .selectFrom('lti.signing_key')
    .select(['id', 'private_key'])
    .execute()) {
    if (await secrets.isCurrent(current)) continue
    const renewed = await secrets.seal(await secrets.open(current, contextOf(id)), contextOf(id))
    await tables(tx).updateTable('lti.signing_key').set({ private_key: renewed }).where('id', '=', id).execute()
    sealed += 1
  }
  return sealed
}
