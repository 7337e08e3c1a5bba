import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
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

/** `waitAfter` of each number of failures, up to where it grows no more. */
const waits = Array.from({ length: 15 }, (_, failures) => waitAfter(failures))

/**
 * Counts an attempt at a login before its password is looked at, so that attempts sent at once are counted too; a
 * success clears the count. Only the login is slowed, whoever asks: a whole school shares one address. A login nobody
 * has is slowed alike, so that the wait tells nothing.
 * @throws Problem 429 `too_many_attempts` with `retryAfter` in seconds; such an attempt is not counted.
 */
export async function countAttempt(tx: Tx, login: string, now: Date): Promise<void> {
  const hash = keyOf(login)
  const forgotten = new Date(now.getTime() - memory)
  // One statement, which locks the row: attempts at one login take turns.
  const { rows } =
    await sql`${keepPlan} insert into identity.sign_in_failure as f (login_hash, failures, last_failure_at)
    values (${hash}, 1, ${now})
    on conflict (tenant_id, login_hash) do update set last_failure_at = ${now},
      failures = case when f.last_failure_at < ${forgotten} then 1 else f.failures + 1 end
    where f.last_failure_at + make_interval(secs => (${waits}::int[])[least(f.failures, ${waits.length - 1}) + 1]) <= ${now}
    returning failures`.execute(tx)
  if (rows.length > 0) return
  const { failures, last_failure_at: last } = await tables(tx)
    .selectFrom('identity.sign_in_failure')
    .select(['failures', 'last_failure_at'])
    .where('login_hash', '=', hash)
    .executeTakeFirstOrThrow()
  const retryAfter = Math.ceil(waitAfter(failures) - (now.getTime() - last.getTime()) / 1_000)
  throw new Problem(429, 'too_many_attempts', `Too many attempts; try again in ${retryAfter} s.`, { retryAfter })
}

export async function clearFailures(tx: Tx, login: string): Promise<void> {
  await tables(tx)
    .deleteFrom('identity.sign_in_failure')
    .where('login_hash', '=', keyOf(login))
    .modifyEnd(keepPlan)
    .execute()
}

export async function purgeFailures(tx: Tx, now: Date): Promise<void> {
  await tables(tx)
    .deleteFrom('identity.sign_in_failure')
    .where('last_failure_at', '<', new Date(now.getTime() - memory))
    .execute()
}

const keyOf = (login: string) => digest(login.trim().toLowerCase())
