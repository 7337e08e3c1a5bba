import { createPrivateKey, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Secrets } from '#kernel/secrets'
import { type CertifiedKey, makeCertifiedKey } from './certificate.ts'
import { tables } from './tables.ts'

const contextOf = (id: string) => `saml.service_key ${id}`

/** The keys of this workspace: all announced and all opening what is encrypted for them, one signing. */
export interface ServiceKeys {
  signing: CertifiedKey
  all: CertifiedKey[]
}

/** Finds the keys, the one that signs first; makes the first one when there is none. @throws Problem `secret_unreadable`. */
export async function getServiceKeys(tx: Tx, secrets: Secrets, name: string, now: Date): Promise<ServiceKeys> {
  let rows = await listRows(tx)
  if (rows.length === 0) {
    await addServiceKey(tx, secrets, { name, active: true }, now)
    rows = await listRows(tx)
  }
  const all = []
  for (const { id, certificate, private_key: sealed } of rows) {
    all.push({ certificate, privateKey: createPrivateKey(await secrets.open(sealed, contextOf(id))) })
  }
  return { signing: all[0]!, all }
}

function listRows(tx: Tx) {
  return tables(tx)
    .selectFrom('saml.service_key')
    .select(['id', 'certificate', 'private_key'])
    .orderBy('active_from', (order) => order.desc().nullsLast())
    .orderBy('id', 'desc')
    .execute()
}

/** Makes a key: announced at once; signing at once only if `active`. @returns its identifier. */
export async function addServiceKey(
  tx: Tx,
  secrets: Secrets,
  input: { name: string; active: boolean },
  now: Date,
): Promise<string> {
  const id = randomUUIDv7()
  const { certificate, privateKey } = await makeCertifiedKey(input.name, now)
  const clear = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await tables(tx)
    .insertInto('saml.service_key')
    .values({
      id,
      certificate,
      private_key: await secrets.seal(clear, contextOf(id)),
      created_at: now,
      active_from: input.active ? now : null,
    })
    .execute()
  await recordAudit(tx, {
    action: 'saml.service_key_added',
    actorPersonId: null,
    subjectKind: 'serviceKey',
    subjectId: id,
    detail: { active: input.active },
  })
  return id
}

/**
 * Signs by the key that was only announced; the one before goes on opening what was encrypted for it, older ones go.
 * @throws Problem 409 `no_next_key` when none waits.
 */
export async function activateServiceKey(tx: Tx, now: Date): Promise<string> {
  const next = await tables(tx)
    .updateTable('saml.service_key')
    .set({ active_from: now })
    .where('active_from', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!next)
    throw new Problem(409, 'no_next_key', 'No key was announced: add one, then give providers the time to read it.')
  const kept = tables(tx)
    .selectFrom('saml.service_key')
    .select('id')
    .orderBy('active_from', 'desc')
    .orderBy('id', 'desc')
    .limit(2)
  await tables(tx).deleteFrom('saml.service_key').where('id', 'not in', kept).execute()
  await recordAudit(tx, {
    action: 'saml.service_key_activated',
    actorPersonId: null,
    subjectKind: 'serviceKey',
    subjectId: next.id,
  })
  return next.id
}

/** Seals by the newest secret key what a former one sealed. @returns how many. */
export async function resealServiceKeys(tx: Tx, secrets: Secrets): Promise<number> {
  let sealed = 0
  for (const { id, private_key: current } of await listRows(tx)) {
    if (await secrets.isCurrent(current)) continue
    const renewed = await secrets.seal(await secrets.open(current, contextOf(id)), contextOf(id))
    await tables(tx).updateTable('saml.service_key').set({ private_key: renewed }).where('id', '=', id).execute()
    sealed += 1
  }
  return sealed
}
