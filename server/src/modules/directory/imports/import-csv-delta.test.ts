import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommandContext } from '#kernel/module'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { writeSmallFeed } from '../../../../test/small-feed.ts'
import { proposeMapping } from '../feeds/csv-mapping.ts'
import { applyImport } from './import-applying.ts'
import { importCommands } from './import-commands.ts'
import { stageImport } from './imports.ts'
import type { ImportView } from './imports.routes.ts'

let test: TestApp
let importer: { cookie: string }
let folder: string
let folders = 0
beforeAll(async () => {
  test = await openTestApp({ workers: true, now: () => new Date('2026-09-20T08:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-csv-delta-'))
  const person = await test.inTenant((tx) => makePerson(tx, { givenName: 'Alix', familyName: 'Martin' }))
  importer = await test.signIn(person, [{ right: 'directory.import' }])
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const uai = '0912345A'
const description = (files: Record<string, string>) => ({
  source: 'Essai',
  files: Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, proposeMapping(name, text.split('\n')[0]!.split(';'))]),
  ),
})

async function write(files: Record<string, string>): Promise<string> {
  const path = join(folder, String(++folders))
  await mkdir(path)
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

async function importFiles(files: Record<string, string>, told: Partial<Parameters<typeof stageImport>[1]> = {}) {
  const by = { tenantId: test.tenant.id, actorPersonId: null }
  const given = { uai, description: description(files), ...told }
  const staged = await stageImport(test.services, { ...by, folder: await write(files), ...given })
  if (staged.state !== 'ready') return staged
  return applyImport(test.services, { ...by, id: staged.id, acceptAlerts: true })
}

/** What the directory holds: people with their classes and guardians, classes with their names. */
async function directory() {
  const { rows } = await test.inTenant((tx) =>
    sql<{ line: string }>`
    select concat_ws(' ', kind, coalesce(body->>'givenName', body->>'name'), body->>'email',
        array_to_string(array(select jsonb_array_elements_text(body->'classes') order by 1), ','),
        array_to_string(array(select g.body->>'givenName' from jsonb_array_elements(r.body->'guardians') link
          join directory.source_record g on g.source_id = r.source_id and g.kind = 'guardian'
            and g.external_id = link->>'id' order by 1), '+')) as line
    from directory.source_record r where gone_on is null and kind not in ('establishment', 'staff')
    order by 1`.execute(tx),
  )
  return rows.map(({ line }) => line.replaceAll(`${uai}$`, '').trim().replace(/ +/g, ' '))
}

const pupils = 'Identifiant;Nom;Prénom;Né le;Classe;E-mail\n'
const guardians = 'Nom;Prénom;E-mail;Id élève\n'
const classes = 'Code;Libellé\n'

it('a file of changes adds, changes and takes away what it says, and leaves all the rest', async () => {
  const full = await importFiles({
    'eleves.csv': `${pupils}E1;A;Zoé;03/02/2014;6A;\nE2;B;Paul;03/02/2014;6A;\nE3;C;Lou;03/02/2014;6B;\n`,
    'parents.csv': `${guardians}A;Anne;anne@exemple.fr;E1\nA;Jean;jean@exemple.fr;E1\n`,
    'classes.csv': `${classes}6A;Sixième A\n6B;Sixième B\n6C;Sixième C\n`,
  })
  expect(full).toMatchObject({ state: 'applied', mode: 'full', counts: { pupil: { added: 3 }, class: { added: 3 } } })

  const delta = await importFiles(
    {
      'eleves.csv':
        'Identifiant;Nom;Prénom;Né le;Classe;E-mail;Supprimé\nE1;A;Zoé;03/02/2014;6A;zoe@exemple.fr;\n' +
        'E4;D;Max;03/02/2014;6D;;non\nE3;;;;;;oui\nE9;;;;;;oui\n',
      'parents.csv': `${guardians}A;Rose;rose@exemple.fr;E1\n`,
      'classes.csv': 'Code;Libellé;Suppression\n6C;Sixième C;x\n6E;Sixième E;\n',
    },
    { mode: 'delta' },
  )
  expect(delta).toMatchObject({
    state: 'applied',
    mode: 'delta',
    counts: {
      pupil: { read: 4, modified: 1, added: 1, removed: 1, quarantined: 1 },
      guardian: { read: 1, added: 1 },
    },
  })
  expect(await directory()).toEqual([
    'class 6D',
    'class Sixième A',
    // Nobody is in it any more: it stays until a row takes it away.
    'class Sixième B',
    'class Sixième E',
    'guardian Anne anne@exemple.fr',
    'guardian Jean jean@exemple.fr',
    'guardian Rose rose@exemple.fr',
    'pupil Max 6D',
    'pupil Paul 6A',
    'pupil Zoé zoe@exemple.fr 6A Anne+Jean+Rose',
  ])
})

it('in a full export a row that takes away is nobody', async () => {
  const full = await importFiles({
    'eleves.csv':
      'Identifiant;Nom;Prénom;Né le;Classe;Supprimé\nE1;A;Zoé;03/02/2014;6A;\nE2;B;Paul;03/02/2014;6A;oui\n',
  })
  expect(full).toMatchObject({ counts: { pupil: { read: 2, ignored: 1 } } })
  expect((await directory()).filter((line) => line.startsWith('pupil'))).toEqual(['pupil Zoé 6A Anne+Jean+Rose'])
})

it('a class file and a file of schools may describe the same school', async () => {
  await importFiles({
    'etablissements.csv': 'Code UAI;Nom;Commune\n0912345A;Collège Moulin;Évry\n',
    'classes.csv': `${classes}6A;Sixième A\n`,
    'eleves.csv': `${pupils}E1;A;Zoé;03/02/2014;6A;\n`,
  })
  expect(await directory()).toContain('class Sixième A')
  await importFiles(
    { 'etablissements.csv': 'Code UAI;Nom;Commune\n0912345A;Collège Moulin;Corbeil\n' },
    { mode: 'delta' },
  )
  expect(await directory()).toContain('class Sixième A')
})

const upload = async (query: string, files: Record<string, string>) => {
  const parts = Object.entries(files).map(
    ([name, text]) =>
      `--limit\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n${text}\r\n`,
  )
  return test.app.inject({
    method: 'POST',
    url: `/api/directory/imports${query}`,
    headers: { ...importer, 'content-type': 'multipart/form-data; boundary=limit' },
    payload: `${parts.join('')}--limit--\r\n`,
  })
}
const get = (path: string) =>
  test.app.inject({ method: 'GET', url: `/api/directory/imports/${path}`, headers: importer })
const reached = async (id: string, state: ImportView['state']) => {
  await expect.poll(async () => (await get(id)).json<ImportView>().state, { timeout: 20_000 }).toBe(state)
  return (await get(id)).json<ImportView>()
}

it('the mode and the school year are chosen with the files, and outlast the question of the columns', async () => {
  const rows =
    'Identifiant;Nom;Prénom;Né le;Classe;Responsable 1 nom;Responsable 1 prénom\nE1;A;Zoé;03/02/2014;5A;A;Anne\n'
  const { id } = (await upload('?schoolYear=2027', { [`essai_${uai}.csv`]: rows })).json<ImportView>()
  await reached(id, 'interrupted')
  const columns = (await get(`${id}/columns`)).json<{ files: { name: string; mapping: { columns: object } }[] }>()
  const [file] = columns.files
  expect(file!.mapping.columns).toMatchObject({ 'Responsable 1 nom': 'guardian1FamilyName' })
  const said = { source: 'Prochaine', uai, files: { [file!.name]: { ...file!.mapping, kind: 'pupil' } } }
  const saved = await test.app.inject({
    method: 'PUT',
    url: `/api/directory/imports/${id}/columns`,
    headers: importer,
    payload: said,
  })
  expect(saved.statusCode).toBe(202)
  const read = await reached(id, 'ready')
  expect(read).toMatchObject({ mode: 'full', counts: { pupil: { added: 1 }, guardian: { added: 1 } } })
  const year = await test.inTenant((tx) => sql`select school_year from directory.import where id = ${id}`.execute(tx))
  expect(year.rows).toEqual([{ school_year: 2027 }])
  await applyImport(test.services, { tenantId: test.tenant.id, actorPersonId: null, id, acceptAlerts: true })

  // The columns are remembered: the next file is read at once, as the changes it is said to be.
  const next = (await upload('?mode=delta&schoolYear=2027', { [`essai_${uai}.csv`]: rows })).json<ImportView>()
  expect(await reached(next.id, 'ready')).toMatchObject({ mode: 'delta', nothingToDo: true })
  expect((await upload('?mode=some', { 'a.csv': rows })).statusCode).toBe(400)
  expect((await upload('?schoolYear=soon', { 'a.csv': rows })).statusCode).toBe(400)
})

it('files that say what they are contradict whoever says something else', async () => {
  const by = { tenantId: test.tenant.id, actorPersonId: null }
  const aaf = await writeSmallFeed(join(folder, String(++folders)), { date: '2026-09-20' })
  expect(await stageImport(test.services, { ...by, folder: aaf, mode: 'delta' })).toMatchObject({
    state: 'refused',
    refusal: { code: 'mode_contradicted' },
  })
  const sts = await write({
    [`sts_emp_${uai}_2026.xml`]: `<?xml version="1.0" encoding="UTF-8"?>\n<STS_EDT><PARAMETRES><UAJ CODE="${uai}"/><ANNEE_SCOLAIRE ANNEE="2026"/></PARAMETRES></STS_EDT>`,
  })
  expect(await stageImport(test.services, { ...by, folder: sts, schoolYear: 2027 })).toMatchObject({
    state: 'refused',
    refusal: { code: 'school_year_contradicted' },
  })
})

it('the command line says so too', async () => {
  const command = importCommands.find(({ name }) => name === 'import')!
  const files = { 'eleves.csv': `${pupils}E7;G;Tom;03/02/2014;6A;\n` }
  const path = await write(files)
  const columns = join(folder, 'columns.json')
  await writeFile(columns, JSON.stringify({ ...description(files), uai }))
  const context: CommandContext = {
    ...test.services,
    signal: new AbortController().signal,
    tenant: async () => test.tenant,
    print: () => {},
    progress: () => {},
  }
  const run = (values: Record<string, string | boolean>) => command.run(context, [path], { columns, ...values })
  await expect(run({ 'school-year': 'soon' })).rejects.toMatchObject({ code: 'school_year_invalid' })
  const applied = await run({ delta: true, 'school-year': '2026' })
  expect(applied).toMatchObject({ state: 'applied', mode: 'delta', counts: { pupil: { added: 1, removed: 0 } } })
})
