import type { Module } from '#kernel/module'
import { forwardingCommands } from './forwarding-commands.ts'
import { listForwardings } from './forwardings.queries.ts'
import { forwardDue, forwardingQueue } from './forwardings.ts'
import { registerForwardings } from './forwardings.routes.ts'
import { registerWire } from './wire.ts'

/** xAPI 1.0.3 and 2.0 (IEEE 9274.1.1): the record store as learning tools speak to it. */
export const xapi: Module = {
  name: 'xapi',
  queues: [forwardingQueue],
  reactions: [],
  commands: forwardingCommands,
  async listRecipients(tx) {
    return (await listForwardings(tx)).map(({ endpoint, cursor, ...forwarding }) => ({
      ...forwarding,
      address: endpoint,
      sentUntil: cursor,
    }))
  },
  async register(app, services) {
    registerForwardings(app, services)
    await registerWire(app, services)
  },
  async startWorkers(services) {
    await services.jobs.work(forwardingQueue, (_batch, signal) => forwardDue(services, signal))
    await services.jobs.repeat(forwardingQueue, '* * * * *')
  },
}
