import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { issueAccessCode } from '#modules/identity'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makeClass, makeEstablishment, makeGuardianship, makePerson } from '../../../../test/make.ts'
import { makeSealKeys, openText, sealText } from './letter-seal.ts'
import { toDrawn, writeLetterPdf } from './letter-files.ts'
import { issueLetters } from './letters.ts'
import { purgeExpired } from '../purge.ts'
import { tables } from '../tables.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

type Headers = { cookie: string }
const make = (input: Parameters<typeof makePerson>[1] = {}) => server.inTenant((tx) => makePerson(tx, input))
const post = (url: string, payload: object, headers: Headers) =>
  server.app.inject({ method: 'POST', url: `/api/identity/${url}`, payload, headers })
const get = (url: string, headers: Headers) => server.app.inject({ url: `/api/identity/${url}`, headers })
const work = (batchId: string) =>
  issueLetters(server.services, { tenantId: server.tenant.id, batchId }, new AbortController().signal)

/** A school of two classes, a pupil and a mother in each, and one teacher. */
async function makeSchool() {
  const school = await server.inTenant((tx) => makeEstablishment(tx))
  const [first, second] = [await make({ profile: 'pupil', in: school }), await make({ profile: 'pupil', in: school })]
  const mother = await make({ givenName: 'Mère', profile: 'guardian', in: school })
  const father = await make({ givenName: 'Père', profile: 'guardian', in: school })
  const teacher = await make({ profile: 'teacher', in: school })
  const head = await make({ profile: 'head', in: school })
  const classes = await server.inTenant(async (tx) => {
    await makeGuardianship(tx, { pupil: first, guardian: mother })
    await makeGuardianship(tx, { pupil: second, guardian: father })
    return [
      await makeClass(tx, { establishment: school, pupils: [first], teachers: [teacher], startYear: 2026 }),
      await makeClass(tx, { establishment: school, pupils: [second], teachers: [], startYear: 2026 }),
    ]
  })
  return { school, first, second, mother, father, teacher, head: await server.signIn(head), classes }
}

async function ask(headers: Headers, payload: object) {
  const answer = await post('letters', { classId: null, everyone: false, ...payload }, headers)
  return answer.json() as { id: string; key: string; total: number; code?: string }
}
const take = (headers: Headers, { id, key }: { id: string; key: string }, format = 'csv') =>
  post(`letters/${id}/file`, { key, format }, headers)

test('a text is opened by its key alone, and only as it was sealed', () => {
  const [keys, others] = [makeSealKeys(), makeSealKeys()]
  const sealed = sealText(keys.publicKey, 'Zoé : 7KPM-4XWD-2RTC')
  expect(openText(keys.secretKey, sealed)).toBe('Zoé : 7KPM-4XWD-2RTC')
  expect(() => openText(others.secretKey, sealed)).toThrow('key')
  const changed = Buffer.from(sealed)
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
  expect(() => openText(keys.secretKey, changed)).toThrow('key')
  expect(() => openText('', Buffer.alloc(0))).toThrow('key')
})

test('the letters of a class: one code a person, shown once, kept nowhere in clear', async () => {
  const { school, first, head, classes } = await makeSchool()
  const batch = await ask(head, { establishmentId: school, classId: classes[0], profile: 'pupil' })
  expect(batch.total).toBe(1)
  expect((await take(head, batch)).json().code).toBe('letters_not_ready')
  await work(batch.id)
  expect((await get(`letters/${batch.id}`, head)).json()).toMatchObject({ state: 'ready', done: 1, skipped: {} })
  const stored = await server.inTenant((tx) => tables(tx).selectFrom('identity.letter_part').selectAll().execute())
  expect((await take(head, { id: batch.id, key: makeSealKeys().secretKey })).json().code).toBe('letters_key_wrong')

  const file = await take(head, batch)
  expect(file.headers['content-type']).toContain('text/csv')
  const [, line] = file.body.split('\r\n')
  const code = line?.split(';')[5] ?? ''
  expect(code).toMatch(/^\w{4}-\w{4}-\w{4}$/)
  expect(stored.some(({ sealed }) => sealed.toString('latin1').includes(code))).toBe(false)
  expect((await post('codes/check', { code }, head)).statusCode).toBe(200)

  await expect.poll(async () => (await get(`letters/${batch.id}`, head)).json().state).toBe('taken')
  expect((await take(head, batch)).json()).toMatchObject({ status: 410, code: 'letters_taken' })
  const trail = await server.inTenant((tx) => listAudit(tx, 20, first))
  expect(trail).toMatchObject([{ action: 'identity.access_code_issued', detail: { batchId: batch.id } }])
  const ofSchool = await server.inTenant((tx) => listAudit(tx, 20, school))
  expect(ofSchool).toMatchObject([{ action: 'identity.letters_issued', detail: { total: 1, profile: 'pupil' } }])
})

test('guardians’ letters name their children; those already active get none unless asked for', async () => {
  const { school, mother, head } = await makeSchool()
  const issued = await server.inTenant((tx) =>
    issueAccessCode(tx, { tenantId: server.tenant.id, personId: mother, issuedBy: null }, clock),
  )
  await post('codes/redeem', { code: issued.code, password: 'le cartable bleu de mamie' }, { cookie: '' })
  const waiting = await ask(head, { establishmentId: school, profile: 'guardian' })
  expect(waiting.total).toBe(1)
  const everyone = await ask(head, { establishmentId: school, profile: 'guardian', everyone: true })
  expect(everyone.total).toBe(2)
  await work(everyone.id)
  const { body } = await take(head, everyone)
  expect(body).toContain('Camille Essai')
  expect(body).toContain('Changer le mot de passe')
})

test('a letter says that it replaces a former one, whose code is void', async () => {
  const { school, head } = await makeSchool()
  const codes: string[] = []
  for (let round = 0; round < 2; round += 1) {
    const batch = await ask(head, { establishmentId: school, profile: 'staff' })
    await work(batch.id)
    codes.push((await take(head, batch)).body.split('\r\n')[1]?.split(';')[5] ?? '')
  }
  expect((await post('codes/check', { code: codes[0] }, head)).json().code).toBe('code_replaced')
  expect((await post('codes/check', { code: codes[1] }, head)).statusCode).toBe(200)
})

test('an interrupted job goes on where it was, and a second delivery changes nothing', async () => {
  const { school, head } = await makeSchool()
  const batch = await ask(head, { establishmentId: school, profile: 'guardian' })
  const stopping = AbortSignal.abort()
  const job = { tenantId: server.tenant.id, batchId: batch.id }
  await expect(issueLetters(server.services, job, stopping)).rejects.toThrow('later')
  await Promise.all([work(batch.id), work(batch.id)])
  await work(batch.id)
  const rows = (await take(head, batch)).body.trim().split('\r\n').slice(1)
  expect(rows).toHaveLength(2)
  for (const row of rows) {
    expect((await post('codes/check', { code: row.split(';')[5] }, head)).statusCode).toBe(200)
  }
})

test('never a code of somebody outside the perimeter, nor of somebody more powerful', async () => {
  const { school, head, teacher } = await makeSchool()
  const other = await makeSchool()
  const refused = await post(
    'letters',
    { establishmentId: other.school, classId: null, profile: 'pupil', everyone: false },
    head,
  )
  expect(refused.json()).toMatchObject({ status: 403, code: 'not_allowed' })
  // A class of another school is a class of nobody here.
  expect((await ask(head, { establishmentId: school, classId: other.classes[0], profile: 'pupil' })).code).toBe(
    'letters_nobody',
  )
  for (const headers of [await server.signIn(teacher), await server.signIn(await make())]) {
    expect((await ask(headers, { establishmentId: school, profile: 'pupil' })).code).toBe('not_allowed')
  }
  await server.signIn(teacher, [{ right: 'instance.operate' }])
  const batch = await ask(head, { establishmentId: school, profile: 'staff' })
  await work(batch.id)
  expect((await get(`letters/${batch.id}`, head)).json()).toMatchObject({ skipped: { not_allowed: 1 } })
  expect((await take(head, batch)).body.trim().split('\r\n')).toHaveLength(1)
  // What one asked for is nobody else's, not even another head's who has the key.
  expect((await take(other.head, batch)).json().code).toBe('letters_not_found')
})

test('who lost the right in between gets no letter; what nobody fetched is erased', async () => {
  const { school, head } = await makeSchool()
  const kept = await ask(head, { establishmentId: school, profile: 'pupil' })
  await work(kept.id)
  const batch = await ask(head, { establishmentId: school, profile: 'pupil' })
  await server.inTenant((tx) =>
    sql`delete from directory.affiliation where organisation_id = ${school} and profile = 'head'`.execute(tx),
  )
  await work(batch.id)
  expect((await get(`letters/${batch.id}`, head)).json()).toMatchObject({ state: 'refused', done: 0 })
  expect((await take(head, kept)).json().code).toBe('not_allowed')
  clock = new Date(clock.getTime() + 25 * 3_600_000)
  await purgeExpired(server.services)
  const left = await server.inTenant((tx) =>
    tables(tx).selectFrom('identity.letter_part').select('batch_id').where('batch_id', '=', kept.id).execute(),
  )
  expect(left).toEqual([])
})

test('the PDF is tagged, in its language, with its fonts inside, a page a person', async () => {
  const letter = {
    givenName: 'Zoé',
    familyName: 'Łukasiewicz-Nguyễn',
    classes: ['6e A'],
    children: [],
    login: 'zoe.lukasiewicz',
    code: '7KPM-4XWD-2RTC',
    purpose: 'activation' as const,
    expiresAt: '2027-02-21T08:00:00Z',
    replaces: true,
  }
  const frame = {
    language: 'fr',
    workspace: 'Préau',
    address: 'https://ent.example/activate',
    timeZone: 'Europe/Paris',
  }
  const chunks: Buffer[] = []
  for await (const chunk of writeLetterPdf([letter, letter], { ...frame, language: 'fr' })) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('latin1')
  expect(text.startsWith('%PDF-1.7')).toBe(true)
  expect(text).toContain('/MarkInfo')
  expect(text).toMatch(/\/Lang \(fr\)/)
  for (const tag of ['/S /H1', '/S /L\n', '/S /LI', '/S /Lbl', '/S /LBody', '/S /P']) expect(text).toContain(tag)
  expect(text.match(/\/Type \/Page\n/g)).toHaveLength(2)
  expect(text.match(/\/FontFile2/g)?.length).toBeGreaterThanOrEqual(2)
  expect(text).toContain('/DisplayDocTitle true')
})

test('a letter the face cannot draw loses its accent only', () => {
  expect(toDrawn('Łukasiewicz-Nguyễn, Dubœuf ’ Ümit Şen Ŏ')).toBe('Łukasiewicz-Nguyen, Dubœuf ’ Ümit Şen O')
  expect(toDrawn('Жан')).toBe('???')
})

test('how far people came: known, code handed, active, lately', async () => {
  const { school, first, second, head, classes } = await makeSchool()
  for (const personId of [first, second]) {
    const { code } = await server.inTenant((tx) =>
      issueAccessCode(tx, { tenantId: server.tenant.id, personId, issuedBy: null }, clock),
    )
    if (personId === first) await post('codes/redeem', { code, password: 'le cartable bleu de mamie' }, { cookie: '' })
  }
  const { profiles, classes: byClass } = (await get(`establishments/${school}/activation`, head)).json()
  expect(profiles).toEqual([
    { profile: 'pupil', people: 2, coded: 2, activated: 1, recent: 1 },
    { profile: 'guardian', people: 2, coded: 0, activated: 0, recent: 0 },
    // The head signed in without ever activating: a test's shortcut.
    { profile: 'staff', people: 2, coded: 0, activated: 0, recent: 1 },
  ])
  expect(byClass).toHaveLength(2)
  expect(byClass.find(({ id }: { id: string }) => id === classes[0])).toMatchObject({
    pupil: { people: 1, activated: 1 },
    guardian: { people: 1, activated: 0 },
  })
  const waiting = (await get(`establishments/${school}/waiting?profile=pupil`, head)).json()
  expect(waiting).toMatchObject({ total: 1, pages: 1, people: [{ personId: second, codedAt: clock.toISOString() }] })
  const ofClass = (await get(`establishments/${school}/waiting?classId=${classes[0]}`, head)).json()
  expect(ofClass.people.map(({ profile }: { profile: string }) => profile)).toEqual(['guardian', 'staff'])
  const file = await get(`establishments/${school}/waiting.csv`, head)
  expect(file.body.trim().split('\r\n')).toHaveLength(6)
  expect((await get(`establishments/${school}/waiting`, await server.signIn(await make()))).statusCode).toBe(403)
})

test('an operator writes letters into a file by command: every code in it opens, none is valid without its letter', async () => {
  const { school, first, classes } = await makeSchool()
  await server.services.owner.query(`update directory.organisation set uai = '0801234C' where id = $1`, [school])
  const path = (name: string) => join(server.config.dataDirectory, name)
  const write = (name: string, ...words: string[]) =>
    runCommand(server, 'identity', 'letters', 'write', '0801234c', path(name), '--profile', ...words)
  const trail = async () => (await server.inTenant((tx) => listAudit(tx, 20, first))).map(({ action }) => action)

  await writeFile(path('there.csv'), 'as it was')
  for (const [words, code] of [
    [['there.csv', 'pupil'], 'file_exists'],
    [['nowhere/new.csv', 'pupil'], 'file_unwritable'],
    [['new.txt', 'pupil'], 'invalid_request'],
    [['new.csv', 'robot'], 'invalid_request'],
    [['new.csv', 'pupil', '--class', '6A'], 'invalid_request'],
    [['new.csv', 'pupil', '--class', school], 'letters_nobody'],
  ] as const) {
    const [name, ...rest] = words
    await expect(write(name, ...rest), words.join(' ')).rejects.toMatchObject({ code })
  }
  expect(await readFile(path('there.csv'), 'utf8')).toBe('as it was')
  await expect(stat(path('new.csv'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await trail()).toEqual([])

  expect((await write('new.csv', 'pupil', '--class', classes[0]!)).result).toMatchObject({ letters: 1, skipped: {} })
  expect((await stat(path('new.csv'))).mode & 0o777).toBe(0o600)
  const [, line] = (await readFile(path('new.csv'), 'utf8')).split('\r\n')
  const code = line?.split(';')[5] ?? ''
  expect((await post('codes/check', { code }, { cookie: '' })).statusCode).toBe(200)
  expect(await trail()).toEqual(['identity.access_code_issued'])
  const [ofSchool] = await server.inTenant((tx) => listAudit(tx, 1, school))
  expect(ofSchool).toMatchObject({
    action: 'identity.letters_issued',
    actorPersonId: null,
    detail: { profile: 'pupil', total: 1 },
  })
  expect((await write('all.pdf', 'pupil', '--language', 'en')).result).toMatchObject({ letters: 2 })
  expect((await readFile(path('all.pdf'))).subarray(0, 5).toString()).toBe('%PDF-')
  expect((await post('codes/check', { code }, { cookie: '' })).json().code).toBe('code_replaced')
})
