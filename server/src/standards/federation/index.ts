import type { Module } from '#kernel/module'
import { probeProviders, probeQueue, refreshFederations, refreshQueue } from './availability.ts'
import { registerAvailability } from './availability.routes.ts'
import { registerDeclarations } from './declarations.routes.ts'
import { registerDiscovery } from './discovery.routes.ts'
import { federationCommands } from './federation-commands.ts'
import { registerFederation } from './federation.routes.ts'
import { createProtocols, silent } from './protocols.ts'

/** Sign-in by outside identity providers: OpenID Connect, SAML 2.0, CAS; whether they work, and which are whose. */
export const federation: Module = {
  name: 'federation',
  queues: [probeQueue, refreshQueue],
  reactions: [],
  commands: federationCommands,
  async register(app, services) {
    const protocols = createProtocols(services, app.log)
    await registerFederation(app, services, protocols)
    registerDiscovery(app, services)
    registerAvailability(app, services)
    registerDeclarations(app, services, protocols)
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
