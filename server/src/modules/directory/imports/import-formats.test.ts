import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeSchoolExports } from '#demonstration'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { applyImport } from './import-applying.ts'
import { stageImport } from './imports.ts'
import type { ImportView } from './imports.routes.ts'

let test: TestApp
let folder: string
beforeAll(async () => {
  test = await openTestApp()
  folder = await mkdtemp(join(tmpdir(), 'preau-formats-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

async function importFolder(path: string, uai?: string): Promise<ImportView> {
  const by = { tenantId: test.tenant.id, actorPersonId: null }
  const staged = await stageImport(test.services, { ...by, folder: path, uai, exportedOn: '2026-09-14' })
  expect([staged.state, staged.refusal]).toEqual(['ready', null])
  for (const [kind, of] of Object.entries(staged.counts)) {
    const accounted = of.added + of.modified + of.unchanged + of.quarantined + of.ignored
    expect([kind, accounted]).toEqual([kind, of.read])
  }
  return applyImport(test.services, { ...by, id: staged.id, acceptAlerts: true })
}

it('a school is fed by its own applications: pupils by one, staff by the other, once each', async () => {
  const exports = await writeSchoolExports(folder, { pupils: 300 })
  const siecle = exports.find(({ format }) => format === 'siecle')!
  const sts = exports.find(({ format, uai }) => format === 'sts' && uai === siecle.uai)!
  const onde = exports.find(({ format }) => format === 'onde')!

  const pupils = await importFolder(siecle.folder)
  expect(pupils.counts.pupil).toMatchObject({ added: siecle.pupils, quarantined: 0, ignored: 0 })
  expect(pupils.counts.guardian).toMatchObject({ added: siecle.guardians })
  const staff = await importFolder(sts.folder)
  expect(staff.counts.staff).toMatchObject({ added: sts.staff, quarantined: 0 })
  const school = await importFolder(onde.folder, onde.uai)
  expect(school.counts.pupil).toMatchObject({ added: onde.pupils, quarantined: 0 })

  // SIECLE only names the school that STS describes; both speak of the same classes.
  const { rows } = await test.inTenant((tx) =>
    sql<{ name: string; classes: number; pupils: number; teachers: number }>`
      select o.name, (select count(*) from directory.teaching_group g where g.establishment_id = o.id and g.kind = 'class') as classes,
        (select count(*) from directory.affiliation a where a.organisation_id = o.id and a.profile = 'pupil') as pupils,
        (select count(*) from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
          where g.establishment_id = o.id) as teachers
      from directory.organisation o where o.uai = ${siecle.uai}`.execute(tx),
  )
  expect(rows[0]).toMatchObject({ classes: siecle.classes, pupils: siecle.pupils })
  expect(rows[0]?.name).not.toBe(siecle.uai)
  expect(rows[0]?.teachers).toBeGreaterThan(0)

  for (const again of [await importFolder(siecle.folder), await importFolder(sts.folder)]) {
    expect(again.nothingToDo).toBe(true)
  }
  expect((await importFolder(onde.folder, onde.uai)).nothingToDo).toBe(true)
})
