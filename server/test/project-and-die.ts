/**
 * A program that projects a tenant and is killed at a step of its first batch, as by `kill -9`: run by
 * `killWhileProjecting` with where the stores are.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openClickhouse, type ClickHouseClient } from '#kernel/clickhouse'
import { startEmbeddedClickhouse } from '#kernel/embedded-clickhouse'
import { openPostgres, type PostgresLocation } from '#kernel/postgres'
import { projectAll } from '../src/modules/insight/projection/projection.ts'

/** `before` rows are sent, once its bounds are known; `during`; `after` they have arrived, which nobody knows yet. */
export type Step = 'before' | 'during' | 'after'

interface Task {
  postgres: PostgresLocation
  clickhouse: { directory: string; database: string }
  tenantId: string
  step: Step
}

/** @returns the signal that ended it: none when there was nothing to send. */
export async function killWhileProjecting(task: Task): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(task)], { stdio: 'inherit' })
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return signal
}

const die = () => process.kill(process.pid, 'SIGKILL')

/** A client under which the program dies at a step. */
function dieAt(client: ClickHouseClient, step: Step): ClickHouseClient {
  const exec: ClickHouseClient['exec'] = async (parameters) => {
    if (step === 'before') die()
    if (step === 'during') setTimeout(die, Math.random() * 30)
    const result = await client.exec(parameters)
    if (step === 'after') {
      for await (const _ of result.stream);
      die()
    }
    return result
  }
  return new Proxy(client, { get: (target, key) => (key === 'exec' ? exec : Reflect.get(target, key)) })
}

if (process.argv[1] === import.meta.filename) {
  const { postgres, clickhouse, tenantId, step } = JSON.parse(process.argv[2] ?? '') as Task
  const { db, owner } = openPostgres(postgres, () => {})
  const { connection } = await startEmbeddedClickhouse({ directory: clickhouse.directory })
  const client = dieAt(openClickhouse({ ...connection, database: clickhouse.database }), step)
  await projectAll({ db, owner, clickhouse: () => Promise.resolve(client), now: () => new Date() }, tenantId)
  process.exit()
}
