import type { Module } from '#kernel/module'
import { registerAgreements } from './agreements/agreements.routes.ts'

/** The consortium: agreements as data, bodies and meetings, votes, changes, money, and the journal that proves them. */
export const governance: Module = {
  name: 'governance',
  queues: [],
  reactions: [],
  commands: [],
  register(app, services) {
    registerAgreements(app, services)
  },
}
