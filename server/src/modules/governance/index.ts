import type { Module } from '#kernel/module'
import { agreementCommands } from './agreements/agreement-commands.ts'
import { registerAgreementVersions } from './agreements/agreement-versions.routes.ts'
import { registerAgreements } from './agreements/agreements.routes.ts'
import { registerAmendments } from './agreements/amendments.routes.ts'
import { registerAgenda } from './bodies/agenda.routes.ts'
import { registerBodies } from './bodies/bodies.routes.ts'
import { registerInvitations } from './bodies/invitations.routes.ts'
import { registerMeetings } from './bodies/meetings.routes.ts'
import { registerMinutes } from './bodies/minutes.routes.ts'
import { registerRegister } from './bodies/register.routes.ts'
import { registerCalendar } from './agreements/calendar.routes.ts'
import { complianceQueue, tellOfEveryCalendar } from './agreements/compliance.ts'
import { registerChangeSteps } from './changes/change-steps.routes.ts'
import { registerChanges } from './changes/changes.routes.ts'
import { registerCrises } from './changes/crisis.routes.ts'
import { registerDeliverableActs } from './deliverables/deliverable-acts.routes.ts'
import { registerDeliverables } from './deliverables/deliverables.routes.ts'
import { registerDocuments } from './documents/documents.routes.ts'
import { checkpointQueue, signEveryJournal } from './journal/checkpoints.ts'
import { forgetDeleted } from './journal/journal.ts'
import { registerJournal } from './journal/journal.routes.ts'
import { registerMoney } from './money/money.routes.ts'
import { registerJoining } from './membership/joining.routes.ts'
import { registerMembership } from './membership/membership.routes.ts'
import { registerDossiers } from './services/dossiers.routes.ts'
import { registerServices } from './services/services.routes.ts'
import { operatorCommands } from './operator-commands.ts'
import { registerPublic } from './publication/public.routes.ts'
import { registerPublications } from './publication/publications.routes.ts'
import { registerYearlyReview } from './review/yearly-review.routes.ts'
import { registerVotes } from './votes/votes.routes.ts'
import { registerWhatIf } from './votes/what-if.routes.ts'

export { createAgreementVersion, readShippedAgreement } from './agreements/agreement-versions.ts'
export { saveDeliverableList } from './deliverables/lists.ts'
export { beginDossier } from './services/dossiers.ts'
export { registerService } from './services/services.ts'
export { appointRepresentative } from './bodies/representatives.ts'
export { verifyProof } from './journal/proofs.ts'
export { parseVerifier } from './journal/signed-note.ts'
export { createHeadCount, readHeadCount } from './money/head-counts.ts'
export { getStanding, type Standing } from './standing.ts'

/** The consortium: agreements as data, bodies and meetings, votes, changes, money, and the journal that proves them. */
export const governance: Module = {
  name: 'governance',
  queues: [complianceQueue, checkpointQueue],
  reactions: [forgetDeleted],
  commands: [...agreementCommands, ...operatorCommands],
  register(app, services) {
    registerAgreements(app, services)
    registerBodies(app, services)
    registerMeetings(app, services)
    registerAgenda(app, services)
    registerInvitations(app, services)
    registerRegister(app, services)
    registerMinutes(app, services)
    registerAgreementVersions(app, services)
    registerAmendments(app, services)
    registerCalendar(app, services)
    registerChanges(app, services)
    registerChangeSteps(app, services)
    registerCrises(app, services)
    registerDeliverables(app, services)
    registerDeliverableActs(app, services)
    registerMembership(app, services)
    registerJoining(app, services)
    registerDocuments(app, services)
    registerJournal(app, services)
    registerMoney(app, services)
    registerPublications(app, services)
    registerPublic(app, services)
    registerServices(app, services)
    registerDossiers(app, services)
    registerVotes(app, services)
    registerYearlyReview(app, services)
    registerWhatIf(app, services)
  },
  async startWorkers(services) {
    await services.jobs.work(complianceQueue, () => tellOfEveryCalendar(services))
    await services.jobs.repeat(complianceQueue, '10 3 * * *')
    await services.jobs.work(checkpointQueue, () => signEveryJournal(services))
    await services.jobs.repeat(checkpointQueue, '20 2 * * *')
  },
}
