import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { listPersonSummaries } from '#modules/directory'
import { tables } from '../tables.ts'

/** Someone who sits for a party in a body. */
export interface Representative {
  id: string
  body: string
  party: string
  personId: string
  rank: 'holder' | 'deputy'
  startsOn: Day
  /** Last day, included; null for no end. */
  endsOn: Day | null
}

/** A representative with the name by which people know them; erased people have none. */
export interface NamedRepresentative extends Representative {
  name: { givenName: string; familyName: string } | null
  email: string | null
}

const columns = [
  'id',
  'body',
  'party',
  'person_id as personId',
  'rank',
  'starts_on as startsOn',
  'ends_on as endsOn',
] as const

/**
 * Representatives of an agreement, holders first, by party.
 * @param filter.onDay only those in office on that day; `from`: those whose office has not ended before it.
 */
export function listRepresentatives(
  tx: Tx,
  agreementId: string,
  filter: { body?: string; party?: string; onDay?: Day; from?: Day; ids?: string[] } = {},
): Promise<Representative[]> {
  const { body, party, onDay, from, ids } = filter
  const last = onDay ?? from
  return tables(tx)
    .selectFrom('governance.representative')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .$if(body !== undefined, (query) => query.where('body', '=', body ?? ''))
    .$if(party !== undefined, (query) => query.where('party', '=', party ?? ''))
    .$if(ids !== undefined, (query) => query.where('id', '=', sql<string>`any(${ids}::uuid[])`))
    .$if(onDay !== undefined, (query) => query.where('starts_on', '<=', onDay ?? ''))
    .$if(last !== undefined, (query) =>
      query.where((where) => where.or([where('ends_on', 'is', null), where('ends_on', '>=', last ?? '')])),
    )
    .orderBy('party')
    .orderBy('rank', 'desc')
    .orderBy('starts_on')
    .orderBy('id')
    .execute()
}

/** The same, with names. */
export async function listNamedRepresentatives(
  ...[tx, agreementId, filter]: Parameters<typeof listRepresentatives>
): Promise<NamedRepresentative[]> {
  const representatives = await listRepresentatives(tx, agreementId, filter)
  const people = await listPersonSummaries(
    tx,
    representatives.map(({ personId }) => personId),
  )
  const byId = new Map(people.map((person) => [person.id, person]))
  return representatives.map((each) => {
    const person = byId.get(each.personId)
    return {
      ...each,
      name: person ? { givenName: person.givenName, familyName: person.familyName } : null,
      email: person?.email ?? null,
    }
  })
}

/** One representative of an agreement, locked until the transaction ends; undefined when there is none. */
export function findRepresentativeForUpdate(
  tx: Tx,
  agreementId: string,
  id: string,
): Promise<Representative | undefined> {
  return tables(tx)
    .selectFrom('governance.representative')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** Adds a representative whom the rules allow. */
export async function insertRepresentative(
  tx: Tx,
  input: Representative & { agreementId: string; recordedBy: string | null },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.representative')
    .values({
      id: input.id,
      agreement_id: input.agreementId,
      body: input.body,
      party: input.party,
      person_id: input.personId,
      rank: input.rank,
      starts_on: input.startsOn,
      ends_on: input.endsOn,
      recorded_at: now,
      recorded_by: input.recordedBy,
    })
    .execute()
}

/** Sets the last day of a representative's office. */
export async function updateRepresentativeEnd(tx: Tx, id: string, endsOn: Day): Promise<void> {
  await tables(tx).updateTable('governance.representative').set({ ends_on: endsOn }).where('id', '=', id).execute()
}

/** Ends what offices of a party go on after a day; one that begins later ends where it begins. */
export async function endOffices(tx: Tx, agreementId: string, party: string, lastDay: Day): Promise<void> {
  await tables(tx)
    .updateTable('governance.representative')
    .set({ ends_on: sql<Day>`greatest(starts_on, ${lastDay}::date)` })
    .where('agreement_id', '=', agreementId)
    .where('party', '=', party)
    .where((where) => where.or([where('ends_on', 'is', null), where('ends_on', '>', lastDay)]))
    .execute()
}

/** Waits for whoever else names representatives in the same body, until the transaction ends. */
export async function lockSeats(tx: Tx, agreementId: string, body: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`governance.seats ${agreementId} ${body}`}, 0))`.execute(tx)
}
