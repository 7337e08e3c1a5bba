import { randomUUIDv7 } from 'node:crypto'
import { addPlace, createPerson, listPersonSummaries, managesOrganisation, removePlace } from '#modules/directory'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findAccount } from './accounts.queries.ts'
import { findToday, today } from '../rights/rights.queries.ts'
import { addYear } from '../rights/rights.ts'
import { deleteSessions } from '../sign-in/sessions.queries.ts'
import { type StayProfile, type StayReason, tables } from '../tables.ts'

/** Someone here for a time, whom no feed will hold. */
export interface Stay {
  id: string
  personId: string
  establishmentId: string
  profile: StayProfile
  reason: StayReason
  startsOn: Day
  /** Last day, included. */
  endsOn: Day
  endedAt: Date | null
}

const columns = [
  'id',
  'person_id as personId',
  'establishment_id as establishmentId',
  'profile',
  'reason',
  'starts_on as startsOn',
  'ends_on as endsOn',
  'ended_at as endedAt',
] as const

/** Shown on the card among functions, which feeds write in French. */
const functionLabels: Record<StayReason, string> = {
  replacement: 'Remplacement',
  trainee: 'Stage',
  intervention: 'Intervention',
}

/** Someone to be made known, and where, as what, why and when. */
export interface NewStay extends Omit<Stay, 'id' | 'personId' | 'endedAt'> {
  givenName: string
  familyName: string
  email: string | null
}

/**
 * Makes someone known for a time: a trainee, a replacement. Their place is theirs from now on; they sign in from the
 * first day to the last.
 * @param createdBy person who did it; null for an operator's command.
 * @throws Problem 422 `period_reversed`, `stay_too_long` beyond a year, and those of `createPerson`.
 */
export async function createStay(tx: Tx, input: NewStay, createdBy: string | null, now: Date): Promise<Stay> {
  const { givenName, familyName, email, establishmentId, profile, reason, startsOn, endsOn } = input
  checkPeriod({ startsOn, endsOn }, await findToday(tx, now))
  const { id: personId } = await createPerson(tx, { givenName, familyName, email })
  await addPlace(tx, personId, { organisationId: establishmentId, profile, functionLabel: functionLabels[reason] })
  const stay = await tables(tx)
    .insertInto('identity.temporary_stay')
    .values({
      id: randomUUIDv7(),
      person_id: personId,
      establishment_id: establishmentId,
      profile,
      reason,
      starts_on: startsOn,
      ends_on: endsOn,
      created_by: createdBy,
      created_at: now,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  await auditStay(tx, 'identity.stay_created', createdBy, stay)
  return stay
}

/**
 * Makes someone known for a time on behalf of who manages the establishment.
 * @throws Problem 403 `not_allowed`, and those of {@link createStay}.
 */
export async function createStayAs(tx: Tx, actor: Actor, input: NewStay, now: Date): Promise<Stay> {
  await refuseOutsider(tx, actor, input.establishmentId)
  return createStay(tx, input, actor.personId, now)
}

/** A stay with the name of whom it is about. */
export interface NamedStay extends Stay {
  person: { id: string; givenName: string; familyName: string } | null
  state: 'coming' | 'current' | 'ended'
}

/** The stays of an establishment: those that end first come first, those ended come last. */
export async function listStays(tx: Tx, establishmentId: string, now: Date): Promise<NamedStay[]> {
  const stays = await tables(tx)
    .selectFrom('identity.temporary_stay')
    .select(columns)
    .where('establishment_id', '=', establishmentId)
    .orderBy((by) => by('ends_on', '<', today(now)))
    .orderBy('ends_on')
    .orderBy('id')
    .limit(500)
    .execute()
  const people = await listPersonSummaries(
    tx,
    stays.map(({ personId }) => personId),
  )
  const day = await findToday(tx, now)
  return stays.map((stay) => {
    const found = people.find(({ id }) => id === stay.personId)
    return {
      ...stay,
      person: found ? { id: found.id, givenName: found.givenName, familyName: found.familyName } : null,
      state: stay.endsOn < day ? 'ended' : stay.startsOn > day ? 'coming' : 'current',
    }
  })
}

/** The same, for who manages the establishment. @throws Problem 403 `not_allowed`. */
export async function listStaysAs(tx: Tx, actor: Actor, establishmentId: string, now: Date): Promise<NamedStay[]> {
  await refuseOutsider(tx, actor, establishmentId)
  return listStays(tx, establishmentId, now)
}

/**
 * Gives a stay another last day: later, to extend it, an ended one too; earlier, to shorten it.
 * @param by person who did it; null for an operator's command.
 * @throws Problem 404 `stay_not_found`; 422 as `createStay`.
 */
export async function updateStay(
  tx: Tx,
  { id, endsOn, by }: { id: string; endsOn: Day; by: string | null },
  now: Date,
): Promise<Stay> {
  const stay = await lockStay(tx, id)
  checkPeriod({ startsOn: stay.startsOn, endsOn }, await findToday(tx, now))
  const updated = await tables(tx)
    .updateTable('identity.temporary_stay')
    .set({ ends_on: endsOn, ended_at: null })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  const { personId, establishmentId, profile, reason } = stay
  await addPlace(tx, personId, { organisationId: establishmentId, profile, functionLabel: functionLabels[reason] })
  await auditStay(tx, 'identity.stay_changed', by, updated)
  // A last day already past ends it here and now.
  await endStays(tx, now)
  return updated
}

/**
 * Gives a stay another last day on behalf of who manages the establishment.
 * @throws Problem 403 `not_allowed`, and those of {@link updateStay}.
 */
export async function updateStayAs(tx: Tx, actor: Actor, id: string, endsOn: Day, now: Date): Promise<Stay> {
  const { establishmentId } = await lockStay(tx, id)
  await refuseOutsider(tx, actor, establishmentId)
  return updateStay(tx, { id, endsOn, by: actor.personId }, now)
}

async function lockStay(tx: Tx, id: string): Promise<Stay> {
  const stay = await tables(tx)
    .selectFrom('identity.temporary_stay')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!stay) throw new Problem(404, 'stay_not_found', 'There is no such stay.')
  return stay
}

/** Ends the stays whose last day is past: their place goes, and their sessions. */
export async function endStays(tx: Tx, now: Date): Promise<void> {
  const ended = await tables(tx)
    .updateTable('identity.temporary_stay')
    .set({ ended_at: now })
    .where('ended_at', 'is', null)
    .where('ends_on', '<', today(now))
    .returning(columns)
    .execute()
  for (const stay of ended) {
    const { personId, establishmentId, profile } = stay
    await removePlace(tx, personId, { organisationId: establishmentId, profile }, await findToday(tx, now))
    const account = await findAccount(tx, { personId })
    if (account) await deleteSessions(tx, account.id)
    await auditStay(tx, 'identity.stay_ended', null, stay)
  }
}

function checkPeriod({ startsOn, endsOn }: { startsOn: Day; endsOn: Day }, day: Day): void {
  if (endsOn < startsOn) throw new Problem(422, 'period_reversed', 'The last day comes before the first.')
  if (endsOn > addYear(startsOn > day ? startsOn : day)) {
    throw new Problem(422, 'stay_too_long', 'A temporary account lasts for a year at most; it can be extended.')
  }
}

async function refuseOutsider(tx: Tx, actor: Actor, establishmentId: string): Promise<void> {
  if (!(await managesOrganisation(tx, actor, establishmentId))) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include this establishment.')
  }
}

async function auditStay(tx: Tx, action: string, actorPersonId: string | null, stay: Stay): Promise<void> {
  const { personId, establishmentId, profile, reason, startsOn, endsOn } = stay
  await recordAudit(tx, {
    action,
    actorPersonId,
    subjectKind: 'person',
    subjectId: personId,
    detail: { establishmentId, profile, reason, startsOn, endsOn },
  })
}
