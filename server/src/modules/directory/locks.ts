import type pg from 'pg'

/**
 * Runs `work` while no other program holds the lock of that name; undefined, and nothing done, while one does. The lock
 * goes with its connection: a killed program leaves none.
 */
export async function withLock<T>(
  owner: pg.Pool,
  name: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<{ result: T } | undefined> {
  const client = await owner.connect()
  let unlocked = false
  try {
    const locking = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked'
    const { rows } = await client.query<{ locked: boolean }>(locking, [name])
    if (!rows[0]?.locked) {
      unlocked = true
      return undefined
    }
    try {
      return { result: await work(client) }
    } finally {
      unlocked = await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).then(
        () => true,
        () => false,
      )
    }
  } finally {
    // A connection that does not answer is closed, and its lock with it.
    client.release(!unlocked)
  }
}
