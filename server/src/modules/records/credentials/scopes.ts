import type { Client } from '#kernel/access'

/** The scopes of xAPI (1.0.3 part 3 §4.2), with the same meaning under 2.0. */
export const recordScopes = [
  'statements/write',
  'statements/read/mine',
  'statements/read',
  'state',
  'define',
  'profile',
  'all/read',
  'all',
] as const

export type RecordScope = (typeof recordScopes)[number]

const access = (...scopes: RecordScope[]) => ({ scopes: [...scopes, 'all'] })

/** Who may call each resource, as a route states it. */
export const recordAccess = {
  writeStatements: access('statements/write'),
  // Who reads only its own passes; what it is shown is narrowed: see `readsOwnOnly`.
  readStatements: access('statements/read', 'statements/read/mine', 'all/read'),
  readState: access('state', 'all/read'),
  writeState: access('state'),
  readProfiles: access('profile', 'all/read'),
  writeProfiles: access('profile'),
  /** What is known of an activity, or of an agent. */
  readObjects: access('statements/read', 'state', 'profile', 'define', 'all/read'),
}

const holds = (client: Client, ...scopes: RecordScope[]) => client.scopes.some((each) => scopes.some((s) => s === each))

/** Whether a reader is shown only the statements it wrote itself: those of its own credential. */
export const readsOwnOnly = (client: Client): boolean => !holds(client, 'statements/read', 'all/read', 'all')

/** Whether what a client says of activities changes what the store tells of them. */
export const mayDefine = (client: Client): boolean => holds(client, 'define', 'all')
