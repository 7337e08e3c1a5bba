import { join } from 'node:path'
import { type ClickHouseClient, openClickhouse } from '#kernel/clickhouse'
import type { Config } from '#kernel/config'
import { startEmbeddedClickhouse } from '#kernel/embedded-clickhouse'
import { startEmbeddedPostgres } from '#kernel/embedded-postgres'
import { type JobQueue, type Jobs, openJobs } from '#kernel/jobs'
import { migrateClickhouse, migratePostgres } from '#kernel/migrate'
import { isDatabaseAway, openPostgres, type Postgres } from '#kernel/postgres'
import { makeStoreDirectory } from '#kernel/store-directory'

/** Both databases, migrated, and the jobs kept in PostgreSQL. */
export interface Stores {
  postgres: Postgres
  /** Opened at its first use, or when the server starts: the command line seldom needs it. */
  clickhouse: () => Promise<ClickHouseClient>
  jobs: Jobs
  /** Closes what was opened and stops what was started, unless another program still uses it. */
  close(): Promise<void>
}

export interface StoreOptions {
  queues: JobQueue<object>[]
  /** Whether this program runs jobs and looks after their tables: the server does, the command line does not. */
  supervise: boolean
  /** Told what happens, in one line each, without personal data. */
  log: (line: string) => void
}

/**
 * Opens PostgreSQL (`DATABASE_URL`, else embedded) and ClickHouse (`CLICKHOUSE_URL`, else embedded), and brings their
 * schemas up to date.
 * @throws Error in plain words when a store cannot be had.
 */
export async function openStores(config: Config, options: StoreOptions): Promise<Stores> {
  const onLost = (error: Error) => options.log(`PostgreSQL: ${error.message}`)
  makeStoreDirectory(config.dataDirectory)

  const embedded =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres({ directory: join(config.dataDirectory, 'postgres'), log: options.log })
      : undefined
  const postgres = openPostgres(embedded?.connection ?? { connectionString: config.databaseUrl! }, onLost)
  let jobs: Jobs | undefined
  let clickhouse: Promise<{ client: ClickHouseClient; close(): Promise<void> }> | undefined

  const close = async () => {
    await jobs?.stop()
    const opened = await clickhouse?.catch(() => undefined)
    await opened?.close()
    await postgres.close()
    await embedded?.stop()
  }
  try {
    await migratePostgres(postgres.owner)
    jobs = await openJobs(postgres.owner, options.queues, { supervise: options.supervise, onError: onLost })
  } catch (error) {
    await close()
    if (config.databaseUrl !== undefined && isDatabaseAway(error)) {
      throw new Error(`PostgreSQL does not answer at the address in DATABASE_URL: ${(error as Error).message}`, {
        cause: error,
      })
    }
    throw error
  }
  return {
    postgres,
    jobs,
    close,
    async clickhouse() {
      clickhouse ??= openAnalytics(config, options.log)
      // A failed start is tried again by the next caller.
      clickhouse.catch(() => (clickhouse = undefined))
      return (await clickhouse).client
    },
  }
}

async function openAnalytics(config: Config, log: (line: string) => void) {
  const embedded =
    config.clickhouseUrl === undefined
      ? await startEmbeddedClickhouse({ directory: join(config.dataDirectory, 'clickhouse'), log })
      : undefined
  const client = openClickhouse(embedded?.connection ?? { url: config.clickhouseUrl! })
  try {
    await migrateClickhouse(client)
  } catch (error) {
    await client.close()
    await embedded?.stop()
    throw error
  }
  return {
    client,
    async close() {
      await client.close()
      await embedded?.stop()
    },
  }
}
