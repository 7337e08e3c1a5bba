import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tx } from '#kernel/postgres'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePerson } from '../../../../test/make.ts'
import { rewritePeople } from './merges.queries.ts'
import { mergePeople, undoMerge } from './merges.ts'
import { toSearchKey } from '../search-key.ts'

let test: TestApp
let year: string
let formerYear: string
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-11-02T10:00:00Z') })
  await test.inTenant(async (tx) => {
    // The first one is the current one.
    year = await makeYear(tx, 2026)
    formerYear = await makeYear(tx, 2025)
  })
})
afterAll(() => test.close())

async function makeYear(tx: Tx, startYear: number): Promise<string> {
  const id = randomUUIDv7()
  await sql`insert into directory.school_year (id, start_year, starts_on, ends_on)
    values (${id}, ${startYear}, ${`${startYear}-09-01`}, ${`${startYear + 1}-08-31`})`.execute(tx)
  return id
}

let count = 0

/** A source of this year with one establishment, one class of it, and whatever records follow. */
async function makeSource(tx: Tx, kind: 'aaf1d' | 'aaf2d') {
  count += 1
  const id = randomUUIDv7()
  await sql`insert into directory.source (id, kind, key, academy_code, name, school_year_id)
    values (${id}, ${kind}, ${`A${count}`}, ${`A${count}`}, ${kind}, ${year})`.execute(tx)
  const establishment = await makeEstablishment(tx)
  const classId = randomUUIDv7()
  await sql`insert into directory.teaching_group (id, establishment_id, school_year_id, kind, code, name)
    values (${classId}, ${establishment}, ${year}, 'class', 'A', 'A')`.execute(tx)
  const add = (record: string, externalId: string, subject: string, body: object) =>
    sql`insert into directory.source_record (source_id, kind, external_id, subject_id, hash, body)
      values (${id}, ${record}, ${externalId}, ${subject}, '', ${JSON.stringify(body)})`.execute(tx)
  await add('establishment', 'E', establishment, { name: 'E' })
  await add('class', 'E$A', classId, { name: 'A', code: 'A', schoolYear: 2026 })
  return {
    id,
    establishment,
    /** A person whom the source alone knows, with what follows from the record. */
    async addPerson(record: 'pupil' | 'guardian' | 'staff', externalId: string, body: Record<string, unknown>) {
      const person = randomUUIDv7()
      const names = { familyName: 'Dubœuf', givenName: 'Claire', ...body }
      await sql`insert into directory.person (id, family_name, given_name, family_key, given_key)
        values (${person}, ${names.familyName}, ${names.givenName}, ${toSearchKey(names.familyName)},
          ${toSearchKey(names.givenName)})`.execute(tx)
      await add(record, externalId, person, names)
      await rewritePeople(tx, [person])
      return person
    },
  }
}

const pupilBody = (guardians: string[] = []) => ({
  givenName: 'Zoé',
  schoolYear: 2026,
  enrolments: [{ establishment: 'E', mef: '1' }],
  classes: ['E$A'],
  groups: [],
  guardians: guardians.map((id) => ({ id, link: '10', legal: 'legal', financial: true, contact: true, pays: false })),
})

/** Two academies that know one mother, each with one of her children. */
async function makeTwoSources(tx: Tx) {
  const second = await makeSource(tx, 'aaf2d')
  const first = await makeSource(tx, 'aaf1d')
  const mother = await second.addPerson('guardian', 'G', { email: 'claire@example.org', town: 'Amiens' })
  const pupil = await second.addPerson('pupil', 'P', pupilBody(['G']))
  const other = await first.addPerson('guardian', 'G', { familyName: 'DUBOEUF', mobile: '0639980003', town: 'Lille' })
  const child = await first.addPerson('pupil', 'P', pupilBody(['G']))
  return { first, second, mother, other, pupil, child }
}

/** All that is known of people, as it stands in the tables. */
async function readAll(tx: Tx): Promise<unknown> {
  const all: Record<string, unknown> = {}
  for (const table of [
    'person',
    'affiliation',
    'enrolment',
    'membership',
    'teaching',
    'staff_function',
    'guardianship',
    'source_record',
  ]) {
    const { rows } = await sql`select * from ${sql.table(`directory.${table}`)} x order by to_jsonb(x)::text`.execute(
      tx,
    )
    all[table] = rows
  }
  return all
}

async function merge(tx: Tx, one: string, other: string): Promise<string> {
  const [leftId, rightId] = one < other ? [one, other] : [other, one]
  const pair = { leftId, rightId, points: 120, parts: [] }
  const [done] = await mergePeople(test.services, tx, test.tenant.id, { pairs: [pair], by: null })
  return done!.mergeId
}

const undo = (tx: Tx, id: string) => undoMerge(test.services, tx, test.tenant.id, { id, by: null })

const placesOf = async (tx: Tx, personId: string) =>
  (
    await sql<{ organisation_id: string; profile: string }>`select organisation_id, profile from directory.affiliation
      where person_id = ${personId} order by profile, organisation_id`.execute(tx)
  ).rows.map((row) => `${row.profile} ${row.organisation_id}`)

const childrenOf = async (tx: Tx, personId: string) =>
  (
    await sql<{ id: string }>`select pupil_id as id from directory.guardianship where guardian_id = ${personId}
      order by 1`.execute(tx)
  ).rows.map(({ id }) => id)

describe('a merge', () => {
  it('undone after both have gone, gives each their name and their day again', async () => {
    await test.inTenant(async (tx) => {
      const { first, second, mother, other } = await makeTwoSources(tx)
      const leave = (sourceId: string, day: string) =>
        sql`update directory.source_record set gone_on = ${day} where source_id = ${sourceId} and kind = 'guardian'`
      const merged = await merge(tx, mother, other)
      await leave(second.id, '2026-09-12').execute(tx)
      await leave(first.id, '2026-09-17').execute(tx)
      await undo(tx, merged)
      const { rows } = await sql`select id, family_name, gone_on from directory.person where id in (${mother}, ${other})
        order by gone_on`.execute(tx)
      expect(rows).toEqual([
        { id: mother, family_name: 'Dubœuf', gone_on: '2026-09-12' },
        { id: other, family_name: 'DUBOEUF', gone_on: '2026-09-17' },
      ])
    })
  })

  it('makes one mother of two: both children, both schools, as the first of the sources writes her', async () => {
    await test.inTenant(async (tx) => {
      const { first, second, mother, other, pupil, child } = await makeTwoSources(tx)
      await merge(tx, mother, other)
      expect(await childrenOf(tx, mother)).toEqual([pupil, child].toSorted())
      expect(await placesOf(tx, mother)).toEqual(
        [`guardian ${second.establishment}`, `guardian ${first.establishment}`].toSorted(),
      )
      expect(await childrenOf(tx, other)).toEqual([])
      expect(await placesOf(tx, other)).toEqual([])
      const { rows } = await sql`select family_name, email, mobile, town, gone_on, merged_into from directory.person
        where id in (${mother}, ${other}) order by id`.execute(tx)
      expect(rows).toEqual([
        {
          family_name: 'Dubœuf',
          email: 'claire@example.org',
          mobile: null,
          town: 'Amiens',
          gone_on: null,
          merged_into: null,
        },
        expect.objectContaining({ family_name: 'DUBOEUF', gone_on: '2026-11-02', merged_into: mother }),
      ])
    })
  })

  it('is undone exactly, with what was given by hand and what former years left', async () => {
    await test.inTenant(async (tx) => {
      const { first, second, mother, other, pupil, child } = await makeTwoSources(tx)
      const elsewhere = await makeEstablishment(tx)
      for (const person of [mother, other]) {
        await sql`insert into directory.affiliation (person_id, organisation_id, profile)
          values (${person}, ${elsewhere}, 'staff')`.execute(tx)
      }
      await sql`insert into directory.affiliation (person_id, organisation_id, profile)
        values (${other}, ${second.establishment}, 'guardian')`.execute(tx)
      for (const [person, source] of [
        [pupil, second.id],
        [child, first.id],
      ] as const) {
        await sql`insert into directory.enrolment (person_id, establishment_id, school_year_id, source_id)
          values (${person}, ${elsewhere}, ${formerYear}, ${source})`.execute(tx)
      }
      const before = await readAll(tx)
      const mothers = await merge(tx, mother, other)
      const children = await merge(tx, pupil, child)
      expect(await childrenOf(tx, mother)).toEqual([pupil < child ? pupil : child])
      await undo(tx, mothers)
      await undo(tx, children)
      expect(await readAll(tx)).toEqual(before)
    })
  })

  it('is undone in any order among others that build on it', async () => {
    await test.inTenant(async (tx) => {
      const one = await makeTwoSources(tx)
      const two = await makeTwoSources(tx)
      const before = await readAll(tx)
      const merges = [
        await merge(tx, one.mother, one.other),
        await merge(tx, two.mother, two.other),
        await merge(tx, one.mother, two.mother),
      ]
      expect(await childrenOf(tx, one.mother)).toHaveLength(4)
      for (const index of [1, 0, 2]) await undo(tx, merges[index]!)
      expect(await readAll(tx)).toEqual(before)
    })
  })

  it('lets records change before it is undone: each person gets what their records say by then', async () => {
    await test.inTenant(async (tx) => {
      const { first, mother, other, child } = await makeTwoSources(tx)
      const id = await merge(tx, mother, other)
      await sql`update directory.source_record set body = body || '{"familyName": "Martin", "email": "new@example.org"}'
        where source_id = ${first.id} and kind = 'guardian'`.execute(tx)
      await sql`update directory.source_record set body = body || '{"classes": []}'
        where source_id = ${first.id} and kind = 'pupil'`.execute(tx)
      await rewritePeople(tx, [mother, child])
      await undo(tx, id)
      const { rows } = await sql`select family_name, email, mobile from directory.person where id = ${other}`.execute(
        tx,
      )
      expect(rows).toEqual([{ family_name: 'Martin', email: 'new@example.org', mobile: '0639980003' }])
      expect(await childrenOf(tx, other)).toEqual([child])
      expect(await placesOf(tx, other)).toEqual([`guardian ${first.establishment}`])
    })
  })

  it('gives the history of the years since to whose records wrote it', async () => {
    await test.inTenant(async (tx) => {
      const { first, second, pupil, child } = await makeTwoSources(tx)
      const id = await merge(tx, pupil, child)
      const kept = pupil < child ? pupil : child
      // A year goes by: what was of this year is history.
      const next = await makeYear(tx, 2027 + count)
      await sql`update directory.source set school_year_id = ${next} where id in (${first.id}, ${second.id})`.execute(
        tx,
      )
      await undo(tx, id)
      const { rows } = await sql<{ person_id: string; source_id: string }>`select person_id, source_id
        from directory.enrolment where person_id in (${pupil}, ${child})`.execute(tx)
      expect(rows).toHaveLength(2)
      expect(rows).toContainEqual({ person_id: pupil, source_id: second.id })
      expect(rows).toContainEqual({ person_id: child, source_id: first.id })
      expect([pupil, child]).toContain(kept)
    })
  })

  it('brings back whoever had left, and lets them be gone again', async () => {
    await test.inTenant(async (tx) => {
      const { second, mother, other } = await makeTwoSources(tx)
      await sql`update directory.source_record set gone_on = '2026-09-20'
        where source_id = ${second.id} and subject_id = ${mother}`.execute(tx)
      await sql`update directory.person set gone_on = '2026-09-20' where id = ${mother}`.execute(tx)
      const id = await merge(tx, mother, other)
      const goneOn = async () =>
        (await sql<{ gone_on: string }>`select gone_on from directory.person where id = ${mother}`.execute(tx)).rows
      expect(await goneOn()).toEqual([{ gone_on: null }])
      await undo(tx, id)
      expect(await goneOn()).toEqual([{ gone_on: '2026-09-20' }])
    })
  })

  it('happens once, is undone once, and is written in both files', async () => {
    await test.inTenant(async (tx) => {
      const { mother, other } = await makeTwoSources(tx)
      const id = await merge(tx, mother, other)
      const pair = { leftId: mother, rightId: other, points: 1, parts: [] }
      expect(await mergePeople(test.services, tx, test.tenant.id, { pairs: [pair], by: null })).toEqual([])
      await undo(tx, id)
      await expect(undo(tx, id)).rejects.toMatchObject({ code: 'merge_undone' })
      const { rows } = await sql`select action, subject_id from kernel.audit_entry
        where subject_id in (${mother}, ${other}) order by action, subject_id`.execute(tx)
      expect(rows).toEqual([
        { action: 'directory.merge_undone', subject_id: mother },
        { action: 'directory.merge_undone', subject_id: other },
        { action: 'directory.people_merged', subject_id: mother },
        { action: 'directory.people_merged', subject_id: other },
      ])
    })
  })

  it('goes with whoever is deleted', async () => {
    await test.inTenant(async (tx) => {
      const [one, two] = [await makePerson(tx), await makePerson(tx)]
      const id = await merge(tx, one, two)
      await sql`delete from directory.person where id = ${one}`.execute(tx)
      const { rows } = await sql`select id from directory.person where id = ${two}
        union select id from directory.merge where id = ${id}`.execute(tx)
      expect(rows).toEqual([])
    })
  })
})
