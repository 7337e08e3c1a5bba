import { z } from 'zod'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { cursorInvalid, readCursor, writeCursor } from './cursors.ts'
import { listFoundPeople, type FoundPerson } from './people.queries.ts'
import {
  type Candidates,
  countCandidates,
  findRarestWord,
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
// (about 5 µs a candidate); beyond, one name in a few hundred is in reach and a page is soon full.
const fewCandidates = 5_000

// Profiles that so many people have that counting them would tell nothing.
const wide = new Set<Profile>(['pupil', 'guardian', 'teacher'])

const cursor = z
  .tuple([z.int().min(0), z.string(), z.string(), z.uuid(), z.string()])
  .refine(([rank]) => rank < rankCount)
  .transform(([rank, familyKey, givenKey, id, word]) => ({ word, after: { rank, familyKey, givenKey, id } }))

/**
 * One page of the people an actor sees whose names hold words beginning with each word of `q`.
 * @throws Problem 400 `cursor_invalid` when `after` is no page's `next` for the same words.
 */
export async function searchPeople(
  tx: Tx,
  actor: Pick<Actor, 'personId' | 'rights'>,
  input: SearchInput,
): Promise<{ people: FoundPerson[]; next: string | null }> {
  const words = toSearchWords(input.q)
  // Asked for something that no name can hold, such as punctuation: not the same as asking for everyone.
  if (words.length === 0 && input.q.trim() !== '') return { people: [], next: null }
  const start = input.after === undefined ? undefined : readCursor(cursor, input.after)
  if (start && start.word !== '' && !words.includes(start.word)) throw cursorInvalid()

  const candidates = {
    reach: await findReach(tx, actor),
    establishment: input.establishment,
    group: input.class,
    profile: input.profile,
  }
  const few = await areFew(tx, candidates)
  const query: PeopleQuery = {
    ...candidates,
    words,
    // A page continues with the word of the first: the order depends on it.
    word: start?.word ?? (few || words.length < 2 ? findLongest(words) : await findRarestWord(tx, words)),
    after: start?.after,
    limit: input.limit + 1,
  }
  const places = few ? await searchCandidates(tx, query) : await searchRanks(tx, query)
  const page = places.slice(0, input.limit)
  const last = page.at(-1)
  const ids = page.map(({ id }) => id)
  return {
    people: await listFoundPeople(tx, candidates.reach, ids),
    next:
      last && places.length > page.length
        ? writeCursor([last.rank, last.familyKey, last.givenKey, last.id, query.word])
        : null,
  }
}

async function areFew(tx: Tx, candidates: Candidates): Promise<boolean> {
  const { reach, establishment, group, profile } = candidates
  const narrowed = establishment !== undefined || group !== undefined || (profile !== undefined && !wide.has(profile))
  if (reach.wholeTenant && !narrowed) return false
  const establishments = [reach.administered, reach.supervised, reach.taughtIn, reach.workedIn]
  // Pupils and guardians see a class and the staff of their schools; agents, heads.
  if (!reach.wholeTenant && establishments.every((each) => each.length === 0)) return true
  return (await countCandidates(tx, candidates, fewCandidates + 1)) <= fewCandidates
}

async function searchRanks(tx: Tx, query: PeopleQuery): Promise<Place[]> {
  const places: Place[] = []
  const firstRank = query.after?.rank ?? 0
  // Without a word everyone is of the first rank.
  const lastRank = query.word === '' ? 0 : rankCount - 1
  for (let rank = firstRank; rank <= lastRank && places.length < query.limit; rank++) {
    const after = rank === firstRank ? query.after : undefined
    places.push(...(await searchRank(tx, { ...query, after, limit: query.limit - places.length }, rank)))
  }
  return places
}

// The longest of several words is likely the rarest.
function findLongest(words: string[]): string {
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '')
}
