import type pg from 'pg'
import { pickFamilyName, pickGivenName } from '../server/src/demonstration/names.ts'
import { Random } from '../server/src/demonstration/random.ts'
import { findMatches, toSearchKey } from '../server/src/modules/directory/index.ts'
import type { Bench } from './run.ts'
import { openBenchStores } from './server.ts'

// Two academies, of a million people each: pupils, guardians and staff in the proportions of a région.
const side = 1_000_000
const pupils = 430_000
const guardians = 510_000
// Who is in both: one guardian in ten has children on both sides, three pupils in a hundred moved.
const inBoth = `(i > ${pupils} and i <= ${pupils + guardians} and i % 10 = 0 or i <= ${pupils} and i % 33 = 0)`

/** `directory.match`: a million people of a first import against the million that were there. */
export const benches: Bench[] = [
  {
    name: 'directory.match',
    async run() {
      const bench = await openBenchStores()
      try {
        const { services, tenant } = bench
        const client = await services.owner.connect()
        try {
          await client.query(`select set_config('preau.tenant', $1, false)`, [tenant.id])
          const importId = await load(client)
          const begun = performance.now()
          const { compared } = await findMatches(services, tenant.id, { importId })
          const seconds = (performance.now() - begun) / 1000
          const raw = await joinBare(client)
          const { found, wrong } = await judge(client)
          return [
            { bench: 'directory.match', value: seconds, unit: 's', ceiling: raw, ratio: raw / seconds },
            { bench: 'directory.match.compared', value: compared, unit: 'pairs', ceiling: null, ratio: null },
            { bench: 'directory.match.found', value: found, unit: 'of those in both', ceiling: 1, ratio: found },
            { bench: 'directory.match.wrong', value: wrong, unit: 'merged in error', ceiling: null, ratio: null },
          ]
        } finally {
          client.release(true)
        }
      } finally {
        await bench.close()
      }
    },
  },
]

const personId = (base: string) => `('${base}-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid`
const sideOf = { first: 'aaaaaaaa', second: 'bbbbbbbb' }

/** Writes the rows two imports would: the import has benchmarks of its own. @returns the second one's identifier. */
async function load(client: pg.PoolClient): Promise<string> {
  const random = new Random(1)
  const families = Array.from({ length: 60_000 }, () => pickFamilyName(random))
  const given = Array.from({ length: 60_000 }, (_, i) => pickGivenName(random, i % 2 ? 'F' : 'M', 'adult'))
  await client.query(
    `create temp table name as select n - 1 as n, family, family_plain, family_key, given, given_plain, given_key
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       with ordinality _ (family, family_plain, family_key, given, given_plain, given_key, n)`,
    [
      families.map((name) => name.proper),
      families.map((name) => name.plain),
      families.map((name) => toSearchKey(name.proper)),
      given.map((name) => name.proper),
      given.map((name) => name.plain),
      given.map((name) => toSearchKey(name.proper)),
    ],
  )
  await client.query('create index on name (n); analyze name')
  const year = '00000009-0000-7000-8000-000000000000'
  await client.query(`insert into directory.school_year (id, start_year, starts_on, ends_on)
    values ('${year}', 2026, '2026-09-01', '2027-08-31')`)
  for (const [key, base] of Object.entries(sideOf)) {
    const second = key === 'second'
    // `seed` tells what someone is like: the same for who is in both.
    const seed = second ? `case when ${inBoth} then i else i + ${side} end` : 'i'
    const draw = (salt: number, of: number) => `(abs(hashint8extended(seed, ${salt})) % ${of})`
    const chance = (salt: number, share: number) => `${draw(salt, 1000)} < ${share * 1000}`
    const same = (salt: number, share: number) =>
      second ? `abs(hashint8extended(i::bigint, ${salt})) % 1000 < ${share * 1000}` : 'true'
    const sourceId = `${base}-0000-7000-8000-ffffffffffff`
    await client.query(`insert into directory.source (id, kind, key, academy_code, name, school_year_id)
      values ('${sourceId}', 'aaf${second ? 1 : 2}d', '20', '20', '${key}', '${year}')`)
    await client.query(`
      insert into directory.person (id, family_name, given_name, family_key, given_key, born_on, email, mobile, phone,
        street, postal_code, town)
      select ${personId(base)}, ${second ? 'f.family_plain, g.given_plain' : 'f.family, g.given'}, f.family_key, g.given_key,
        case when i <= ${pupils} then date '2008-01-01' + ${draw(1, 5500)}::int
          when ${chance(2, 0.55)} and ${same(3, 0.9)} then date '1965-01-01' + ${draw(4, 12_000)}::int end,
        case when i > ${pupils} and ${chance(5, 0.86)} then
          (case when ${same(6, 0.8)} then '' else 'autre.' end) || 'adresse' || seed || '@example.org' end,
        case when i > ${pupils} and ${chance(7, 0.93)} and ${same(8, 0.9)} then
          ${second ? `'06' || lpad((seed % 100000000)::text, 8, '0')` : `'+33 6 ' || lpad((seed % 100000000)::text, 8, '0')`} end,
        case when i > ${pupils} and ${chance(9, 0.3)} then '+33 3 ' || lpad((seed % 70000000)::text, 8, '0') end,
        case when ${same(10, 0.8)} then ${draw(11, 90)} || ' RUE ' || ${draw(12, 900)} else i || ' CHEMIN NEUF' end,
        lpad((2000 + ${draw(13, 600)})::text, 5, '0'), 'COMMUNE ' || ${draw(13, 600)}
      from (select i, (${seed})::bigint as seed from generate_series(1, ${side}) i) s
        join name f on f.n = ${draw(14, 60_000)} join name g on g.n = ${draw(15, 60_000)}`)
    await client.query(`
      insert into directory.source_record (source_id, kind, external_id, subject_id, hash, body)
      select '${sourceId}', case when i <= ${pupils} then 'pupil' when i <= ${pupils + guardians} then 'guardian'
          else 'staff' end, i::text, ${personId(base)}, '\\x00',
        case when i <= ${pupils} then jsonb_build_object('ine', lpad((${seed})::text, 9, '0') || 'AA', 'schoolYear', 2026)
          else '{}' end
      from generate_series(1, ${side}) i`)
    await client.query(`
      insert into directory.guardianship (pupil_id, guardian_id, source_id, link_code, legal_status)
      select ('${base}-0000-7000-8000-' || lpad(to_hex(1 + (i - ${pupils}) % ${pupils}), 12, '0'))::uuid, ${personId(base)},
        '${sourceId}', '10', 'legal'
      from generate_series(${pupils + 1}, ${pupils + guardians}) i`)
  }
  const importId = '00000008-0000-7000-8000-000000000000'
  await client.query(`insert into directory.import (id, source_id, state, first, created_by)
    values ('${importId}', '${sideOf.second}-0000-7000-8000-ffffffffffff', 'applied', true, null)`)
  for (const table of ['person', 'source_record', 'guardianship']) {
    await client.query(`vacuum analyze directory.${table}`)
  }
  return importId
}

/** The ceiling: one hash join of the two sides, on the name as searched and the postal code. @returns seconds. */
async function joinBare(client: pg.PoolClient): Promise<number> {
  await client.query(`set work_mem = '256MB'; set enable_mergejoin = off; set enable_nestloop = off`)
  const begun = performance.now()
  await client.query(`select count(*) from directory.person a join directory.person b
    on b.family_key = a.family_key and b.given_key = a.given_key and b.postal_code = a.postal_code
    where a.id < '${sideOf.second}-0000-7000-8000-000000000000'
      and b.id >= '${sideOf.second}-0000-7000-8000-000000000000'`)
  return (performance.now() - begun) / 1000
}

/** How many of those in both were found, and how many pairs would be merged that are not one. */
async function judge(client: pg.PoolClient): Promise<{ found: number; wrong: number }> {
  const { rows } = await client.query<{ found: number; wrong: number }>(`
    with truth as (
      select ${personId(sideOf.first)} as left_id, ${personId(sideOf.second)} as right_id
      from generate_series(1, ${side}) i where ${inBoth}
    )
    select (select count(*) from truth join directory.match_proposal using (left_id, right_id))::float
        / (select count(*) from truth) as found,
      (select count(*) from directory.match_proposal o where o.state = 'automatic'
        and not exists (select from truth t where t.left_id = o.left_id and t.right_id = o.right_id))::int as wrong`)
  return rows[0]!
}
