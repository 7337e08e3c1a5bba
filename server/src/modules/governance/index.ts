import type { Module } from '#kernel/module'

/** The consortium: agreements as data, bodies and meetings, votes, changes, money, and the journal that proves them. */
export const governance: Module = {
  name: 'governance',
  queues: [],
  reactions: [],
  commands: [],
  register() {},
}
