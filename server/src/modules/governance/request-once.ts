import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { z } from 'zod'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { lockJournal } from './journal/journal-lock.ts'
import { moneyTables } from './money/tables.ts'

/** Chosen by who asks; the same request under the same key is done once. */
export const requestKey = z.uuid()

/**
 * Does once what is asked under one key, however often the request comes: the second time, what was made is told again.
 * @param request all that is asked; a key that comes back with something else is refused.
 * @param make does it, and returns the id of what it made.
 * @throws Problem 409 `request_key_reused`.
 */
export async function doOnce(
  tx: Tx,
  { agreementId, key, request }: { agreementId: string; key: string; request: object },
  make: () => Promise<string>,
): Promise<string> {
  await lockJournal(tx, agreementId)
  const digest = createHash('sha256')
    .update(canonicalize(request) ?? '')
    .digest()
  const known = await moneyTables(tx)
    .selectFrom('governance.money_request')
    .select(['digest', 'subject_id'])
    .where('agreement_id', '=', agreementId)
    .where('key', '=', key)
    .executeTakeFirst()
  if (known) {
    if (known.digest.equals(digest)) return known.subject_id
    throw new Problem(409, 'request_key_reused', 'This request key was used for something else.')
  }
  const id = await make()
  await moneyTables(tx)
    .insertInto('governance.money_request')
    .values({ agreement_id: agreementId, key, digest, subject_id: id })
    .execute()
  return id
}
