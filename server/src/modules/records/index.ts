import type { Module } from '#kernel/module'
import { credentialCommands } from './credential-commands.ts'
import { registerCredentials } from './credentials.routes.ts'
import { registerQuarantine } from './quarantine.routes.ts'
import { transferCommands } from './transfer-commands.ts'

export { identifyAgent } from './agents.ts'
export { hasDigest } from './attachment-digests.ts'
export { listAttachments, type NewAttachment } from './attachments.queries.ts'
export { findDefinitions } from './activities.queries.ts'
export { authenticateCredential, getCredential } from './authentication.ts'
export { administratorOf } from './credentials.routes.ts'
export {
  deleteDocument,
  findDocument,
  mergeDocument,
  type NewDocument,
  type Preconditions,
  putDocument,
} from './documents.ts'
export { deleteDocuments, type DocumentPlace, listDocumentNames } from './documents.queries.ts'
export { parseJson } from './exact-json.ts'
export { getPerson } from './people.ts'
export { openLane, type QuarantineLane } from './quarantine.ts'
export { mayDefine, readsOwnOnly, recordAccess } from './scopes.ts'
export { activitiesOf, type Agent, type Attachment, type Group, type Statement, type XapiVersion } from './statement.ts'
export { areSame } from './statement-equality.ts'
export { mayNeedVersion, toCanonical, toIds, toVersion } from './statement-formats.ts'
export { checkStatement } from './statement-validation.ts'
export { findSettled } from './statement-storing.queries.ts'
export { createStatementWriter, type StatementWriter } from './statement-writer.ts'
export { listStatementsAfter } from './statements-after.queries.ts'
export { findStatement, listStatements, type StatementFilter } from './statements.queries.ts'
export { checkAgentOrGroup, checkIri, checkTimestamp, checkUuid, StatementError } from './value-validation.ts'

/** The record store: what learners did, as learning tools told it. The wire is `standards/xapi`. */
export const records: Module = {
  name: 'records',
  queues: [],
  reactions: [],
  commands: [...credentialCommands, ...transferCommands],
  async register(app, services) {
    await registerCredentials(app, services)
    registerQuarantine(app, services)
  },
}
