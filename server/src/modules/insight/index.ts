import { listProfiles } from '#modules/directory'
import { signedIn } from '#modules/identity'
import { defineReaction } from '#kernel/events'
import type { Module } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { registerDashboards } from './dashboards/dashboards.routes.ts'
import { registerProgrammes } from './dashboards/programmes.routes.ts'
import { registerViewer } from './dashboards/viewer.routes.ts'
import { indicatorCommands } from './indicators/indicator-commands.ts'
import { identityCommands } from './identities/identity-commands.ts'
import { registerIdentities } from './identities/identities.routes.ts'
import { coverageCommands } from './events/coverage-commands.ts'
import { registerCoverage } from './events/coverage.routes.ts'
import { registerInsight } from './insight.routes.ts'
import { getPseudonymKey, toVisitor } from './identities/pseudonyms.ts'
import { startProjecting, projectionQueue } from './projection/projecting.ts'
import { projectionCommands } from './projection/projection-commands.ts'
import { registerProjection } from './projection/projection.routes.ts'
import { type EventRow, insertEvents } from './sign-ins.queries.ts'

export { ensureCourse, replaceEnrolments, upsertEnrolments } from './enrolments/enrolments.queries.ts'
export { countKnown, getLearner, resolveUsers } from './identities/identity-map.ts'
export { createProgramme } from './dashboards/programmes.ts'
export { tiePerson } from './identities/people.ts'
export { findViewer, openLaunch } from './viewers/viewers.ts'

// An opening-day morning brings dozens of sign-ins a second: they go to ClickHouse by the hundred.
const countSignIns = defineReaction(signedIn, 'count', { batchSize: 500 }, async (services, batch) => {
  const rows: EventRow[] = []
  for (const tenantId of new Set(batch.map((event) => event.tenantId))) {
    const events = batch.filter((event) => event.tenantId === tenantId)
    await inTenant(services.db, tenantId, async (tx) => {
      const key = await getPseudonymKey(tx)
      for (const event of events) {
        const [profile = 'none'] = await listProfiles(tx, event.personId)
        rows.push({
          tenant_id: tenantId,
          occurred_at: Date.parse(event.occurredAt),
          event_id: event.eventId,
          event: 'signed_in',
          profile,
          method: event.method,
          visitor: toVisitor(key, event.personId),
        })
      }
    })
  }
  await insertEvents(await services.clickhouse(), rows)
})

/** Uses of the workspace, counted without naming anybody. */
export const insight: Module = {
  name: 'insight',
  queues: [projectionQueue],
  reactions: [countSignIns],
  commands: [...projectionCommands, ...coverageCommands, ...indicatorCommands, ...identityCommands],
  register(app, services) {
    registerInsight(app, services)
    registerProjection(app, services)
    registerCoverage(app, services)
    registerViewer(app, services)
    registerDashboards(app, services)
    registerProgrammes(app, services)
    registerIdentities(app, services)
  },
  startWorkers: startProjecting,
}
