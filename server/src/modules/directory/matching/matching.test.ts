import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  type SmallFeed,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport } from '../imports/imports.ts'
import { matchPeople } from './matching.ts'

let test: TestApp
let folder: string
let number = 0
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-10-01T10:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-matching-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const mother = { sn: 'DUBŒUF', givenName: 'Claire', mail: 'claire@example.org' }
const reach = { mobile: '+33 6 39 98 00 03', ENTPersonAdresse: '14 RUE DES ŒILLETS', ENTPersonCodePostal: '80000' }
const link = (...guardians: string[]) => ({ ENTElevePersRelEleve: guardians.map((id) => `${id}$10$1$1$1$1`) })

/** A territory of its own, with the feeds of several academies, each matched once it is applied. */
async function openTerritory() {
  number += 1
  const { id: tenantId } = await createTenant(test.services.owner, { slug: `matching-${number}`, name: 'Matching' })
  let exports = 0
  return {
    tenantId,
    async load(academy: string, feed: SmallFeed) {
      exports += 1
      const path = await writeSmallFeed(join(folder, `${number}-${exports}`), {
        academy,
        date: `2026-09-${10 + exports}`,
        establishments: [makeEstablishment(`5${academy}`, { ENTStructureClasses: 'A$CLASSE A' })],
        ...feed,
      })
      const staged = await stageImport(test.services, { tenantId, folder: path, actorPersonId: null })
      expect(staged.refusal).toBeNull()
      await applyImport(test.services, { tenantId, id: staged.id, actorPersonId: null, acceptAlerts: true })
      return matchPeople(test.services, tenantId, { importId: staged.id })
    },
    match: () => matchPeople(test.services, tenantId, 'everyone'),
    proposals: () =>
      inTenant(test.services.db, tenantId, async (tx) => {
        const { rows } = await sql<{ points: number; state: string; codes: string[]; cautions: string[] }>`
          select points, state, cautions, array(select part->>'code' from jsonb_array_elements(parts) part) as codes
          from directory.match_proposal order by points desc`.execute(tx)
        return rows
      }),
    people: () =>
      inTenant(test.services.db, tenantId, async (tx) => {
        const { rows } = await sql<{ name: string; records: number; places: number; children: number }>`
          select p.family_name || ' ' || p.given_name as name,
            (select count(*) from directory.source_record r where r.subject_id = p.id) as records,
            (select count(*) from directory.affiliation a where a.person_id = p.id) as places,
            (select count(*) from directory.guardianship g where g.guardian_id = p.id) as children
          from directory.person p where gone_on is null order by 1, 2`.execute(tx)
        return rows
      }),
    decide: (state: string) =>
      inTenant(test.services.db, tenantId, (tx) =>
        sql`update directory.match_proposal set state = ${state}`.execute(tx),
      ),
  }
}

const family = (academy: string, guardian: object, pupil: object = {}): SmallFeed => ({
  guardians: [makeGuardian('20', { ...mother, ...guardian })],
  pupils: [makePupil('10', `5${academy}`, { sn: 'ENFANT', givenName: `Zoé${academy}`, ...link('20'), ...pupil })],
})

describe('people of two academies', () => {
  it('are one when enough agrees: the mother is over both children', async () => {
    const territory = await openTerritory()
    await territory.load('20', family('20', reach))
    const report = await territory.load('09', family('09', { ...reach, sn: 'Duboeuf' }))
    expect(report).toMatchObject({ concerned: 2, merged: 1, proposed: 0 })
    expect(await territory.people()).toContainEqual({ name: 'DUBŒUF Claire', records: 2, places: 2, children: 2 })
    expect(await territory.people()).toHaveLength(3)
    expect(await territory.proposals()).toMatchObject([{ points: 110, state: 'merged' }])
  })

  it('are proposed when less does, with each thing that agrees', async () => {
    const territory = await openTerritory()
    await territory.load('20', family('20', {}))
    expect(await territory.load('09', family('09', { sn: 'Dubeuf' }))).toMatchObject({ merged: 0, proposed: 1 })
    expect(await territory.proposals()).toEqual([
      {
        points: 68,
        state: 'open',
        codes: ['email', 'givenName', 'familyNameSound'],
        cautions: ['somethingDiffers'],
      },
    ])
  })

  it('are left alone when they only share a name, or an e-mail under two names', async () => {
    const territory = await openTerritory()
    await territory.load('20', family('20', { mail: 'other@example.org' }))
    const feed = family('09', {})
    feed.guardians?.push(makeGuardian('21', { sn: 'DUBŒUF', givenName: 'Thomas', mail: 'other@example.org' }))
    expect(await territory.load('09', feed)).toMatchObject({ merged: 0, proposed: 0 })
  })

  it('are found by a national identifier, and then their guardians by the child they share', async () => {
    const territory = await openTerritory()
    const child = { ENTEleveINE: '120000001AA', givenName: 'Zoé', sn: 'ENFANT' }
    await territory.load('20', family('20', {}, child))
    const report = await territory.load('09', family('09', {}, child))
    expect(report.merged).toBe(2)
    expect(await territory.people()).toEqual([
      { name: 'DUBŒUF Claire', records: 2, places: 2, children: 1 },
      { name: 'ENFANT Zoé', records: 2, places: 2, children: 0 },
    ])
  })

  it('follow what their sources say later', async () => {
    const territory = await openTerritory()
    await territory.load('20', family('20', reach))
    await territory.load('09', family('09', reach))
    await territory.load('09', {
      ...family('09', { ...reach, mail: 'new@example.org' }),
      pupils: [
        makePupil('11', '509', { sn: 'ENFANT', givenName: 'Ali', ...link('20') }),
        makePupil('12', '509', { sn: 'ENFANT', givenName: 'Ugo', ...link('20') }),
      ],
    })
    const people = await territory.people()
    expect(people).toContainEqual({ name: 'DUBŒUF Claire', records: 2, places: 2, children: 3 })
    await territory.load('20', { guardians: [], pupils: [] })
    expect(await territory.people()).toContainEqual({ name: 'DUBŒUF Claire', records: 2, places: 1, children: 2 })
  })
})

it('keeps twins, fathers and sons apart', async () => {
  const territory = await openTerritory()
  const home = { ENTPersonAdresse: '1 RUE A', ENTPersonCodePostal: '80000', ENTPersonDateNaissance: '23/01/2014' }
  const twin = (id: string, academy: string, givenName: string) =>
    makePupil(id, `5${academy}`, { sn: 'MARTIN', givenName, ...home })
  await territory.load('20', {
    pupils: [twin('10', '20', 'Jean'), twin('11', '20', 'Louis')],
    guardians: [makeGuardian('20', { sn: 'MARTIN', givenName: 'Jean', ...home, ENTPersonDateNaissance: '04/05/1980' })],
  })
  const report = await territory.load('09', { pupils: [twin('12', '09', 'Paul')], guardians: [] })
  expect(report).toMatchObject({ merged: 0, proposed: 0 })
  expect(await territory.match()).toMatchObject({ merged: 0, proposed: 0 })
})

it('asks nobody twice: who are two stay two, and "later" comes back only with something new', async () => {
  const territory = await openTerritory()
  await territory.load('20', family('20', {}))
  await territory.load('09', family('09', {}))
  for (const state of ['never', 'later']) {
    await territory.decide(state)
    await territory.match()
    expect(await territory.proposals()).toMatchObject([{ state }])
  }
  await territory.load('09', family('09', { mobile: reach.mobile }))
  await territory.load('20', family('20', { mobile: reach.mobile }))
  expect(await territory.proposals()).toMatchObject([{ state: 'open', points: 95 }])
  await territory.load('20', family('20', { mail: 'other@example.org' }))
  expect(await territory.proposals()).toEqual([])
})

it('hears of nobody from another tenant', async () => {
  const one = await openTerritory()
  const two = await openTerritory()
  await one.load('20', family('20', reach))
  expect(await two.load('09', family('09', reach))).toMatchObject({ compared: 0, merged: 0 })
})
