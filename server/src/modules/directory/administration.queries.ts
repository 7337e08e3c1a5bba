import { sql } from 'kysely'
import type { HeldRight } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { establishmentsUnder } from './visibility.queries.ts'

/**
 * Whether someone may act on a person's account and record: with right `directory.administer` over the whole tenant, or
 * over an organisation the person belongs to, or a territory or partner above it. Nobody administers themself. It tells
 * nothing of the person's own rights: who must not be able to act on a more powerful person checks that too.
 */
export async function canAdminister(
  tx: Tx,
  actorPersonId: string,
  rights: HeldRight[],
  personId: string,
): Promise<boolean> {
  const held = rights.filter(({ right }) => right === 'directory.administer')
  if (actorPersonId === personId || held.length === 0) return false
  if (held.some(({ organisationId }) => organisationId === null)) return true
  const perimeters = held.map(({ organisationId }) => organisationId)
  const { rows } = await sql`
    select from directory.affiliation a
    where a.person_id = ${personId} and (a.organisation_id = any(${perimeters}::uuid[])
      or a.organisation_id in (${establishmentsUnder(sql`any(${perimeters}::uuid[])`)}))
    limit 1`.execute(tx)
  return rows.length > 0
}

/** Whether someone is head of an establishment the person belongs to. */
export async function isHeadOf(tx: Tx, headId: string, personId: string): Promise<boolean> {
  const { rows } = await sql`
    select from directory.affiliation head join directory.affiliation person using (organisation_id)
    where head.person_id = ${headId} and head.profile = 'head' and person.person_id = ${personId}
    limit 1`.execute(tx)
  return rows.length > 0
}

/** Whether someone heads an establishment that the actor neither heads nor administers. */
export async function headsBeyond(
  tx: Tx,
  actorPersonId: string,
  rights: HeldRight[],
  personId: string,
): Promise<boolean> {
  const held = rights.filter(({ right }) => right === 'directory.administer')
  if (held.some(({ organisationId }) => organisationId === null)) return false
  const perimeters = held.map(({ organisationId }) => organisationId)
  const { rows } = await sql`
    select organisation_id from directory.affiliation where person_id = ${personId} and profile = 'head'
    except select organisation_id from directory.affiliation where person_id = ${actorPersonId} and profile = 'head'
    except (${establishmentsUnder(sql`any(${perimeters}::uuid[])`)})
    limit 1`.execute(tx)
  return rows.length > 0
}

/** Whether someone is head of an establishment. */
export async function isHeadOfEstablishment(tx: Tx, personId: string, establishmentId: string): Promise<boolean> {
  const { rows } = await sql`
    select from directory.affiliation
    where person_id = ${personId} and organisation_id = ${establishmentId} and profile = 'head'`.execute(tx)
  return rows.length > 0
}
