import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  type SmallFeed,
  type SmallRecord,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from './import-applying.ts'
import { stageImport, stageRollback } from './imports.ts'
import { mergePeople } from '../matching/merges.ts'

// Two feeds know the same people in the same school: what both state stays when one of them drops it.

let test: TestApp
let folder: string
let folders = 0
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-10-01T10:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-sources-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const by = { actorPersonId: null }

async function importSmall(feed: SmallFeed) {
  const path = await writeSmallFeed(join(folder, String(++folders)), feed)
  const tenantId = test.tenant.id
  const staged = await stageImport(test.services, { tenantId, folder: path, ...by })
  expect(staged.refusal).toBeNull()
  return applyImport(test.services, { tenantId, id: staged.id, acceptAlerts: true, ...by })
}

const query = <T>(text: ReturnType<typeof sql<T>>) => test.inTenant(async (tx) => (await text.execute(tx)).rows)

/** Names as the feed of primary schools writes them. */
const inPrimary = ({ sn, givenName, mobile, ...record }: SmallRecord): SmallRecord => ({
  ...record,
  ENTPersonNom: sn!,
  ENTPersonPrenom: givenName!,
  ...(mobile !== undefined && { ENTPersRelEleveTelMobile: mobile }),
})

const uai = { ENTStructureUAI: '0800052A' }
const secondary: SmallFeed = {
  date: '2026-09-10',
  establishments: [makeEstablishment('52', { ...uai, ENTStructureClasses: '6A' })],
  pupils: [makePupil('101', '52', { sn: 'DUPONT', ENTEleveClasses: '52$6A', ENTElevePersRelEleve: '201$10$1$1$1$1' })],
  guardians: [makeGuardian('201', { sn: 'DUPONT', mobile: '0600000001' })],
  staff: [makeStaffMember('301', { ENTPersonFonctions: '52$ENS$ENSEIGNEMENT' })],
}
const primary: SmallFeed = {
  degree: '1D',
  date: '2026-09-10',
  establishments: [makeEstablishment('77', uai)],
  pupils: [
    inPrimary(
      makePupil('901', '77', {
        sn: 'DUPOND',
        ENTPersonClasses: '77$x$y$6A$SIXIEME A',
        ENTEleveAutoriteParentale: '902$10',
      }),
    ),
  ],
  guardians: [inPrimary(makeGuardian('902', { sn: 'DUPOND', mobile: '0600000009' }))],
  staff: [inPrimary(makeStaffMember('903', { ENTPersonFonctions: '77$DIR$DIRECTION' }))],
}

const personOf = async (externalId: string) =>
  (
    await query(
      sql<{ id: string; family_name: string; mobile: string | null; gone_on: string | null }>`
      select p.id, p.family_name, p.mobile, p.gone_on from directory.person p
      join directory.source_record r on r.subject_id = p.id
      where r.external_id = ${externalId} and r.kind in ('pupil', 'guardian', 'staff')`,
    )
  )[0]!

const relationsOf = async (pupil: string) =>
  (
    await query(
      sql`select
        array(select a.profile from directory.affiliation a where a.person_id = p.id) as affiliations,
        (select count(*) from directory.enrolment e where e.person_id = p.id) as enrolments,
        array(select g.code from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
          where m.person_id = p.id) as classes,
        array(select a.profile from directory.guardianship g join directory.affiliation a on a.person_id = g.guardian_id
          where g.pupil_id = p.id) as guardians
      from directory.person p where p.id = ${pupil}`,
    )
  )[0]

const everything = { affiliations: ['pupil'], enrolments: 1, classes: ['6A'], guardians: ['guardian'] }

it('one establishment of two feeds has the columns of the first of them', async () => {
  await importSmall(primary)
  await importSmall(secondary)
  expect(await query(sql`select uai, level from directory.organisation where kind = 'establishment'`)).toEqual([
    { uai: '0800052A', level: 'lowerSecondary' },
  ])
})

it('what two feeds state of one person stays when either drops it, and columns are those of the first', async () => {
  const pairs = await Promise.all(
    [
      ['101', '901'],
      ['201', '902'],
      ['301', '903'],
    ].map(async ([left, right]) => ({
      leftId: (await personOf(left!)).id,
      rightId: (await personOf(right!)).id,
      points: null,
      parts: [],
    })),
  )
  await test.inTenant((tx) => mergePeople(test.services, tx, test.tenant.id, { pairs, by: null }))
  const { id: pupil } = await personOf('101')
  const { id: teacher } = await personOf('301')
  expect(await personOf('901')).toEqual({ id: pupil, family_name: 'DUPONT', mobile: null, gone_on: null })
  expect(await personOf('902')).toMatchObject({ family_name: 'DUPONT', mobile: '0600000001' })
  expect(await relationsOf(pupil)).toEqual(everything)

  // The first feed drops them, the second still has them.
  const { id: dropping } = await importSmall({ ...secondary, date: '2026-09-11', pupils: [], guardians: [], staff: [] })
  expect(await relationsOf(pupil)).toEqual(everything)
  expect(await personOf('101')).toMatchObject({ id: pupil, family_name: 'DUPOND', gone_on: null })
  expect(await personOf('902')).toMatchObject({ family_name: 'DUPOND', mobile: '0600000009', gone_on: null })
  expect(await query(sql`select profile from directory.affiliation where person_id = ${teacher} order by 1`)).toEqual([
    { profile: 'head' },
  ])

  // The second changes them: nothing of the first is left to speak for them.
  const changed = inPrimary(makeGuardian('902', { sn: 'DUPOND', mobile: '0600000008' }))
  await importSmall({ ...primary, date: '2026-09-12', guardians: [changed] })
  expect(await personOf('902')).toMatchObject({ mobile: '0600000008' })

  // The first one's import is undone, though the second was imported since.
  const undoing = await stageRollback(test.services, { tenantId: test.tenant.id, id: dropping, ...by })
  await applyImport(test.services, { tenantId: test.tenant.id, id: undoing.id, acceptAlerts: true, ...by })
  expect(await personOf('901')).toEqual({ id: pupil, family_name: 'DUPONT', mobile: null, gone_on: null })
  expect(await query(sql`select profile from directory.affiliation where person_id = ${teacher} order by 1`)).toEqual([
    { profile: 'head' },
    { profile: 'teacher' },
  ])

  // Now the second drops them: they are as the first alone says. Then neither has them.
  await importSmall({ ...primary, date: '2026-09-13', pupils: [], guardians: [], staff: [] })
  expect(await relationsOf(pupil)).toEqual(everything)
  expect(await query(sql`select profile from directory.affiliation where person_id = ${teacher}`)).toEqual([
    { profile: 'teacher' },
  ])
  await importSmall({ ...secondary, date: '2026-09-14', pupils: [], guardians: [], staff: [] })
  expect(await personOf('101')).toMatchObject({ id: pupil, gone_on: '2026-09-14' })
  expect(await relationsOf(pupil)).toEqual({ affiliations: [], enrolments: 0, classes: [], guardians: [] })
})
