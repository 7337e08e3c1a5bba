import type { Module } from '#kernel/module'
import { credentialCommands } from './credential-commands.ts'

export { authenticateCredential, getCredential } from './authentication.ts'
export { mayDefine, readsOwnOnly, recordAccess } from './scopes.ts'

/** The record store: what learners did, as learning tools told it. The wire is `standards/xapi`. */
export const records: Module = {
  name: 'records',
  queues: [],
  reactions: [],
  commands: credentialCommands,
  register() {},
}
