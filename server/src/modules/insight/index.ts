import type { Module } from '#kernel/module'
import { dashboardCommands } from './dashboards/dashboard-commands.ts'
import { registerDashboards } from './dashboards/dashboards.routes.ts'
import { programmeCommands } from './dashboards/programme-commands.ts'
import { registerProgrammes } from './dashboards/programmes.routes.ts'
import { registerViewer } from './dashboards/viewer.routes.ts'
import { indicatorCommands } from './indicators/indicator-commands.ts'
import { registerIndicators } from './indicators/indicators.routes.ts'
import { identityCommands } from './identities/identity-commands.ts'
import { registerIdentities } from './identities/identities.routes.ts'
import { coverageCommands } from './events/coverage-commands.ts'
import { registerCoverage } from './events/coverage.routes.ts'
import { startProjecting, projectionQueue } from './projection/projecting.ts'
import { erasureCommands } from './privacy/erasure-commands.ts'
import { retentionCommands } from './privacy/retention-commands.ts'
import { registerOwn } from './privacy/own.routes.ts'
import { registerRegister } from './privacy/register.routes.ts'
import { applyRetentions, retentionQueue } from './privacy/retention.ts'
import { registerErasures } from './privacy/erasures.routes.ts'
import { projectionCommands } from './projection/projection-commands.ts'
import { registerProjection } from './projection/projection.routes.ts'
import { registerSignIns } from './uses/sign-ins.routes.ts'
import { countSignIns, signInsQueue } from './uses/sign-ins.ts'

export { ensureCourse, replaceEnrolments, upsertEnrolments } from './enrolments/enrolments.queries.ts'
export { countKnown, getLearner, resolveUsers } from './identities/identity-map.ts'
export { listPackageFaults } from './indicators/catalogue.ts'
export { listIdentifiers } from './identities/identity-map.queries.ts'
export { createProgramme } from './dashboards/programmes.ts'
export { tiePerson } from './identities/people.ts'
export { findLaunchCutoff } from './privacy/retention.ts'
export { findViewer, openLaunch } from './viewers/viewers.ts'
export { endLaunches } from './viewers/viewers.queries.ts'

/** Uses of the workspace, counted without naming anybody. */
export const insight: Module = {
  name: 'insight',
  queues: [signInsQueue, projectionQueue, retentionQueue],
  reactions: [],
  commands: [
    ...projectionCommands,
    ...coverageCommands,
    ...indicatorCommands,
    ...dashboardCommands,
    ...programmeCommands,
    ...identityCommands,
    ...erasureCommands,
    ...retentionCommands,
  ],
  register(app, services) {
    registerSignIns(app, services)
    registerProjection(app, services)
    registerCoverage(app, services)
    registerViewer(app, services)
    registerDashboards(app, services)
    registerProgrammes(app, services)
    registerIndicators(app, services)
    registerIdentities(app, services)
    registerErasures(app, services)
    registerOwn(app, services)
    registerRegister(app, services)
  },
  async startWorkers(services) {
    await startProjecting(services)
    await services.jobs.work(signInsQueue, () => countSignIns(services))
    await services.jobs.repeat(signInsQueue, '* * * * *')
    await services.jobs.work(retentionQueue, (_batch, signal) => applyRetentions(services, signal))
    await services.jobs.repeat(retentionQueue, '30 1 * * *')
  },
}
