import type { Module } from '#kernel/module'
import { credentialCommands } from './credentials/credential-commands.ts'
import { registerCredentials } from './credentials/credentials.routes.ts'
import { registerQuarantine } from './quarantine/quarantine.routes.ts'
import { transferCommands } from './transfer/transfer-commands.ts'
import { sourceCommands } from './treatment/source-commands.ts'
import { registerTreatment } from './treatment/treatment.routes.ts'

export { identifyAgent } from './model/agents.ts'
export { countRecords, type ErasureMode, erasePerson, listOwnDocuments, type RecordsAbout } from './erasure/erasure.ts'
export { listOwnStatements } from './erasure/own-statements.queries.ts'
export { deleteStatementsBefore } from './erasure/retention.queries.ts'
export { hasDigest } from './store/attachment-digests.ts'
export { listAttachments, type NewAttachment } from './store/attachments.queries.ts'
export { findDefinitions } from './store/activities.queries.ts'
export { authenticateCredential, getCredential } from './credentials/authentication.ts'
export {
  deleteDocument,
  findDocument,
  mergeDocument,
  type NewDocument,
  type Preconditions,
  putDocument,
} from './documents/documents.ts'
export { deleteDocuments, type DocumentPlace, listDocumentNames } from './documents/documents.queries.ts'
export { parseJson } from './model/exact-json.ts'
export { getPerson } from './store/people.ts'
export { openLane, type QuarantineLane } from './quarantine/quarantine.ts'
export { ensureImportCredential } from './credentials/credentials.ts'
export { listSources } from './quarantine/quarantine.queries.ts'
export { mayDefine, readsOwnOnly, recordAccess } from './credentials/scopes.ts'
export {
  activitiesOf,
  type Activity,
  type Agent,
  type Attachment,
  type Group,
  isActivity,
  type Statement,
  type XapiVersion,
} from './model/statement.ts'
export { readMoment } from './model/moments.ts'
export { areSame } from './model/statement-equality.ts'
export { keyOf } from './model/statement-keys.ts'
export { toUtc } from './model/timestamps.ts'
export { mayNeedVersion, toCanonical, toIds, toVersion } from './model/statement-formats.ts'
export { checkStatement } from './model/statement-validation.ts'
export { findSettled } from './store/statement-storing.queries.ts'
export { createStatementWriter, type StatementWriter } from './store/statement-writer.ts'
export { listStatementsAfter } from './store/statements-after.queries.ts'
export {
  countStatementsAfter,
  findLastMoment,
  listStatementsOfActor,
  listStatementsToCount,
  listVoidedBy,
  type StatementToCount,
} from './store/statements-projected.queries.ts'
export { findStatement, listStatements, type StatementFilter } from './store/statements.queries.ts'
export { findTreat, listPseudonyms } from './treatment/treatments.ts'
export { checkAgentOrGroup, checkIri, checkTimestamp, checkUuid, StatementError } from './model/value-validation.ts'
export { openLines } from './transfer/lines.ts'
export { type ImportCounts, importStatements } from './transfer/statement-import.ts'

/** The record store: what learners did, as learning tools told it. The wire is `standards/xapi`. */
export const records: Module = {
  name: 'records',
  queues: [],
  reactions: [],
  commands: [...credentialCommands, ...sourceCommands, ...transferCommands],
  async register(app, services) {
    await registerCredentials(app, services)
    registerQuarantine(app, services)
    registerTreatment(app, services)
  },
}
