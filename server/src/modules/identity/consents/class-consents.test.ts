import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeClass, makeEstablishment, makeGuardianship, makePerson } from '../../../../test/make.ts'
import { reconcileAccounts } from '../accounts/merged-accounts.ts'
import { judge } from './class-consents.ts'

let server: TestApp
const clock = new Date('2026-11-23T08:00:00Z')
beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

test.each([
  ['accepted', [[true, true]]],
  [
    'accepted',
    [
      [true, true],
      [true, true],
    ],
  ],
  [
    'accepted',
    [
      [true, true],
      [false, undefined],
    ],
  ],
  [
    'partly',
    [
      [true, true],
      [true, undefined],
    ],
  ],
  [
    'partly',
    [
      [true, undefined],
      [false, true],
    ],
  ],
  [
    'refused',
    [
      [true, true],
      [true, false],
    ],
  ],
  [
    'refused',
    [
      [true, true],
      [false, false],
    ],
  ],
  ['accepted', [[false, true]]],
  ['waiting', [[true, undefined]]],
  ['waiting', []],
] as const)('%s by %j (legal, accepted)', (agreement, guardians) => {
  expect(judge(guardians.map(([legal, accepted]) => ({ legal, accepted })))).toBe(agreement)
})

type Headers = { cookie: string }
const read = async (headers: Headers, url: string) => (await server.app.inject({ url, headers })).json()

async function makeClassroom() {
  return server.inTenant(async (tx) => {
    const school = await makeEstablishment(tx)
    const child = await makePerson(tx, { profile: 'pupil', in: school })
    const other = await makePerson(tx, { profile: 'pupil', in: school })
    const [mother, father] = [
      await makePerson(tx, { profile: 'guardian', in: school }),
      await makePerson(tx, { profile: 'guardian', in: school }),
    ]
    for (const guardian of [mother, father]) await makeGuardianship(tx, { pupil: child, guardian })
    const teacher = await makePerson(tx, { profile: 'teacher', in: school })
    const colleague = await makePerson(tx, { profile: 'teacher', in: school })
    const head = await makePerson(tx, { profile: 'head', in: school })
    const input = { establishment: school, pupils: [child, other], teachers: [teacher], startYear: 2026 }
    return { child, other, mother, father, teacher, colleague, head, id: await makeClass(tx, input) }
  })
}

async function choose(guardian: string, childId: string, accepted: boolean) {
  const headers = await server.signIn(guardian)
  const { questions } = await read(headers, '/api/identity/consents')
  const { text } = questions.find(
    (each: { childId: string; text: { slug: string } }) => each.childId === childId && each.text.slug === 'child-image',
  )
  const payload = { textId: text.id, childId, accepted }
  expect(
    (await server.app.inject({ method: 'POST', url: '/api/identity/consents', headers, payload })).statusCode,
  ).toBe(204)
}

test('who teaches or supervises a class reads what guardians chose; nobody else does', async () => {
  const { id, child, other, mother, father, teacher, colleague, head } = await makeClassroom()
  const url = `/api/identity/classes/${id}/consents`
  const image = async (headers: Headers, of = child) => {
    const { texts, pupils } = await read(headers, url)
    const text = texts.find(({ slug }: { slug: string }) => slug === 'child-image')
    return pupils
      .find((pupil: { id: string }) => pupil.id === of)
      .answers.find(({ textId }: { textId: string }) => textId === text.id).agreement
  }
  const headers = await server.signIn(teacher)
  expect(await image(headers)).toBe('waiting')
  await choose(mother, child, true)
  expect(await image(headers)).toBe('partly')
  await choose(father, child, true)
  expect(await image(headers)).toBe('accepted')
  await choose(mother, child, false)
  expect(await image(await server.signIn(head))).toBe('refused')
  expect(await image(headers, other)).toBe('waiting')
  for (const one of [colleague, mother, child]) {
    expect((await server.app.inject({ url, headers: await server.signIn(one) })).json().code).toBe('class_not_found')
  }
})

test('answers stay of a guardian, and about a child, who are found to be one with others, and go back when parted', async () => {
  const { id, child, other, mother, father, head } = await makeClassroom()
  for (const guardian of [mother, father]) await choose(guardian, child, true)
  const become = (merged: string, kept: string | null) =>
    server.inTenant(async (tx) => {
      await sql`update directory.person set merged_into = ${kept} where id = ${merged}`.execute(tx)
      await sql`update directory.guardianship set pupil_id = coalesce(${kept}, pupil_id) where pupil_id = ${merged}`.execute(
        tx,
      )
      await reconcileAccounts(tx, merged, null, clock)
    })
  await become(child, other)
  const answers = async () => {
    const { questions } = await read(await server.signIn(mother), '/api/identity/consents')
    return questions.find(
      (each: { childId: string; text: { slug: string } }) => each.childId === other && each.text.slug === 'child-image',
    )?.answer
  }
  expect(await answers()).toMatchObject({ accepted: true })
  const { pupils } = await read(await server.signIn(head), `/api/identity/classes/${id}/consents`)
  expect(pupils.find((pupil: { id: string }) => pupil.id === other).answers).toContainEqual(
    expect.objectContaining({ agreement: 'accepted' }),
  )
  await become(child, null)
  expect(await answers()).toBeNull()
})
