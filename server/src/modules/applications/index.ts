import type { Module } from '#kernel/module'
import { applicationCommands } from './application-commands.ts'

export { listApplications, saveApplication } from './applications.queries.ts'

/** The catalogue of applications. The home page (module `portal`) shows it. */
export const applications: Module = {
  name: 'applications',
  queues: [],
  reactions: [],
  commands: applicationCommands,
  register() {},
}
