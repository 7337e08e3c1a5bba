import { z } from 'zod'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { readCursor, writeCursor } from './cursors.ts'
import { listFoundPeople, type FoundPerson } from './people.queries.ts'
import {
  countCandidates,
  type PeopleQuery,
  type Place,
  rankCount,
  searchCandidates,
  searchRank,
} from './people-search.queries.ts'
import { toSearchWords } from './search-key.ts'
import type { Profile } from './tables.ts'
import { findReach } from './visibility.ts'

/** What the address of a search says. */
export interface SearchInput {
  q: string
  establishment?: string | undefined
  class?: string | undefined
  profile?: Profile | undefined
  after?: string | undefined
  limit: number
}

// Up to here reading all candidates and sorting them is quicker than walking names and asking who is in reach
// (about 2 µs a candidate); beyond, one name in a few hundred is in reach and a page is soon full.
const fewCandidates = 5_000

const place = z
  .tuple([
    z
      .int()
      .min(0)
      .max(rankCount - 1),
    z.string(),
    z.string(),
    z.uuid(),
  ])
  .transform(([rank, familyKey, givenKey, id]): Place => ({ rank, familyKey, givenKey, id }))

/**
 * One page of the people an actor sees whose names hold words beginning with each word of `q`.
 * @throws Problem 400 `cursor_invalid` when `after` is no page's `next`.
 */
export async function searchPeople(
  tx: Tx,
  actor: Pick<Actor, 'personId' | 'rights'>,
  input: SearchInput,
  now: Date,
): Promise<{ people: FoundPerson[]; next: string | null }> {
  const words = toSearchWords(input.q)
  const after = input.after === undefined ? undefined : readCursor(place, input.after)
  // Asked for something that no name can hold, such as punctuation: not the same as asking for everyone.
  if (words.length === 0 && input.q.trim() !== '') return { people: [], next: null }
  const reach = await findReach(tx, actor, now)
  const places = await findPlaces(tx, {
    reach,
    words,
    establishment: input.establishment,
    group: input.class,
    profile: input.profile,
    after,
    limit: input.limit + 1,
  })
  const page = places.slice(0, input.limit)
  const last = page.at(-1)
  return {
    people: await listFoundPeople(
      tx,
      reach,
      page.map(({ id }) => id),
      now,
    ),
    next: last && places.length > page.length ? writeCursor([last.rank, last.familyKey, last.givenKey, last.id]) : null,
  }
}

async function findPlaces(tx: Tx, query: PeopleQuery): Promise<Place[]> {
  const { reach, establishment, group, profile } = query
  const everyone = reach.wholeTenant && establishment === undefined && group === undefined && profile === undefined
  if (!everyone && (await countCandidates(tx, query, fewCandidates + 1)) <= fewCandidates) {
    return searchCandidates(tx, query)
  }
  const places: Place[] = []
  const firstRank = query.after?.rank ?? 0
  // Without a word everyone is of the first rank.
  const lastRank = query.words.length === 0 ? 0 : rankCount - 1
  for (let rank = firstRank; rank <= lastRank && places.length < query.limit; rank++) {
    const after = rank === firstRank ? query.after : undefined
    places.push(...(await searchRank(tx, { ...query, after, limit: query.limit - places.length }, rank)))
  }
  return places
}
