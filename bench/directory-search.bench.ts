import type pg from 'pg'
import { pickFamilyName, pickGivenName } from '../server/src/demonstration/names.ts'
import { Random } from '../server/src/demonstration/random.ts'
import type { HeldRight } from '../server/src/kernel/access.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import { searchPeople, toSearchKey } from '../server/src/modules/directory/index.ts'
import type { Bench } from './run.ts'
import { openBenchStores, percentile } from './server.ts'

// A région: a thousand establishments, 430 pupils, 510 guardians and 60 members of staff each.
const people = 1_000_000
const establishments = 1_000
const pupils = 430_000
const guardians = 510_000
const classesEach = 16
const rounds = 3

const searches = `m,ma,le,martin,marie,petit,emma,mar ju,marie dup,dup mar,lou martin,de la font,jean pierre,claire,
  vilnaud em,rouzac,zzyzx,ma zz,martin qqq,œuvrard,`.split(/,\s*/)

/** `directory.search.p95`: what a search costs at a million people, for every kind of viewer. */
export const benches: Bench[] = [
  {
    name: 'directory.search',
    async run() {
      const bench = await openBenchStores()
      try {
        const { owner, db } = bench.services
        await load(owner, bench.tenant.id)
        const figures = []
        const all: number[] = []
        const allBare: number[] = []
        for (const [name, actor] of Object.entries(await findViewers(owner))) {
          const times: number[] = []
          const bare: number[] = []
          for (let round = 0; round < rounds; round++) {
            for (const q of searches) {
              const start = performance.now()
              const found = await inTenant(db, bench.tenant.id, (tx) => searchPeople(tx, actor, { q, limit: 20 }))
              const end = performance.now()
              // The ceiling: the same rows, already known, read by their key.
              await owner.query('select id, family_name, given_name from directory.person where id = any($1)', [
                found.people.map(({ id }) => id),
              ])
              // The first round warms plans and pages.
              if (round === 0) continue
              times.push(end - start)
              bare.push(performance.now() - end)
            }
          }
          figures.push(makeFigure(`directory.search.p95.${name}`, times, bare))
          all.push(...times)
          allBare.push(...bare)
        }
        return [makeFigure('directory.search.p95', all, allBare), ...figures]
      } finally {
        await bench.close()
      }
    },
  },
]

function makeFigure(name: string, times: number[], bare: number[]) {
  const value = percentile(times, 0.95)
  const ceiling = percentile(bare, 0.95)
  return { bench: name, value, unit: 'ms', ceiling, ratio: ceiling / value }
}

const toId = (prefix: string) => `('${prefix}-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid`
const personId = (i: number) => `00000001-0000-7000-8000-${i.toString(16).padStart(12, '0')}`

async function findViewers(owner: pg.Pool): Promise<Record<string, { personId: string; rights: HeldRight[] }>> {
  const { rows } = await owner.query<{ id: string; kind: string }>(
    `select distinct on (kind) id, kind from directory.organisation order by kind, code, uai`,
  )
  const find = (kind: string) => rows.find((row) => row.kind === kind)?.id ?? null
  const holder = (right: HeldRight['right'], organisationId: string | null) => ({
    personId: personId(people),
    rights: [{ right, organisationId }],
  })
  const ofProfile = (place: number) => ({ personId: personId(place), rights: [] })
  return {
    operator: holder('directory.import', null),
    territoryAdministrator: holder('directory.administer', find('territory')),
    establishmentAdministrator: holder('directory.administer', find('establishment')),
    head: ofProfile(pupils + guardians + 1_007),
    schoolLife: ofProfile(pupils + guardians + 3_007),
    staff: ofProfile(pupils + guardians + 8_007),
    teacher: ofProfile(pupils + guardians + 30_007),
    pupil: ofProfile(7_007),
    guardian: ofProfile(pupils + 7_007),
    agent: ofProfile(0),
  }
}

/** Writes the rows an import would, without a feed: the import has benchmarks of its own. */
async function load(owner: pg.Pool, tenantId: string): Promise<void> {
  const random = new Random(1)
  const families = Array.from({ length: 60_000 }, () => pickFamilyName(random).proper)
  const given = Array.from({ length: 60_000 }, (_, i) => pickGivenName(random, i % 2 ? 'F' : 'M', 'adult').proper)
  const client = await owner.connect()
  const profile = `case when i <= ${pupils} then 'pupil' when i <= ${pupils + guardians} then 'guardian'
    when i <= ${pupils + guardians + 2_000} then 'head' when i <= ${pupils + guardians + 6_000} then 'schoolLife'
    when i <= ${pupils + guardians + 16_000} then 'staff' else 'teacher' end`
  try {
    await client.query(`select set_config('preau.tenant', $1, false)`, [tenantId])
    await client.query(`
      insert into directory.school_year values (default, gen_random_uuid(), 2026, '2026-09-01', '2027-08-31');
      insert into directory.organisation (id, kind, name, partner_kind, code)
        values ('00000003-0000-7000-8000-000000000000', 'partner', 'Région', 'region', '32');
      insert into directory.organisation (id, kind, name, code, parent_id)
        select ${toId('00000004')}, 'territory', 'Territoire ' || i, i::text, (select id from directory.organisation)
        from generate_series(1, 6) i;
      insert into directory.organisation (id, kind, name, level, uai, parent_id)
        select ${toId('00000002')}, 'establishment', 'Collège ' || i, 'lowerSecondary', lpad(i::text, 7, '0') || 'A', t.id
        from generate_series(1, ${establishments}) i
          join directory.organisation t on t.kind = 'territory' and t.code = (1 + i % 6)::text;
      create temp table class_number as select i from generate_series(0, ${establishments * classesEach - 1}) i;
      insert into directory.teaching_group (id, establishment_id, school_year_id, kind, code, name)
        select ${toId('00000005')},
          ('00000002-0000-7000-8000-' || lpad(to_hex(1 + i / ${classesEach}), 12, '0'))::uuid,
          (select id from directory.school_year), 'class', i::text, i::text from class_number`)
    await client.query(
      `create temp table name as select n - 1 as n, family, given, family_key, given_key
        from unnest($1::text[], $2::text[], $3::text[], $4::text[])
          with ordinality _ (family, given, family_key, given_key, n)`,
      [families, given, families.map(toSearchKey), given.map(toSearchKey)],
    )
    await client.query(`
      create index on name (n);
      analyze name;
      insert into directory.person (id, family_name, given_name, family_key, given_key)
        select ${toId('00000001')}, f.family, g.given, f.family_key, g.given_key
        from generate_series(0, ${people}) i
          join name f on f.n = (i * 7919::bigint) % 60000 join name g on g.n = (i * 104729::bigint / 7) % 60000`)
    await client.query(`
      create temp table number as select i, ${toId('00000001')} as id,
        ('00000002-0000-7000-8000-' || lpad(to_hex(1 + i % ${establishments}), 12, '0'))::uuid as establishment,
        ('00000005-0000-7000-8000-'
          || lpad(to_hex((i % ${establishments}) * ${classesEach} + (i / ${establishments}) % ${classesEach}), 12, '0')
        )::uuid as class
      from generate_series(1, ${people}) i;
      insert into directory.affiliation (person_id, organisation_id, profile)
        select id, establishment, ${profile} from number;
      insert into directory.affiliation (person_id, organisation_id, profile)
        values ('${personId(0)}', (select id from directory.organisation where kind = 'partner'), 'localAuthority');
      insert into directory.membership (person_id, teaching_group_id, source_id)
        select id, class, gen_random_uuid() from number where i <= ${pupils};
      insert into directory.guardianship (pupil_id, guardian_id, source_id, link_code, legal_status)
        select ('00000001-0000-7000-8000-' || lpad(to_hex(1 + (i - 1) % ${pupils}), 12, '0'))::uuid, id,
          gen_random_uuid(), '10', 'legal'
        from number where i > ${pupils} and i <= ${pupils + guardians};
      insert into directory.teaching (person_id, teaching_group_id, source_id, main_teacher)
        select id, class, gen_random_uuid(), i % 2 = 0 from number where i > ${pupils + guardians + 16_000}`)
    for (const table of ['person', 'affiliation', 'membership', 'guardianship', 'teaching', 'organisation']) {
      await client.query(`vacuum analyze directory.${table}`)
    }
  } finally {
    client.release(true)
  }
}
