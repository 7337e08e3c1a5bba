import { sql } from 'kysely'
import { type Db, keepPlan, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type Account, readLogin } from '../accounts/accounts.queries.ts'
import { digest } from './sessions.ts'
import { tables } from '../tables.ts'

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

/** What counting an attempt found: it was counted, or comes too early after the last failure. */
interface Attempt {
  counted: boolean
  failures: number
  last_failure_at: Date
}

/**
 * Counts an attempt at a login before its password is looked at, so that attempts sent at once are counted too; a
 * success clears the count. Only the login is slowed, whoever asks: a whole school shares one address. A login nobody
 * has is slowed alike, so that the wait tells nothing.
 * @throws Problem 429 `too_many_attempts` with `retryAfter` in seconds; such an attempt is not counted.
 */
export async function countAttempt(tx: Tx, login: string, now: Date): Promise<void> {
  const { rows } = await sql<Attempt>`${keepPlan} select * from identity.count_attempt(
    ${failureKeyOf(login)}, ${now}, ${forgottenBefore(now)}, ${waits}::int[])`.execute(tx)
  refuseEarly(rows[0]!, now)
}

/** What is known of an account before its password is looked at. */
type BegunAccount = Pick<Account, 'id' | 'state' | 'passwordHash'>

/**
 * Counts an attempt, as `countAttempt`, and finds the login's own account and the one that it opens. The function binds
 * the tenant itself: called outside a transaction, it is a single round trip.
 */
export async function beginSignIn(
  db: Db,
  tenantId: string,
  typed: string,
  now: Date,
): Promise<{
  own: BegunAccount | null
  account: (BegunAccount & Pick<Account, 'personId'>) | null
  /** Whether its person is in the directory, and never was here for a time only. */
  isPlain: boolean
}> {
  const { rows } = await sql<
    Attempt & {
      own: BegunAccount | null
      opened: (BegunAccount & Pick<Account, 'personId'>) | null
      stays: boolean | null
      present: boolean | null
    }
  >`${keepPlan} select * from identity.begin_sign_in(${tenantId}, ${failureKeyOf(typed)}, ${readLogin(typed) ?? null},
    ${now}, ${forgottenBefore(now)}, ${waits}::int[])`.execute(db)
  const begun = rows[0]!
  refuseEarly(begun, now)
  return { own: begun.own, account: begun.opened, isPlain: begun.present === true && begun.stays === false }
}

function refuseEarly({ counted, failures, last_failure_at: last }: Attempt, now: Date): void {
  if (counted) return
  const retryAfter = Math.ceil(waitAfter(failures) - (now.getTime() - last.getTime()) / 1_000)
  throw new Problem(429, 'too_many_attempts', `Too many attempts; try again in ${retryAfter} s.`, { retryAfter })
}

export async function clearFailures(tx: Tx, login: string): Promise<void> {
  await tables(tx)
    .deleteFrom('identity.sign_in_failure')
    .where('login_hash', '=', failureKeyOf(login))
    .modifyEnd(keepPlan)
    .execute()
}

export async function purgeFailures(tx: Tx, now: Date): Promise<void> {
  await tables(tx).deleteFrom('identity.sign_in_failure').where('last_failure_at', '<', forgottenBefore(now)).execute()
}

const forgottenBefore = (now: Date) => new Date(now.getTime() - memory)

/** What failures at a login are counted under: the table holds no login. */
export const failureKeyOf = (login: string) => digest(login.trim().toLowerCase())
