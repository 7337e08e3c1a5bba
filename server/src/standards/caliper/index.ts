import type { Module } from '#kernel/module'
import { registerEndpoint } from './caliper.routes.ts'

/** Caliper 1.2 (and 1.1): sensors send envelopes of events, which are kept as statements. */
export const caliper: Module = {
  name: 'caliper',
  queues: [],
  reactions: [],
  commands: [],
  register: registerEndpoint,
}
