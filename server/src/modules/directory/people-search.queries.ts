import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Profile } from './tables.ts'
import type { Reach } from './visibility.ts'
import { knowsGroup, reachedPeople, type Who } from './visibility.queries.ts'

/** Among whom one looks: those in reach who pass the filters. */
export interface Candidates {
  reach: Reach
  establishment: string | undefined
  group: string | undefined
  profile: Profile | undefined
}

/** What is looked for, ready for SQL. */
export interface PeopleQuery extends Candidates {
  /** Beginnings of words, as search keys, in any order; empty: everyone. */
  words: string[]
  /** The word among them that people are found and ranked by; empty when there is none. */
  word: string
  /** Only what comes after this place. */
  after: Place | undefined
  limit: number
}

/**
 * A place in the order of results. People come by rank, the word of their name that the word they are found by begins:
 * the family name, the given name, the second and third words of the one, the second of the other; within a rank by
 * that word, then family name, given name and identifier. Both ways of searching give this same order.
 */
export interface Place {
  rank: number
  familyKey: string
  givenKey: string
  id: string
}

const rankColumns = ['family_key', 'given_key', 'family_second', 'family_third', 'given_second'] as const

// The columns in the order of each rank's index; naming one twice would keep a row comparison from using it.
const rankOrders = [
  ['family_key', 'given_key', 'id'],
  ['given_key', 'family_key', 'id'],
  ['family_second', 'family_key', 'given_key', 'id'],
  ['family_third', 'family_key', 'given_key', 'id'],
  ['given_second', 'family_key', 'given_key', 'id'],
] as const

// Above any other: a text with it is the end of the range of those that begin with what stands before.
const lastCharacter = '\u{10ffff}'

export const rankCount = rankColumns.length

/**
 * Counts the people in reach who pass the filters other than the name, up to a limit; a person may count twice.
 */
export async function countCandidates(tx: Tx, query: Candidates, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from (select from (${candidates(query)}) candidate limit ${limit}) counted`.execute(tx)
  return rows[0]?.count ?? 0
}

/** Searches among candidates few enough to be read one by one: those of a class, of an establishment. */
export async function searchCandidates(tx: Tx, query: PeopleQuery): Promise<Place[]> {
  const { words, word, after } = query
  const rank = sql`case ${sql.join(
    rankColumns.map((column, index) => sql`when starts_with(named.${sql.ref(column)}, ${word}) then ${sql.lit(index)}`),
    sql` `,
  )} end`
  const ranked = sql`case rank ${sql.join(
    rankColumns.map((column, index) => sql`when ${sql.lit(index)} then ${sql.ref(column)}`),
    sql` `,
  )} end`
  const { rows } = await sql<Place>`
    select rank, family_key as "familyKey", given_key as "givenKey", id
    from (
      select named.id, named.family_key, named.given_key, named.family_second, named.family_third,
        named.given_second, ${rank} as rank
      from (select distinct person_id from (${candidates(query)}) every) candidate
        join directory.person named on named.id = candidate.person_id
      where named.gone_on is null and ${matchesAll(words)}
    ) matching
    where rank is not null and ${
      after
        ? sql`(rank, ${ranked}, family_key, given_key, id)
            > (${after.rank}, ${wordAt(after)}, ${after.familyKey}, ${after.givenKey}, ${after.id}::uuid)`
        : sql`true`
    }
    order by rank, ${ranked}, family_key, given_key, id limit ${query.limit}`.execute(tx)
  return rows
}

/** Searches one rank in the order of its index, for viewers who see too many people to read them all. */
export async function searchRank(tx: Tx, query: PeopleQuery, rank: number): Promise<Place[]> {
  const { words, word, after, reach } = query
  const column = rankColumns[rank]
  const order = rankOrders[rank]
  if (!column || !order) return []
  const others = words.filter((each) => each !== word)
  const key = sql`named.${sql.ref(column)}`
  const columns = sql.join(order.map((name) => sql`named.${sql.ref(name)}`))
  const filtered = query.establishment !== undefined || query.group !== undefined || query.profile !== undefined
  const conditions: RawBuilder<unknown>[] = [
    sql`named.gone_on is null`,
    ...(rank > 1 ? [sql`${key} is not null`] : []),
    ...(word === '' ? [] : [sql`${key} >= ${word}`, sql`${key} < ${word + lastCharacter}`]),
    ...rankColumns.slice(0, rank).map((earlier) => sql`starts_with(named.${sql.ref(earlier)}, ${word}) is not true`),
    matchesAll(others),
    ...(after ? [sql`(${columns}) > (${sql.join(order.map((name) => placeValue(after, name)))})`] : []),
    ...(reach.wholeTenant && !filtered
      ? []
      : [sql`exists (${candidates(query, (personId) => sql`${personId} = named.id`)})`]),
  ]
  const { rows } = await sql<Place>`
    select ${rank}::integer as rank, named.family_key as "familyKey", named.given_key as "givenKey", named.id
    from directory.person named
    where ${sql.join(conditions, sql` and `)}
    order by ${columns} limit ${query.limit}`.execute(tx)
  return rows
}

function candidates({ reach, establishment, group, profile }: Candidates, who?: Who): RawBuilder<unknown> {
  const conditions = [
    sql`true`,
    ...(establishment === undefined ? [] : [sql`organisation_id = ${establishment}`]),
    ...(profile === undefined ? [] : [sql`profile = ${profile}`]),
  ]
  const inGroup: Who = (personId) => sql`${who?.(personId) ?? sql`true`} and ${personId} in (
    select m.person_id from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
      where g.id = ${group} and ${knowsGroup(reach)}
    union select t.person_id from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
      where g.id = ${group} and ${knowsGroup(reach)})`
  return sql`select person_id from (${reachedPeople(reach, group === undefined ? who : inGroup)}) reached
    where ${sql.join(conditions, sql` and `)}`
}

// Keys hold letters and digits only, so that no word needs escaping.
function matchesAll(words: string[]): RawBuilder<unknown> {
  if (words.length === 0) return sql`true`
  return sql.join(
    words.map((word) => sql`(' ' || named.family_key || ' ' || named.given_key) like ${`% ${word}%`}`),
    sql` and `,
  )
}

/**
 * Finds which of several words begins the fewest family or given names: the one to find people by. Each is counted up
 * to two thousand; beyond, a page is full before all are read.
 */
export async function findRarestWord(tx: Tx, words: string[]): Promise<string> {
  const count = (column: 'family_key' | 'given_key') => sql`(select count(*) from (
    select from directory.person named where named.gone_on is null
      and named.${sql.ref(column)} >= asked.word and named.${sql.ref(column)} < asked.word || ${lastCharacter}
    limit 1000) counted)`
  const { rows } = await sql<{ word: string }>`
    select asked.word from unnest(${words}::text[]) asked (word)
    order by ${count('family_key')} + ${count('given_key')}, length(asked.word) desc, asked.word limit 1`.execute(tx)
  return rows[0]?.word ?? ''
}

function wordAt(place: Place): string {
  const column = rankColumns[place.rank] ?? 'family_key'
  return String(valueOf(place, column))
}

function placeValue(place: Place, column: string): RawBuilder<unknown> {
  return column === 'id' ? sql`${place.id}::uuid` : sql`${valueOf(place, column)}`
}

function valueOf(place: Place, column: string): string {
  switch (column) {
    case 'given_key':
      return place.givenKey
    case 'family_second':
      return place.familyKey.split(' ')[1] ?? ''
    case 'family_third':
      return place.familyKey.split(' ')[2] ?? ''
    case 'given_second':
      return place.givenKey.split(' ')[1] ?? ''
    default:
      return place.familyKey
  }
}
