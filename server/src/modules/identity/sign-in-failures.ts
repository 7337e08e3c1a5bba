import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { digest } from './sessions.ts'
import { tables } from './tables.ts'

/** Attempts that cost nothing: fingers slip. */
const free = 5
/** Longest wait, in seconds: fewer than a hundred guesses a day, and a way back in without help. */
const longestWait = 900
/** A day without failure and all is forgotten. */
const memory = 86_400_000

/** Seconds to wait after a number of failures in a row: none for the first five, then 2, 4, 8… up to 15 minutes. */
export function waitAfter(failures: number): number {
  return failures < free ? 0 : Math.min(longestWait, 2 ** (failures - free + 1))
}

/**
 * Counts an attempt at a login before its password is looked at, so that attempts sent at once are counted too; a
 * success clears the count. Only the login is slowed, whoever asks: a whole school shares one address. A login nobody
 * has is slowed alike, so that the wait tells nothing.
 * @throws Problem 429 `too_many_attempts` with `retryAfter` in seconds; such an attempt is not counted.
 */
export async function countAttempt(tx: Tx, login: string, now: Date): Promise<void> {
  const db = tables(tx)
  const { failures, last_failure_at: last } = await db
    .insertInto('identity.sign_in_failure')
    .values({ login_hash: keyOf(login), failures: 0, last_failure_at: now })
    // Changes nothing, but locks the row: attempts at one login take turns.
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'login_hash']).doUpdateSet({ failures: sql`sign_in_failure.failures` }),
    )
    .returning(['failures', 'last_failure_at'])
    .executeTakeFirstOrThrow()
  const since = now.getTime() - last.getTime()
  const wait = waitAfter(failures) * 1_000 - since
  if (wait > 0) {
    const retryAfter = Math.ceil(wait / 1_000)
    throw new Problem(429, 'too_many_attempts', `Too many attempts; try again in ${retryAfter} s.`, { retryAfter })
  }
  await db
    .updateTable('identity.sign_in_failure')
    .set({ failures: since > memory ? 1 : failures + 1, last_failure_at: now })
    .where('login_hash', '=', keyOf(login))
    .execute()
}

export async function clearFailures(tx: Tx, login: string): Promise<void> {
  await tables(tx).deleteFrom('identity.sign_in_failure').where('login_hash', '=', keyOf(login)).execute()
}

export async function purgeFailures(tx: Tx, now: Date): Promise<void> {
  await tables(tx)
    .deleteFrom('identity.sign_in_failure')
    .where('last_failure_at', '<', new Date(now.getTime() - memory))
    .execute()
}

const keyOf = (login: string) => digest(login.trim().toLowerCase())
