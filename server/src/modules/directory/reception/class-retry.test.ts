import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeOneRosterSchool, writeSmallOneRoster } from '../../../../test/small-oneroster.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport, stageRetry } from '../imports/imports.ts'
import type { ImportView } from '../imports/imports.routes.ts'
import { listHeldRecords } from './source-quarantine.queries.ts'

let test: TestApp
let folder: string
let hours = 0
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date(Date.parse('2026-09-20T00:00:00Z') + hours * 3_600_000) })
  folder = await mkdtemp(join(tmpdir(), 'preau-class-retry-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const by = () => ({ tenantId: test.tenant.id, actorPersonId: null })

async function importFolder(path: string): Promise<ImportView> {
  hours++
  const staged = await stageImport(test.services, { ...by(), folder: path })
  expect(staged.refusal).toBeNull()
  return applyImport(test.services, { ...by(), id: staged.id, acceptAlerts: true })
}

async function retry(sourceId: string): Promise<ImportView> {
  hours++
  const staged = await stageRetry(test.services, { ...by(), id: sourceId })
  expect(staged.refusal).toBeNull()
  for (const of of Object.values(staged.counts)) {
    const ended = of.added + of.modified + of.removed + of.unchanged + of.quarantined + of.ignored
    expect(ended).toBe(of.read + of.derived)
  }
  return applyImport(test.services, { ...by(), id: staged.id, acceptAlerts: true })
}

const held = (sourceId: string) => test.inTenant((tx) => listHeldRecords(tx, sourceId, { limit: 50 }))
const names = (establishment: string) =>
  test.inTenant(async (tx) => {
    const { rows } = await sql<{ name: string }>`select g.name from directory.teaching_group g
      join directory.organisation o on o.id = g.establishment_id where o.uai = ${establishment} order by 1`.execute(tx)
    return rows.map(({ name }) => name)
  })

it('classes of OneRoster are taken once their school has come, unless they were told since', async () => {
  const write = (...args: [Parameters<typeof writeSmallOneRoster>[1], object?]) =>
    writeSmallOneRoster(join(folder, `roster-${hours}`), ...args)
  const full = await importFolder(await write(makeOneRosterSchool()))
  const sourceId = full.source!.id
  const delta = { mode: 'delta' as const }
  const late = { title: '3e Z', classType: 'homeroom', schoolSourcedId: 'school-9', courseSourcedId: 'form' }
  const aside = await importFolder(
    await write(
      {
        courses: [{ sourcedId: 'latin', title: '' }],
        classes: [
          { sourcedId: '3z', ...late },
          { sourcedId: '3y', ...late, title: '3e Y' },
        ],
      },
      delta,
    ),
  )
  expect(aside.counts).toMatchObject({ class: { read: 2, quarantined: 2 }, subject: { read: 1, quarantined: 1 } })
  expect(await held(sourceId)).toMatchObject({ retryable: 3 })

  const org = { sourcedId: 'school-9', name: 'Collège neuf', type: 'school', identifier: '0801239Z' }
  await importFolder(await write({ orgs: [org], classes: [{ sourcedId: '3y', ...late, title: '3e Y bis' }] }, delta))
  const again = await retry(sourceId)
  expect(again.counts).toMatchObject({
    class: { read: 2, added: 1, ignored: 1, removed: 0 },
    subject: { read: 1, quarantined: 1 },
  })
  expect(await names('0801239Z')).toEqual(['3e Y bis', '3e Z'])
  expect(await held(sourceId)).toMatchObject({ retryable: 1, records: [{ kind: 'subject', externalId: 'latin' }] })
})

it('classes, groups, subjects and MEFs of SIECLE are taken once they can be read', async () => {
  const uai = '0912345A'
  const label = 'Z'.repeat(2_500)
  const document = (root: string, content: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<${root} VERSION="3.0"><PARAMETRES><UAJ>${uai}</UAJ>` +
    `<ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><DATE_EXPORT>20/09/2026</DATE_EXPORT></PARAMETRES><DONNEES>${content}</DONNEES></${root}>`
  const words = `<LIBELLE_LONG>${label}</LIBELLE_LONG>`
  const path = join(folder, 'siecle')
  await mkdir(path)
  const files = {
    'ElevesSansAdresses.xml': document('BEE_ELEVES', ''),
    'Structures.xml': document(
      'BEE_STRUCTURES',
      '<DIVISIONS><DIVISION CODE_STRUCTURE="6B"><LIBELLE_LONG>Sixième B</LIBELLE_LONG></DIVISION>' +
        `<DIVISION CODE_STRUCTURE="6A">${words}</DIVISION></DIVISIONS>` +
        `<GROUPES><GROUPE CODE_STRUCTURE="6GR1">${words}</GROUPE></GROUPES>`,
    ),
    'Nomenclature.xml': document(
      'BEE_NOMENCLATURES',
      `<MATIERES><MATIERE CODE_MATIERE="030201">${words}</MATIERE></MATIERES><MEFS><MEF CODE_MEF="10010012110">${words}</MEF></MEFS>`,
    ),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content)
  const full = await importFolder(path)
  const sourceId = full.source!.id
  expect(await names(uai)).toEqual(['Sixième B'])

  // As a later version of this program would read it, which takes longer labels.
  const mend = (from: string, to: string) =>
    test.inTenant((tx) =>
      sql`update directory.quarantined_record set refused = replace(refused::text, ${from}, ${to})::jsonb
        where refused is not null`.execute(tx),
    )
  const inVain = await retry(sourceId)
  expect(inVain.counts).toMatchObject({
    class: { read: 1, quarantined: 1 },
    group: { read: 1, quarantined: 1 },
    subject: { read: 1, quarantined: 1 },
    mef: { read: 1, quarantined: 1 },
  })
  expect(await held(sourceId)).toMatchObject({ retryable: 4 })

  await mend(label, 'Mot')
  const taken = await retry(sourceId)
  expect(taken.counts).toMatchObject({
    class: { read: 1, added: 1 },
    group: { read: 1, added: 1 },
    subject: { read: 1, added: 1 },
    mef: { read: 1, added: 1 },
  })
  expect(await names(uai)).toEqual(['Mot', 'Mot', 'Sixième B'])
  expect(await held(sourceId)).toMatchObject({ retryable: 0, records: [] })
})
