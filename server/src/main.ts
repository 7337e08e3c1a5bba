import { type Config, readConfig } from '#kernel/config'
import { describeFullDisk } from '#kernel/store-directory'
import { createTenant, listTenants } from '#kernel/tenancy'
import { createApp, createServices, queues, startWorkers } from './app.ts'
import { describeDemonstration, loadDemonstration } from './demonstration/load.ts'
import { openStores } from './stores.ts'
import { createProgress, outliveReaders } from './terminal.ts'

// Starts the server: stores, migrations, demonstration, workers, web; stops it in the opposite order.
const say = (line: string) => process.stdout.write(`${line}\n`)
const closers: (() => Promise<unknown>)[] = []
let stopping: Promise<void> | undefined

function stop(exitCode: number): Promise<void> {
  stopping ??= (async () => {
    const deadline = setTimeout(() => process.exit(1), 15_000)
    deadline.unref()
    for (const close of closers.reverse()) {
      await close().catch((error: Error) => say(`While stopping: ${error.message}`))
    }
    process.exit(exitCode)
  })()
  return stopping
}

function explainAddress(cause: NodeJS.ErrnoException): never {
  const reason =
    cause.code === 'EADDRINUSE'
      ? 'another program uses this port. Stop it, or choose another one: PORT=3001 npm start'
      : `nothing can be served at the address of HOST and PORT: ${cause.message}`
  throw new Error(reason, { cause })
}

outliveReaders(process.stdout, process.stderr)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
// Sent when the process that started this one is gone, however it went: nothing of ours stays behind.
process.on('disconnect', () => void stop(0))

let config: Config | undefined
try {
  const begun = performance.now()
  config = readConfig(process.env)
  const stores = await openStores(config, { queues, supervise: true, log: say })
  closers.push(() => stores.close())
  const services = createServices(config, stores)
  // Both stores are part of "ready"; ClickHouse starts while the demonstration loads.
  const analytics = stores.clickhouse()
  analytics.catch(() => undefined)

  if (config.demonstration) await loadDemonstration(services, createProgress(process.stdout))
  else if ((await listTenants(services.owner)).length === 0) {
    await createTenant(services.owner, { slug: 'main', name: 'Préau' })
  }
  await analytics

  const app = await createApp(config, { ...services, db: stores.postgres.web })
  closers.push(() => app.close())
  // Before anyone is answered: what ends the program here ends a start, not a server.
  await startWorkers(services)
  await app.listen({ port: config.port, host: config.host }).catch(explainAddress)

  say(`\nPréau is ready (${((performance.now() - begun) / 1000).toFixed(1)} s). Sign in at ${config.publicUrl}\n`)
  for (const line of await describeDemonstration(services)) say(line)
} catch (error) {
  say(`Préau cannot start: ${(error as Error).message}`)
  const full = config && describeFullDisk(config.dataDirectory)
  if (full) say(full)
  if (process.env['LOG_LEVEL'] === 'debug') say((error as Error).stack ?? '')
  await stop(1)
}
