import type { Module } from '#kernel/module'
import { registerClients } from './clients.routes.ts'
import { clientCommands } from './oneroster-commands.ts'
import { registerRostering } from './rostering.routes.ts'
import { registerToken } from './token.routes.ts'

export { authenticateClient } from './clients.ts'

/** OneRoster 1.2: rosters served to other systems. */
export const oneRoster: Module = {
  name: 'oneroster',
  queues: [],
  reactions: [],
  commands: clientCommands,
  async register(app, services) {
    await registerRostering(app, services)
    await registerToken(app, services)
    registerClients(app, services)
  },
}
