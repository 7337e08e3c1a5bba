import type { Module } from '#kernel/module'
import { registerAgreements } from './agreements/agreements.routes.ts'
import { registerChangeSteps } from './changes/change-steps.routes.ts'
import { registerChanges } from './changes/changes.routes.ts'
import { checkpointQueue, signEveryJournal } from './journal/checkpoints.ts'
import { forgetDeleted } from './journal/journal.ts'
import { registerJournal } from './journal/journal.routes.ts'
import { registerPublic } from './publication/public.routes.ts'
import { registerPublications } from './publication/publications.routes.ts'

export { verifyProof } from './journal/proofs.ts'
export { parseVerifier } from './journal/signed-note.ts'

/** The consortium: agreements as data, bodies and meetings, votes, changes, money, and the journal that proves them. */
export const governance: Module = {
  name: 'governance',
  queues: [checkpointQueue],
  reactions: [forgetDeleted],
  commands: [],
  register(app, services) {
    registerAgreements(app, services)
    registerChanges(app, services)
    registerChangeSteps(app, services)
    registerJournal(app, services)
    registerPublications(app, services)
    registerPublic(app, services)
  },
  async startWorkers(services) {
    await services.jobs.work(checkpointQueue, () => signEveryJournal(services))
    await services.jobs.repeat(checkpointQueue, '20 2 * * *')
  },
}
