import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import type { Right } from '#kernel/access'
import { openClickhouse } from '#kernel/clickhouse'
import { type Config, readConfig } from '#kernel/config'
import { startEmbeddedClickhouse } from '#kernel/embedded-clickhouse'
import type { App } from '#kernel/http'
import { openJobs } from '#kernel/jobs'
import { migrateClickhouse } from '#kernel/migrate'
import type { Services } from '#kernel/module'
import { inTenant, openPostgres, type Tx } from '#kernel/postgres'
import { createTenant, type Tenant } from '#kernel/tenancy'
import { createAccount, grantRight, openSession } from '#modules/identity'
import { createApp, createServices, queues, startWorkers } from '../src/app.ts'
import type { Stores } from '../src/stores.ts'

/** A whole server on a database of its own. */
export interface TestApp {
  app: App
  services: Services
  stores: Stores
  config: Config
  tenant: Tenant
  /** A transaction of the tenant. */
  inTenant<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Opens a session for a person, with rights if given; the headers make a request theirs. */
  signIn(personId: string, rights?: { right: Right; organisationId?: string }[]): Promise<{ cookie: string }>
  close(): Promise<void>
}

export interface TestAppOptions {
  /** Runs jobs and reactions too. */
  workers?: boolean
  now?: () => Date
  publicUrl?: string
  demonstration?: boolean
}

/** Opens a server on a fresh copy of the migrated database; `close` it in `afterAll`. */
export async function openTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const connection = inject('postgres')
  const database = `test_${randomUUIDv7().replaceAll('-', '')}`
  await runAsAdministrator(`create database ${database} template preau_template`)
  const dataDirectory = await mkdtemp(join(tmpdir(), 'preau-data-'))

  const postgres = openPostgres({ ...connection, database }, () => {}, 10)
  const jobs = await openJobs(postgres.owner, queues, { supervise: options.workers ?? false, onError: () => {} })
  let analytics: ReturnType<typeof openTestClickhouse> | undefined
  const stores: Stores = {
    postgres,
    jobs,
    clickhouse: async () => (await (analytics ??= openTestClickhouse(database))).client,
    async close() {
      await jobs.stop()
      await (await analytics)?.close()
      await postgres.close()
      await runAsAdministrator(`drop database ${database} with (force)`)
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
  const config: Config = {
    ...readConfig({ LOG_LEVEL: 'silent', PREAU_DATA: dataDirectory }),
    publicUrl: options.publicUrl ?? 'http://localhost:3000',
  }
  const tenant = await createTenant(postgres.owner, {
    slug: 'test',
    name: 'Espace d’essai',
    demonstration: options.demonstration ?? false,
  })
  const services = createServices(config, stores, options.now)
  const app = await createApp(config, { ...services, db: postgres.web })
  if (options.workers) await startWorkers(services)
  return {
    app,
    services,
    stores,
    config,
    tenant,
    inTenant: (work) => inTenant(services.db, tenant.id, work),
    async signIn(personId, rights = []) {
      const token = await inTenant(services.db, tenant.id, async (tx) => {
        const account = await createAccount(tx, personId, services.now())
        for (const { right, organisationId } of rights) {
          await grantRight(tx, { personId, right, organisationId: organisationId ?? null }, services.now())
        }
        return openSession(tx, { account, method: 'password' }, services.now())
      })
      return { cookie: `preau_session=${token}` }
    },
    async close() {
      await app.close()
      await stores.close()
    },
  }
}

async function openTestClickhouse(database: string) {
  // Joins the one that the global set-up started.
  const embedded = await startEmbeddedClickhouse({ directory: inject('clickhouseDirectory') })
  const client = openClickhouse(embedded.connection)
  await client.command({ query: `create database ${database} engine = Atomic` })
  const own = openClickhouse({ ...embedded.connection, database })
  await migrateClickhouse(own)
  return {
    client: own,
    async close() {
      await client.command({ query: `drop database ${database}` })
      await own.close()
      await client.close()
      await embedded.stop()
    },
  }
}

async function runAsAdministrator(query: string): Promise<void> {
  const client = new pg.Client(inject('postgres'))
  await client.connect()
  try {
    await client.query(query)
  } finally {
    await client.end()
  }
}
