import { createHash, randomUUIDv7 } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { SaxesParser } from 'saxes'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { grantRight } from '#modules/identity'
import { inSnapshot, inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeClass, makeEstablishment, makePerson } from '../../../test/make.ts'
import { writeContent } from './content.ts'
import { exportDegree, exportNightly } from './exports.ts'
import {
  endExport,
  findExport,
  findOrCreatePseudonyms,
  listExports,
  noteProgress,
  saveSetting,
  startExport,
} from './exports.queries.ts'
import { mostNodes, XmlFiles } from './xml-files.ts'

const now = new Date('2026-11-16T20:00:00Z')
const never = new AbortController().signal
let today = now
let server: TestApp
let school: { id: string; pupils: string[]; teacher: string; head: string }

beforeAll(async () => {
  server = await openTestApp({ now: () => today })
  school = await server.inTenant(async (tx) => {
    const id = await makeEstablishment(tx)
    await sql`update directory.organisation set uai = '0801234A', name = 'Collège <Ada> & Co', phone = '0322000000'
      where id = ${id}`.execute(tx)
    const pupils = [
      await makePerson(tx, { givenName: 'Inès', familyName: 'Martin', profile: 'pupil', in: id }),
      await makePerson(tx, { givenName: 'Noé', familyName: 'Petit', profile: 'pupil', in: id }),
    ]
    const teacher = await makePerson(tx, { givenName: 'Grace', familyName: 'Hopper', profile: 'teacher', in: id })
    const head = await makePerson(tx, { givenName: 'Claude', familyName: 'Principale', profile: 'head', in: id })
    await sql`update directory.person set born_on = '2015-03-02', title = 'MME', other_given_names = 'Jeanne Marie'
      where id = ${pupils[0]}`.execute(tx)
    const group = await makeClass(tx, { establishment: id, pupils, teachers: [teacher], startYear: 2026 })
    const source = randomUUIDv7()
    await sql`update directory.teaching set subject_codes = '{006600}', source_id = ${source}`.execute(tx)
    await sql`insert into directory.subject (source_id, code, name) values (${source}, '006600', 'MATHÉMATIQUES')`.execute(
      tx,
    )
    await sql`insert into directory.mef (source_id, code, name, attached_to, statistical_code)
      values (${source}, '10010012110', '6EME', '10010012110', '21110010012')`.execute(tx)
    await sql`insert into directory.enrolment (person_id, establishment_id, school_year_id, source_id, mef_code)
      select p, ${id}, (select school_year_id from directory.teaching_group where id = ${group}), ${source}, '10010012110'
      from unnest(${pupils}::uuid[]) p`.execute(tx)
    await sql`insert into directory.staff_function (person_id, organisation_id, source_id, code, discipline_code, profile)
      values (${teacher}, ${id}, ${source}, 'ENS', 'L1300', 'teacher')`.execute(tx)
    return { id, pupils, teacher, head }
  })
})
afterAll(() => server.close())

/** The files of an archive, by name. */
async function readArchive(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const entries = createReadStream(path).pipe(createGunzip()).pipe(extract())
  for await (const entry of entries) files.set(entry.header.name, await text(entry))
  return files
}

const contentOf = (files: Map<string, string>, type: string) =>
  [...files].find(([name]) => name.includes(`_${type}_`))?.[1] ?? ''

const run = (degree: '1D' | '2D' = '2D') =>
  exportDegree(server.services, { tenantId: server.tenant.id, degree, startedBy: null }, never)
const pathOf = (made: { id: string; archive: string | null }) =>
  join(server.config.dataDirectory, 'gar', made.id, made.archive ?? '')

describe('an export for the GAR', () => {
  it('is refused until its identifier is known', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'gar_not_configured' })
    await server.inTenant((tx) => saveSetting(tx, { idEnt: 'PREAU', nightly: true, retentionDays: 30 }))
  })

  it('holds people, establishments, groups and links, under names nobody else knows', async () => {
    const made = await run()
    expect(made).toMatchObject({
      state: 'ready',
      archive: 'PREAU_GAR-ENT_Complet_20261116_210000_2D.tar.gz',
      counts: {
        files: 5,
        GAREleve: 2,
        GARPersonMEF: 3,
        GAREnseignant: 1,
        GAREtab: 1,
        GARMEF: 1,
        GARMatiere: 1,
        GARGroupe: 1,
        GARPersonGroupe: 3,
        GAREnsClasseMatiere: 1,
      },
      leftOut: {},
    })
    const files = await readArchive(pathOf(made))
    expect([...files.keys()]).toEqual(
      ['Eleve', 'Enseignant', 'Etab', 'Groupe', 'RespAff'].map(
        (type) => `PREAU_GAR-ENT_Complet_20261116_210000_2D_${type}_0000.xml`,
      ),
    )
    const [first = ''] = school.pupils
    const identifier = (await server.inTenant((tx) => findOrCreatePseudonyms(tx, [first]))).get(first) ?? ''
    expect(identifier).not.toBe(first)
    expect(contentOf(files, 'Eleve')).toContain(
      `<men:GARPersonIdentifiant>${identifier}</men:GARPersonIdentifiant><men:GARPersonProfils>`,
    )
    expect(contentOf(files, 'Eleve').replaceAll('men:', '')).toContain(
      '<GARPersonNom>Martin</GARPersonNom><GARPersonPrenom>Inès</GARPersonPrenom>' +
        '<GARPersonAutresPrenoms>Inès</GARPersonAutresPrenoms><GARPersonAutresPrenoms>Jeanne</GARPersonAutresPrenoms>' +
        '<GARPersonAutresPrenoms>Marie</GARPersonAutresPrenoms><GARPersonCivilite>Mme</GARPersonCivilite>' +
        '<GARPersonStructRattach>0801234A</GARPersonStructRattach><GARPersonEtab>0801234A</GARPersonEtab>' +
        '<GARPersonDateNaissance>2015-03-02</GARPersonDateNaissance>',
    )
    expect(contentOf(files, 'Etab')).toContain('Collège &lt;Ada&gt; &amp; Co')
    expect(contentOf(files, 'Etab').replaceAll('men:', '')).toContain(
      '<GARMEFCode>10010012110</GARMEFCode><GARMEFLibelle>6EME</GARMEFLibelle>' +
        '<GARMEFRattach>10010012110</GARMEFRattach><GARMEFSTAT11>21110010012</GARMEFSTAT11>',
    )
    expect([...files.values()].join('')).not.toContain(first)
    expect(await readFile(pathOf(made).replace('.tar.gz', '.md5'), 'utf8')).toBe(
      createHash('md5')
        .update(await readFile(pathOf(made)))
        .digest('hex'),
    )
    expect(made.md5).toMatch(/^[0-9a-f]{32}$/)
    expect((await readdir(join(server.config.dataDirectory, 'gar', made.id))).sort()).toHaveLength(2)
  })

  it('names people the same from one night to the next', async () => {
    const [one, two] = [await run(), await run()]
    expect(contentOf(await readArchive(pathOf(one)), 'Eleve')).toBe(contentOf(await readArchive(pathOf(two)), 'Eleve'))
  })

  it('knows who gives out resources, within their establishment and with an address', async () => {
    await server.inTenant(async (tx) => {
      await grantRight(tx, { personId: school.head, right: 'resources.assign', organisationId: school.id }, now)
      await grantRight(tx, { personId: school.teacher, right: 'resources.assign', organisationId: school.id }, now)
      await sql`update directory.person set email = 'head@example.org' where id = ${school.head}`.execute(tx)
    })
    const made = await run()
    expect(made.leftOut).toEqual({ assigner_without_email: 1 })
    expect(contentOf(await readArchive(pathOf(made)), 'RespAff').replaceAll('men:', '')).toContain(
      '<GARPersonMail>head@example.org</GARPersonMail><GARRespAffEtab>0801234A</GARRespAffEtab>',
    )
  })

  it('says less of primary schools, whose schema is another', async () => {
    const uai = '0809999Z'
    await server.inTenant(async (tx) => {
      const id = await makeEstablishment(tx)
      await sql`update directory.organisation set uai = ${uai}, level = 'primary' where id = ${id}`.execute(tx)
      const pupil = await makePerson(tx, { profile: 'pupil', in: id })
      const teacher = await makePerson(tx, { profile: 'teacher', in: id })
      await makeClass(tx, { establishment: id, pupils: [pupil], teachers: [teacher], startYear: 2026 })
      await sql`insert into directory.enrolment (person_id, establishment_id, school_year_id, source_id, mef_code, level_code)
        select ${pupil}, ${id}, id, ${randomUUIDv7()}, '00010001310', '1121' from directory.school_year`.execute(tx)
    })
    const made = await run('1D')
    expect(made.counts).toEqual({
      files: 5,
      GAREleve: 1,
      // Of the pupil, and of who teaches them.
      GARPersonMEFSTAT4: 2,
      GAREnseignant: 1,
      GAREtab: 1,
      GARGroupe: 1,
      GARPersonGroupe: 2,
    })
    const files = await readArchive(pathOf(made))
    expect(contentOf(files, 'Eleve')).toContain('xmlns:men="http://data.education.fr/ns/gar/1d"')
    expect(contentOf(files, 'Eleve')).toContain('GARMEFSTAT4Code>1121<')
    expect([...files.values()].join('')).not.toContain('0801234A')
  })

  it('counts what it leaves out', async () => {
    await server.inTenant(async (tx) => {
      await makeEstablishment(tx)
      await sql`insert into directory.teaching_group (id, establishment_id, school_year_id, kind, code, name)
        select ${randomUUIDv7()}, establishment_id, school_year_id, 'group', code, 'Groupe' from directory.teaching_group
        where establishment_id = ${school.id}`.execute(tx)
    })
    expect((await run()).leftOut).toMatchObject({ establishment_without_uai: 1, group_named_as_class: 1 })
  })

  it('is made every night, and removed when kept long enough', async () => {
    const kept = await run()
    today = new Date('2026-12-20T20:00:00Z')
    await exportNightly(server.services, never)
    const { exports } = await server.inTenant((tx) => listExports(tx, { limit: 10 }))
    expect(exports.slice(0, 2).map(({ degree, state }) => `${degree} ${state}`)).toEqual(['2D ready', '1D ready'])
    expect(exports.find(({ id }) => id === kept.id)?.state).toBe('expired')
    expect(await readdir(join(server.config.dataDirectory, 'gar'))).not.toContain(kept.id)
    today = now
  })

  it('is not run twice at once', async () => {
    const results = await Promise.allSettled([run(), run()])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('the subjects a pupil follows', () => {
  it('are told where the source lists and names them, for the year that is shown', async () => {
    const [pupil = ''] = school.pupils
    await server.inTenant(async (tx) => {
      const source = randomUUIDv7()
      await sql`insert into directory.source (id, kind, key, name) values (${source}, 'aaf2d', '09', 'AAF')`.execute(tx)
      await sql`insert into directory.subject (source_id, code, name) values (${source}, '030201', 'ANGLAIS LV1')`.execute(
        tx,
      )
      const add = (kind: string, externalId: string, subject: string, body: object) =>
        sql`insert into directory.source_record (source_id, kind, external_id, subject_id, hash, body)
          values (${source}, ${kind}, ${externalId}, ${subject}, '', ${JSON.stringify(body)})`.execute(tx)
      await add('establishment', '52', school.id, {})
      const enrolments = [{ establishment: '52' }]
      await add('pupil', '1', pupil, { schoolYear: 2026, enrolments, subjects: ['030201', '999999'] })
      // What is said of the next year is not told yet.
      await add('pupil', '2', school.pupils[1] ?? '', { schoolYear: 2027, enrolments, subjects: ['030201'] })
    })
    const made = await run()
    expect(made.counts).toMatchObject({ GAREleveEnseignement: 1, GARMatiere: 2 })
    const identifier = (await server.inTenant((tx) => findOrCreatePseudonyms(tx, [pupil]))).get(pupil) ?? ''
    const files = await readArchive(pathOf(made))
    expect(contentOf(files, 'Eleve').replaceAll(/men:|\n/g, '')).toContain(
      `<GAREleveEnseignement><GARStructureUAI>0801234A</GARStructureUAI>` +
        `<GARPersonIdentifiant>${identifier}</GARPersonIdentifiant>` +
        `<GARMatiereCode>030201</GARMatiereCode></GAREleveEnseignement></GAR-ENT-Eleve>`,
    )
    expect(contentOf(files, 'Etab')).toContain('>ANGLAIS LV1<')
    const primary = await run('1D')
    expect(primary.counts).not.toHaveProperty('GAREleveEnseignement')
  })
})

describe('its progress', () => {
  it('tells what is written so far, up to the whole', async () => {
    const whole = await run()
    const folder = await mkdtemp(join(tmpdir(), 'preau-gar-'))
    const told: Record<string, number>[] = []
    const written = await inSnapshot(server.services.db, server.tenant.id, (tx) =>
      writeContent({
        tx,
        degree: '2D',
        now: today,
        target: { folder, prefix: 'x' },
        findPseudonyms: (ids) => server.inTenant((other) => findOrCreatePseudonyms(other, ids)),
        onProgress: async (counts) => void told.push(counts),
        signal: never,
      }),
    )
    await rm(folder, { recursive: true })
    expect(told[0]).toEqual({ GAREleve: written.counts['GAREleve'], files: 1 })
    expect(told.at(-1)).toEqual(whole.counts)
    for (const [index, counts] of told.entries()) {
      for (const [name, number] of Object.entries(told[index - 1] ?? {})) {
        expect(counts[name], name).toBeGreaterThanOrEqual(number)
      }
    }
  })

  it('is seen while it runs, and no more when it failed', async () => {
    const id = randomUUIDv7()
    const find = () => server.inTenant((tx) => findExport(tx, id))
    await server.inTenant((tx) => startExport(tx, { id, degree: '1D', startedAt: today, startedBy: null }))
    await server.inTenant((tx) => noteProgress(tx, id, { GAREleve: 1200, files: 2 }))
    expect(await find()).toMatchObject({ state: 'running', counts: { GAREleve: 1200, files: 2 } })
    await server.inTenant((tx) => endExport(tx, id, { failure: 'failed', endedAt: today }))
    await server.inTenant((tx) => noteProgress(tx, id, { GAREleve: 9999 }))
    expect(await find()).toMatchObject({ state: 'failed', counts: {} })
  })
})

describe('its history', () => {
  it('is for those who administer the whole workspace', async () => {
    const [stranger, local, administrator] = await server.inTenant(async (tx) => [
      await makePerson(tx),
      await makePerson(tx),
      await makePerson(tx),
    ])
    const get = async (headers: { cookie: string }, url = '/api/gar/exports') => server.app.inject({ url, headers })
    expect((await get(await server.signIn(stranger!))).statusCode).toBe(403)
    const perimeter = [{ right: 'directory.administer' as const, organisationId: school.id }]
    expect((await get(await server.signIn(local!, perimeter))).statusCode).toBe(403)
    const headers = await server.signIn(administrator!, [{ right: 'directory.administer' }])
    const list = await get(headers)
    expect(list.json()).toMatchObject({ setting: { idEnt: 'PREAU' } })
    const ready = (list.json() as { exports: { id: string; state: string; archive: string }[] }).exports.find(
      ({ state }) => state === 'ready',
    )
    const archive = await get(headers, `/api/gar/exports/${ready?.id}/archive`)
    expect(archive.headers['content-disposition']).toContain(ready?.archive)
    expect(archive.rawPayload.subarray(0, 2).toString('hex')).toBe('1f8b')
    expect((await get(headers, `/api/gar/exports/${randomUUIDv7()}/archive`)).statusCode).toBe(404)
  })

  it('belongs to its tenant', async () => {
    const other = await createTenant(server.services.owner, { slug: 'other', name: 'Ailleurs', host: 'other.example' })
    const { exports } = await inTenant(server.services.db, other.id, (tx) => listExports(tx, { limit: 10 }))
    expect(exports).toEqual([])
  })
})

describe('files', () => {
  it('hold no more elements than one may, and nothing an XML file cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'preau-gar-'))
    const files = new XmlFiles({ folder, prefix: 'X', degree: '2D' }, 'Eleve')
    for (let number = 0; number < 4000; number++) {
      await files.add([
        'GARPersonMEF',
        [
          ['GARStructureUAI', '0801234A'],
          ['GARPersonIdentifiant', `a\u0000\u000b<${number}`],
          ['GARMEFCode', ']]>\ud800'],
        ],
      ])
    }
    await files.close()
    expect(files.names).toEqual(['X_Eleve_0000.xml', 'X_Eleve_0001.xml'])
    for (const name of files.names) {
      let nodes = 0
      const parser = new SaxesParser()
      parser.on('opentag', () => nodes++)
      parser.on('error', (error) => {
        throw error
      })
      parser.write(await readFile(join(folder, name), 'utf8')).close()
      expect(nodes).toBeLessThanOrEqual(mostNodes)
    }
    await rm(folder, { recursive: true })
  })
})
