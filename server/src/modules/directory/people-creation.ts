import { createHash, randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { toSearchKey } from './search-key.ts'
import { type Profile, tables } from './tables.ts'

/** Someone whom no feed holds: an agent of a partner, an operator. */
export interface NewPerson {
  familyName: string
  givenName: string
  title?: string | null | undefined
  email?: string | null | undefined
  bornOn?: Day | null | undefined
  /** Where they work and as what; an agent of a partner is `localAuthority`. */
  affiliation?: { organisationId: string; profile: Profile; functionLabel?: string | null | undefined } | undefined
}

/**
 * Creates a person by hand, under source `manual`. Callers record the audit entry, since they know who asked.
 * @throws Problem 422 `name_unusable` for a name without a letter; 404 `organisation_not_found`; 422 `profile_unfit` for
 *   an agent of a partner elsewhere than at a partner, or someone else there.
 */
export async function createPerson(tx: Tx, input: NewPerson): Promise<{ id: string }> {
  const familyKey = toSearchKey(input.familyName)
  const givenKey = toSearchKey(input.givenName)
  if (familyKey === '' || givenKey === '') throw new Problem(422, 'name_unusable', 'A name needs letters.')
  const id = randomUUIDv7()
  const sourceId = await findOrCreateManualSource(tx)
  const known = {
    familyName: input.familyName,
    givenName: input.givenName,
    title: input.title ?? null,
    email: input.email ?? null,
    bornOn: input.bornOn ?? null,
  }
  await tables(tx)
    .insertInto('directory.person')
    .values({
      id,
      family_name: known.familyName,
      given_name: known.givenName,
      title: known.title,
      email: known.email,
      born_on: known.bornOn,
      family_key: familyKey,
      given_key: givenKey,
    })
    .execute()
  const body = JSON.stringify(known)
  await tables(tx)
    .insertInto('directory.source_record')
    .values({
      source_id: sourceId,
      kind: 'staff',
      external_id: id,
      subject_id: id,
      hash: createHash('sha256').update(body).digest(),
      body,
    })
    .execute()
  if (input.affiliation) await addAffiliation(tx, id, sourceId, input.affiliation)
  return { id }
}

async function addAffiliation(
  tx: Tx,
  personId: string,
  sourceId: string,
  { organisationId, profile, functionLabel }: NonNullable<NewPerson['affiliation']>,
): Promise<void> {
  const organisation = await tables(tx)
    .selectFrom('directory.organisation')
    .select('kind')
    .where('id', '=', organisationId)
    .executeTakeFirst()
  if (!organisation)
    throw new Problem(404, 'organisation_not_found', `No organisation has the identifier ${organisationId}.`)
  if ((profile === 'localAuthority') !== (organisation.kind === 'partner') || organisation.kind === 'territory') {
    throw new Problem(422, 'profile_unfit', `Profile ${profile} does not go with a ${organisation.kind}.`)
  }
  await tables(tx)
    .insertInto('directory.affiliation')
    .values({ person_id: personId, organisation_id: organisationId, profile })
    .execute()
  if (profile === 'pupil' || profile === 'guardian') return
  await tables(tx)
    .insertInto('directory.staff_function')
    .values({
      person_id: personId,
      organisation_id: organisationId,
      source_id: sourceId,
      code: '-',
      label: functionLabel ?? null,
      profile,
    })
    .execute()
}

/**
 * Gives somebody a place by hand beside what feeds say, and marks them present. Nothing changes when they have it.
 * @throws Problem as `createPerson` does for a place.
 */
export async function addPlace(
  tx: Tx,
  personId: string,
  place: { organisationId: string; profile: Profile; functionLabel?: string | null },
): Promise<void> {
  const known = await tables(tx)
    .selectFrom('directory.affiliation')
    .select('profile')
    .where('person_id', '=', personId)
    .where('organisation_id', '=', place.organisationId)
    .where('profile', '=', place.profile)
    .executeTakeFirst()
  if (!known) await addAffiliation(tx, personId, await findOrCreateManualSource(tx), place)
  await tables(tx).updateTable('directory.person').set({ gone_on: null }).where('id', '=', personId).execute()
}

/**
 * Takes away a place given by hand; what a feed says stays. Who has no place left is gone from that day.
 * @param day first day without it.
 */
export async function removePlace(
  tx: Tx,
  personId: string,
  place: { organisationId: string; profile: Profile },
  day: Day,
): Promise<void> {
  const db = tables(tx)
  await db
    .deleteFrom('directory.affiliation')
    .where('person_id', '=', personId)
    .where('organisation_id', '=', place.organisationId)
    .where('profile', '=', place.profile)
    .where('source_id', 'is', null)
    .execute()
  await db
    .deleteFrom('directory.staff_function')
    .where('person_id', '=', personId)
    .where('organisation_id', '=', place.organisationId)
    .where('profile', '=', place.profile)
    .where('source_id', '=', await findOrCreateManualSource(tx))
    .execute()
  await db
    .updateTable('directory.person')
    .set({ gone_on: day })
    .where('id', '=', personId)
    .where('gone_on', 'is', null)
    .where((person) =>
      person.not(
        person.exists(person.selectFrom('directory.affiliation').select('person_id').where('person_id', '=', personId)),
      ),
    )
    .execute()
}

async function findOrCreateManualSource(tx: Tx): Promise<string> {
  await tables(tx)
    .insertInto('directory.source')
    .values({ id: randomUUIDv7(), kind: 'manual', key: '', name: 'manual' })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'kind', 'key']).doNothing())
    .execute()
  const { id } = await tables(tx)
    .selectFrom('directory.source')
    .select('id')
    .where('kind', '=', 'manual')
    .executeTakeFirstOrThrow()
  return id
}
