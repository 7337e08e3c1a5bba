import type { Module } from '#kernel/module'
import { registerAuditTrail } from './audit-trail.routes.ts'
import { registerImportColumns } from './imports/import-columns.routes.ts'
import { importCommands } from './imports/import-commands.ts'
import { applyQueue, applyRequested } from './imports/import-applying.ts'
import { sweepImports } from './imports/import-sweep.ts'
import { stageQueue, stageReceived } from './imports/imports.ts'
import { uploadCommands } from './imports/upload-commands.ts'
import { registerImports } from './imports/imports.routes.ts'
import { matchingCommands } from './matching/matching-commands.ts'
import { registerMatching } from './matching/matching.routes.ts'
import { matchImported, matchPeople, matchQueue } from './matching/matching.ts'
import { organisationCommands } from './organisation-commands.ts'
import { registerOrganisations } from './organisations.routes.ts'
import { leaversQueue, runAllLeavers } from './years/people-lifecycle.ts'
import { registerPeopleLifecycle } from './years/people-lifecycle.routes.ts'
import { registerPeople } from './people.routes.ts'
import { sourceCommands } from './reception/source-commands.ts'
import { compareQueue, computeComparison } from './reception/source-comparison.ts'
import { registerSourceComparison } from './reception/source-comparison.routes.ts'
import { registerSources } from './reception/sources.routes.ts'
import { watchFeeds, watchQueue } from './reception/watch.ts'
import { switchAllDueYears, switchQueue, yearsFollowImports } from './years/years.ts'
import { yearCommands } from './years/years-commands.ts'
import { registerYears } from './years/years.routes.ts'

/** @public For whoever tells people, by mail or otherwise: nobody does yet. */
export { feedAlerted } from './reception/alerts.ts'
export { canAdminister, headsBeyond, isHeadOf } from './administration.queries.ts'
export { applyImport } from './imports/import-applying.ts'
export { receiveWritten, stageImport } from './imports/imports.ts'
export type { ImportView } from './imports/imports.routes.ts'
export {
  countUnextracted,
  type ExtractedEstablishment,
  type ExtractedGroup,
  type ExtractedPerson,
  type ExtractedPupil,
  type ExtractedTeacher,
  type ExtractScope,
  listExtractedAssigners,
  listExtractedEstablishments,
  streamExtractedCodes,
  streamExtractedGroups,
  streamExtractedMembers,
  streamExtractedPupils,
  streamExtractedTeachers,
  streamExtractedTeachings,
  streamFollowedSubjects,
  streamTaughtFormations,
} from './extracts.queries.ts'
export { getHome, homeSchema } from './home.ts'
export {
  assignEstablishments,
  createPartner,
  createTerritory,
  findEstablishment,
  isOrganisationWithin,
  listEstablishments,
  listTerritories,
} from './organisations.queries.ts'
export { findGroupCard, getEstablishmentId } from './organisations.ts'
export {
  type Audience,
  type AudienceMember,
  listAudience,
  listChildrenOf,
  listGuardiansOf,
  listHeadedIds,
  listLevelsOf,
  listManagedEstablishments,
  listOrganisationAndAbove,
  listOrganisationNamesOf,
  managesOrganisation,
} from './perimeters.queries.ts'
export { findMatches, matchPeople } from './matching/matching.ts'
export { findMergedInto, peopleMerged, peopleUnmerged } from './matching/merges.ts'
export { addPlace, createPerson, removePlace } from './people-creation.ts'
export { peopleArchived, peopleDeleted } from './years/people-lifecycle.ts'
export {
  findPeopleByReference,
  findPersonSummary,
  listPersonSummaries,
  listProfiles,
  listReferences,
  teachesPupil,
} from './people.queries.ts'
export { searchPeople } from './people-search.ts'
export { departureDays } from './rosters/departures.queries.ts'
export {
  listRosterClasses,
  listRosterCourses,
  type RosterClass,
  type RosterCourse,
} from './rosters/roster-classes.queries.ts'
export {
  listRosterOrganisations,
  listRosterPeriods,
  type RosterOrganisation,
  type RosterPeriod,
} from './rosters/roster-organisations.queries.ts'
export type { RosterOperator, RosterPage, RosterQuery, RosterRow, RosterScope } from './rosters/roster-pages.ts'
export {
  listRosterEnrolments,
  listRosterPeople,
  type RosterEnrolment,
  type RosterPerson,
} from './rosters/roster-people.queries.ts'
export type { Profile } from './tables.ts'
export { toSearchKey } from './search-key.ts'

/** @public For whoever keeps what classes share: nobody does yet. */
export { classSucceeded } from './years/years-successions.ts'
/** @public As above. */
export { listSuccessors } from './years/years-successions.queries.ts'
/** @public For whoever keeps something by school year: nobody does yet. */
export { yearSwitched } from './years/years.ts'

/** People, organisations, classes, relations, and the feeds they come from. */
export const directory: Module = {
  name: 'directory',
  queues: [stageQueue, applyQueue, matchQueue, watchQueue, compareQueue, switchQueue, leaversQueue],
  reactions: [matchImported, yearsFollowImports],
  commands: [
    ...importCommands,
    ...uploadCommands,
    ...sourceCommands,
    ...matchingCommands,
    ...organisationCommands,
    ...yearCommands,
  ],
  async register(app, services) {
    registerPeople(app, services)
    registerAuditTrail(app, services)
    registerOrganisations(app, services)
    registerYears(app, services)
    registerPeopleLifecycle(app, services)
    registerMatching(app, services)
    await registerImports(app, services)
    registerImportColumns(app, services)
    registerSources(app, services)
    registerSourceComparison(app, services)
  },
  async startWorkers(services) {
    await sweepImports(services)
    await services.jobs.work(stageQueue, async (batch, signal) => {
      for (const job of batch) await stageReceived(services, job, signal)
    })
    await services.jobs.work(applyQueue, async (batch, signal) => {
      for (const job of batch) await applyRequested(services, job, signal)
    })
    await services.jobs.work(matchQueue, async (batch, signal) => {
      for (const { tenantId, importId } of batch) await matchPeople(services, tenantId, { importId }, { signal })
    })
    await services.jobs.work(compareQueue, async (batch, signal) => {
      for (const job of batch) await computeComparison(services, job, signal)
    })
    await services.jobs.work(watchQueue, () => watchFeeds(services))
    await services.jobs.repeat(watchQueue, '* * * * *')
    await switchAllDueYears(services)
    await services.jobs.work(switchQueue, () => switchAllDueYears(services))
    await services.jobs.repeat(switchQueue, '5 * * * *')
    await services.jobs.work(leaversQueue, (_, signal) => runAllLeavers(services, signal))
    await services.jobs.repeat(leaversQueue, '40 1 * * *')
  },
}
