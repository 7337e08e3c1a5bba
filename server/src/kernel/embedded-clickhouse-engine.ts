import { setTimeout as wait } from 'node:timers/promises'
import type { Session } from 'chdb'
import { quoteName, quoteString } from './clickhouse-statement.ts'
import { ClickhouseError } from './embedded-clickhouse-errors.ts'

/** Statements run at once. Each holds a session; a session runs one statement at a time. */
const sessionCount = 4
/** Statements that may wait for a session, beyond which a client is told to come back. */
const longestQueue = 1000

/** Settings of every statement unless it says otherwise: a machine of 2 cores and a few GB, shared with PostgreSQL. */
const baseSettings: Record<string, string> = {
  max_threads: '2',
  max_insert_threads: '1',
  // One statement may not take all the memory; sorting and grouping go to disk before that.
  max_memory_usage: '1000000000',
  max_bytes_before_external_group_by: '400000000',
  max_bytes_before_external_sort: '400000000',
  // `clickhouse-local` reads `1 + 1` as a query; a server does not, and its syntax errors are clearer.
  implicit_select: '0',
}

/** A session of the engine and what statements have changed in it. */
interface Slot {
  session: Session
  /** Its statements bear it as their `log_comment`, by which they can be cancelled. */
  mark: string
  database: string
  changed: Set<string>
}

/** What surrounds a statement of one request. */
export interface Surroundings {
  database: string
  settings: Map<string, string>
  parameters: Map<string, string>
}

interface Work<T> {
  run: (session: Session) => Promise<T>
  /** Whether the session can be used again after a success; true unless given. After a failure it never is. */
  keep?: () => boolean
  /** Cancels the statement. */
  abandoned?: AbortSignal
}

/** The sessions of the engine, shared by requests. */
export interface Engine {
  /** Runs `work` with a session prepared for it: database, settings and parameters of this request and no other. */
  with<T>(surroundings: Surroundings, work: Work<T>): Promise<T>
  /** Cancels what runs and closes the sessions. @returns false if something would not end. */
  close(): Promise<boolean>
}

/** Opens the sessions. */
export async function openEngine(open: () => Session): Promise<Engine> {
  const assign = async (session: Session, assignments: string[]) => {
    if (assignments.length > 0) await session.queryAsync(`SET ${assignments.join(', ')}`)
  }
  const baseOf = (mark: string): Record<string, string> => ({ ...baseSettings, log_comment: mark })
  const openSlot = async (mark: string): Promise<Slot> => {
    const session = open()
    const base = Object.entries(baseOf(mark))
    await assign(
      session,
      base.map(([name, value]) => `${name} = ${quoteString(value)}`),
    )
    return { session, mark, database: 'default', changed: new Set() }
  }
  const prepare = async (slot: Slot, { database, settings, parameters }: Surroundings) => {
    const assignments: string[] = []
    const base = baseOf(slot.mark)
    for (const name of slot.changed) {
      const value = base[name]
      if (!settings.has(name)) assignments.push(`${name} = ${value === undefined ? 'DEFAULT' : quoteString(value)}`)
    }
    for (const [name, value] of settings) assignments.push(`${name} = ${quoteString(value)}`)
    for (const [name, value] of parameters) assignments.push(`param_${name} = ${quoteString(value)}`)
    await assign(slot.session, assignments)
    slot.changed = new Set(settings.keys())
    if (slot.database !== database) {
      await slot.session.queryAsync(`USE ${quoteName(database)}`)
      slot.database = database
    }
  }

  const control = open()
  const cancel = (condition: string) => control.queryAsync(`KILL QUERY WHERE ${condition} ASYNC`).catch(() => {})
  const cancelled = () => new ClickhouseError(394, 'QUERY_WAS_CANCELLED', 'The statement was cancelled.')

  const marks = Array.from({ length: sessionCount }, (_, index) => `preau ${index}`)
  const free = await Promise.all(marks.map(openSlot))
  const waiting: ((slot: Slot) => void)[] = []
  let closing = false
  const give = (slot: Slot) => {
    const next = waiting.shift()
    if (next) next(slot)
    else free.push(slot)
  }
  return {
    async with(surroundings, { run, keep = () => true, abandoned }) {
      if (waiting.length >= longestQueue) {
        throw new ClickhouseError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many statements are waiting.')
      }
      let slot = free.pop() ?? (await new Promise<Slot>((resolve) => waiting.push(resolve)))
      const { mark } = slot
      let reusable = false
      let cancelling: Promise<unknown> | undefined
      const onAbandoned = () => {
        cancelling = cancel(`Settings['log_comment'] = ${quoteString(mark)}`)
      }
      try {
        if (closing || abandoned?.aborted) {
          reusable = true
          throw cancelled()
        }
        await prepare(slot, surroundings)
        abandoned?.addEventListener('abort', onAbandoned)
        const result = await run(slot.session)
        // Nothing can be set any more in a session that only reads.
        reusable = keep() && !surroundings.settings.has('readonly')
        return result
      } finally {
        abandoned?.removeEventListener('abort', onAbandoned)
        // The next statement of this session bears the same mark.
        await cancelling
        // chDB puts what a failed statement had begun to answer in front of the next answer of its session: one
        // person's data before another's. A session in which anything failed is never used again.
        if (!reusable) {
          slot.session.close()
          slot = await openSlot(mark)
        }
        give(slot)
      }
    },
    async close() {
      closing = true
      if (free.length < sessionCount) await cancel(`query NOT ILIKE 'KILL QUERY%'`)
      for (const deadline = Date.now() + 2000; free.length < sessionCount; await wait(10)) {
        if (Date.now() > deadline) return false
      }
      for (const { session } of [...free, { session: control }]) session.close()
      return true
    },
  }
}
