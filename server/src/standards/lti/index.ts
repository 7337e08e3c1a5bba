import type { Module } from '#kernel/module'
import { courseQueue, nightlyQueue, readCourse, readEveryCourse } from './course-reading.ts'
import { registerDeepLinks } from './deep-links.routes.ts'
import { registerEmbedding } from './embed.routes.ts'
import { createPlatformKeys } from './id-token.ts'
import { registerLaunches } from './launch.routes.ts'
import { ltiCommands } from './lti-commands.ts'
import { registerPlatforms } from './platforms.routes.ts'
import { registerPortals } from './portals.routes.ts'
import { purgeLti, purgeQueue } from './purge.ts'
import { registerRegistration } from './registration.routes.ts'

/** LTI 1.3: learning platforms open dashboards, tell who takes part, and choose what to show; portals frame indicators. */
export const lti: Module = {
  name: 'lti',
  queues: [courseQueue, nightlyQueue, purgeQueue],
  reactions: [],
  commands: ltiCommands,
  async register(app, services) {
    await registerLaunches(app, services, createPlatformKeys())
    registerRegistration(app, services)
    registerPlatforms(app, services)
    registerDeepLinks(app, services)
    registerPortals(app, services)
    await registerEmbedding(app, services)
  },
  async startWorkers(services) {
    await services.jobs.work(courseQueue, async (batch, signal) => {
      for (const course of batch) await readCourse(services, course, signal)
    })
    await services.jobs.work(nightlyQueue, (_batch, signal) => readEveryCourse(services, signal))
    await services.jobs.work(purgeQueue, () => purgeLti(services))
    await services.jobs.repeat(nightlyQueue, '10 2 * * *')
    await services.jobs.repeat(purgeQueue, '23 * * * *')
  },
}
