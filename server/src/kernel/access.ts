/** What a person may do beyond what their functions give. */
export type Right = 'directory.import' | 'directory.administer' | 'instance.operate' | 'resources.assign'

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

/**
 * Who may call a route: everyone; anyone signed in; or holders of a right somewhere. Every route states one. What they
 * may see or do there (perimeter, visibility) is the rule's business.
 */
export type Access = 'public' | 'signed-in' | { right: Right }

/** Whether an actor passes; undefined stands for someone not signed in. */
export function isAllowed(access: Access, actor: Actor | undefined): boolean {
  if (access === 'public') return true
  if (!actor) return false
  return access === 'signed-in' || actor.rights.some((held) => held.right === access.right)
}
