import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { type FeedOptions, nextExport, writeAafFeed } from '#demonstration'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  modify,
  remove,
  type SmallFeed,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from './import-applying.ts'
import { abandonImport } from './import-sweep.ts'
import { stageImport, stageRollback } from './imports.ts'
import { listChanges, listQuarantinedRecords } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'

// Deltas and roll-backs, record by record and by whole academies.

let test: TestApp
let folder: string
let folders = 0
let tenantId: string
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-10-01T10:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-delta-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})
const newFolder = () => join(folder, String(++folders))
const makeTenant = async () =>
  (await createTenant(test.services.owner, { slug: `delta-${++folders}`, name: 'Delta' })).id
beforeEach(async () => {
  tenantId = await makeTenant()
})

const by = { actorPersonId: null }
const inside = <T>(work: Parameters<typeof inTenant<T>>[2]) => inTenant(test.services.db, tenantId, work)
const query = <T>(text: ReturnType<typeof sql<T>>) => inside(async (tx) => (await text.execute(tx)).rows)

async function stage(feed: SmallFeed): Promise<ImportView> {
  return stageImport(test.services, { tenantId, folder: await writeSmallFeed(newFolder(), feed), ...by })
}

async function apply({ id, refusal }: ImportView): Promise<ImportView> {
  expect(refusal).toBeNull()
  return applyImport(test.services, { tenantId, id, acceptAlerts: true, ...by })
}

const importSmall = async (feed: SmallFeed) => apply(await stage(feed))

const reasonsOf = async ({ id }: ImportView) => {
  const { records } = await inside((tx) => listQuarantinedRecords(tx, id, { limit: 50 }))
  return records.map(({ kind, externalId, code }) => `${kind} ${externalId} ${code}`).sort()
}

/** All that is present, under the identifiers of its source. */
const project = (of: string) =>
  inTenant(test.services.db, of, async (tx) => {
    const { rows } = await sql`select r.kind, r.external_id, r.body,
        array(select o.uai || a.profile from directory.affiliation a join directory.organisation o
          on o.id = a.organisation_id where a.person_id = r.subject_id order by 1) as affiliations,
        array(select g.kind || g.code || g.name from directory.membership m join directory.teaching_group g
          on g.id = m.teaching_group_id where m.person_id = r.subject_id order by 1) as groups,
        array(select g.kind || g.code || t.main_teacher from directory.teaching t join directory.teaching_group g
          on g.id = t.teaching_group_id where t.person_id = r.subject_id order by 1) as teachings,
        (select row_to_json(p)::jsonb - 'id' - 'tenant_id' from directory.person p where p.id = r.subject_id) as person,
        (select count(*) from directory.guardianship g where g.guardian_id = r.subject_id) as children
      from directory.source_record r where r.gone_on is null order by r.kind, r.external_id`.execute(tx)
    return rows
  })

describe('a generated academy', () => {
  const changes = {
    leavers: 0.02,
    arrivals: 0.02,
    newContacts: 0.03,
    newAddresses: 0.02,
    classChanges: 0.02,
    classesRemoved: 0.03,
    emptied: 0.01,
    staffReplaced: 0.02,
  }

  it.each<[string, FeedOptions]>([
    ['of lower and upper secondary schools', { people: 2000, seed: 5 }],
    ['of primary schools', { degree: '1D', people: 1500, seed: 5 }],
  ])(
    '%s is after a delta as a full export of that day would make it, and undone is as before',
    async (_, options) => {
      const importFeed = async (into: string, feed: FeedOptions) => {
        const path = newFolder()
        const written = await writeAafFeed(path, feed)
        const staged = await stageImport(test.services, { tenantId: into, folder: path, ...by })
        expect(staged).toMatchObject({ state: 'ready', refusal: null })
        const accept = { tenantId: into, id: staged.id, acceptAlerts: true, ...by }
        return { written, applied: await applyImport(test.services, accept) }
      }
      const first = await importFeed(tenantId, options)
      expect(first.applied.warnings).toEqual([])
      expect(first.applied.counts.pupil).toMatchObject({ quarantined: 0, read: first.written.records.Eleve })
      const before = await project(tenantId)
      const later = nextExport(options, changes)
      const { applied, written } = await importFeed(tenantId, { ...later, mode: 'delta' })
      const said = written.changes!.records
      expect(applied).toMatchObject({ mode: 'delta', source: { academyCode: '20' } })
      expect(applied.counts).toMatchObject({
        pupil: { read: written.records.Eleve, added: said.Eleve.added, removed: said.Eleve.removed, quarantined: 0 },
        guardian: { read: written.records.PersRelEleve, quarantined: 0 },
        staff: { read: written.records.PersEducNat, quarantined: 0 },
      })
      expect(applied.counts.pupil!.modified).toBeGreaterThan(0)

      const alone = await makeTenant()
      await importFeed(alone, later)
      expect(await project(tenantId)).toEqual(await project(alone))

      const undoing = await stageRollback(test.services, { tenantId, id: applied.id, ...by })
      expect(undoing).toMatchObject({ state: 'ready', mode: 'rollback', undoes: applied.id })
      await apply(undoing)
      expect(await project(tenantId)).toEqual(before)
    },
    120_000,
  )
})

const establishments = [
  makeEstablishment('52', { ENTStructureClasses: ['6A$SIXIEME A', '6B$SIXIEME B'] }),
  makeEstablishment('53', { ENTStructureClasses: '3C' }),
]
const zoe = makePupil('101', '52', {
  ENTEleveClasses: '52$6A',
  ENTElevePersRelEleve: ['201$10$1$1$1$1', '202$20$0$2$0$0'],
  mail: 'zoe@example.org',
})
const max = makePupil('102', '53', { ENTEleveClasses: '53$3C', ENTElevePersRelEleve: '201$10$1$1$1$1' })
const full: SmallFeed = {
  establishments,
  pupils: [zoe, max],
  guardians: [makeGuardian('201', { mobile: '0600000001' }), makeGuardian('202')],
  staff: [makeStaffMember('301', { ENTPersonFonctions: '52$ENS$ENSEIGNEMENT', ENTAuxEnsClasses: '52$6A' })],
  subjects: [{ id: '020700', ENTLibelleMatiere: 'FRANCAIS' }],
}
const delta = (more: SmallFeed): SmallFeed => ({ delta: true, date: '2026-09-15', ...more })

describe('a delta', () => {
  it('changes what it says, and nobody else', async () => {
    await importSmall(full)
    const applied = await importSmall(
      delta({
        pupils: [modify('101', { mail: '', ENTEleveClasses: '52$6B' }), makePupil('103', '53')],
        subjects: [modify('020700', { ENTLibelleMatiere: 'LETTRES' })],
      }),
    )
    expect(applied.counts).toEqual({
      pupil: expect.objectContaining({ read: 2, derived: 0, added: 1, modified: 1, removed: 0 }),
      subject: expect.objectContaining({ read: 1, modified: 1 }),
    })
    const { changes } = await inside((tx) => listChanges(tx, applied.id, { limit: 5, change: 'modified' }))
    expect(changes).toMatchObject([
      { externalId: '101', fields: [{ field: 'classes' }, { field: 'email', before: 'zoe@example.org', after: null }] },
      { externalId: '020700', fields: [{ field: 'name', before: 'FRANCAIS', after: 'LETTRES' }] },
    ])
    expect(await query(sql`select count(*) as people from directory.person where gone_on is null`)).toEqual([
      { people: 6 },
    ])
  })

  it('counts every class that an establishment tells again, whether it stays, changes, goes or is only referred to', async () => {
    const classes = ['6A$SIXIEME A', '6B$SIXIEME B', '6C$SIXIEME C']
    const groups = '6GR1$LATIN'
    await importSmall({
      ...full,
      establishments: [makeEstablishment('52', { ENTStructureClasses: classes, ENTStructureGroupes: groups })],
      pupils: [zoe, makePupil('102', '52', { ENTEleveClasses: '52$6Z' })],
    })
    const renamed = await importSmall(
      delta({ establishments: [modify('52', { ENTStructureNomCourant: 'CLG$Simone Veil$AMIENS' })] }),
    )
    expect(renamed.counts).toEqual({
      establishment: expect.objectContaining({ read: 1, modified: 1 }),
      class: expect.objectContaining({ read: 3, derived: 0, added: 0, modified: 0, removed: 0, unchanged: 3 }),
      group: expect.objectContaining({ read: 1, derived: 0, unchanged: 1 }),
    })
    const told = modify('52', { ENTStructureClasses: ['6A$SIXIEME A', '6B$AUTRE NOM', '6D$SIXIEME D'] })
    const applied = await importSmall(
      delta({ date: '2026-09-16', establishments: [told], pupils: [modify('102', { ENTEleveClasses: '52$6A' })] }),
    )
    expect(applied.counts).toEqual({
      establishment: expect.objectContaining({ read: 1, unchanged: 1 }),
      class: expect.objectContaining({ read: 3, derived: 2, unchanged: 1, modified: 1, added: 1, removed: 2 }),
      group: expect.objectContaining({ read: 1, unchanged: 1 }),
      pupil: expect.objectContaining({ read: 1, modified: 1 }),
    })
    expect(await query(sql`select name from directory.teaching_group order by code`)).toEqual([
      { name: 'SIXIEME A' },
      { name: 'AUTRE NOM' },
      { name: 'SIXIEME D' },
      { name: 'LATIN' },
    ])
  })

  it('sets aside what it says of records nobody knows, and of places where people still are', async () => {
    await importSmall(full)
    const before = await project(tenantId)
    const applied = await importSmall(
      delta({
        establishments: [remove('52')],
        pupils: [modify('999', { mail: 'x@example.org' }), remove('998'), remove('x y')],
        guardians: [makeGuardian('203'), makeGuardian('203')],
      }),
    )
    expect(await reasonsOf(applied)).toEqual([
      'establishment 52 still_referred',
      'guardian 203 duplicate',
      'pupil 998 record_unknown',
      'pupil 999 record_unknown',
      'pupil null identifier_invalid',
    ])
    expect(applied.counts.guardian).toMatchObject({ read: 2, quarantined: 1, ignored: 1 })
    expect(await project(tenantId)).toEqual(before)
  })

  it('takes along what follows: links to a guardian who left, a guardian without a child, a class nobody is in', async () => {
    await importSmall(full)
    await importSmall(delta({ pupils: [makePupil('104', '53', { ENTEleveClasses: '53$4D' })] }))
    const applied = await importSmall(
      delta({ date: '2026-09-16', guardians: [remove('202')], pupils: [remove('102'), remove('104')] }),
    )
    expect(applied.counts).toMatchObject({
      pupil: { read: 2, derived: 1, removed: 2, modified: 1 },
      guardian: { read: 1, derived: 0, removed: 1 },
      class: { read: 0, derived: 1, removed: 1 },
    })
    const last = await importSmall(delta({ date: '2026-09-17', pupils: [remove('101')] }))
    expect(last.counts.guardian).toMatchObject({ read: 0, derived: 1, removed: 1 })
    const again = await importSmall(delta({ date: '2026-09-18', pupils: [remove('101')] }))
    expect(again).toMatchObject({ nothingToDo: true, counts: { pupil: { read: 1, ignored: 1 } } })
  })

  it('removes an establishment with its classes once nobody is there, though its pupils move in the same delta', async () => {
    await importSmall({ ...full, staff: [] })
    const moved = { ENTPersonStructRattach: '53', ENTEleveClasses: '53$3C' }
    const applied = await importSmall(delta({ establishments: [remove('52')], pupils: [modify('101', moved)] }))
    expect(applied.counts).toMatchObject({
      establishment: { read: 1, removed: 1 },
      class: { read: 0, derived: 2, removed: 2 },
    })
    expect(await query(sql`select uai from directory.organisation where gone_on is null`)).toEqual([
      { uai: '0800053A' },
    ])
  })

  it('comes after a full export of the same year, and after the review of what came before', async () => {
    expect(await stage(delta({ pupils: [zoe] }))).toMatchObject({
      state: 'refused',
      refusal: { code: 'delta_without_full' },
    })
    expect(await query(sql`select from directory.source`)).toEqual([])
    await importSmall(full)
    const other = delta({ date: '2027-09-15', pupils: [zoe] })
    expect(await stage(other)).toMatchObject({ state: 'refused', refusal: { code: 'delta_other_year' } })
    const waiting = await stage(delta({ pupils: [makePupil('105', '52')] }))
    const next = delta({ date: '2026-09-16', pupils: [makePupil('106', '52')] })
    expect(await stage(next)).toMatchObject({ state: 'refused', refusal: { code: 'delta_import_waiting' } })
    await abandonImport(test.services, { tenantId, id: waiting.id, ...by })
    await importSmall(next)
    const older = await stage(delta({ pupils: [makePupil('105', '52')] }))
    expect(older).toMatchObject({ state: 'ready', alerts: [{ code: 'older_export' }] })
  })
})

describe('a roll-back', () => {
  it('of a first load takes everything away, once accepted; the same export then comes back whole', async () => {
    const first = await importSmall(full)
    const before = await project(tenantId)
    const undoing = await stageRollback(test.services, { tenantId, id: first.id, ...by })
    expect(undoing.alerts.map(({ kind }) => kind)).toContain('pupil')
    await apply(undoing)
    expect(await project(tenantId)).toEqual([])
    expect(await query(sql`select from directory.affiliation`)).toEqual([])
    const again = await importSmall(full)
    expect(again).toMatchObject({ alerts: [], counts: { pupil: { added: 2 } } })
    expect(await project(tenantId)).toEqual(before)
  })

  it('is for the last import only, and only once; the one before can then be undone', async () => {
    const first = await importSmall(full)
    const second = await importSmall(delta({ pupils: [makePupil('103', '53')] }))
    const roll = (id: string) => stageRollback(test.services, { tenantId, id, ...by })
    await expect(roll(first.id)).rejects.toMatchObject({ code: 'rollback_late' })
    const undoing = await apply(await roll(second.id))
    await expect(roll(second.id)).rejects.toMatchObject({ code: 'rollback_late' })
    await expect(roll(undoing.id)).rejects.toMatchObject({ code: 'import_state' })
    expect(await roll(first.id)).toMatchObject({ state: 'ready', mode: 'rollback' })
  })

  it('of a new school year brings back the classes of the year before', async () => {
    await importSmall(full)
    const groups = sql`select g.id, g.code, y.start_year, count(m.person_id) as members
      from directory.teaching_group g join directory.school_year y on y.id = g.school_year_id
      left join directory.membership m on m.teaching_group_id = g.id group by 1, 2, 3 order by 1`
    const before = [await query(groups), await project(tenantId)]
    const next = await importSmall({ ...full, date: '2027-09-02', pupils: [zoe] })
    expect(next.counts.pupil).toMatchObject({ modified: 1, removed: 1 })
    await apply(await stageRollback(test.services, { tenantId, id: next.id, ...by }))
    expect([await query(groups), await project(tenantId)]).toEqual(before)
  })
})

it('a new establishment joins the territory that those of its level and département share', async () => {
  await importSmall({ establishments: [makeEstablishment('52'), makeEstablishment('53')] })
  const territory = randomUUIDv7()
  const territories = sql`select o.uai, o.parent_id is not null as within from directory.organisation o
    where kind = 'establishment' order by 1`
  await query(sql`insert into directory.organisation (id, kind, name) values (${territory}, 'territory', 'Collèges')`)
  await query(sql`update directory.organisation set parent_id = ${territory} where kind = 'establishment'`)
  const lycee = { ENTStructureNomCourant: 'LYC$A$AMIENS', ENTStructureTypeStruct: 'LYCEE' }
  await importSmall(
    delta({
      establishments: [
        makeEstablishment('54'),
        makeEstablishment('55', lycee),
        makeEstablishment('56', { ENTStructureUAI: '0600056A' }),
      ],
    }),
  )
  expect(await query(territories)).toEqual([
    { uai: '0600056A', within: false },
    { uai: '0800052A', within: true },
    { uai: '0800053A', within: true },
    { uai: '0800054A', within: true },
    { uai: '0800055A', within: false },
  ])
})

describe('two establishments', () => {
  it('exchange their UAI codes, or give one to a newcomer, in one feed', async () => {
    await importSmall({ establishments: [makeEstablishment('52'), makeEstablishment('53')] })
    const uais = () =>
      query(sql`select r.external_id as id, o.uai from directory.source_record r
      join directory.organisation o on o.id = r.subject_id where r.gone_on is null and o.gone_on is null order by 1`)
    const withUai = (id: string, uai: string) => makeEstablishment(id, { ENTStructureUAI: uai })
    await importSmall({ date: '2026-09-15', establishments: [withUai('52', '0800053A'), withUai('53', '0800052A')] })
    expect(await uais()).toEqual([
      { id: '52', uai: '0800053A' },
      { id: '53', uai: '0800052A' },
    ])
    await importSmall({
      date: '2026-09-16',
      establishments: [withUai('99', '0800053A'), withUai('52', '0800060A'), withUai('53', '0800052A')],
    })
    expect(await uais()).toEqual([
      { id: '52', uai: '0800060A' },
      { id: '53', uai: '0800052A' },
      { id: '99', uai: '0800053A' },
    ])
    const taken = await importSmall(delta({ date: '2026-09-17', establishments: [withUai('98', '0800053A')] }))
    expect(await reasonsOf(taken)).toEqual(['establishment 98 uai_taken'])
  })
})
