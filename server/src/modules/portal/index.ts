import type { Module } from '#kernel/module'
import { registerHome } from './home.routes.ts'

/** The home page: composes what other modules know of the person signed in; owns no data. */
export const portal: Module = {
  name: 'portal',
  queues: [],
  reactions: [],
  commands: [],
  register: registerHome,
}
