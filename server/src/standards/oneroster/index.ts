import type { Module } from '#kernel/module'
import { registerClients } from './clients.routes.ts'
import { connectionCommands } from './connection-commands.ts'
import { fetchConnection, fetchNightly, fetchQueue, nightlyFetchQueue } from './connections.ts'
import { registerConnections } from './connections.routes.ts'
import { clientCommands } from './oneroster-commands.ts'
import { registerRostering } from './rostering.routes.ts'
import { registerToken } from './token.routes.ts'

export { authenticateClient } from './clients.ts'

/** OneRoster 1.2: rosters served to other systems, and fetched from them. */
export const oneRoster: Module = {
  name: 'oneroster',
  queues: [fetchQueue, nightlyFetchQueue],
  reactions: [],
  commands: [...clientCommands, ...connectionCommands],
  async register(app, services) {
    await registerRostering(app, services)
    await registerToken(app, services)
    registerClients(app, services)
    registerConnections(app, services)
  },
  async startWorkers(services) {
    await services.jobs.work(fetchQueue, async (batch, signal) => {
      for (const { tenantId, connectionId: id, actorPersonId } of batch) {
        await fetchConnection(services, { tenantId, id, actorPersonId, unattended: false }, signal)
      }
    })
    await services.jobs.work(nightlyFetchQueue, (_batch, signal) => fetchNightly(services, signal))
    await services.jobs.repeat(nightlyFetchQueue, '30 1 * * *')
  },
}
