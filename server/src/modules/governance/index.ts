import type { Module } from '#kernel/module'
import { registerAgreements } from './agreements/agreements.routes.ts'
import { checkpointQueue, signEveryJournal } from './journal/checkpoints.ts'
import { forgetDeleted } from './journal/journal.ts'

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
  },
  async startWorkers(services) {
    await services.jobs.work(checkpointQueue, () => signEveryJournal(services))
    await services.jobs.repeat(checkpointQueue, '20 2 * * *')
  },
}
