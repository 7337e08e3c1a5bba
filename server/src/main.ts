import { type Config, keepServedUrl, readConfig } from '#kernel/config'
import { describeFullDisk } from '#kernel/store-directory'
import { createTenant, listTenants } from '#kernel/tenancy'
import { listPackageFaults } from '#modules/insight'
import { holdAddress } from './address.ts'
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

outliveReaders(process.stdout, process.stderr)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
// Sent when the process that started this one is gone, however it went: nothing of ours stays behind.
process.on('disconnect', () => void stop(0))

let config: Config | undefined
try {
  const begun = performance.now()
  if (process.argv.length > 2) {
    throw new Error(
      `it is told nothing by words (${process.argv.slice(2).join(' ')}) but by variables: PORT=3001 npm start`,
    )
  }
  config = readConfig(process.env)
  const address = await holdAddress(config)
  closers.push(address.release)
  config = readConfig({ ...process.env, PORT: String(address.port) })
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
  await address.release()
  await app.listen({ port: address.port, host: address.host })
  keepServedUrl(config)

  say(`\nPréau is ready (${((performance.now() - begun) / 1000).toFixed(1)} s). Sign in at ${config.publicUrl}\n`)
  for (const { name, reason } of await listPackageFaults(config.indicatorPackages)) {
    say(`PREAU_INDICATORS names ${name}, which brings no indicator: ${reason}.`)
  }
  for (const line of await describeDemonstration(services)) say(line)
} catch (error) {
  say(`Préau cannot start: ${(error as Error).message}`)
  const full = config && describeFullDisk(config.dataDirectory)
  if (full) say(full)
  if (process.env['LOG_LEVEL'] === 'debug') say((error as Error).stack ?? '')
  await stop(1)
}
