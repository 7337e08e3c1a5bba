import { defineQueue } from '#kernel/jobs'
import type { Module } from '#kernel/module'
import { probeProviders, refreshFederations } from './availability.ts'
import { registerAvailability } from './availability.routes.ts'
import { registerDiscovery } from './discovery.routes.ts'
import { federationCommands } from './federation-commands.ts'
import { registerFederation } from './federation.routes.ts'
import { createProtocols, silent } from './protocols.ts'

const probeQueue = defineQueue('federation-probe', { retries: 0 })
const refreshQueue = defineQueue('federation-refresh', { retries: 2, expireInSeconds: 3_000 })

/** Sign-in by outside identity providers: OpenID Connect, SAML 2.0, CAS; whether they work, and which are whose. */
export const federation: Module = {
  name: 'federation',
  queues: [probeQueue, refreshQueue],
  reactions: [],
  commands: federationCommands,
  async register(app, services) {
    await registerFederation(app, services, createProtocols(services, app.log))
    registerDiscovery(app, services)
    registerAvailability(app, services)
  },
  async startWorkers(services) {
    const protocols = createProtocols(services, silent)
    await services.jobs.work(probeQueue, (_, signal) => probeProviders(services, protocols, signal))
    await services.jobs.work(refreshQueue, (_, signal) => refreshFederations(services, signal))
    // At once too: five minutes without a word would be long after a start.
    await services.db.transaction().execute((tx) => services.jobs.enqueue(tx, probeQueue, {}))
    await services.jobs.repeat(probeQueue, '*/5 * * * *')
    await services.jobs.repeat(refreshQueue, '41 * * * *')
  },
}
