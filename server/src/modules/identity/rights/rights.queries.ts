import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { findPersonSummary, isOrganisationWithin } from '#modules/directory'
import type { Right } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'

/** A right given to a person, now or at other times. */
export interface Grant {
  id: string
  personId: string
  right: Right
  /** Perimeter; null for the whole tenant. */
  organisationId: string | null
  startsOn: Day
  /** Last day, included; null for no end. */
  endsOn: Day | null
  grantedBy: string | null
}

/** SQL for the day it is in the tenant's zone. */
export const today = (now: Date) =>
  sql<Day>`(${now}::timestamptz at time zone (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date`

/** The day it is in the tenant's zone. */
export async function findToday(tx: Tx, now: Date): Promise<Day> {
  const { rows } = await sql<{ day: Day }>`select ${today(now)} as day`.execute(tx)
  return rows[0]?.day ?? now.toISOString().slice(0, 10)
}

const columns = [
  'id',
  'person_id as personId',
  'right_name as right',
  'organisation_id as organisationId',
  'starts_on as startsOn',
  'ends_on as endsOn',
  'granted_by as grantedBy',
] as const

/**
 * Gives a right. Who may give it is the caller's business.
 * @param input.startsOn today when not given.
 * @throws Problem 404 `person_not_found` or `organisation_not_found`; 422 `period_reversed`, or `perimeter_refused` for
 * a right that has none.
 */
export async function grantRight(
  tx: Tx,
  input: {
    personId: string
    right: Right
    organisationId: string | null
    startsOn?: Day | undefined
    endsOn?: Day | null | undefined
    grantedBy?: string | null
  },
  now: Date,
): Promise<Grant> {
  const { personId, organisationId } = input
  if (input.right === 'instance.operate' && organisationId !== null) {
    throw new Problem(422, 'perimeter_refused', 'An instance is operated whole: this right has no perimeter.')
  }
  if (!(await findPersonSummary(tx, personId))) {
    throw new Problem(404, 'person_not_found', 'The directory knows nobody under this identifier.')
  }
  if (organisationId !== null && !(await isOrganisationWithin(tx, organisationId, organisationId))) {
    throw new Problem(404, 'organisation_not_found', 'The directory has no organisation under this identifier.')
  }
  const grant = await tables(tx)
    .insertInto('identity.granted_right')
    .values({
      id: randomUUIDv7(),
      person_id: personId,
      right_name: input.right,
      organisation_id: organisationId,
      starts_on: input.startsOn ?? today(now),
      ends_on: input.endsOn ?? null,
      granted_by: input.grantedBy ?? null,
      granted_at: now,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  if (grant.endsOn !== null && grant.endsOn < grant.startsOn) {
    throw new Problem(422, 'period_reversed', 'The last day comes before the first.')
  }
  return grant
}

/** Rights not withdrawn and not over: held today, or from a later day. All people's when nobody is named. */
export async function listGrants(tx: Tx, now: Date, personId?: string): Promise<Grant[]> {
  const query = openGrants(tx, now)
  return (personId === undefined ? query : query.where('person_id', '=', personId)).execute()
}

/** Rights not withdrawn and not over that bear on one of some organisations, or on the whole tenant. */
export async function listGrantsOver(tx: Tx, organisationIds: string[], now: Date): Promise<Grant[]> {
  return openGrants(tx, now)
    .where((where) =>
      where.or([
        where('organisation_id', 'is', null),
        where('organisation_id', '=', sql<string>`any(${organisationIds}::uuid[])`),
      ]),
    )
    .execute()
}

function openGrants(tx: Tx, now: Date) {
  return tables(tx)
    .selectFrom('identity.granted_right')
    .select(columns)
    .where('withdrawn_at', 'is', null)
    .where((where) => where.or([where('ends_on', 'is', null), where('ends_on', '>=', today(now))]))
    .orderBy('starts_on')
    .orderBy('id')
}

/** Who holds a right now, each with the organisation it is limited to (null: the whole tenant). */
export async function listHolders(
  tx: Tx,
  right: Right,
  now: Date,
): Promise<{ personId: string; organisationId: string | null }[]> {
  return openGrants(tx, now)
    .where('right_name', '=', right)
    .where('starts_on', '<=', today(now))
    .clearSelect()
    .select(['person_id as personId', 'organisation_id as organisationId'])
    .execute()
}

/** A right that is not withdrawn. */
export async function findGrant(tx: Tx, id: string): Promise<Grant | undefined> {
  return tables(tx)
    .selectFrom('identity.granted_right')
    .select(columns)
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
}

/** Withdraws a right at once. @returns false when it was withdrawn already or never given. */
export async function withdrawRight(tx: Tx, id: string, withdrawnBy: string | null, now: Date): Promise<boolean> {
  const result = await tables(tx)
    .updateTable('identity.granted_right')
    .set({ withdrawn_at: now, withdrawn_by: withdrawnBy })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
