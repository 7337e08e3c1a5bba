import { peopleDeleted } from '#modules/directory'
import { defineReaction } from '#kernel/events'
import type { Module } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { exportDegree, exportNightly, exportQueue, nightlyQueue } from './exports.ts'
import { deletePseudonyms } from './exports.queries.ts'
import { registerExports } from './exports.routes.ts'
import { garCommands } from './gar-commands.ts'

const forget = defineReaction(peopleDeleted, 'gar-forget', {}, async ({ db }, batch) => {
  for (const { tenantId, personIds } of batch) await inTenant(db, tenantId, (tx) => deletePseudonyms(tx, personIds))
})

/** The directory as the national access manager of resources (GAR) receives it. */
export const gar: Module = {
  name: 'gar',
  queues: [nightlyQueue, exportQueue],
  reactions: [forget],
  commands: garCommands,
  register: registerExports,
  async startWorkers(services) {
    await services.jobs.work(exportQueue, async (batch, signal) => {
      for (const job of batch) await exportDegree(services, job, signal)
    })
    await services.jobs.work(nightlyQueue, (_batch, signal) => exportNightly(services, signal))
    // 21:00 in winter, 22:00 in summer, in Paris: the hour of the national connectors.
    await services.jobs.repeat(nightlyQueue, '0 20 * * *')
  },
}
