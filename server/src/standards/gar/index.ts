import type { Module } from '#kernel/module'
import { exportDegree, exportNightly, exportQueue, nightlyQueue } from './exports.ts'
import { registerExports } from './exports.routes.ts'
import { garCommands } from './gar-commands.ts'

/** The directory as the national access manager of resources (GAR) receives it. */
export const gar: Module = {
  name: 'gar',
  queues: [nightlyQueue, exportQueue],
  reactions: [],
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
