import { canAdminister, isOrganisationWithin } from '#modules/directory'
import type { Actor, HeldRight, Right } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findGrant, type Grant, grantRight, listGrants, withdrawRight } from './rights.queries.ts'

/** Whether rights held include a given one over a given perimeter (null: the whole tenant). */
async function covers(tx: Tx, held: HeldRight[], right: Right, organisationId: string | null): Promise<boolean> {
  for (const own of held) {
    if (own.right !== right) continue
    if (own.organisationId === null || own.organisationId === organisationId) return true
    if (organisationId !== null && (await isOrganisationWithin(tx, organisationId, own.organisationId))) return true
  }
  return false
}

/** Whether an actor has every right that a person has or will have, at least as wide. True of a person without any. */
export async function coversRightsOf(tx: Tx, actor: Actor, personId: string, now: Date): Promise<boolean> {
  for (const grant of await listGrants(tx, now, personId)) {
    if (!(await covers(tx, actor.rights, grant.right, grant.organisationId))) return false
  }
  return true
}

/** @throws Problem 403 `not_allowed` to anyone but the person and their administrators. */
export async function listGrantsAs(tx: Tx, actor: Actor, personId: string, now: Date): Promise<Grant[]> {
  if (actor.personId !== personId && !(await canAdminister(tx, actor.personId, actor.rights, personId))) throw refusal()
  return listGrants(tx, now, personId)
}

/**
 * Delegates administration: someone who has `directory.administer` gives it, within their own perimeter, to a person
 * they administer. The other rights are an operator's to give, on the command line.
 * @throws Problem 403 `not_allowed`; 422 `period_reversed`.
 */
export async function grantRightAs(
  tx: Tx,
  actor: Actor,
  input: {
    personId: string
    organisationId: string | null
    startsOn?: Day | undefined
    endsOn?: Day | null | undefined
  },
  now: Date,
): Promise<Grant> {
  const allowed =
    (await covers(tx, actor.rights, 'directory.administer', input.organisationId)) &&
    (await canAdminister(tx, actor.personId, actor.rights, input.personId))
  if (!allowed) throw refusal()
  const grant = await grantRight(tx, { ...input, right: 'directory.administer', grantedBy: actor.personId }, now)
  await auditGrant(tx, 'identity.right_granted', actor.personId, grant)
  return grant
}

/**
 * Withdraws a right that the actor could have given, at once and in every open session.
 * @throws Problem 404 `right_not_found`; 403 `not_allowed`.
 */
export async function withdrawRightAs(tx: Tx, actor: Actor, id: string, now: Date): Promise<void> {
  const grant = await findGrant(tx, id)
  if (!grant) throw new Problem(404, 'right_not_found', 'No such right is held.')
  const allowed =
    grant.right === 'directory.administer' &&
    (await covers(tx, actor.rights, 'directory.administer', grant.organisationId))
  if (!allowed) throw refusal()
  await withdrawRight(tx, id, actor.personId, now)
  await auditGrant(tx, 'identity.right_withdrawn', actor.personId, grant)
}

export async function auditGrant(tx: Tx, action: string, actorPersonId: string | null, grant: Grant): Promise<void> {
  const { right, organisationId, startsOn, endsOn } = grant
  await recordAudit(tx, {
    action,
    actorPersonId,
    subjectKind: 'person',
    subjectId: grant.personId,
    detail: { right, organisationId, startsOn, endsOn },
  })
}

const refusal = () => new Problem(403, 'not_allowed', 'Your rights do not include this.')
