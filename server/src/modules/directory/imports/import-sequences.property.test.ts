import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  modify,
  remove,
  type SmallFeed,
  type SmallRecord,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from './import-applying.ts'
import { stageImport, stageRollback } from './imports.ts'

// Whatever full exports, deltas and roll-backs come in whatever order, the directory is what the last state of the
// source makes of an empty one.

let test: TestApp
let folder: string
let number = 0
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-10-01T10:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-sequences-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

type Records = Map<string, SmallRecord>
/** All that a source holds, by type. */
type Source = Record<'establishments' | 'pupils' | 'guardians' | 'staff', Records>

const classCodes = fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { maxLength: 2 })

const source: fc.Arbitrary<Source> = fc
  .record({
    declared: fc.tuple(classCodes, classCodes),
    names: fc.constantFrom('ROUGE', 'BLEUE'),
    pupils: fc.dictionary(
      fc.constantFrom('10', '11', '12'),
      fc.record({
        establishment: fc.constantFrom('50', '51'),
        classes: classCodes,
        guardians: fc.uniqueArray(fc.constantFrom('20', '21', '22'), { maxLength: 2 }),
        mail: fc.constantFrom('', 'a@example.org'),
      }),
      { noNullPrototype: true },
    ),
    mobile: fc.constantFrom('', '0600000001'),
    staff: fc.dictionary(
      fc.constantFrom('30', '31'),
      fc.record({
        functionCode: fc.constantFrom('ENS', 'DIR'),
        of: fc.constantFrom('50', '51'),
        teaches: fc.uniqueArray(fc.constantFrom('50$A', '51$B', '50$D'), { maxLength: 2 }),
      }),
      { noNullPrototype: true },
    ),
  })
  .map(({ declared, names, pupils, mobile, staff }) => {
    const linked = new Set(Object.values(pupils).flatMap(({ guardians }) => guardians))
    return {
      establishments: toRecords(
        ['50', '51'].map((id, place) =>
          makeEstablishment(id, {
            ENTStructureClasses: orEmpty(declared[place]!.map((code) => `${code}$CLASSE ${names} ${code}`)),
          }),
        ),
      ),
      pupils: toRecords(
        Object.entries(pupils).map(([id, { establishment, classes, guardians, mail }]) =>
          makePupil(id, establishment, {
            ENTEleveClasses: orEmpty(classes.map((code) => `${establishment}$${code}`)),
            ENTElevePersRelEleve: orEmpty(guardians.map((guardian) => `${guardian}$10$1$1$1$1`)),
            mail,
          }),
        ),
      ),
      guardians: toRecords([...linked].sort().map((id) => makeGuardian(id, { mobile }))),
      staff: toRecords(
        Object.entries(staff).map(([id, { functionCode, of, teaches }]) =>
          makeStaffMember(id, {
            ENTPersonFonctions: `${of}$${functionCode}$LIBELLE$-$-`,
            ENTAuxEnsClasses: orEmpty(teaches),
            ENTAuxEnsClassesPrincipal: teaches[0] ?? '',
          }),
        ),
      ),
    }
  })

const orEmpty = (values: string[]) => (values.length === 0 ? '' : values)
const toRecords = (records: SmallRecord[]): Records => new Map(records.map((record) => [String(record['id']), record]))

/** What a delta says between two states: whole records, or what changes in them. */
function toDelta(before: Source, after: Source, whole: boolean): SmallFeed {
  const changes = (from: Records, to: Records): SmallRecord[] => [
    ...[...to].flatMap(([id, record]) => {
      const known = from.get(id)
      const changed = Object.entries(record).filter(([name, value]) => String(known?.[name]) !== String(value))
      if (changed.length === 0) return []
      return [!known || whole ? record : modify(id, Object.fromEntries(changed))]
    }),
    ...[...from.keys()].filter((id) => !to.has(id)).map((id) => remove(id)),
  ]
  return {
    delta: true,
    establishments: changes(before.establishments, after.establishments),
    pupils: changes(before.pupils, after.pupils),
    guardians: changes(before.guardians, after.guardians),
    staff: changes(before.staff, after.staff),
  }
}

const toFull = (state: Source): SmallFeed => ({
  establishments: [...state.establishments.values()],
  pupils: [...state.pupils.values()],
  guardians: [...state.guardians.values()],
  staff: [...state.staff.values()],
})

async function importFeed(tenantId: string, feed: SmallFeed, date: string) {
  const path = await writeSmallFeed(join(folder, String(++number)), { ...feed, date })
  return apply(tenantId, await stageImport(test.services, { tenantId, folder: path, actorPersonId: null }))
}

async function apply(tenantId: string, staged: Awaited<ReturnType<typeof stageImport>>) {
  expect(staged).toMatchObject({ state: 'ready', refusal: null })
  for (const counts of Object.values(staged.counts)) {
    const { read, derived, added, modified, removed, unchanged, quarantined, ignored } = counts
    expect(quarantined).toBe(0)
    expect(added + modified + removed + unchanged + quarantined + ignored).toBe(read + derived)
  }
  return applyImport(test.services, { tenantId, id: staged.id, actorPersonId: null, acceptAlerts: true })
}

/** All that is present, under the identifiers of the source. */
async function project(tenantId: string) {
  return inTenant(test.services.db, tenantId, async (tx) => {
    const { rows: records } = await sql`select r.kind, r.external_id as id, r.body, r.establishment_ref as filed,
        array(select a.profile || ' ' || o.uai from directory.affiliation a join directory.organisation o
          on o.id = a.organisation_id where a.person_id = r.subject_id order by 1) as affiliations,
        array(select o.uai from directory.enrolment e join directory.organisation o on o.id = e.establishment_id
          where e.person_id = r.subject_id order by 1) as enrolments,
        array(select o.uai || g.code || g.name from directory.membership m
          join directory.teaching_group g on g.id = m.teaching_group_id
          join directory.organisation o on o.id = g.establishment_id
          where m.person_id = r.subject_id order by 1) as classes,
        array(select g.code || t.main_teacher from directory.teaching t join directory.teaching_group g
          on g.id = t.teaching_group_id where t.person_id = r.subject_id order by 1) as teachings,
        array(select f.code || o.uai from directory.staff_function f join directory.organisation o
          on o.id = f.organisation_id where f.person_id = r.subject_id order by 1) as functions,
        array(select k.external_id from directory.guardianship g join directory.source_record k
          on k.subject_id = g.guardian_id where g.pupil_id = r.subject_id order by 1) as guardians,
        (select row_to_json(p)::jsonb - 'id' - 'tenant_id' from directory.person p where p.id = r.subject_id) as person,
        (select o.name from directory.organisation o where o.id = r.subject_id and o.gone_on is null) as organisation
      from directory.source_record r where r.gone_on is null order by r.kind, r.external_id`.execute(tx)
    const { rows: counts } = await sql`select
        (select count(*) from directory.person where gone_on is null) as people,
        (select count(*) from directory.teaching_group) as groups,
        (select count(*) from directory.affiliation) as affiliations,
        (select count(*) from directory.guardianship) as guardianships,
        (select count(*) from directory.membership) as memberships,
        (select count(*) from directory.teaching) as teachings,
        (select count(*) from directory.staff_function) as functions`.execute(tx)
    return { records, counts }
  })
}

/** All that is present, identifiers included, to be compared with itself later. */
async function photograph(tenantId: string) {
  return inTenant(test.services.db, tenantId, async (tx) => {
    const { rows } = await sql<{ name: string; text: string }>`
      select 'record' as name, (kind, external_id, subject_id, hash, body, establishment_ref)::text as text
      from directory.source_record where gone_on is null
      union all select 'person', t::text from directory.person t where gone_on is null
      union all select 'organisation', t::text from directory.organisation t where gone_on is null
      union all select 'group', t::text from directory.teaching_group t
      union all select 'affiliation', (to_jsonb(t) - 'since')::text from directory.affiliation t
      union all select 'enrolment', t::text from directory.enrolment t
      union all select 'membership', t::text from directory.membership t
      union all select 'teaching', (to_jsonb(t) - 'since')::text from directory.teaching t
      union all select 'function', t::text from directory.staff_function t
      union all select 'guardianship', t::text from directory.guardianship t
      union all select 'subject', t::text from directory.subject t order by 1, 2`.execute(tx)
    return rows
  })
}

const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('delta', 'wholeDelta'), state: source }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('full'), state: source }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback'), state: source }) },
)

it('any sequence of full exports, deltas and roll-backs leaves what a single full export makes', async () => {
  const make = async () => (await createTenant(test.services.owner, { slug: `s-${++number}`, name: 'Sequence' })).id
  await fc.assert(
    fc.asyncProperty(source, fc.array(operation, { minLength: 2, maxLength: 4 }), async (first, operations) => {
      const tenantId = await make()
      const begun = await importFeed(tenantId, toFull(first), '2026-09-10')
      const past: { id: string; state: Source; before: Awaited<ReturnType<typeof photograph>> }[] = []
      let current = { id: begun.id, state: first }
      let day = 10
      for (const { kind, state } of operations) {
        const before = await photograph(tenantId)
        const undone = kind === 'rollback' ? past.pop() : undefined
        if (kind === 'rollback' && !undone) continue
        const date = `2026-09-${++day}`
        if (undone) {
          const request = { tenantId, id: current.id, actorPersonId: null }
          await apply(tenantId, await stageRollback(test.services, request))
          expect(await photograph(tenantId)).toEqual(undone.before)
          current = { id: undone.id, state: undone.state }
        } else {
          const feed = kind === 'full' ? toFull(state) : toDelta(current.state, state, kind === 'wholeDelta')
          const files = Object.values(feed).some((each) => Array.isArray(each) && each.length > 0)
          if (!files) continue
          past.push({ ...current, before })
          const applied = await importFeed(tenantId, feed, date)
          current = { id: applied.id, state }
        }
        const alone = await make()
        await importFeed(alone, toFull(current.state), date)
        expect(await project(tenantId)).toEqual(await project(alone))
        // And that export, read again, has nothing to say.
        const path = await writeSmallFeed(join(folder, String(++number)), { ...toFull(current.state), date })
        const again = await stageImport(test.services, { tenantId, folder: path, actorPersonId: null })
        expect(again.nothingToDo).toBe(true)
      }
    }),
    { numRuns: 6, endOnFailure: true },
  )
}, 300_000)

it('two roll-backs in a row give back what each import found', async () => {
  const { id: tenantId } = await createTenant(test.services.owner, { slug: `s-${++number}`, name: 'Twice' })
  const state = (pupils: SmallRecord[]): Source => ({
    establishments: toRecords([makeEstablishment('50', {})]),
    pupils: toRecords(pupils),
    guardians: toRecords([]),
    staff: toRecords([]),
  })
  const first = state([makePupil('10', '50', { mail: 'a@example.org' })])
  const gone = state([])
  const back = state([makePupil('10', '50', { mail: 'b@example.org' })])
  await importFeed(tenantId, toFull(first), '2026-09-10')
  const found = [await photograph(tenantId)]
  const { id: left } = await importFeed(tenantId, toDelta(first, gone, true), '2026-09-11')
  found.push(await photograph(tenantId))
  const { id: returned } = await importFeed(tenantId, toDelta(gone, back, true), '2026-09-12')
  for (const id of [returned, left]) {
    await apply(tenantId, await stageRollback(test.services, { tenantId, id, actorPersonId: null }))
    expect(await photograph(tenantId)).toEqual(found.pop())
  }
})
