import {
  canAdminister,
  isHeadOf,
  isOrganisationWithin,
  listHeadedIds,
  listOrganisationAndAbove,
  listOrganisationNamesOf,
  listPersonSummaries,
  listProfiles,
  managesOrganisation,
} from '#modules/directory'
import type { Actor, Right } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import {
  findGrant,
  findToday,
  type Grant,
  grantRight,
  listGrants,
  listGrantsOver,
  withdrawRight,
} from './rights.queries.ts'

/** Rights of an operator: over the whole workspace. */
export const operatorRights: readonly Right[] = [
  'directory.import',
  'directory.administer',
  'instance.operate',
  'records.administer',
  'insight.view',
  'insight.administer',
  'governance.administer',
]

/** Someone with the rights they hold now. */
export type RightsHolder = Pick<Actor, 'personId' | 'rights'>

/** A right that someone may give to others: over what, and until when at the latest. */
export interface DelegableRight {
  right: Right
  /** Null for the whole tenant. */
  organisationId: string | null
  /** Last day; null for no end. */
  endsOn: Day | null
}

/**
 * The rights someone may give: those they hold today, no wider and no longer; and, to a head, the administration of the
 * establishment, for a year at most.
 */
export async function listDelegableRights(tx: Tx, actor: RightsHolder, now: Date): Promise<DelegableRight[]> {
  const headed = await listHeadedIds(tx, actor.personId)
  if (actor.rights.length === 0 && headed.length === 0) return []
  const today = await findToday(tx, now)
  // The request's own rights are none for someone who left the directory.
  const held = actor.rights.length === 0 ? [] : await listGrants(tx, now, actor.personId)
  return [
    ...held
      .filter(({ startsOn }) => startsOn <= today)
      .map(({ right, organisationId, endsOn }) => ({ right, organisationId, endsOn })),
    ...headed.map((organisationId) => ({
      right: 'directory.administer' as const,
      organisationId,
      endsOn: addYear(today),
    })),
  ]
}

/** The same day a year later; 29 February becomes 28. */
export function addYear(day: Day): Day {
  const later = `${Number(day.slice(0, 4)) + 1}${day.slice(4)}`
  return later.endsWith('-02-29') ? later.replace('-02-29', '-02-28') : later
}

/** The rights someone holds today, read again: for work done after the request that asked for it. */
export async function findRightsHolder(tx: Tx, personId: string, now: Date): Promise<RightsHolder> {
  const [person] = await listPersonSummaries(tx, [personId])
  const today = await findToday(tx, now)
  const grants = person?.goneOn === null ? await listGrants(tx, now, personId) : []
  return { personId, rights: grants.filter(({ startsOn }) => startsOn <= today) }
}

/** Whether rights include a given one over a given perimeter (null: the whole tenant), until a day (null: for ever). */
async function covers(
  tx: Tx,
  held: DelegableRight[],
  wanted: { right: Right; organisationId: string | null; endsOn?: Day | null },
): Promise<boolean> {
  const { organisationId, endsOn } = wanted
  for (const own of held) {
    const lasts = endsOn === undefined || own.endsOn === null || (endsOn !== null && endsOn <= own.endsOn)
    if (own.right !== wanted.right || !lasts) continue
    if (own.organisationId === null || own.organisationId === organisationId) return true
    if (organisationId !== null && (await isOrganisationWithin(tx, organisationId, own.organisationId))) return true
  }
  return false
}

/** Whether an actor has every right that a person has or will have, at least as wide. True of a person without any. */
export async function coversRightsOf(tx: Tx, actor: RightsHolder, personId: string, now: Date): Promise<boolean> {
  const grants = await listGrants(tx, now, personId)
  if (grants.length === 0) return true
  const held = await listDelegableRights(tx, actor, now)
  for (const { right, organisationId } of grants) {
    if (!(await covers(tx, held, { right, organisationId }))) return false
  }
  return true
}

/** A right with the names a page shows. */
export interface NamedGrant extends Grant {
  person: { id: string; givenName: string; familyName: string } | null
  organisationName: string | null
  grantedByName: { givenName: string; familyName: string } | null
  /** Whether the reader may withdraw it. */
  withdrawable: boolean
}

/** @throws Problem 403 `not_allowed` to anyone but the person and who manages them. */
export async function listGrantsAs(tx: Tx, actor: Actor, personId: string, now: Date): Promise<NamedGrant[]> {
  const allowed =
    actor.personId === personId ||
    (await canAdminister(tx, actor.personId, actor.rights, personId)) ||
    (await isHeadOf(tx, actor.personId, personId))
  if (!allowed) throw refusal()
  return nameGrants(tx, actor, await listGrants(tx, now, personId), now)
}

/**
 * Who holds rights over an organisation: over it, over what is above it, or over everything.
 * @throws Problem 403 `not_allowed` to who does not manage it.
 */
export async function listGrantsOverAs(tx: Tx, actor: Actor, organisationId: string, now: Date): Promise<NamedGrant[]> {
  if (!(await managesOrganisation(tx, actor, organisationId))) throw refusal()
  const above = await listOrganisationAndAbove(tx, organisationId)
  const grants = await listGrantsOver(
    tx,
    above.map(({ id }) => id),
    now,
  )
  return nameGrants(tx, actor, grants, now)
}

async function nameGrants(tx: Tx, actor: Actor, grants: Grant[], now: Date): Promise<NamedGrant[]> {
  const people = await listPersonSummaries(
    tx,
    grants.flatMap(({ personId, grantedBy }) => (grantedBy === null ? [personId] : [personId, grantedBy])),
  )
  const organisations = await listOrganisationNamesOf(
    tx,
    grants.flatMap(({ organisationId }) => organisationId ?? []),
  )
  const held = await listDelegableRights(tx, actor, now)
  const nameOf = (id: string | null) => {
    const found = people.find((person) => person.id === id)
    return found ? { id: found.id, givenName: found.givenName, familyName: found.familyName } : null
  }
  const named: NamedGrant[] = []
  for (const grant of grants) {
    named.push({
      ...grant,
      person: nameOf(grant.personId),
      organisationName: organisations.find(({ id }) => id === grant.organisationId)?.name ?? null,
      grantedByName: nameOf(grant.grantedBy),
      withdrawable: await covers(tx, held, { right: grant.right, organisationId: grant.organisationId }),
    })
  }
  return named
}

/**
 * Delegates a right: one gives what one holds, no wider and no longer, to somebody one manages who is not a pupil.
 * @throws Problem 403 `not_allowed`, or `right_too_long` when only the period is beyond one's own; 422 `right_for_pupil`,
 * and those of `grantRight`.
 */
export async function grantRightAs(
  tx: Tx,
  actor: Actor,
  input: {
    personId: string
    right: Right
    organisationId: string | null
    startsOn?: Day | undefined
    endsOn?: Day | null | undefined
  },
  now: Date,
): Promise<Grant> {
  const { personId, right, organisationId, endsOn = null } = input
  const held = await listDelegableRights(tx, actor, now)
  const manages =
    personId !== actor.personId &&
    ((await canAdminister(tx, actor.personId, actor.rights, personId)) ||
      (await isHeadOf(tx, actor.personId, personId)))
  if (!manages || !(await covers(tx, held, { right, organisationId }))) throw refusal()
  if (!(await covers(tx, held, { right, organisationId, endsOn }))) {
    throw new Problem(403, 'right_too_long', 'A right is given for no longer than one holds it.')
  }
  if ((await listProfiles(tx, personId)).includes('pupil')) {
    throw new Problem(422, 'right_for_pupil', 'A pupil administers nothing.')
  }
  const grant = await grantRight(tx, { ...input, endsOn, grantedBy: actor.personId }, now)
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
  const { right, organisationId } = grant
  if (!(await covers(tx, await listDelegableRights(tx, actor, now), { right, organisationId }))) throw refusal()
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
