import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makeEstablishment, makePerson } from '../../../../test/make.ts'
import { matchPeople } from './matching.ts'

let test: TestApp
beforeAll(async () => {
  test = await openTestApp({ workers: true })
})
afterAll(() => test.close())

type Headers = { cookie: string }
const get = (path: string, headers: Headers) => test.app.inject({ url: `/api/directory/matching/${path}`, headers })
const post = (path: string, headers: Headers, payload?: object) =>
  test.app.inject({
    method: 'POST',
    url: `/api/directory/matching/${path}`,
    headers,
    ...(payload && { payload }),
  })

let count = 0

interface Made {
  school: string
  person: string
}

/** Two people of one name and e-mail in two schools, the lesser identifier first as in what proposes them. */
async function makePair(tx: Tx) {
  count += 1
  const names = { givenName: 'Claire', familyName: `Vilnaud${String.fromCharCode(96 + count).repeat(3)}` }
  const made: Made[] = []
  for (const school of [await makeEstablishment(tx), await makeEstablishment(tx)])
    made.push({ school, person: await makePerson(tx, { ...names, profile: 'guardian', in: school }) })
  const [first, second] = made.toSorted((a, b) => (a.person < b.person ? -1 : 1)) as [Made, Made]
  const people: [string, string] = [first.person, second.person]
  const schools = [first.school, second.school] as const
  await sql`update directory.person set email = ${`claire${count}@example.org`}
    where id = any(${people}::uuid[])`.execute(tx)
  await sql`update directory.source_record set body = body || ${JSON.stringify({ email: `claire${count}@example.org` })}
    where subject_id = any(${people}::uuid[])`.execute(tx)
  return { schools, people }
}

async function propose() {
  const pair = await test.inTenant(makePair)
  await matchPeople(test.services, test.tenant.id, { ids: pair.people })
  const { rows } = await test.inTenant((tx) =>
    sql<{ id: string }>`select id from directory.match_proposal where left_id = ${pair.people[0]}`.execute(tx),
  )
  return { ...pair, proposalId: rows[0]!.id }
}

const signInOver = async (...organisationIds: string[]) =>
  test.signIn(
    await test.inTenant((tx) => makePerson(tx)),
    organisationIds.map((organisationId) => ({ right: 'directory.administer', organisationId })),
  )
const operator = async () =>
  test.signIn(await test.inTenant((tx) => makePerson(tx)), [{ right: 'directory.administer' }])

const idsOf = async (headers: Headers, state = 'open') =>
  (await get(`proposals?state=${state}`, headers)).json<{ proposals: { id: string }[] }>().proposals.map(({ id }) => id)

it('shows a pair to who administers both, with what each bears', async () => {
  const { schools, people, proposalId } = await propose()
  const both = await signInOver(...schools)
  const [shown] = (await get('proposals', both)).json<{ proposals: object[] }>().proposals
  expect(shown).toMatchObject({
    id: proposalId,
    points: 75,
    state: 'open',
    parts: [{ code: 'email', points: 30 }, { code: 'familyName' }, { code: 'givenName' }],
    cautions: ['staff', 'sameSource'],
    left: { id: people[0], places: [{ profile: 'guardian' }], sources: [{ kind: 'manual' }] },
    right: { id: people[1] },
  })
  expect(await idsOf(await operator())).toContain(proposalId)
  expect(await idsOf(await signInOver(schools[0]))).toEqual([])
  expect((await get('proposals', await test.signIn(people[0]))).statusCode).toBe(403)
})

it('lets nobody else settle it', async () => {
  const { schools, people, proposalId } = await propose()
  const refused = [
    await signInOver(schools[0]),
    await signInOver(await test.inTenant((tx) => makeEstablishment(tx))),
    // One's own file, even with every right.
    await test.signIn(people[0], [{ right: 'directory.administer' }]),
  ]
  for (const headers of refused) {
    expect((await post(`proposals/${proposalId}/settle`, headers, { opinion: 'accept' })).statusCode).toBe(404)
  }
})

it('merges who is accepted; the former address leads to the person kept; undone, both are there again', async () => {
  const { schools, people, proposalId } = await propose()
  const both = await signInOver(...schools)
  expect((await post(`proposals/${proposalId}/settle`, both, { opinion: 'accept' })).statusCode).toBe(204)
  const again = await post(`proposals/${proposalId}/settle`, both, { opinion: 'accept' })
  expect(again.json()).toMatchObject({ code: 'proposal_settled' })
  expect(await idsOf(both)).toEqual([])
  const card = await test.app.inject({ url: `/api/directory/people/${people[1]}`, headers: both })
  expect(card.json()).toMatchObject({ id: people[0], affiliations: [{}, {}] })

  const [merge] = (await get('merges', both)).json<{ merges: { id: string }[] }>().merges
  expect(merge).toMatchObject({ keptId: people[0], mergedId: people[1], points: 75, undoable: true, undoneAt: null })
  expect((await post(`merges/${merge!.id}/undo`, await signInOver(schools[0]))).statusCode).toBe(403)
  expect((await post(`merges/${merge!.id}/undo`, both)).statusCode).toBe(204)
  expect((await post(`merges/${merge!.id}/undo`, both)).statusCode).toBe(409)
  const own = await test.app.inject({ url: `/api/directory/people/${people[1]}`, headers: both })
  expect(own.json()).toMatchObject({ id: people[1], affiliations: [{}] })
  expect(await idsOf(both, 'never')).toEqual([proposalId])
})

it('remembers "never" and "later", and opens them again', async () => {
  const { schools, proposalId } = await propose()
  const both = await signInOver(...schools)
  for (const opinion of ['later', 'never']) {
    expect((await post(`proposals/${proposalId}/settle`, both, { opinion })).statusCode).toBe(204)
    expect(await idsOf(both)).toEqual([])
    expect(await idsOf(both, opinion)).toEqual([proposalId])
  }
  await post(`proposals/${proposalId}/settle`, both, { opinion: 'reopen' })
  expect(await idsOf(both)).toEqual([proposalId])
})

it('refuses to merge who cannot be one any more', async () => {
  const { schools, people, proposalId } = await propose()
  await test.inTenant((tx) =>
    sql`insert into directory.guardianship (pupil_id, guardian_id, source_id, link_code, legal_status)
      values (${people[0]}, ${people[1]}, ${randomUUIDv7()}, '10', 'legal')`.execute(tx),
  )
  const answer = await post(`proposals/${proposalId}/settle`, await signInOver(...schools), { opinion: 'accept' })
  expect(answer.json()).toMatchObject({ code: 'match_impossible', blocks: ['guardianOfOther'] })
})

it('pages through proposals and merges', async () => {
  await propose()
  await propose()
  const headers = await operator()
  const first = (await get('proposals?limit=1', headers)).json<{ proposals: { id: string }[]; next: string }>()
  const second = (await get(`proposals?limit=1&after=${first.next}`, headers)).json<typeof first>()
  expect(second.proposals[0]?.id).not.toBe(first.proposals[0]?.id)
  expect((await get('proposals?after=x', headers)).json()).toMatchObject({ code: 'cursor_invalid' })
})

it('lets who administers everyone change the thresholds', async () => {
  const put = (headers: Headers, payload: object) =>
    test.app.inject({ method: 'PUT', url: '/api/directory/matching/thresholds', headers, payload })
  const all = await operator()
  const some = await signInOver(await test.inTenant((tx) => makeEstablishment(tx)))
  expect((await put(some, { automatic: 90, review: 50 })).statusCode).toBe(403)
  expect((await put(all, { automatic: 50, review: 90 })).statusCode).toBe(400)
  expect((await put(all, { automatic: 120, review: 70 })).json()).toEqual({ automatic: 120, review: 70 })
  expect((await get('proposals', all)).json()).toMatchObject({ thresholds: { automatic: 120, review: 70 } })
})

it('an operator settles by command whom others may not: merged, parted again, kept apart for good', async () => {
  const { people, proposalId } = await propose()
  const command = (...words: string[]) => runCommand(test, 'directory', ...words)
  const listed = async (state: string) =>
    ((await command('proposals', '--state', state)).result as { proposals: { id: string }[] }).proposals.map(
      ({ id }) => id,
    )
  const { printed } = await command('proposals', '--limit', '1000')
  expect(printed).toMatch(
    new RegExp(`^${proposalId}  75  Vilnaud.*\\(${people[0]}\\)  =\\?  .*\\(${people[1]}\\)  email 30`, 'm'),
  )

  await expect(command('proposal-settle', proposalId, 'perhaps')).rejects.toMatchObject({ code: 'opinion_needed' })
  await expect(command('proposal-settle', randomUUIDv7(), 'accept')).rejects.toMatchObject({
    code: 'proposal_not_found',
  })
  expect(await listed('open')).toContain(proposalId)

  await command('proposal-settle', proposalId, 'accept')
  expect(await listed('open')).not.toContain(proposalId)
  await expect(command('proposal-settle', proposalId, 'never')).rejects.toMatchObject({ code: 'proposal_settled' })
  const merges = (await command('merges')).result as { id: string; mergedId: string }[]
  const [mergeId] = merges.filter(({ mergedId }) => mergedId === people[1]).map(({ id }) => id)
  await command('merge-undo', mergeId!)
  expect(await listed('never')).toContain(proposalId)
  await command('proposal-settle', proposalId, 'later')
  expect(await listed('later')).toContain(proposalId)
  const trail = await test.inTenant((tx) => listAudit(tx, 10, people[1]))
  expect(trail.map(({ action, actorPersonId }) => [action, actorPersonId])).toEqual([
    ['directory.match_settled', null],
    ['directory.merge_undone', null],
    ['directory.people_merged', null],
  ])
})

it('an operator reads the thresholds without changing them; what is changed is in the trail', async () => {
  const policy = async (...words: string[]) => (await runCommand(test, 'directory', 'match-policy', ...words)).result
  const trail = () => test.inTenant((tx) => listAudit(tx, 10, test.tenant.id))
  const [before, former] = [await trail(), await policy()]
  expect(await policy('--automatic', '130', '--review', '75')).toEqual({ automatic: 130, review: 75 })
  await expect(policy('--review', '140')).rejects.toMatchObject({ code: 'thresholds_unusable' })
  expect(await policy()).toEqual({ automatic: 130, review: 75 })
  expect(former).not.toEqual(await policy())
  const after = await trail()
  expect(after).toHaveLength(before.length + 1)
  expect(after[0]).toMatchObject({
    action: 'directory.match_thresholds_changed',
    actorPersonId: null,
    detail: { automatic: 130, review: 75 },
  })
})
