import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Profile } from './tables.ts'
import type { Reach } from './visibility.ts'
import { knowsGroup, reachedPeople, type Who } from './visibility.queries.ts'

/** What is looked for, ready for SQL. */
export interface PeopleQuery {
  reach: Reach
  /** Beginnings of words, as search keys, in any order; empty: everyone. */
  words: string[]
  establishment: string | undefined
  group: string | undefined
  profile: Profile | undefined
  /** Only what comes after this place. */
  after: Place | undefined
  limit: number
}

/**
 * A place in the order of results. People come by rank, the word of their name that the longest word asked for begins:
 * the family name, the given name, the second and third words of the one, the second of the other; within a rank by
 * that word, then family name, given name and identifier. The order is the same whichever way they are found.
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

export const rankCount = rankColumns.length

/**
 * Counts the people in reach who pass the filters other than the name, up to a limit; a person may count twice.
 */
export async function countCandidates(tx: Tx, query: PeopleQuery, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from (select from (${candidates(query)}) candidate limit ${limit}) counted`.execute(tx)
  return rows[0]?.count ?? 0
}

/** Searches among candidates few enough to be read one by one: those of a class, of an establishment. */
export async function searchCandidates(tx: Tx, query: PeopleQuery): Promise<Place[]> {
  const { words, after } = query
  const longest = findLongest(words)
  const rank = sql`case ${sql.join(
    rankColumns.map((column, index) => sql`when starts_with(p.${sql.ref(column)}, ${longest}) then ${sql.lit(index)}`),
    sql` `,
  )} end`
  const ranked = sql`case rank ${sql.join(
    rankColumns.map((column, index) => sql`when ${sql.lit(index)} then ${sql.ref(column)}`),
    sql` `,
  )} end`
  const { rows } = await sql<Place>`
    select rank, family_key as "familyKey", given_key as "givenKey", id
    from (
      select p.id, p.family_key, p.given_key, p.family_second, p.family_third, p.given_second, ${rank} as rank
      from (select distinct person_id from (${candidates(query)}) every) candidate
        join directory.person p on p.id = candidate.person_id
      where p.gone_on is null and ${matchesAll(words)}
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
  const { words, after, reach } = query
  const column = rankColumns[rank]
  const order = rankOrders[rank]
  if (!column || !order) return []
  const longest = findLongest(words)
  const others = words.filter((word) => word !== longest)
  const key = sql`p.${sql.ref(column)}`
  const columns = sql.join(order.map((name) => sql`p.${sql.ref(name)}`))
  const filtered = query.establishment !== undefined || query.group !== undefined || query.profile !== undefined
  const conditions: RawBuilder<unknown>[] = [
    sql`p.gone_on is null`,
    ...(rank > 1 ? [sql`${key} is not null`] : []),
    ...(longest === '' ? [] : [sql`${key} >= ${longest}`, sql`${key} < ${longest + '\u{10ffff}'}`]),
    ...rankColumns.slice(0, rank).map((earlier) => sql`starts_with(p.${sql.ref(earlier)}, ${longest}) is not true`),
    matchesAll(others),
    ...(after ? [sql`(${columns}) > (${sql.join(order.map((name) => placeValue(after, name)))})`] : []),
    ...(reach.wholeTenant && !filtered
      ? []
      : [sql`exists (${candidates(query, (personId) => sql`${personId} = p.id`)})`]),
  ]
  const { rows } = await sql<Place>`
    select ${rank}::integer as rank, p.family_key as "familyKey", p.given_key as "givenKey", p.id
    from directory.person p
    where ${sql.join(conditions, sql` and `)}
    order by ${columns} limit ${query.limit}`.execute(tx)
  return rows
}

function candidates({ reach, establishment, group, profile }: PeopleQuery, who: Who = () => sql`true`) {
  const conditions = [
    ...(establishment === undefined ? [] : [sql`organisation_id = ${establishment}`]),
    ...(profile === undefined ? [] : [sql`profile = ${profile}`]),
  ]
  const inGroup: Who = (personId) => sql`${who(personId)} and ${personId} in (
    select m.person_id from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
      where g.id = ${group} and ${knowsGroup(reach)}
    union select t.person_id from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
      where g.id = ${group} and ${knowsGroup(reach)})`
  return sql`select person_id from (${reachedPeople(reach, group === undefined ? who : inGroup)}) reached
    where ${conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)}`
}

// Keys hold letters and digits only, so that no word needs escaping.
function matchesAll(words: string[]): RawBuilder<unknown> {
  if (words.length === 0) return sql`true`
  return sql.join(
    words.map((word) => sql`(' ' || p.family_key || ' ' || p.given_key) like ${`% ${word}%`}`),
    sql` and `,
  )
}

/** The word that finds people through an index: the longest is likely the rarest. */
export function findLongest(words: string[]): string {
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '')
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
