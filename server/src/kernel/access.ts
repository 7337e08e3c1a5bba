/** What a person may do beyond what their functions give. */
export type Right =
  | 'directory.import'
  | 'directory.administer'
  | 'instance.operate'
  | 'resources.assign'
  | 'records.administer'

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

/**
 * Who may call a route: everyone; anyone signed in; holders of a right somewhere; or systems whose token has one of some
 * scopes. Every route states one. What they may see or do there (perimeter, visibility) is the rule's business.
 */
export type Access = 'public' | 'signed-in' | { right: Right } | { scopes: string[] }

/** Whether an actor passes; undefined stands for someone not signed in. */
export function isAllowed(access: Access, actor: Actor | undefined): boolean {
  if (access === 'public') return true
  if (!actor || (access !== 'signed-in' && !('right' in access))) return false
  return access === 'signed-in' || actor.rights.some((held) => held.right === access.right)
}
