import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { defaultThresholds, type MatchedPerson, type Thresholds } from './matching-rule.ts'
import { listSounds } from './matching-sounds.ts'
import { type ProposalState, tables } from '../tables.ts'

// Who is worth comparing with whom. Two people meet if they share a key: an e-mail, a telephone, a family name as heard
// with a birth date or with a given name and a postal code, a national identifier, a child or a guardian. Any other pair
// could not reach the threshold of review. Everything is joined as sets; only the pairs that met are read.

/** People of more than this number under one key share nothing that tells them apart: the telephone of a hostel. */
const crowd = 40

/** What a run of matching works on: everyone, or those concerned by an import, or some people. */
export type Concerned = 'everyone' | { importId: string } | { ids: string[] }

/** Makes temporary table `concerned` (id). @returns how many. */
export async function prepareConcerned(tx: Tx, concerned: Concerned): Promise<number> {
  await sql`drop table if exists concerned`.execute(tx)
  const ids =
    concerned === 'everyone'
      ? sql`select id from directory.person where merged_into is null`
      : 'ids' in concerned
        ? sql`select id from directory.person where id = any(${concerned.ids}::uuid[]) and merged_into is null`
        : sql`select distinct r.subject_id as id
            from directory.import i join directory.source_record r on r.source_id = i.source_id
            where i.id = ${concerned.importId} and r.kind in ('pupil', 'guardian', 'staff') and r.gone_on is null
              and (i.first or exists (select from directory.import_change c where c.import_id = i.id
                and c.kind = r.kind and c.external_id = r.external_id and c.change <> 'removed'))`
  await sql`create temporary table concerned on commit drop as ${ids}`.execute(tx)
  await sql`create unique index on concerned (id)`.execute(tx)
  await sql`analyze concerned`.execute(tx)
  const { rows } = await sql<{ number: number }>`select count(*) as number from concerned`.execute(tx)
  return rows[0]?.number ?? 0
}

/** Computes how the names sound that were never heard before, and forgets those that nobody bears. @returns how many. */
export async function fillSounds(tx: Tx): Promise<number> {
  const { rows } = await sql<{ name: string }>`
    with used as materialized (
      select family_name as name from directory.person
      union select birth_family_name from directory.person union select given_name from directory.person
    ), forgotten as (
      delete from directory.name_sound s where not exists (select from used u where u.name = s.name)
    )
    select name from used u
    where name is not null and not exists (select from directory.name_sound s where s.name = u.name)`.execute(tx)
  for (let start = 0; start < rows.length; start += 10_000) {
    const sounds = rows.slice(start, start + 10_000).map(({ name }) => ({ name, sounds: listSounds(name) }))
    await sql`insert into directory.name_sound (name, sounds)
      select name, sounds from jsonb_to_recordset(${JSON.stringify(sounds)}::jsonb) as s (name text, sounds text[])
      on conflict do nothing`.execute(tx)
  }
  if (rows.length > 10_000) await sql`analyze directory.name_sound`.execute(tx)
  return rows.length
}

/** The database's own time, which goes on between two runs of one moment. */
export async function readClock(tx: Tx): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(tx)
  return rows[0]?.now ?? new Date()
}

/** What memory a run may take: hashes of a million people fit, nested loops over them never end. */
export async function preparePlanner(tx: Tx): Promise<void> {
  await sql`set local work_mem = '192MB'`.execute(tx)
  await sql`set local hash_mem_multiplier = 2`.execute(tx)
  await sql`set local jit = off`.execute(tx)
}

const digitsOf = (column: string) => sql`right(translate(${sql.ref(column)}, ' .-+()/', ''), 9)`

/** Every person under each of their keys, from temporary table `heard`. */
const keys = sql`
  select hashtextextended(email, 1) as key, id from heard where email <> ''
  union all select hashtextextended(phone, 2), id from heard where length(phone) = 9
  union all select hashtextextended(mobile, 2), id from heard where length(mobile) = 9
  union all select hashtextextended(sound, born), id from heard cross join unnest(family) as sound
    where born is not null
  union all select hashtextextended(sound || ' ' || given[1] || ' ' || postal_code, 3), id
    from heard cross join unnest(family) as sound where postal_code is not null`

/** Makes temporary table `pair` (left_id, right_id): everyone concerned with all whom they meet. @returns how many. */
export async function preparePairs(tx: Tx): Promise<number> {
  await sql`drop table if exists heard, key_of, met, pair`.execute(tx)
  // Day and month stand in one order, for they get exchanged.
  await sql`create temporary table heard on commit drop as
    select p.id, lower(trim(p.email)) as email, ${digitsOf('p.phone')} as phone, ${digitsOf('p.mobile')} as mobile,
      p.postal_code, f.sounds || b.sounds as family, g.sounds as given, p.given_name, p.other_given_names,
      (date_part('year', born_on) * 10000 + least(date_part('day', born_on), date_part('month', born_on)) * 100
        + greatest(date_part('day', born_on), date_part('month', born_on)))::bigint as born
    from directory.person p
    join directory.name_sound f on f.name = p.family_name
    left join directory.name_sound b on b.name = p.birth_family_name
    join directory.name_sound g on g.name = p.given_name
    where p.merged_into is null`.execute(tx)
  await sql`analyze heard (id)`.execute(tx)
  const { rows: sizes } = await sql<{ many: boolean }>`select
    (select count(*) from concerned) * 10 > (select count(*) from heard) as many`.execute(tx)
  // Of few, only those who share a key with them.
  const shared = sizes[0]?.many
    ? sql`true`
    : sql`k.key in (select w.key from (${keys}) w where w.id in (select id from concerned))`
  await sql`create temporary table key_of on commit drop as select k.key, k.id from (${keys}) k where ${shared}`.execute(
    tx,
  )
  await sql`create temporary table met on commit drop as
    select key from key_of group by key having count(*) between 2 and ${sql.lit(crowd)}`.execute(tx)
  await sql`analyze met, key_of`.execute(tx)
  // Given names that have nothing in common leave too little to all the rest, but for a national identifier.
  await sql`create temporary table pair on commit drop as
    with meeting as (
      select a.id as left_id, b.id as right_id
      from met join key_of a on a.key = met.key join key_of b on b.key = met.key and a.id < b.id
      union all
      select least(x.guardian_id, y.guardian_id), greatest(x.guardian_id, y.guardian_id)
      from directory.guardianship x join directory.guardianship y on y.pupil_id = x.pupil_id
        and y.guardian_id > x.guardian_id
      union all
      select x.pupil_id, y.pupil_id
      from directory.guardianship x join directory.guardianship y on y.guardian_id = x.guardian_id
        and y.pupil_id > x.pupil_id
    ), likely as (
      select m.left_id, m.right_id from meeting m join heard p on p.id = m.left_id join heard q on q.id = m.right_id
      where p.given && q.given or p.other_given_names ilike '%' || q.given_name || '%'
        or q.other_given_names ilike '%' || p.given_name || '%'
      union
      select least(x.subject_id, y.subject_id), greatest(x.subject_id, y.subject_id)
      from directory.source_record x
      join directory.source_record y on y.body->>'ine' = x.body->>'ine' and y.subject_id > x.subject_id
      where x.kind = 'pupil' and y.kind = 'pupil'
    )
    select left_id, right_id from likely l
    where left_id in (select id from concerned) or right_id in (select id from concerned)`.execute(tx)
  const { rows } = await sql<{ number: number }>`select count(*) as number from pair`.execute(tx)
  return rows[0]?.number ?? 0
}

/** What matching knows of a person, `from ${facts}` by `id`. */
async function prepareFacts(tx: Tx): Promise<void> {
  await sql`drop table if exists party, fact`.execute(tx)
  await sql`create temporary table party on commit drop as
    select left_id as id from pair union select right_id from pair`.execute(tx)
  await sql`analyze party`.execute(tx)
  await sql`create temporary table fact on commit drop as
    with record as (
      select r.subject_id as id, array_agg(distinct r.kind) as kinds,
        array_agg(r.source_id || ' ' || r.kind) as records,
        array_remove(array_agg(distinct r.body->>'ine'), null) as ines
      from party join directory.source_record r on r.subject_id = party.id
      where r.kind in ('pupil', 'guardian', 'staff') group by r.subject_id
    ), relative as (
      select id, array_agg(other) as relatives from (
        select g.pupil_id as id, g.guardian_id as other from party join directory.guardianship g on g.pupil_id = party.id
        union all
        select g.guardian_id, g.pupil_id from party join directory.guardianship g on g.guardian_id = party.id
      ) r group by id
    ), place as (
      select m.person_id as id, array_agg(m.source_id || ' ' || g.id) as places
      from party join directory.membership m on m.person_id = party.id
      join directory.source f on f.id = m.source_id
      join directory.teaching_group g on g.id = m.teaching_group_id and g.kind = 'class'
        and g.school_year_id = f.school_year_id
      group by m.person_id
    )
    select p.id, jsonb_build_object('id', p.id, 'kinds', coalesce(r.kinds, '{}'), 'records', coalesce(r.records, '{}'),
        'familyName', p.family_name, 'birthFamilyName', p.birth_family_name, 'givenName', p.given_name,
        'otherGivenNames', p.other_given_names, 'title', p.title, 'bornOn', p.born_on,
        'ines', coalesce(r.ines, '{}'), 'email', p.email, 'phones', array_remove(array[p.phone, p.mobile], null),
        'street', p.street, 'postalCode', p.postal_code, 'town', p.town,
        'relatives', coalesce(v.relatives, '{}'), 'places', coalesce(l.places, '{}'))::text as person
    from party join directory.person p on p.id = party.id
    left join record r on r.id = p.id left join relative v on v.id = p.id left join place l on l.id = p.id`.execute(tx)
  await sql`analyze fact (id)`.execute(tx)
}

/** The pairs that met, with what is known of both, some at a time. */
export async function* readPairs(tx: Tx, batchSize = 5_000): AsyncGenerator<[MatchedPerson, MatchedPerson][]> {
  await prepareFacts(tx)
  await sql`declare met_pair no scroll cursor for
    select a.person as left, b.person as right from pair join fact a on a.id = left_id join fact b on b.id = right_id`.execute(
    tx,
  )
  for (;;) {
    const { rows } = await sql<{ left: string; right: string }>`fetch ${sql.lit(batchSize)} from met_pair`.execute(tx)
    if (rows.length === 0) break
    yield rows.map(({ left, right }) => [JSON.parse(left) as MatchedPerson, JSON.parse(right) as MatchedPerson])
  }
  await sql`close met_pair`.execute(tx)
}

/** What is known of one pair today. */
export async function readPair(
  tx: Tx,
  leftId: string,
  rightId: string,
): Promise<[MatchedPerson, MatchedPerson] | undefined> {
  await sql`drop table if exists pair`.execute(tx)
  await sql`create temporary table pair on commit drop as
    select ${leftId}::uuid as left_id, ${rightId}::uuid as right_id`.execute(tx)
  for await (const [pair] of readPairs(tx)) return pair
  return undefined
}

/** A pair worth a proposal. */
export interface NewProposal {
  id: string
  left_id: string
  right_id: string
  points: number
  parts: object[]
  cautions: string[]
  state: Extract<ProposalState, 'automatic' | 'open'>
}

/** Writes proposals; what people decided stands, but a "later" whose score changed comes back. */
export async function saveProposals(tx: Tx, proposals: NewProposal[], now: Date): Promise<void> {
  if (proposals.length === 0) return
  await sql`insert into directory.match_proposal as o
      (id, left_id, right_id, points, parts, cautions, state, found_at)
    select id, left_id, right_id, points, parts, cautions, state, ${now}
    from jsonb_to_recordset(${JSON.stringify(proposals)}::jsonb) as p
      (id uuid, left_id uuid, right_id uuid, points integer, parts jsonb, cautions text[], state text)
    on conflict (left_id, right_id) do update set points = excluded.points, parts = excluded.parts,
      cautions = excluded.cautions, found_at = excluded.found_at,
      state = case when o.state in ('never', 'merged') or (o.state = 'later' and o.points = excluded.points)
        then o.state else excluded.state end`.execute(tx)
}

/** Takes away the proposals about those concerned that this run did not find again. */
export async function removeStaleProposals(tx: Tx, since: Date): Promise<void> {
  await sql`delete from directory.match_proposal o
    where o.state in ('automatic', 'open', 'later') and o.found_at < ${since}
      and (o.left_id in (select id from concerned) or o.right_id in (select id from concerned))`.execute(tx)
  await sql`delete from directory.match_proposal o using directory.person p
    where o.state in ('automatic', 'open', 'later') and p.id in (o.left_id, o.right_id)
      and p.merged_into is not null`.execute(tx)
}

export async function getThresholds(tx: Tx): Promise<Thresholds> {
  const row = await tables(tx)
    .selectFrom('directory.matching_policy')
    .select(['automatic', 'review'])
    .executeTakeFirst()
  return row ?? defaultThresholds
}

export async function saveThresholds(tx: Tx, thresholds: Thresholds, by: string | null, now: Date): Promise<void> {
  const row = { ...thresholds, changed_at: now, changed_by: by }
  await tables(tx)
    .insertInto('directory.matching_policy')
    .values(row)
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(row))
    .execute()
}
