import type { Config } from '#kernel/config'
import { createEvents } from '#kernel/events'
import { type App, createHttp } from '#kernel/http'
import type { JobQueue } from '#kernel/jobs'
import type { Module, Services } from '#kernel/module'
import { createSecrets } from '#kernel/secrets'
import { createTenantRegistry } from '#kernel/tenancy'
import { applications } from '#modules/applications'
import { directory } from '#modules/directory'
import { governance } from '#modules/governance'
import { authenticate, identity } from '#modules/identity'
import { findViewer, insight } from '#modules/insight'
import { portal } from '#modules/portal'
import { authenticateCredential, records } from '#modules/records'
import { mountDemonstrationIdentityProviders } from './demonstration/identity-provider.ts'
import { instance } from './instance-commands.ts'
import { caliper } from './standards/caliper/index.ts'
import { federation } from './standards/federation/index.ts'
import { gar } from './standards/gar/index.ts'
import { lti } from './standards/lti/index.ts'
import { authenticateClient, oneRoster } from './standards/oneroster/index.ts'
import { serveStatus } from './status.ts'
import { xapi } from './standards/xapi/index.ts'
import type { Stores } from './stores.ts'
import { serveWeb } from './web.ts'

/** The modules, then the standards that bring work and commands of their own, in the order they are mounted. */
export const modules: Module[] = [
  instance,
  directory,
  identity,
  applications,
  insight,
  records,
  governance,
  portal,
  federation,
  gar,
  oneRoster,
  xapi,
  caliper,
  lti,
]

/** Every queue of every module, made when the stores are opened. */
export const queues: JobQueue<object>[] = modules.flatMap((module) => [
  ...module.queues,
  ...module.reactions.map((reaction) => reaction.queue),
])

/** What every module is given. `now` is an argument so that tests can choose the day. */
export function createServices(config: Config, stores: Stores, now: () => Date = () => new Date()): Services {
  return {
    db: stores.postgres.db,
    owner: stores.postgres.owner,
    clickhouse: stores.clickhouse,
    jobs: stores.jobs,
    events: createEvents(
      stores.jobs,
      modules.flatMap((module) => module.reactions),
    ),
    listRecipients: async (tx) => {
      const lists = []
      for (const module of modules) lists.push((await module.listRecipients?.(tx)) ?? [])
      return lists.flat()
    },
    secrets: createSecrets(config.dataDirectory, config.secretKeys),
    now,
    publicUrl: config.publicUrl,
    dataDirectory: config.dataDirectory,
    indicatorPackages: config.indicatorPackages,
  }
}

/** Builds the HTTP application over open stores: every module's routes, the status, the web pages. */
export async function createApp(config: Config, services: Services): Promise<App> {
  const tenants = createTenantRegistry(services.owner)
  const app = await createHttp({
    publicUrl: config.publicUrl,
    logLevel: config.logLevel,
    findTenant: (host) => tenants.find(host),
    authenticate: (request) => authenticate(services, request),
    // Learning tools hold credentials of their own.
    authenticateClient: (request) =>
      request.url.startsWith('/xapi/') || request.routeOptions.url === '/caliper'
        ? authenticateCredential(services, request)
        : authenticateClient(services, request),
    findViewer: (request) => findViewer(services, request),
  })
  for (const module of modules) await module.register(app, services)
  serveStatus(app, services, {
    postgres: config.databaseUrl === undefined ? 'embedded' : 'server',
    clickhouse: config.clickhouseUrl === undefined ? 'embedded' : 'server',
  })
  await mountDemonstrationIdentityProviders(app, services)
  await serveWeb(app)
  return app
}

/** Starts the work in the background: the modules' queues and their reactions to each other's events. */
export async function startWorkers(services: Services): Promise<void> {
  for (const module of modules) {
    await module.startWorkers?.(services)
    for (const reaction of module.reactions) {
      await services.jobs.work(reaction.queue, (batch, signal) => reaction.run(services, batch, signal))
    }
  }
}
