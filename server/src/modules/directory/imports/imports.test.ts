import { randomUUIDv7 } from 'node:crypto'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { listAudit } from '#kernel/audit'
import { createTenant } from '#kernel/tenancy'
import { defectNames, type FeedOptions, nextExport, writeAafFeed, writeDefectiveFeed } from '#demonstration'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  type SmallFeed,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { uploadFolder } from './import-files.ts'
import { createStage } from './import-stages.ts'
import { applyImport, applyRequested, requestApply } from './import-applying.ts'
import { abandonImport, sweepImports } from './import-sweep.ts'
import { receiveImport, stageImport, stageReceived } from './imports.ts'
import { getImport, listChanges, listImportEstablishments, listQuarantinedRecords } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'

let folder: string
let folders = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-imports-'))
})
afterAll(() => rm(folder, { recursive: true }))
const newFolder = () => join(folder, String(++folders))

const by = { actorPersonId: null }

async function importFolder(test: TestApp, path: string, more: { acceptAlerts?: boolean; academy?: string } = {}) {
  const { acceptAlerts = false, ...source } = more
  const staged = await stageImport(test.services, { tenantId: test.tenant.id, folder: path, ...by, ...source })
  if (staged.state !== 'ready') return staged
  return applyImport(test.services, { tenantId: test.tenant.id, id: staged.id, acceptAlerts, ...by })
}

const importSmall = async (test: TestApp, feed: SmallFeed, acceptAlerts = true) =>
  importFolder(test, await writeSmallFeed(newFolder(), feed), { acceptAlerts })

/** Everything the directory holds of a tenant, as text: two equal texts, nothing changed. */
async function fingerprint(test: TestApp, tenantId = test.tenant.id): Promise<Record<string, string>> {
  const names =
    'person organisation teaching_group affiliation enrolment membership teaching staff_function guardianship ' +
    'subject mef source_record school_year'
  return inTenant(test.services.db, tenantId, async (tx) => {
    const texts: Record<string, string> = {}
    for (const name of names.split(' ')) {
      const { rows } = await sql<{ text: string; number: number }>`
        select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as text, count(*) as number
        from ${sql.table(`directory.${name}`)} t`.execute(tx)
      texts[name] = `${rows[0]?.number} ${rows[0]?.text}`
    }
    return texts
  })
}

async function query<T>(test: TestApp, text: ReturnType<typeof sql<T>>): Promise<T[]> {
  return test.inTenant(async (tx) => (await text.execute(tx)).rows)
}

async function count(test: TestApp, table: string): Promise<number> {
  const [row] = await query(
    test,
    sql<{ number: number }>`select count(*) as number from ${sql.table(`directory.${table}`)}`,
  )
  return row?.number ?? 0
}

function expectAccounted(found: ImportView): void {
  for (const [kind, counts] of Object.entries(found.counts)) {
    const { read, derived, added, modified, removed, unchanged, quarantined, ignored } = counts
    expect([kind, added + modified + removed + unchanged + quarantined + ignored]).toEqual([kind, read + derived])
  }
}

describe('a generated academy', () => {
  let test: TestApp
  const options: FeedOptions = { people: 2000, seed: 7 }
  let first: ImportView
  beforeAll(async () => {
    test = await openTestApp({ now: () => new Date('2026-09-20T10:00:00Z') })
    const path = newFolder()
    const written = await writeAafFeed(path, options)
    first = await importFolder(test, path)
    expect(first.state).toBe('applied')
    expect(first.counts).toMatchObject({
      pupil: { read: written.records.Eleve, added: written.records.Eleve },
      guardian: { read: written.records.PersRelEleve, added: written.records.PersRelEleve },
      staff: { read: written.records.PersEducNat, added: written.records.PersEducNat },
      establishment: { read: written.records.EtabEducNat, added: written.records.EtabEducNat },
      class: { read: written.classes, added: written.classes },
      group: { read: written.groups, added: written.groups },
    })
  })
  afterAll(() => test.close())

  it('is in the directory whole, each person once, with a history and an audit entry', async () => {
    expectAccounted(first)
    expect(first).toMatchObject({ exportedOn: '2026-09-14', alerts: [], warnings: [], source: { academyCode: '20' } })
    const { pupil, guardian, staff } = first.counts
    expect(await count(test, 'person')).toBe(pupil!.added + guardian!.added + staff!.added)
    expect(await count(test, 'enrolment')).toBe(pupil!.added)
    expect(
      await query(test, sql`select name, attached_to, statistical_code from directory.mef where code = '10010012110'`),
    ).toEqual([{ name: '6EME', attached_to: '10010012110', statistical_code: '21110010012' }])
    expect(await count(test, 'import_change')).toBe(0)
    const [entry] = await test.inTenant((tx) => listAudit(tx, 10, first.id))
    expect(entry).toMatchObject({ action: 'directory.import_applied', detail: { counts: first.counts } })
  })

  it('leaves no relation without both ends, and affiliations that follow from relations', async () => {
    const lone = await query(
      test,
      sql<{ lone: number }>`select count(*) as lone from directory.person p where p.gone_on is null
        and not exists (select from directory.affiliation a where a.person_id = p.id)
        and not exists (select from directory.guardianship g where g.guardian_id = p.id and g.legal_status = 'none')`,
    )
    expect(lone).toEqual([{ lone: 0 }])
    const profiles = await query(
      test,
      sql<{ profile: string }>`select distinct profile from directory.affiliation order by profile`,
    )
    expect(profiles.map(({ profile }) => profile)).toEqual([
      'documentation',
      'guardian',
      'head',
      'pupil',
      'schoolLife',
      'staff',
      'teacher',
    ])
  })

  it('imported again changes nothing', async () => {
    const before = await fingerprint(test)
    const path = newFolder()
    await writeAafFeed(path, nextExport(options))
    const again = await importFolder(test, path)
    expect(again).toMatchObject({ state: 'applied', nothingToDo: true })
    expectAccounted(again)
    expect(await fingerprint(test)).toEqual(before)
  })

  it('follows later exports: what is new, different, gone, and closed', async () => {
    const later = nextExport(options, {
      leavers: 0.02,
      arrivals: 0.02,
      newContacts: 0.03,
      classChanges: 0.02,
      classesRemoved: 0.03,
      emptied: 0.01,
      staffReplaced: 0.02,
    })
    const path = newFolder()
    const { changes, classes, records } = await writeAafFeed(path, later)
    const applied = await importFolder(test, path)
    expect(applied.state).toBe('applied')
    expectAccounted(applied)
    const expected = changes!.records
    expect(applied.counts).toMatchObject({
      guardian: { added: expected.PersRelEleve.added, removed: expected.PersRelEleve.removed },
      pupil: { added: expected.Eleve.added, removed: expected.Eleve.removed, modified: expected.Eleve.modified },
      staff: { added: expected.PersEducNat.added, removed: expected.PersEducNat.removed },
      class: { removed: changes!.reasons.closedClasses, read: classes },
    })
    expect(applied.counts.pupil!.removed).toBeGreaterThan(0)
    const [present] = await query(
      test,
      sql<{ number: number }>`select count(*) as number from directory.person where gone_on is null`,
    )
    expect(present?.number).toBe(records.Eleve + records.PersRelEleve + records.PersEducNat)
    expect(
      await query(
        test,
        sql`select from directory.person p where gone_on is not null and (
      exists (select from directory.affiliation a where a.person_id = p.id)
      or exists (select from directory.membership m where m.person_id = p.id)
      or exists (select from directory.teaching t where t.person_id = p.id)
      or exists (select from directory.guardianship g where p.id in (g.pupil_id, g.guardian_id)))`,
      ),
    ).toEqual([])

    // The directory is the same as if only this export had ever been read.
    const fresh = await createTenant(test.services.owner, { slug: 'fresh', name: 'Fresh' })
    const alone = { ...test, tenant: fresh }
    await importFolder(alone, path)
    const projection = (of: TestApp) =>
      inTenant(test.services.db, of.tenant.id, async (tx) => {
        const { rows } = await sql`select r.kind, r.external_id, r.body,
            array(select o.uai || a.profile from directory.affiliation a join directory.organisation o
              on o.id = a.organisation_id where a.person_id = r.subject_id order by 1) as affiliations,
            array(select g.kind || g.code from directory.membership m join directory.teaching_group g
              on g.id = m.teaching_group_id where m.person_id = r.subject_id order by 1) as groups,
            array(select g.kind || g.code || t.main_teacher from directory.teaching t join directory.teaching_group g
              on g.id = t.teaching_group_id where t.person_id = r.subject_id order by 1) as teachings,
            (select p.family_name || p.given_key || coalesce(p.mobile, '-') || coalesce(p.town, '-')
              from directory.person p where p.id = r.subject_id) as person,
            (select count(*) from directory.guardianship g where g.guardian_id = r.subject_id) as children
          from directory.source_record r where r.gone_on is null order by r.kind, r.external_id`.execute(tx)
        return rows
      })
    expect(await projection(test)).toEqual(await projection(alone))
  })
})

describe('a feed with a defect', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp({ now: () => new Date('2026-09-20T10:00:00Z') })
    const path = newFolder()
    await writeAafFeed(path, { pupils: 60 })
    expect((await importFolder(test, path)).state).toBe('applied')
  })
  afterAll(() => test.close())

  it.each(defectNames.map((name) => [name] as const))('%s: nothing is lost and the reason is told', async (name) => {
    const path = newFolder()
    const defect = await writeDefectiveFeed(path, name)
    const before = await fingerprint(test)
    const staged = await stageImport(test.services, { tenantId: test.tenant.id, folder: path, ...by })
    expectAccounted(staged)
    expect(await fingerprint(test)).toEqual(before)
    if (defect.outcome === 'refused') {
      expect(staged.state).toBe('refused')
      if (name !== 'missingFile' && name !== 'mixedDates') expect(staged.refusal?.file).toBe(defect.file)
      if (defect.line !== undefined) expect(staged.refusal?.line).toBe(defect.line)
      expect(staged.refusal?.detail.length).toBeGreaterThan(10)
      return
    }
    expect(staged.state).toBe('ready')
    const { records } = await test.inTenant((tx) => listQuarantinedRecords(tx, staged.id, { limit: 50 }))
    if (defect.outcome === 'quarantined') {
      expect(records).toMatchObject([{ externalId: defect.record?.id, file: defect.file }])
      expect(staged.counts.pupil!.removed + staged.counts.staff!.removed).toBe(0)
    } else {
      expect(records).toEqual([])
      expect(staged.warnings).toMatchObject([{ count: 1 }])
    }
    await abandonImport(test.services, { tenantId: test.tenant.id, id: staged.id, ...by })
  })
})

describe('an export that cannot be one', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp()
  })
  afterAll(() => test.close())

  it.each<[string, (path: string) => Promise<void>, string]>([
    ['nothing', async () => {}, 'no_file'],
    ['a missing type', (path) => rm(join(path, 'ENT2DVA_Complet_20260914_MefEducNat_0000.xml')), 'type_missing'],
    [
      'another academy',
      async (path) => {
        await writeSmallFeed(join(path, 'other'), { academy: '2' })
        await move(
          join(path, 'other', 'ENT2DVA_Complet_20260914_Eleve_0000.xml'),
          join(path, 'ENT2DVA_Complet_20260914_Eleve_0001.xml'),
        )
      },
      'academies_mixed',
    ],
    [
      'another date',
      async (path) => {
        await writeSmallFeed(join(path, 'other'), { date: '2026-09-15' })
        await move(
          join(path, 'other', 'ENT2DVA_Complet_20260915_Eleve_0000.xml'),
          join(path, 'ENT2DVA_Complet_20260915_Eleve_0001.xml'),
        )
      },
      'dates_mixed',
    ],
    [
      'a file of a delta',
      (path) =>
        move(
          join(path, 'ENT2DVA_Complet_20260914_Eleve_0000.xml'),
          join(path, 'ENT2DVA_Delta_20260914_Eleve_0000.xml'),
        ),
      'modes_mixed',
    ],
    [
      'a file of another name',
      (path) => move(join(path, 'ENT2DVA_Complet_20260914_Eleve_0000.xml'), join(path, 'eleves.xml')),
      'file_name_unexpected',
    ],
    [
      'a gap',
      (path) =>
        move(
          join(path, 'ENT2DVA_Complet_20260914_Eleve_0000.xml'),
          join(path, 'ENT2DVA_Complet_20260914_Eleve_0002.xml'),
        ),
      'file_missing',
    ],
    [
      'records of another type',
      (path) =>
        move(
          join(path, 'ENT2DVA_Complet_20260914_PersRelEleve_0000.xml'),
          join(path, 'ENT2DVA_Complet_20260914_Eleve_0000.xml'),
        ),
      'type_missing',
    ],
  ])('%s is refused', async (name, spoil, code) => {
    const path = newFolder()
    await writeSmallFeed(path, name === 'nothing' ? {} : { establishments: [makeEstablishment('52')] })
    if (name === 'nothing') for (const file of await readdir(path)) await rm(join(path, file))
    await spoil(path)
    const found = await importFolder(test, path)
    expect(found).toMatchObject({ state: 'refused', refusal: { code } })
    expect(await count(test, 'source_record')).toBe(0)
  })

  it('is refused when its records are not those of the file', async () => {
    const path = await writeSmallFeed(newFolder(), { guardians: [makeGuardian('9')] })
    await move(
      join(path, 'ENT2DVA_Complet_20260914_PersRelEleve_0000.xml'),
      join(path, 'ENT2DVA_Complet_20260914_Eleve_0000.xml'),
    )
    await writeSmallFeed(join(path, 'other'), {})
    const guardians = 'ENT2DVA_Complet_20260914_PersRelEleve_0000.xml'
    await move(join(path, 'other', guardians), join(path, guardians))
    expect(await importFolder(test, path)).toMatchObject({
      state: 'refused',
      refusal: { code: 'category_unexpected', line: 5 },
    })
  })
})

async function move(from: string, to: string): Promise<void> {
  const { rename } = await import('node:fs/promises')
  await rename(from, to)
}

describe('record by record', () => {
  let test: TestApp
  const establishments = [
    makeEstablishment('52', {
      ENTStructureClasses: ['6A$SIXIEME A', '6B$SIXIEME B'],
      ENTStructureGroupes: 'LAT$LATIN$6A',
    }),
    makeEstablishment('53', { ENTStructureClasses: '3C' }),
  ]
  const zoe = makePupil('101', '52', {
    ENTEleveClasses: '52$6A',
    ENTEleveGroupes: '52$LAT',
    ENTElevePersRelEleve: ['201$10$1$1$1$1', '202$20$0$2$0$0'],
  })
  const max = makePupil('102', '53', { ENTEleveClasses: '53$3C', ENTElevePersRelEleve: '201$10$1$1$1$1' })
  const guardians = [makeGuardian('201', { mobile: '0600000001' }), makeGuardian('202'), makeGuardian('299')]
  const staff = [
    makeStaffMember('301', {
      ENTPersonFonctions: '52$ENS$ENSEIGNEMENT$L0202$LETTRES',
      ENTAuxEnsClassesMatieres: '52$6A$020700',
      ENTAuxEnsClassesPrincipal: '52$6A',
    }),
    makeStaffMember('302', { ENTPersonFonctions: '53$DIR$DIRECTION$-$' }),
  ]
  const feed: SmallFeed = {
    establishments,
    pupils: [zoe, max],
    guardians,
    staff,
    subjects: [{ id: '020700', ENTLibelleMatiere: 'FRANCAIS' }],
  }

  const personOf = async (externalId: string) => {
    const [found] = await query(
      test,
      sql<{ id: string; gone_on: string | null; mobile: string | null; family_name: string }>`
      select p.* from directory.person p join directory.source_record r on r.subject_id = p.id
      where r.external_id = ${externalId} and r.kind in ('pupil', 'guardian', 'staff')`,
    )
    return found!
  }
  const affiliationsOf = (externalId: string) =>
    query(
      test,
      sql<{ uai: string; profile: string }>`select o.uai, a.profile from directory.affiliation a
      join directory.organisation o on o.id = a.organisation_id
      join directory.source_record r on r.subject_id = a.person_id
      where r.external_id = ${externalId} and r.kind in ('pupil', 'guardian', 'staff') order by 1, 2`,
    )
  const groupsOf = async (externalId: string) =>
    (
      await query(
        test,
        sql<{ code: string }>`select g.code from directory.membership m
      join directory.teaching_group g on g.id = m.teaching_group_id
      join directory.source_record r on r.subject_id = m.person_id and r.kind = 'pupil'
      where r.external_id = ${externalId} order by 1`,
      )
    ).map(({ code }) => code)

  beforeAll(async () => {
    test = await openTestApp({ now: () => new Date('2026-09-20T10:00:00Z') })
  })
  afterAll(() => test.close())

  it('one parent of two children in two schools is affiliated with both; an unreferenced guardian is ignored', async () => {
    const applied = await importSmall(test, feed)
    expect(applied.state).toBe('applied')
    expect(applied.counts.guardian).toMatchObject({ read: 3, added: 2, ignored: 1 })
    expect(await affiliationsOf('201')).toEqual([
      { uai: '0800052A', profile: 'guardian' },
      { uai: '0800053A', profile: 'guardian' },
    ])
    expect(await groupsOf('101')).toEqual(['6A', 'LAT'])
    expect(
      await query(
        test,
        sql`select legal_status, link_code, pays, contact, financial from directory.guardianship g
      join directory.source_record r on r.subject_id = g.guardian_id where r.external_id = '202'`,
      ),
    ).toEqual([{ legal_status: 'inCharge', link_code: '20', pays: false, contact: false, financial: false }])
    expect(
      await query(
        test,
        sql`select g.code, t.subject_codes, t.main_teacher from directory.teaching t
      join directory.teaching_group g on g.id = t.teaching_group_id`,
      ),
    ).toEqual([{ code: '6A', subject_codes: ['020700'], main_teacher: true }])
    expect(await query(test, sql`select name, kind from directory.teaching_group order by code`)).toEqual([
      { name: '3C', kind: 'class' },
      { name: 'SIXIEME A', kind: 'class' },
      { name: 'SIXIEME B', kind: 'class' },
      { name: 'LATIN', kind: 'group' },
    ])
  })

  it('a person changes, an emptied value clears, and the review shows each field before and after', async () => {
    const path = await writeSmallFeed(newFolder(), {
      ...feed,
      guardians: [makeGuardian('201', { sn: 'AUTRE' }), guardians[1]!, guardians[2]!],
    })
    const staged = await stageImport(test.services, { tenantId: test.tenant.id, folder: path, ...by })
    const shown = await test.inTenant((tx) => listChanges(tx, staged.id, { limit: 50 }))
    const change = {
      kind: 'guardian',
      change: 'modified',
      externalId: '201',
      label: 'AUTRE Dominique',
      establishment: null,
      fields: [
        { field: 'familyName', before: 'PARENT201', after: 'AUTRE' },
        { field: 'mobile', before: '0600000001', after: null },
      ],
    }
    expect(shown).toEqual({ changes: [change], next: null })
    await applyImport(test.services, { tenantId: test.tenant.id, id: staged.id, acceptAlerts: false, ...by })
    expect(await personOf('201')).toMatchObject({ family_name: 'AUTRE', mobile: null })
    expect(await test.inTenant((tx) => listChanges(tx, staged.id, { limit: 50 }))).toEqual(shown)
  })

  it('who leaves is gone with their relations; who comes back is the same person', async () => {
    const before = await personOf('101')
    const left = await importSmall(test, { ...feed, date: '2026-09-21', pupils: [max] })
    expect(left.counts.pupil).toMatchObject({ removed: 1, unchanged: 1 })
    expect(left.counts.guardian).toMatchObject({ removed: 1, unchanged: 0, modified: 1, ignored: 2 })
    expect(await personOf('101')).toMatchObject({ id: before.id, gone_on: '2026-09-21' })
    expect(await affiliationsOf('101')).toEqual([])
    expect(await affiliationsOf('201')).toEqual([{ uai: '0800053A', profile: 'guardian' }])
    expect(await affiliationsOf('202')).toEqual([])
    expect(await groupsOf('101')).toEqual([])

    const back = await importSmall(test, { ...feed, date: '2026-09-28' })
    expect(back.counts.pupil).toMatchObject({ added: 1, unchanged: 1 })
    expect(await personOf('101')).toMatchObject({ id: before.id, gone_on: null })
    expect(await groupsOf('101')).toEqual(['6A', 'LAT'])
    expect(await affiliationsOf('202')).toEqual([{ uai: '0800052A', profile: 'guardian' }])
  })

  it('a class still there keeps its identifier, a renamed one too; a vanished one goes', async () => {
    const ids = () =>
      query(
        test,
        sql<{
          id: string
          code: string
          name: string
        }>`select id, code, name from directory.teaching_group order by code`,
      )
    const before = await ids()
    const changed = [
      makeEstablishment('52', { ENTStructureClasses: '6A$SIXIEME ROUGE', ENTStructureGroupes: 'LAT$LATIN$6A' }),
      establishments[1]!,
    ]
    const applied = await importSmall(test, { ...feed, establishments: changed, date: '2026-09-29' })
    expect(applied.counts.class).toMatchObject({ modified: 1, removed: 1, unchanged: 1 })
    const after = await ids()
    expect(after).toEqual(
      before
        .filter(({ code }) => code !== '6B')
        .map((each) => (each.code === '6A' ? { ...each, name: 'SIXIEME ROUGE' } : each)),
    )
    expect(await groupsOf('101')).toEqual(['6A', 'LAT'])
    await importSmall(test, { ...feed, date: '2026-09-30' })
    expect((await ids()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
  })

  it('a class nobody declares exists under its code, with a warning', async () => {
    const applied = await importSmall(test, { ...feed, pupils: [zoe, { ...max, ENTEleveClasses: '53$3D' }] })
    expect(applied.warnings).toEqual([{ code: 'class_undeclared', count: 1 }])
    expect(await groupsOf('102')).toEqual(['3D'])
  })

  it('a link to a guardian who is not there is left out until the guardian comes', async () => {
    const without = { ...feed, guardians: [guardians[0]!] }
    const applied = await importSmall(test, without)
    expect(applied.warnings).toEqual([{ code: 'guardian_unknown', count: 1 }])
    expect(applied.counts.pupil).toMatchObject({ quarantined: 0, modified: 2 })
    const again = await importSmall(test, without)
    expect(again).toMatchObject({ nothingToDo: true, warnings: [{ code: 'guardian_unknown', count: 1 }] })
    const mended = await importSmall(test, feed)
    expect(mended.counts.pupil).toMatchObject({ modified: 1, unchanged: 1 })
    expect(await affiliationsOf('202')).toEqual([{ uai: '0800052A', profile: 'guardian' }])
  })

  it('a record set aside keeps its accepted state and all it refers to', async () => {
    const before = await fingerprint(test)
    const bad = { ...zoe, ENTPersonDateNaissance: '99/99/2014' }
    // Her second guardian, her class and her group are in no other record.
    const spoiled = {
      ...feed,
      establishments: [makeEstablishment('52', { ENTStructureClasses: '6B$SIXIEME B' }), establishments[1]!],
      pupils: [bad, max],
      guardians: [guardians[0]!],
      staff: [
        makeStaffMember('301', {
          ENTPersonFonctions: '52$ENS$ENSEIGNEMENT$L0202$LETTRES',
          ENTPersonDateNaissance: 'x',
        }),
        staff[1]!,
      ],
    }
    const applied = await importSmall(test, spoiled)
    expect(applied).toMatchObject({ state: 'applied', nothingToDo: true })
    expect(applied.counts.pupil).toMatchObject({ read: 2, quarantined: 1, unchanged: 1, removed: 0 })
    const { records, reasons } = await test.inTenant((tx) => listQuarantinedRecords(tx, applied.id, { limit: 50 }))
    expect(reasons).toEqual([{ code: 'date_invalid', count: 2 }])
    expect(records.map(({ externalId, line }) => ({ externalId, line }))).toContainEqual({ externalId: '101', line: 5 })
    expect(await fingerprint(test)).toEqual(before)
  })

  it('an establishment set aside, or missing while pupils refer to it, keeps its people', async () => {
    const before = await fingerprint(test)
    const aside = await importSmall(test, {
      ...feed,
      establishments: [{ ...establishments[0]!, ENTStructureUAI: 'x' }, establishments[1]!],
    })
    expect(aside.counts.establishment).toMatchObject({ quarantined: 1, removed: 0 })
    expect(aside.nothingToDo).toBe(true)
    const missing = await importSmall(test, { ...feed, establishments: [establishments[1]!] })
    expect(missing.counts).toMatchObject({
      pupil: { quarantined: 1, unchanged: 1 },
      staff: { quarantined: 1 },
      establishment: { removed: 0 },
    })
    // Only the class that no kept record refers to is gone.
    expect(missing.counts.class).toMatchObject({ removed: 1 })
    await importSmall(test, feed)
    const after = await fingerprint(test)
    for (const table of ['person', 'affiliation', 'membership', 'teaching', 'guardianship', 'teaching_group']) {
      expect([table, after[table]]).toEqual([table, before[table]])
    }
  })

  it('the same identifier twice: the second is set aside', async () => {
    const twice = await importSmall(test, { ...feed, pupils: [zoe, max, { ...max, sn: 'AUTRE' }] })
    expect(twice.counts.pupil).toMatchObject({ read: 3, quarantined: 1, unchanged: 2 })
    const sameUai = await importSmall(test, {
      ...feed,
      establishments: [...establishments, makeEstablishment('54', { ENTStructureUAI: '0800053A' })],
    })
    expect(sameUai.counts.establishment).toMatchObject({ read: 3, quarantined: 1, unchanged: 2 })
    expectAccounted(sameUai)
  })

  it('an export that takes too much away stops and asks', async () => {
    const before = await fingerprint(test)
    const path = await writeSmallFeed(newFolder(), {
      ...feed,
      pupils: [max],
      establishments: [makeEstablishment('52', { ENTStructureClasses: '6A$SIXIEME A' }), establishments[1]!],
    })
    const staged = await stageImport(test.services, { tenantId: test.tenant.id, folder: path, ...by })
    expect(staged.alerts).toContainEqual({
      code: 'threshold_exceeded',
      kind: 'pupil',
      removed: 1,
      total: 2,
      limit: 1000,
    })
    expect(staged.alerts).toContainEqual({
      code: 'threshold_exceeded',
      kind: 'class',
      removed: 1,
      total: 3,
      limit: 800,
    })
    const input = { tenantId: test.tenant.id, id: staged.id, ...by }
    await expect(applyImport(test.services, { ...input, acceptAlerts: false })).rejects.toMatchObject({
      code: 'import_alerts',
      status: 409,
    })
    expect(await fingerprint(test)).toEqual(before)
    const applied = await applyImport(test.services, { ...input, acceptAlerts: true })
    expect(applied.state).toBe('applied')
    const [entry] = await test.inTenant((tx) => listAudit(tx, 1, staged.id))
    expect(entry?.detail).toMatchObject({ acceptedAlerts: staged.alerts })
    await importSmall(test, feed)
  })

  it('an older export than the last one applied asks too', async () => {
    const older = await writeSmallFeed(newFolder(), { ...feed, date: '2026-09-10' })
    const staged = await stageImport(test.services, { tenantId: test.tenant.id, folder: older, ...by })
    expect(staged.alerts).toMatchObject([{ code: 'older_export' }])
    await abandonImport(test.services, { tenantId: test.tenant.id, id: staged.id, ...by })
  })

  it('an export dated in the future asks too, some hours of difference between clocks left aside', async () => {
    const before = await fingerprint(test)
    const stageAt = async (date: string) =>
      stageImport(test.services, {
        tenantId: test.tenant.id,
        folder: await writeSmallFeed(newFolder(), { ...feed, date, pupils: [makePupil('101', '52')] }),
        ...by,
      })
    expect((await stageAt('2026-09-22')).alerts).toContainEqual(expect.objectContaining({ code: 'future_export' }))
    const evening = { ...test.services, now: () => new Date('2026-09-20T21:00:00Z') }
    const folder = await writeSmallFeed(newFolder(), { ...feed, date: '2026-09-21' })
    const tomorrow = await stageImport(evening, { tenantId: test.tenant.id, folder, ...by })
    expect(tomorrow.alerts).toEqual([])
    const held = await stageAt('2099-09-10')
    const input = { tenantId: test.tenant.id, id: held.id, ...by, acceptAlerts: false }
    await expect(applyImport(test.services, input)).rejects.toMatchObject({ code: 'import_alerts' })
    await abandonImport(test.services, { tenantId: test.tenant.id, id: held.id, ...by })
    expect(await fingerprint(test)).toEqual(before)
  })

  it('identifiers are those of one academy: another academy has people of its own', async () => {
    const before = await count(test, 'person')
    const other = await importSmall(test, {
      academy: '2',
      date: '2026-09-14',
      establishments: [makeEstablishment('52', { ENTStructureUAI: '0021234A' })],
      pupils: [makePupil('101', '52')],
    })
    expect(other.counts.pupil).toMatchObject({ added: 1 })
    expect(await count(test, 'person')).toBe(before + 1)
    expect((await importSmall(test, feed)).nothingToDo).toBe(true)
  })

  it('a new school year has its own classes; those before stay as history', async () => {
    const before = await query(test, sql<{ id: string }>`select id from directory.teaching_group`)
    const next = await importSmall(test, { ...feed, date: '2027-09-02' })
    expect(next.state).toBe('applied')
    expect(next.counts.class).toMatchObject({ modified: 3, added: 0, removed: 0 })
    const after = await query(
      test,
      sql<{ id: string; start_year: number }>`select g.id, y.start_year from directory.teaching_group g
      join directory.school_year y on y.id = g.school_year_id
      join directory.organisation o on o.id = g.establishment_id where o.academy_code = '20'`,
    )
    expect(after.filter(({ start_year }) => start_year === 2027)).toHaveLength(4)
    for (const { id } of before.filter(({ id: each }) => after.some((group) => group.id === each))) {
      expect(after.find((group) => group.id === id)?.start_year).toBe(2026)
    }
    expect(await groupsOf('101')).toEqual(['6A', '6A', 'LAT', 'LAT'])
    const again = await importSmall(test, { ...feed, date: '2027-09-03' })
    expect(again.nothingToDo).toBe(true)
  })
})

describe('an import between two states', () => {
  let test: TestApp
  let clock = new Date('2026-09-20T10:00:00Z')
  const feed: SmallFeed = { establishments: [makeEstablishment('52')], pupils: [makePupil('101', '52')] }
  beforeAll(async () => {
    test = await openTestApp({ now: () => clock })
  })
  afterAll(() => test.close())
  const stageSmall = async (more: SmallFeed = {}) =>
    stageImport(test.services, {
      tenantId: test.tenant.id,
      folder: await writeSmallFeed(newFolder(), { ...feed, ...more }),
      ...by,
    })
  const stages = async () =>
    (await test.services.owner.query(`select relname from pg_class where relname ~ '^staged_[0-9a-f]{32}$'`)).rowCount

  it('is staged apart for each tenant: another one sees nothing of it', async () => {
    const staged = await stageSmall()
    expect(await stages()).toBe(1)
    const other = await createTenant(test.services.owner, { slug: 'other', name: 'Other' })
    const seen = await inTenant(test.services.db, other.id, async (tx) => {
      const { rows } = await sql<{ number: number }>`select count(*) as number from directory.staged_record`.execute(tx)
      return rows
    })
    expect(seen).toEqual([{ number: 0 }])
    const table = `directory.staged_${staged.id.replaceAll('-', '')}`
    await expect(
      inTenant(test.services.db, test.tenant.id, (tx) => sql`select * from ${sql.raw(table)}`.execute(tx)),
    ).rejects.toThrow(/permission denied/)
    await expect(
      inTenant(test.services.db, other.id, (tx) => listChanges(tx, staged.id, { limit: 5 })),
    ).rejects.toMatchObject({ code: 'import_unknown' })
    const update = sql`update directory.staged_record set change = 'removed' where import_id = ${staged.id}`
    expect((await inTenant(test.services.db, other.id, (tx) => update.execute(tx))).numAffectedRows).toBe(0n)
  })

  it('gives way to a later one of the same source, and leaves nothing behind when given up', async () => {
    const earlier = await stageSmall()
    const later = await stageSmall()
    await expect(
      applyImport(test.services, { tenantId: test.tenant.id, id: earlier.id, acceptAlerts: false, ...by }),
    ).rejects.toMatchObject({ code: 'import_state' })
    expect(await stages()).toBe(1)
    const abandoned = await abandonImport(test.services, { tenantId: test.tenant.id, id: later.id, ...by })
    expect(abandoned.state).toBe('abandoned')
    expect(await stages()).toBe(0)
    expect(await count(test, 'person')).toBe(0)
  })

  it('whose stage a crash has emptied says so and changes nothing', async () => {
    const staged = await stageSmall()
    await test.services.owner.query(`truncate directory.staged_${staged.id.replaceAll('-', '')}`)
    const input = { tenantId: test.tenant.id, id: staged.id, acceptAlerts: false, ...by }
    await expect(applyImport(test.services, input)).rejects.toMatchObject({ code: 'stage_lost' })
    await expect(applyImport(test.services, input)).rejects.toMatchObject({ code: 'import_state' })
    expect(await count(test, 'person')).toBe(0)
    const again = await stageSmall()
    expect(await applyImport(test.services, { ...input, id: again.id })).toMatchObject({ state: 'applied' })
  })

  it('left by a program that died is marked interrupted; one at work is not', async () => {
    const staged = await stageSmall({ pupils: [makePupil('101', '52'), makePupil('102', '52')] })
    const mark = sql`update directory.import set state = 'applying', progress = '{}' where id = ${staged.id}`
    await test.inTenant((tx) => mark.execute(tx))
    const client = await test.services.owner.connect()
    const key = `directory.source ${staged.source?.id}`
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [key])
    const state = async () =>
      (await query(test, sql<{ state: string }>`select state from directory.import where id = ${staged.id}`))[0]?.state
    await sweepImports(test.services)
    expect(await state()).toBe('applying')
    client.release(true)
    await expect.poll(async () => (await sweepImports(test.services), state())).toBe('interrupted')
    const applied = await applyImport(test.services, {
      tenantId: test.tenant.id,
      id: staged.id,
      acceptAlerts: false,
      ...by,
    })
    expect(applied.counts.pupil).toMatchObject({ added: 1, unchanged: 1 })
  })

  it('asked to be applied stays so until its turn comes, however long ago it was read', async () => {
    const staged = await stageSmall({ pupils: [makePupil('101', '52'), makePupil('103', '52')] })
    const input = { tenantId: test.tenant.id, id: staged.id, acceptAlerts: true, ...by }
    await requestApply(test.services, input)
    clock = new Date('2026-09-20T11:00:00Z')
    await sweepImports(test.services)
    const job = { ...input, importId: staged.id }
    await applyRequested(test.services, job, new AbortController().signal)
    expect(await test.inTenant((tx) => getImport(tx, staged.id))).toMatchObject({ state: 'applied' })
  })

  it('asked to be applied, then outdated before its turn, goes back to its review and says why', async () => {
    const staged = await stageSmall({ pupils: [makePupil('101', '52'), makePupil('104', '52')] })
    const input = { tenantId: test.tenant.id, id: staged.id, acceptAlerts: true, ...by }
    await requestApply(test.services, input)
    // The command line does not wait for a turn.
    clock = new Date('2026-09-20T11:01:00Z')
    await importSmall(test, feed)
    const job = { ...input, importId: staged.id }
    await expect(applyRequested(test.services, job, new AbortController().signal)).rejects.toMatchObject({
      code: 'import_outdated',
    })
    expect(await test.inTenant((tx) => getImport(tx, staged.id))).toMatchObject({
      state: 'ready',
      progress: null,
      refusal: { code: 'import_outdated' },
    })
    await abandonImport(test.services, input)
    expect(await stages()).toBe(0)
  })

  it('keeps its stage while another program removes those of imports that are over', async () => {
    const { services, tenant } = test
    const id = randomUUIDv7()
    let begun: Promise<void> | undefined
    const begin = async () => {
      const row = sql`insert into directory.import (id, state, progress) values (${id}, 'staging', '{"phase": "waiting"}')`
      await test.inTenant((tx) => row.execute(tx))
      const client = await services.owner.connect()
      await createStage(client, tenant.id, id)
      client.release()
    }
    // The import begins in the instant before the sweep looks for stages.
    const owner = new Proxy(services.owner, {
      get: (pool, key) =>
        key === 'query'
          ? async (...args: [string]) => {
              if (args[0].includes('pg_class')) await (begun ??= begin())
              return pool.query(...args)
            }
          : Reflect.get(pool, key, pool),
    })
    await sweepImports({ ...services, owner })
    expect(begun).toBeDefined()
    expect(await stages()).toBe(1)
    await abandonImport(services, { tenantId: tenant.id, id, ...by })
    expect(await stages()).toBe(0)
  })

  it('is read once, though its job comes twice', async () => {
    const files = await writeSmallFeed(newFolder(), feed)
    const input = { tenantId: test.tenant.id, id: randomUUIDv7(), ...by }
    await cp(files, uploadFolder(test.config.dataDirectory, input.id), { recursive: true })
    await receiveImport(test.services, input)
    const job = { tenantId: input.tenantId, importId: input.id }
    const read = () => stageReceived(test.services, job, new AbortController().signal)
    const first = read()
    const phase = async () => (await test.inTenant((tx) => getImport(tx, input.id))).progress?.phase
    await expect.poll(phase, { interval: 1 }).not.toBe('waiting')
    await Promise.all([first, read()])
    expect(await test.inTenant((tx) => getImport(tx, input.id))).toMatchObject({ state: 'ready', refusal: null })
    await abandonImport(test.services, input)
  })

  it('stops when its starter stops it', async () => {
    const before = await fingerprint(test)
    const controller = new AbortController()
    const path = await writeSmallFeed(newFolder(), feed)
    const watch = { signal: controller.signal, onProgress: () => controller.abort() }
    await expect(stageImport(test.services, { tenantId: test.tenant.id, folder: path, ...by }, watch)).rejects.toThrow(
      /abort/i,
    )
    const staged = await stageSmall({ pupils: [] })
    const stopped = new AbortController()
    const input = { tenantId: test.tenant.id, id: staged.id, acceptAlerts: true, ...by }
    const late = { signal: stopped.signal, onProgress: ({ done }: { done: number }) => done > 5 && stopped.abort() }
    await expect(
      applyImport(test.services, input, { ...late, onProgress: (each) => void late.onProgress(each) }),
    ).rejects.toThrow(/abort/i)
    expect(await fingerprint(test)).toEqual(before)
    expect(await applyImport(test.services, input)).toMatchObject({ state: 'applied' })
    expect(await stages()).toBe(0)
  })

  it('shows its changes page by page, filtered, and by establishment', async () => {
    const pupils = Array.from({ length: 7 }, (_, i) =>
      makePupil(`9${i}`, i < 3 ? '52' : '53', { ENTEleveClasses: i < 3 ? '52$A' : '53$B' }),
    )
    const staged = await stageSmall({ establishments: [makeEstablishment('52'), makeEstablishment('53')], pupils })
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await test.inTenant((tx) =>
        listChanges(tx, staged.id, { limit: 2, after, kind: 'pupil', change: 'added' }),
      )
      seen.push(...page.changes.map(({ externalId }) => externalId))
      after = page.next ?? undefined
    } while (after)
    expect(seen).toEqual(pupils.map(({ id }) => id))
    const one = await test.inTenant((tx) => listChanges(tx, staged.id, { limit: 50, establishment: '52' }))
    expect(one.changes.map(({ kind, externalId }) => `${kind} ${externalId}`)).toEqual([
      'class 52$A',
      'pupil 90',
      'pupil 91',
      'pupil 92',
    ])
    expect(one.changes[1]?.establishment).toEqual({ ref: '52', name: 'Collège Établissement 52' })
    const first = await test.inTenant((tx) => listImportEstablishments(tx, staged.id, { limit: 1 }))
    expect(first.establishments).toMatchObject([{ ref: '53', counts: { pupil: { added: 4 }, class: { added: 1 } } }])
    const second = await test.inTenant((tx) =>
      listImportEstablishments(tx, staged.id, { limit: 1, after: first.next! }),
    )
    expect(second).toMatchObject({ establishments: [{ ref: '52' }], next: null })
  })
})

describe('out of the ordinary', () => {
  let test: TestApp
  beforeAll(async () => {
    test = await openTestApp({ now: () => new Date('2026-09-20T10:00:00Z') })
  })
  afterAll(() => test.close())

  it('an establishment under another identifier keeps its classes, and they their pupils', async () => {
    const feedOf = (id: string): SmallFeed => ({
      establishments: [makeEstablishment(id, { ENTStructureUAI: '0800052A', ENTStructureClasses: '6A$SIXIEME A' })],
      pupils: [makePupil('101', id, { ENTEleveClasses: `${id}$6A` })],
    })
    const members = sql`select g.id, m.person_id from directory.teaching_group g
      join directory.membership m on m.teaching_group_id = g.id`
    await importSmall(test, feedOf('52'))
    const before = await query(test, members)
    expect(before).toHaveLength(1)
    const renumbered = await importSmall(test, { ...feedOf('1052'), date: '2026-09-15' })
    expect(renumbered).toMatchObject({ state: 'applied', counts: { class: { added: 1, removed: 1 } } })
    expect(await query(test, members)).toEqual(before)
    expect(await query(test, sql`select gone_on from directory.organisation`)).toEqual([{ gone_on: null }])
  })

  it('a name longer than any name is set aside, and holds up nobody else', async () => {
    const noise = Array.from({ length: 400 }, () => crypto.randomUUID()).join('')
    const applied = await importSmall(test, {
      academy: '21',
      establishments: [
        makeEstablishment('61', { ENTStructureClasses: '6A$SIXIEME A' }),
        makeEstablishment('62', { ENTStructureNomCourant: `CLG$${noise}$AMIENS` }),
      ],
      pupils: [makePupil('101', '61'), makePupil('102', '61', { sn: noise })],
      staff: [makeStaffMember('301', { ENTPersonFonctions: '61$ENS$ENSEIGNEMENT', givenName: noise })],
    })
    expect(applied).toMatchObject({
      state: 'applied',
      counts: {
        establishment: { added: 1, quarantined: 1 },
        pupil: { added: 1, quarantined: 1 },
        staff: { quarantined: 1 },
      },
    })
    const { reasons } = await test.inTenant((tx) => listQuarantinedRecords(tx, applied.id, { limit: 1 }))
    expect(reasons).toEqual([{ code: 'value_unreadable', count: 3 }])
  })
})
