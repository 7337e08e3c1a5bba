import type { Module } from '#kernel/module'
import { organisationCommands } from './organisation-commands.ts'
import { registerOrganisations } from './organisations.routes.ts'
import { registerPeople } from './people.routes.ts'

export { canAdminister, isHeadOf } from './administration.queries.ts'
export { getHome, type Home, homeSchema } from './home.ts'
export {
  assignEstablishments,
  createPartner,
  createTerritory,
  findEstablishment,
  isOrganisationWithin,
  listEstablishments,
} from './organisations.queries.ts'
export { createPerson } from './people-creation.ts'
export {
  findPeopleByReference,
  findPersonSummary,
  listAffiliations,
  listPersonSummaries,
  listProfiles,
  listReferences,
  type PersonSummary,
  teachesPupil,
} from './people.queries.ts'
export { searchPeople } from './people-search.ts'
export { toSearchKey } from './search-key.ts'
export type { Profile } from './tables.ts'

/** People, organisations, classes, relations, and the feeds they come from. */
export const directory: Module = {
  name: 'directory',
  queues: [],
  reactions: [],
  commands: organisationCommands,
  async register(app, services) {
    registerPeople(app, services)
    registerOrganisations(app, services)
  },
}
