import type { ParseArgsOptionsConfig } from 'node:util'
import type pg from 'pg'
import type { ClickHouseClient } from './clickhouse.ts'
import type { App } from './http.ts'
import type { JobQueue, Jobs } from './jobs.ts'
import type { Db, Tx } from './postgres.ts'
import type { Secrets } from './secrets.ts'
import type { Tenant } from './tenancy.ts'

/** What a module may use, given by `app.ts`; the same on the command line and in the server. */
export interface Services {
  db: Db
  owner: pg.Pool
  /** Opened at first use: the command line seldom needs it. */
  clickhouse: () => Promise<ClickHouseClient>
  jobs: Jobs
  events: Events
  secrets: Secrets
  /** Systems outside that records of the tenant are sent to. */
  listRecipients: (tx: Tx) => Promise<RecordRecipient[]>
  now: () => Date
  /** Address people use, without a trailing slash. */
  publicUrl: string
  dataDirectory: string
  /** npm packages that hold indicators. */
  indicatorPackages: readonly string[]
}

/** A system outside that is sent what learning tools tell. */
export interface RecordRecipient {
  id: string
  name: string
  address: string
  /** Moment until which all that it takes was sent: microseconds since 1970. */
  sentUntil: number
  /** What it takes: IRIs and sources; an empty list takes all. */
  verbs: string[]
  activities: string[]
  sourceIds: string[]
}

/** A bounded context as `app.ts` mounts it: its routes, its work in the background, its commands. */
export interface Module {
  name: string
  queues: JobQueue<object>[]
  reactions: Reaction[]
  commands: Command[]
  register(app: App, services: Services): void | Promise<void>
  /** Systems outside to which it sends records: whoever is erased here is to be erased there. */
  listRecipients?(tx: Tx): Promise<RecordRecipient[]>
  /** Starts the workers of its own queues; those of its reactions start by themselves. */
  startWorkers?(services: Services): Promise<void>
}

/** Something that happened in one context and that others may react to. */
export interface EventKind<Data extends { tenantId: string }> {
  name: string
  /** Only ever a name for the type. */
  readonly data?: Data
}

/** One context's reaction to another's event. Idempotent: an event may come twice. */
export interface Reaction<Data extends { tenantId: string } = { tenantId: string }> {
  event: EventKind<Data>
  queue: JobQueue<Data>
  run(services: Services, batch: Data[], signal: AbortSignal): Promise<void>
}

/** Announces events. */
export interface Events {
  /** Enqueues each reaction in the caller's transaction: no event without its cause, no cause without its event. */
  publish<Data extends { tenantId: string }>(tx: Tx, event: EventKind<Data>, data: Data): Promise<void>
}

/** What an administrative command is given beside the services. */
export interface CommandContext extends Services {
  /** The tenant chosen by `--tenant`, or the only one. */
  tenant: () => Promise<Tenant>
  /** Writes a line for people; silent under `--json`. */
  print: (line: string) => void
  /** Shows how far something longer than two seconds is: done of total; silent under `--json`. */
  progress: (label: string, done: number, total: number) => void
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

/** One administrative act of a module: `npm run preau -- <module> <name> …`. */
export interface Command {
  /** One or two words: `import`, `credential create`. */
  name: string
  /** Arguments as the help shows them, for example `<folder> [--dry-run]`. */
  usage: string
  summary: string
  options?: ParseArgsOptionsConfig
  /**
   * Does it. What it returns is printed whole under `--json`.
   * @throws Problem saying what is wrong; the program then exits with 1.
   */
  run(
    context: CommandContext,
    positionals: string[],
    values: Record<string, string | boolean | (string | boolean)[] | undefined>,
  ): Promise<unknown>
}
