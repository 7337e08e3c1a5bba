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
    throw config.databaseUrl === undefined ? error : explainDatabase(error)
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
    throw embedded ? error : new Error(`ClickHouse cannot be used at the address in CLICKHOUSE_URL: ${tell(error)}`)
  }
  return {
    client,
    async close() {
      await client.close()
      await embedded?.stop()
    },
  }
}

/** SQLSTATE of a user or a password refused, and of a base that is not there. */
const refusedCodes = /^(28...|3D000)$/

/** Names the variable that is wrong, where the address is what is wrong and not a migration. */
function explainDatabase(error: unknown): unknown {
  const refused = refusedCodes.test((error as { code?: string }).code ?? '')
  if (!refused && !isDatabaseAway(error)) return error
  const what = refused ? 'refuses the user, the password or the base of' : 'does not answer at the address in'
  return new Error(`PostgreSQL ${what} DATABASE_URL: ${tell(error)}`, { cause: error })
}

/** Some errors of the network only have a code, or a reason within. */
function tell(error: unknown): string {
  const { message, code, cause } = error as { message?: string; code?: string; cause?: unknown }
  return message || code || (cause ? tell(cause) : 'unknown error')
}
