import { createHash } from 'node:crypto'
import { CompiledQuery, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'

/**
 * The database as the kernel knows it: no table of any module. A module adds its own with `withTables` in its
 * `tables.ts`; the tables of another module are out of reach, so a join across contexts does not compile.
 */
export type Db = Kysely<Record<never, never>>

/** A transaction bound to one tenant: row-level security shows and accepts the rows of that tenant only. */
export type Tx = Transaction<Record<never, never>>

/** Where PostgreSQL is: a URL, or the socket directory of the embedded one. */
export type PostgresLocation =
  | { connectionString: string }
  | { host: string; user: string; database: string; port?: number }

export interface Postgres {
  /** Under role `preau_app`: row-level security applies. Everything that serves a request goes through here. */
  web: Db
  /** Under the same role, for jobs and commands, whose statements may take as long as they need. */
  db: Db
  /** As the connecting role: migrations, tenants, queues and COPY (which row-level security forbids). */
  owner: pg.Pool
  close(): Promise<void>
}

// Dates without time stay 'YYYY-MM-DD': a Date would shift them by the zone of the machine.
const types = new pg.TypeOverrides()
types.setTypeParser(1082, (text: string) => text)
// Counts and cents are bigint in SQL; a number when exact, an error when not.
types.setTypeParser(20, (text: string) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond the safe integers`)
  return value
})

/**
 * How long someone waits for a page, in ms: for a connection, which is free again within a second even on the opening
 * day; then for each statement, the slowest of which (a search among a million people) takes a tenth of a second.
 */
const webPatience = { connect: 5_000, statement: 20_000 }

/** How long work that nobody watches waits for a connection, in ms: other jobs may hold them all for a while. */
const workPatience = 30_000

/**
 * Opens the pools; no connection is made before it is used. `onLost` is told when a connection breaks (the server stopped
 * or was killed); without a listener such an event would end the program.
 * @param size most connections that serve requests at once.
 */
export function openPostgres(location: PostgresLocation, onLost: (error: Error) => void, size = 20): Postgres {
  const open = (name: string, max: number, connectionTimeoutMillis: number, options?: string) => {
    const pool = new pg.Pool({
      ...location,
      types,
      max,
      connectionTimeoutMillis,
      application_name: name,
      // COPY, which the owner does, takes a connection for itself.
      ...(options && { options, pipeline: true }),
    })
    pool.on('error', onLost)
    // In use too: what uses it fails by itself, but between two statements nobody else listens.
    pool.on('connect', (client) => client.on('error', onLost))
    return pool
  }
  const openDb = (pool: pg.Pool): Db => new Kysely({ dialect: new PostgresDialect({ pool: tuneConnections(pool) }) })
  const role = '-c role=preau_app'
  const web = openDb(open('preau', size, webPatience.connect, `${role} -c statement_timeout=${webPatience.statement}`))
  const db = openDb(open('preau work', 10, workPatience, role))
  const owner = open('preau owner', 6, workPatience)
  return {
    web,
    db,
    owner,
    async close() {
      await Promise.all([web.destroy(), db.destroy(), owner.end()])
    },
  }
}

// SQLSTATE classes 08 (connection), 53 (too many connections…), 57P01 to 57P05 (the server stops or starts); and what the
// system says of a socket. PostgreSQL itself is away, not the statement wrong.
const awayCodes = /^(08...|53...|57P0[1-5]|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/
const awayMessages = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect$/,
  /^Client (has encountered a connection error|was closed) and is not queryable$/,
]

/** Whether an error says that PostgreSQL cannot be reached now: it restarts, is down, or every connection is taken. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message, syscall } = error as { code?: string; message?: string; syscall?: string }
  // A socket directory without its socket: the embedded server is being started again.
  if (code === 'ENOENT') return syscall === 'connect'
  if (code !== undefined) return awayCodes.test(code)
  return awayMessages.some((each) => each.test(message ?? ''))
}

const planMark = '/* keep plan */'

/**
 * Marks a statement that each connection plans once and keeps: `sql`${keepPlan} select …``, or `.modifyEnd(keepPlan)` of a
 * query builder. For hot statements that take longer to plan than to run, whose text varies little and whose best plan does not depend on the values given.
 */
export const keepPlan = sql.raw(planMark)

/** The same for a statement written elsewhere. */
export const keepPlanOf = (text: string): string => `${planMark} ${text}`

/** Binds a transaction to a tenant; on a kept connection it travels with `begin`. */
const bindTenant = `select set_config('preau.tenant', $1, true)`

/**
 * The pool as Kysely uses it (a text and values), with what makes each request cheaper: pg keeps the plan of a statement
 * that has a name, `begin` waits for the statement that binds the tenant, and the first statement waits for neither.
 */
function tuneConnections(pool: pg.Pool) {
  const tuned = new WeakMap<pg.PoolClient, pg.PoolClient>()
  const names = new Map<string, string>()
  function nameStatement(text: string): string {
    const name = names.get(text) ?? createHash('sha256').update(text).digest('base64url')
    names.set(text, name)
    return name
  }
  function tune(client: pg.PoolClient): pg.PoolClient {
    const send = (text: string, values: unknown[]) =>
      text.includes(planMark) ? client.query({ name: nameStatement(text), text, values }) : client.query(text, values)
    let beginning = false
    async function query(text: string, values: unknown[] = []) {
      if (text === 'begin') {
        beginning = true
        return { command: 'BEGIN', rowCount: null, rows: [] }
      }
      if (!beginning) return send(text, values)
      beginning = false
      if (text !== bindTenant) {
        await client.query('begin')
        return send(text, values)
      }
      const tenant = pg.escapeLiteral(String(values[0]))
      // Not awaited: what follows goes right behind it, and fails if it failed.
      client.query(`begin; select set_config('preau.tenant', ${tenant}, true)`).catch(() => {})
      return { command: 'SELECT', rowCount: 1, rows: [] }
    }
    return new Proxy(client, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)) })
  }
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect()
      const known = tuned.get(client) ?? tune(client)
      tuned.set(client, known)
      return known
    },
  }
}

/**
 * Runs `work` in one transaction bound to a tenant. Everything it does is kept, or nothing is.
 * @param tenantId UUID of the tenant; row-level security refuses every row of another one.
 */
export function inTenant<T>(db: Db, tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await tx.executeQuery(CompiledQuery.raw(bindTenant, [tenantId]))
    return work(tx)
  })
}

/**
 * Runs `work` on the tenant's data as they are when it begins, whatever others change meanwhile. It changes nothing.
 * @param tenantId as `inTenant`.
 */
export function inSnapshot<T>(db: Db, tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const transaction = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return transaction.execute(async (tx) => {
    await tx.executeQuery(CompiledQuery.raw(bindTenant, [tenantId]))
    return work(tx)
  })
}
