/** Where the record store is served, as its clients are told. */
export const root = '/xapi'

/** The resources (1.0.3 Communication, appendix B). */
export const paths = {
  about: `${root}/about`,
  statements: `${root}/statements`,
  state: `${root}/activities/state`,
  activities: `${root}/activities`,
  activityProfile: `${root}/activities/profile`,
  agents: `${root}/agents`,
  agentProfile: `${root}/agents/profile`,
} as const

export const resourcePaths = Object.values(paths)
