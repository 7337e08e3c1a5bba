const base = 'https://purl.imsglobal.org/spec/or/v1p2/scope/'

/** Scopes of the rostering service (OneRoster 1.2 REST binding §4.3), by the end of their names. */
export const rosterScopes = {
  /** Collections and single objects. */
  core: `${base}roster-core.readonly`,
  /** These, and objects of other objects. */
  full: `${base}roster.readonly`,
  demographics: `${base}roster-demographics.readonly`,
} as const

export type RosterScopeName = keyof typeof rosterScopes
export const rosterScopeNames = Object.keys(rosterScopes) as [RosterScopeName, ...RosterScopeName[]]
