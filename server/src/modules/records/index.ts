import type { Module } from '#kernel/module'
import { credentialCommands } from './credential-commands.ts'
import { registerCredentials } from './credentials.routes.ts'

export { findDefinitions } from './activities.queries.ts'
export { authenticateCredential, getCredential } from './authentication.ts'
export {
  deleteDocument,
  findDocument,
  mergeDocument,
  type NewDocument,
  type Preconditions,
  putDocument,
} from './documents.ts'
export { deleteDocuments, type DocumentPlace, listDocumentNames } from './documents.queries.ts'
export { getPerson } from './people.ts'
export { mayDefine, readsOwnOnly, recordAccess } from './scopes.ts'

/** The record store: what learners did, as learning tools told it. The wire is `standards/xapi`. */
export const records: Module = {
  name: 'records',
  queues: [],
  reactions: [],
  commands: credentialCommands,
  register: (app, services) => registerCredentials(app, services),
}
