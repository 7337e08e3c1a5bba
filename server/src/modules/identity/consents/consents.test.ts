import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makeGuardianship, makePerson } from '../../../../test/make.ts'
import { firstTexts } from './consent-texts.ts'
import { publishText } from './consents.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

type Headers = { cookie: string }
interface Listed {
  children: { id: string }[]
  questions: {
    text: { id: string; slug: string; version: number; kind: string }
    childId: string | null
    answer: { accepted: boolean; version: number } | null
  }[]
}
const list = async (headers: Headers) =>
  (await server.app.inject({ url: '/api/identity/consents', headers })).json() as Listed
const answer = (headers: Headers, payload: object) =>
  server.app.inject({ method: 'POST', url: '/api/identity/consents', headers, payload })
const finish = (headers: Headers) => server.app.inject({ method: 'POST', url: '/api/identity/welcome', headers })
const welcomed = async (headers: Headers) =>
  (await server.app.inject({ url: '/api/identity/session', headers })).json().welcomed as boolean

async function makeFamily() {
  return server.inTenant(async (tx) => {
    const school = await makeEstablishment(tx)
    const children = [
      await makePerson(tx, { profile: 'pupil', in: school }),
      await makePerson(tx, { profile: 'pupil', in: school }),
    ]
    const mother = await makePerson(tx, { profile: 'guardian', in: school })
    for (const pupil of children) await makeGuardianship(tx, { pupil, guardian: mother })
    return { school, children, mother }
  })
}

test('a guardian reads the charter and chooses for each child; the journey ends when all is answered', async () => {
  const { mother, children } = await makeFamily()
  const headers = await server.signIn(mother)
  const { questions, children: shown } = await list(headers)
  expect(shown.map(({ id }) => id).toSorted()).toEqual(children.toSorted())
  expect(questions.map(({ text }) => text.slug)).toEqual([
    'charter-guardian',
    'child-image',
    'child-image',
    'child-works',
    'child-works',
  ])
  expect(await welcomed(headers)).toBe(false)
  expect((await finish(headers)).json().code).toBe('consents_pending')
  for (const { text, childId } of questions) {
    const accepted = text.kind === 'read' || childId === children[0]
    expect((await answer(headers, { textId: text.id, childId, accepted })).statusCode).toBe(204)
  }
  expect((await finish(headers)).statusCode).toBe(204)
  expect(await welcomed(headers)).toBe(true)
  const trail = await server.inTenant((tx) => listAudit(tx, 10, children[1]!))
  expect(trail.map(({ action, detail }) => [action, detail['accepted']])).toEqual([
    ['identity.consent_answered', false],
    ['identity.consent_answered', false],
  ])
})

test('an answer is changed later; the former ones are kept and cannot be rewritten', async () => {
  const { mother, children } = await makeFamily()
  const headers = await server.signIn(mother)
  const image = (await list(headers)).questions.find(({ text }) => text.slug === 'child-image')?.text.id
  for (const accepted of [true, false]) {
    await answer(headers, { textId: image, childId: children[0], accepted })
    clock = new Date(clock.getTime() + 60_000)
  }
  const now = (await list(headers)).questions.find(({ childId, text }) => childId === children[0] && text.id === image)
  expect(now?.answer).toMatchObject({ accepted: false, version: 1 })
  const kept = await server.inTenant((tx) =>
    sql<{ accepted: boolean }>`select accepted from identity.consent_answer where child_id = ${children[0]}
      order by answered_at`.execute(tx),
  )
  expect(kept.rows).toEqual([{ accepted: true }, { accepted: false }])
  await expect(
    server.inTenant((tx) => sql`update identity.consent_answer set accepted = true`.execute(tx)),
  ).rejects.toThrow('permission denied')
})

test('nobody answers for another’s child, nor refuses what is to be read', async () => {
  const [ours, theirs] = [await makeFamily(), await makeFamily()]
  const headers = await server.signIn(ours.mother)
  const { questions } = await list(headers)
  const [image, charter] = ['child-image', 'charter-guardian'].map(
    (slug) => questions.find(({ text }) => text.slug === slug)?.text.id,
  )
  const forTheirs = await answer(headers, { textId: image, childId: theirs.children[0], accepted: true })
  expect(forTheirs.json()).toMatchObject({ status: 404, code: 'consent_not_found' })
  expect((await answer(headers, { textId: image, childId: null, accepted: true })).statusCode).toBe(404)
  expect((await answer(headers, { textId: charter, childId: null, accepted: false })).json().code).toBe(
    'consent_read_only',
  )
})

test('a pupil reads the charter of their level; a new version is put to them again', async () => {
  const { school } = await makeFamily()
  const primary = await server.inTenant(async (tx) => {
    const id = await makeEstablishment(tx)
    await sql`update directory.organisation set level = 'primary' where id = ${id}`.execute(tx)
    return id
  })
  const make = (where: string) => server.inTenant((tx) => makePerson(tx, { profile: 'pupil', in: where }))
  const [young, older] = [await server.signIn(await make(primary)), await server.signIn(await make(school))]
  expect((await list(young)).questions.map(({ text }) => text.slug)).toEqual(['charter-young-pupil'])
  const [question] = (await list(older)).questions
  expect(question?.text.slug).toBe('charter-pupil')
  await answer(older, { textId: question?.text.id, childId: null, accepted: true })
  await finish(older)
  const first = firstTexts.find(({ slug }) => slug === 'charter-pupil')
  if (!first) throw new Error('no charter')
  await server.inTenant((tx) => publishText(tx, { ...first, version: 2 }, clock))
  await expect(server.inTenant((tx) => publishText(tx, { ...first, version: 2 }, clock))).rejects.toThrow('version 2')
  expect(await welcomed(older)).toBe(false)
  expect((await finish(older)).json().code).toBe('consents_pending')
  const [again] = (await list(older)).questions
  expect(again).toMatchObject({ text: { version: 2 }, answer: { accepted: true, version: 1 } })
  expect((await answer(older, { textId: question?.text.id, childId: null, accepted: true })).statusCode).toBe(404)
  await answer(older, { textId: again?.text.id, childId: null, accepted: true })
  expect((await finish(older)).statusCode).toBe(204)
})

test('the texts say the same in both languages, in short paragraphs', () => {
  for (const { wording } of firstTexts) {
    const paragraphs = (body: string) => body.split('\n\n').length
    expect(paragraphs(wording.en.body)).toBe(paragraphs(wording.fr.body))
  }
})
