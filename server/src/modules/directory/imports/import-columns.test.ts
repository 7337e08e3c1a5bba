import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makePerson } from '../../../../test/make.ts'
import { makeEstablishment, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from './import-applying.ts'
import { importCommands } from './import-commands.ts'
import { uploadFolder } from './import-files.ts'
import { stageImport } from './imports.ts'
import type { ImportView } from './imports.routes.ts'

let test: TestApp
let importer: { cookie: string }
let folder: string
let folders = 0
const now = new Date('2026-09-20T08:00:00Z')
beforeAll(async () => {
  test = await openTestApp({ workers: true, now: () => now })
  folder = await mkdtemp(join(tmpdir(), 'preau-columns-'))
  const person = await test.inTenant((tx) => makePerson(tx, { givenName: 'Alix', familyName: 'Martin' }))
  importer = await test.signIn(person, [{ right: 'directory.import' }])
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const uai = '0912345A'
const url = '/api/directory/imports'

async function upload(files: Record<string, string>): Promise<string> {
  const parts = Object.entries(files).map(
    ([name, text]) =>
      `--limit\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n${text}\r\n`,
  )
  const response = await test.app.inject({
    method: 'POST',
    url,
    headers: { ...importer, 'content-type': 'multipart/form-data; boundary=limit' },
    payload: `${parts.join('')}--limit--\r\n`,
  })
  expect(response.statusCode).toBe(202)
  return response.json<ImportView>().id
}

const ask = (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object, headers: { cookie?: string } = importer) =>
  test.app.inject({ method, url: `${url}${path}`, headers, ...(payload && { payload }) })

async function reached(id: string, state: ImportView['state']): Promise<ImportView> {
  await expect.poll(async () => (await ask('GET', `/${id}`)).json<ImportView>().state, { timeout: 20_000 }).toBe(state)
  return (await ask('GET', `/${id}`)).json<ImportView>()
}

async function importFolder(path: string, told: Partial<Parameters<typeof stageImport>[1]> = {}) {
  const by = { tenantId: test.tenant.id, actorPersonId: null }
  const staged = await stageImport(test.services, { ...by, folder: path, ...told })
  if (staged.state !== 'ready') return staged
  return applyImport(test.services, { ...by, id: staged.id, acceptAlerts: true })
}

async function writeFolder(files: Record<string, string>): Promise<string> {
  const path = join(folder, String(++folders))
  await mkdir(path)
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

const people = (table: string) =>
  test.inTenant(async (tx) => {
    const { rows } = await sql<{ name: string }>`select p.family_name || ' ' || p.given_name as name
      from ${sql.table(`directory.${table}`)} t join directory.person p on p.id = t.person_id
      where p.gone_on is null order by 1`.execute(tx)
    return rows.map(({ name }) => name)
  })

const pupils = 'N° interne;Famille;Petit nom;Né(e) le;Cl.\nE1;DURAND;Zoé;03/02/2014;6A\nE2;MARTIN;Paul;31/02/2014;6B\n'
const mapping = {
  kind: 'pupil',
  columns: {
    'N° interne': 'id',
    Famille: 'familyName',
    'Petit nom': 'givenName',
    'Né(e) le': 'bornOn',
    'Cl.': 'class',
  },
} as const

it('waits until somebody says what the columns hold, then reads; the next file of the same headers starts by itself', async () => {
  const id = await upload({ 'tableau.csv': pupils })
  const waiting = await reached(id, 'interrupted')
  expect(waiting).toMatchObject({ refusal: { code: 'csv_mapping_needed', file: 'tableau.csv' } })
  expect(waiting.actions).toEqual(['describe', 'abandon'])

  const columns = (await ask('GET', `/${id}/columns`)).json()
  expect(columns).toMatchObject({ kind: 'csv', source: 'tableau', uai: null })
  expect(columns.files).toMatchObject([
    { name: 'tableau.csv', encoding: 'utf-8', separator: ';', origin: 'proposed', mapping: { kind: 'pupil' } },
  ])
  expect(columns.files[0].columns[3]).toEqual({
    name: 'Né(e) le',
    samples: ['03/02/2014', '31/02/2014'],
    proposals: expect.objectContaining({ pupil: 'bornOn' }),
  })

  const said = { source: 'Tableau', uai, files: { 'tableau.csv': mapping } }
  const { files } = (await ask('POST', `/${id}/columns/preview`, said)).json()
  expect(files).toMatchObject([
    {
      fields: ['id', 'familyName', 'givenName', 'bornOn', 'class'],
      counts: { read: 2, accepted: 1, setAside: 1 },
      more: false,
      reasons: [{ code: 'date_invalid', count: 1, line: 3 }],
    },
  ])
  expect(files[0].rows[1]).toMatchObject({ line: 3, problem: 'date_invalid' })
  expect(files[0].rows[1].cells[3]).toEqual({ text: '31/02/2014', problem: 'date_invalid' })

  expect((await ask('PUT', `/${id}/columns`, { ...said, uai: undefined })).json()).toMatchObject({
    code: 'csv_uai_needed',
  })
  expect((await ask('PUT', `/${id}/columns`, said)).statusCode).toBe(202)
  const ready = await reached(id, 'ready')
  expect(ready.source?.name).toBe(`Tableau, ${uai}`)
  expect(ready.counts.pupil).toMatchObject({ read: 2, added: 1, quarantined: 1 })
  await ask('POST', `/${id}/apply`, {})
  await reached(id, 'applied')
  expect(await people('enrolment')).toEqual(['DURAND Zoé'])
  expect((await ask('GET', `/${id}/columns`)).json()).toMatchObject({ status: 409, code: 'import_state' })

  // Other order, other case, a file whose name bears the school: nobody has to say anything.
  const later = await upload({
    [`export_${uai}.csv`]: 'FAMILLE;PETIT NOM;n° interne;né(e) LE;cl.\nDURAND;Zoé;E1;03/02/2014;6A\n',
  })
  const again = await reached(later, 'ready')
  expect(again.source?.name).toBe(`Tableau, ${uai}`)
  expect(again.nothingToDo).toBe(true)
  // Without it, only the school is asked for.
  const elsewhere = await upload({ 'tableau.csv': pupils })
  expect(await reached(elsewhere, 'interrupted')).toMatchObject({ refusal: { code: 'csv_uai_needed' } })
  expect((await ask('GET', `/${elsewhere}/columns`)).json()).toMatchObject({
    source: 'Tableau',
    files: [{ origin: 'remembered', mapping }],
  })
  await ask('POST', `/${elsewhere}/abandon`, {})
})

it('asks only for the school of ONDE’s files', async () => {
  const id = await upload({
    'CSVExtraction-eleves.csv': 'Nom Elève;Prénom Elève;Date naissance;Niveau;Classe\nPETIT;Iris;2019-01-02;CP;CP A\n',
  })
  expect(await reached(id, 'interrupted')).toMatchObject({ refusal: { code: 'csv_uai_needed' } })
  expect((await ask('GET', `/${id}/columns`)).json()).toMatchObject({ kind: 'onde', files: [{ origin: 'recognised' }] })
  await ask('PUT', `/${id}/columns`, { source: 'ONDE', uai: '0910002B', files: {} })
  expect((await reached(id, 'ready')).source?.name).toBe('ONDE, 0910002B')
})

it('is said on the command line as on the page', async () => {
  const printed: string[] = []
  const run = (name: string, positionals: string[], values: Record<string, string | boolean> = {}) =>
    importCommands
      .find((command) => command.name === name)!
      .run(
        {
          ...test.services,
          tenant: async () => test.tenant,
          print: (line) => printed.push(line),
          progress: () => {},
          signal: new AbortController().signal,
        },
        positionals,
        values,
      )
  const path = await writeFolder({
    'personnels.csv': 'Id;Nom;Prénom;Fonction\nS1;ROY;Ada;Professeur\nS2;BRUN;Max;CPE\n',
  })
  await run('import-columns', [path])
  const proposed = JSON.parse(printed[0]!)
  expect(proposed).toEqual({
    source: expect.any(String),
    files: {
      'personnels.csv': {
        kind: 'staff',
        columns: { Id: 'id', Nom: 'familyName', Prénom: 'givenName', Fonction: 'function' },
        profile: 'staff',
      },
    },
  })
  await expect(run('import', [path])).rejects.toMatchObject({ code: 'csv_mapping_needed' })
  const columns = join(folder, 'columns.json')
  await writeFile(columns, JSON.stringify({ ...proposed, source: 'Paie' }))
  await expect(run('import', [path], { columns })).rejects.toMatchObject({ code: 'csv_uai_needed' })
  await expect(run('import', [path], { columns, uai: 'ici' })).rejects.toMatchObject({ code: 'uai_invalid' })
  await expect(run('import', [path], { columns: path })).rejects.toMatchObject({ code: 'columns_unknown' })
  await expect(run('import', [path], { format: 'autre' })).rejects.toMatchObject({ code: 'format_unknown' })
  expect(await run('import', [path], { columns, uai: '0910009j', date: '2026-09-20' })).toMatchObject({
    state: 'applied',
    source: { name: 'Paie, 0910009J' },
    counts: { staff: { added: 2 } },
  })
})

it('is for whoever may import, and for imports that wait', async () => {
  const id = await upload({ 'tableau.csv': pupils.replace('Famille', 'Inconnu') })
  await reached(id, 'interrupted')
  for (const path of [`/${id}/columns`, `/${id}/columns/preview`]) {
    const method = path.endsWith('preview') ? 'POST' : 'GET'
    expect((await ask(method, path, method === 'POST' ? {} : undefined, {})).statusCode).toBe(401)
  }
  const bad = { source: 'X', files: { 'tableau.csv': { kind: 'pupil', columns: { a: 'nothing' } } } }
  expect((await ask('PUT', `/${id}/columns`, bad)).statusCode).toBe(400)
  await ask('POST', `/${id}/abandon`, {})
  expect((await ask('GET', `/${id}/columns`)).statusCode).toBe(409)
})

it('only names a school that another source describes, and keeps guardians that a later file does not speak of', async () => {
  await importFolder(
    await writeSmallFeed(join(folder, String(++folders)), {
      establishments: [
        makeEstablishment('77', { ENTStructureUAI: '0910003C', ENTStructureNomCourant: 'CLG$VOLTAIRE$EVRY' }),
      ],
    }),
  )
  const files = {
    'eleves.csv': 'id;nom;prenom;naissance;classe\nP1;A;Zoé;01/02/2014;6A\nP2;B;Léo;01/02/2014;6A\n',
    'parents.csv': 'id;nom;prenom;id enfant\nR1;A;Anne;P1\n',
  }
  const described = {
    source: 'Essai',
    files: {
      'eleves.csv': {
        kind: 'pupil',
        columns: { id: 'id', nom: 'familyName', prenom: 'givenName', naissance: 'bornOn', classe: 'class' },
      },
      'parents.csv': {
        kind: 'guardian',
        columns: { id: 'id', nom: 'familyName', prenom: 'givenName', 'id enfant': 'childId' },
      },
    },
  } as const
  const told = { uai: '0910003C', description: described }
  const both = await importFolder(await writeFolder(files), told)
  expect(both).toMatchObject({ state: 'applied', counts: { pupil: { added: 2 }, guardian: { added: 1 } } })
  const alone = await importFolder(await writeFolder({ 'eleves.csv': files['eleves.csv'] }), told)
  expect(alone.nothingToDo).toBe(true)
  const changed = await importFolder(
    await writeFolder({ 'eleves.csv': files['eleves.csv'].replace('Zoé;01/02/2014;6A', 'Zoé;01/02/2014;6B') }),
    told,
  )
  expect(changed.counts.pupil).toMatchObject({ modified: 1, unchanged: 1 })
  expect(changed.counts.guardian?.removed ?? 0).toBe(0)
  const { rows } = await test.inTenant((tx) =>
    sql<{ guardians: number; name: string }>`select (select count(*) from directory.guardianship) as guardians,
      (select name from directory.organisation where uai = '0910003C') as name`.execute(tx),
  )
  expect(rows).toEqual([{ guardians: 1, name: 'Collège VOLTAIRE' }])
})

it('an operator describes an upload that waits by command: proposed, tried, said; the server reads it', async () => {
  const id = await upload({
    'internes.csv': 'Repère;Famille;Petit nom;Né(e) le\nI1;PETIT;Lou;04/05/2013\nI2;ROUX;Ali;?\n',
  })
  await reached(id, 'interrupted')
  const describe = (...words: string[]) => runCommand(test, 'directory', 'import-describe', id, ...words)
  const proposed = (await describe()).result as { files: Record<string, { columns: object }> }
  expect(proposed).toMatchObject({ source: 'internes', files: { 'internes.csv': { kind: 'pupil' } } })
  const path = join(folder, 'columns.json')
  const columns = { Repère: 'id', Famille: 'familyName', 'Petit nom': 'givenName', 'Né(e) le': 'bornOn' }
  // As for any file.
  const said = { source: 'Internat', uai, files: { '*': { kind: 'pupil', columns } } }
  await writeFile(path, JSON.stringify({ ...said, source: '' }))
  await expect(describe('--columns', path)).rejects.toMatchObject({ code: 'columns_invalid' })
  await writeFile(path, JSON.stringify(said))
  expect((await describe('--columns', path, '--dry-run')).printed).toMatch(
    /^internes.csv: 2 rows looked at, 1 set aside\n {2}1, first on line 3: /,
  )
  expect(await reached(id, 'interrupted')).toMatchObject({ refusal: { code: 'csv_mapping_needed' } })
  await describe('--columns', path)
  expect(await reached(id, 'ready')).toMatchObject({ source: { name: `Internat, ${uai}` } })
  await expect(describe('--columns', path)).rejects.toMatchObject({ status: 409, code: 'import_state' })
  await expect(runCommand(test, 'directory', 'import-stage', id)).rejects.toMatchObject({ code: 'import_state' })
  await expect(runCommand(test, 'directory', 'import-stage', 'it')).rejects.toMatchObject({ code: 'import_id_needed' })
})

it('an operator has an interrupted import read again, and one whose files were kept', async () => {
  const id = await upload({ [`lecture_${uai}.csv`]: pupils })
  await reached(id, 'ready')
  await test.services.owner.query(`update directory.import set state = 'interrupted' where id = $1`, [id])
  expect((await runCommand(test, 'directory', 'import-stage', id)).result).toMatchObject({ id })
  await reached(id, 'ready')
  await ask('POST', `/${id}/apply`, {})
  await reached(id, 'applied')
  const reread = () => runCommand(test, 'directory', 'import-reread', id)
  await expect(reread()).rejects.toMatchObject({ code: 'files_gone' })
  // As a source that keeps its files leaves it.
  await mkdir(uploadFolder(test.config.dataDirectory, id), { recursive: true })
  await writeFile(join(uploadFolder(test.config.dataDirectory, id), `lecture_${uai}.csv`), pupils)
  await test.services.owner.query(`update directory.import set kept_until = '2026-09-30' where id = $1`, [id])
  const again = (await reread()).result as ImportView
  expect((await reached(again.id, 'ready')).nothingToDo).toBe(true)
})
