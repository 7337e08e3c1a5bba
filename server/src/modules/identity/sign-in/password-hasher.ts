import { hash, type Options, parseOptions, verify } from '@node-rs/argon2'
import { randomBytes } from 'node:crypto'
import { Problem } from '#kernel/problem'

/** OWASP password storage cheat sheet: argon2id (value 2), 19 MiB, two passes, one lane. */
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } satisfies Options

/**
 * Hashes in hand at once. Each takes a thread of the pool that files and name look-ups share (four threads) and
 * 19 MiB, so an opening day queues here instead of starving the rest.
 */
const atOnce = 2

/** Past this many people in the queue the wait is longer than they stay (about 30 s on two cores). */
const longestQueue = 1_000

export interface PasswordHasher {
  /** PHC text of a password. */
  hash(password: string): Promise<string>
  /**
   * Whether it is the password; without a hash (unknown login, account not activated) takes the same time and answers
   * false. `outdated` tells that the hash was made under other parameters and is to be made again.
   */
  verify(stored: string | null, password: string): Promise<{ matches: boolean; outdated: boolean }>
}

/** @throws Problem 503 `sign_in_busy` from its functions when too many people already wait. */
export function createPasswordHasher(): PasswordHasher {
  const waiting: (() => void)[] = []
  let running = 0
  // Never the hash of a password anyone could send: made of random bytes, once, at the first unknown login.
  let decoy: Promise<string> | undefined

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= longestQueue) {
        throw new Problem(503, 'sign_in_busy', 'Too many people are signing in; try again in a moment.', {
          retryAfter: 30,
        })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running += 1
    try {
      return await work()
    } finally {
      // The place goes to the next in line; it is free only when nobody waits.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }

  const make = (password: string) => inTurn(() => hash(normalise(password), cost))
  return {
    hash: make,
    async verify(stored, password) {
      decoy ??= hash(randomBytes(32), cost)
      const target = stored ?? (await decoy)
      const matches = await inTurn(() => verify(target, normalise(password)))
      if (stored === null || !matches) return { matches: false, outdated: false }
      const made = parseOptions(stored)
      const outdated =
        made.algorithm !== cost.algorithm ||
        made.memoryCost !== cost.memoryCost ||
        made.timeCost !== cost.timeCost ||
        made.parallelism !== cost.parallelism
      return { matches: true, outdated }
    },
  }
}

// Keyboards write "é" as one or two code points: the same password either way (NIST SP 800-63B §5.1.1.2).
const normalise = (password: string) => password.normalize('NFKC')
