/** What a person may do beyond what their functions give. */
export type Right =
  | 'directory.import'
  | 'directory.administer'
  | 'instance.operate'
  | 'resources.assign'
  | 'records.administer'
  | 'insight.view'
  | 'insight.administer'
  | 'governance.administer'

/** A right held now, within a perimeter. */
export interface HeldRight {
  right: Right
  /** Organisation it is limited to; null for the whole tenant. */
  organisationId: string | null
}

/** Who makes the request: the holder of an open session. */
export interface Actor {
  tenantId: string
  accountId: string
  personId: string
  sessionId: string
  rights: HeldRight[]
}

/** A system that makes a request in its own name: the holder of an access token. */
export interface Client {
  id: string
  scopes: string[]
  /** Organisation it is limited to; null for the whole tenant. */
  organisationId: string | null
  /** Whether it is told e-mail addresses and telephone numbers. */
  contactDetails: boolean
}

/** For whom a learning dashboard is made. */
export type Audience = 'student' | 'teacher' | 'programme' | 'institution'

/** Who looks at learning dashboards: launched from a learning platform, or signed in and entitled to. */
export interface Viewer {
  tenantId: string
  audience: Audience
  /** Keys of the courses within reach, in decimal; null for all of the tenant. */
  courses: string[] | null
  /** Own pseudonym, in decimal; null when none is known. */
  learner: string | null
  /** Whether learners of these courses may be seen by name: their teacher, come from the course itself. */
  nominative: boolean
  /** Person of the directory; null without an account. */
  personId: string | null
  /** As told to those whose name is seen; null when unknown. */
  name: string | null
  /** The only indicator that was embedded; null for whole dashboards. */
  indicator: string | null
}

/**
 * Who may call a route: everyone; anyone signed in; who looks at learning dashboards; holders of a right over the whole
 * tenant, or with `somewhere` over an organisation at least; or systems whose token has one of some scopes. Every route
 * states one. What they may see or do there (perimeter, visibility) is the rule's business.
 */
export type Access = 'public' | 'signed-in' | 'viewer' | { right: Right; somewhere?: true } | { scopes: string[] }

/** Whether an actor passes; undefined stands for someone not signed in. */
export function isAllowed(access: Access, actor: Actor | undefined): boolean {
  if (access === 'public') return true
  if (!actor || access === 'viewer' || (access !== 'signed-in' && !('right' in access))) return false
  if (access === 'signed-in' || holdsOverAll(actor, access.right)) return true
  return access.somewhere === true && actor.rights.some((held) => held.right === access.right)
}

/** Whether a right is held over the whole tenant, and not over some organisations only. */
export function holdsOverAll(actor: Pick<Actor, 'rights'>, right: Right): boolean {
  return actor.rights.some((held) => held.right === right && held.organisationId === null)
}
