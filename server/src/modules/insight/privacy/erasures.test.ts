import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { projectAll, startRebuild } from '../projection/projection.ts'
import { erase } from './erasures.ts'

let app: TestApp
let tool: XapiClient
let administrator: { cookie: string }
beforeAll(async () => {
  app = await openTestApp()
  tool = await openXapiClient(app, '1.0.3')
  const id = await app.inTenant((tx) => makePerson(tx))
  administrator = await app.signIn(id, [{ right: 'insight.administer' }])
})
afterAll(() => app.close())

const home = 'https://lms.example'
const agent = (name: string) => ({ account: { homePage: home, name }, name: `Nom de ${name}` })
const identifierOf = (name: string) => `account|${home}|${name}`
const course = { id: `${home}/course/1`, definition: { type: 'http://adlnet.gov/expapi/activities/course' } }
const did = (name: string, more: { context?: object } & Record<string, unknown> = {}) => {
  const { context, ...rest } = more
  return {
    id: randomUUID(),
    actor: agent(name),
    verb: { id: 'http://id.tincanapi.com/verb/viewed' },
    object: { id: `${home}/page/1`, definition: { type: 'http://activitystrea.ms/schema/1.0/page' } },
    context: { contextActivities: { parent: [course] }, ...context },
    timestamp: '2026-11-02T09:00:00Z',
    ...rest,
  }
}
async function send(...statements: object[]) {
  const answer = await tool.call({ method: 'POST', path: '/statements', body: statements })
  expect(answer.statusCode).toBe(200)
  await projectAll(app.services, app.tenant.id)
}
async function ask<Row>(query: string): Promise<Row[]> {
  const result = await (await app.services.clickhouse()).query({ query, format: 'JSONEachRow' })
  return result.json<Row>()
}
const dump = async () => {
  const texts: string[] = []
  for (const table of ['records.statement', 'records.document', 'records.quarantined_statement', 'insight.learner']) {
    const { rows } = await app.services.owner.query<{ line: string }>(
      `select row_to_json(t)::text as line from ${table} t`,
    )
    texts.push(...rows.map(({ line }) => line))
  }
  return texts.join('\n')
}
const erasing = (identifier: string, mode: string) =>
  app.app.inject({
    method: 'POST',
    url: '/api/insight/erasures',
    headers: administrator,
    payload: { identifier, mode },
  })
const agentFilter = (name: string) => ({ agent: JSON.stringify({ account: { homePage: home, name } }) })

test('a person is erased from the store, the analytics and the map; what others did names nobody instead', async () => {
  const file = Buffer.from('Devoir d’Ana')
  const sha2 = createHash('sha256').update(file).digest('hex')
  await app.services.owner.query(
    `insert into records.attachment (tenant_id, sha2, content_type, content, stored_at) values ($1, $2, 'text/plain', $3, now())`,
    [app.tenant.id, sha2, file],
  )
  const attachment = {
    usageType: 'https://example/u',
    display: { fr: 'Devoir' },
    contentType: 'text/plain',
    length: file.length,
    sha2,
    fileUrl: `${home}/devoir`,
  }
  const taught = did('bob', {
    context: { instructor: agent('ana'), team: { objectType: 'Group', member: [agent('ana'), agent('cyd')] } },
  })
  await send(did('ana', { attachments: [attachment] }), did('ana'), taught, did('bob'))
  await tool.call({
    method: 'PUT',
    path: '/activities/state',
    query: { activityId: course.id, stateId: 'bookmark', ...agentFilter('ana') },
    body: { page: 3 },
  })
  expect(await ask('select uniqExact(learner) as n from learning_event_v1')).toEqual([{ n: 2 }])

  const held = await app.app.inject({
    method: 'POST',
    url: '/api/insight/erasures/held',
    headers: administrator,
    payload: { identifier: identifierOf('ana') },
  })
  expect(held.json()).toMatchObject({ statements: 2, mentions: 1, documents: 1, events: 2 })

  const answer = await erasing(identifierOf('ana'), 'erase')
  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toMatchObject({
    mode: 'erase',
    receipt: { statements: 2, mentions: 1, documents: 1, attachments: 1, events: 2, identifiers: 1, copies: [] },
  })
  expect(await dump()).not.toMatch(/"ana"|Nom de ana|\\"ana\\"/)
  expect(await dump()).toContain('cyd')

  // Found by nothing; what others did is still found by who else is in it.
  const found = async (name: string, related = 'true') => {
    const page = await tool.call({
      method: 'GET',
      path: '/statements',
      query: { ...agentFilter(name), related_agents: related },
    })
    return (page.json() as { statements: { id: string }[] }).statements.map(({ id }) => id)
  }
  expect(await found('ana')).toEqual([])
  expect(await found('cyd')).toEqual([taught.id])
  expect(await ask('select uniqExact(learner) as n from learning_event_v1')).toEqual([{ n: 1 }])
  expect(await ask('select toInt32(sum(events)) as n from learner_day_v1')).toEqual([{ n: 2 }])

  // The projection goes on, and one made anew holds the same.
  await send(did('bob'))
  await app.inTenant((tx) => startRebuild(tx, null, new Date()))
  await projectAll(app.services, app.tenant.id)
  expect(
    await ask(
      'select toInt32(sum(sign)) as n from learning_event_v1 where build = (select max(build) from learning_event_v1)',
    ),
  ).toEqual([{ n: 3 }])

  const [receipt] = (await app.app.inject({ url: '/api/insight/erasures', headers: administrator })).json().erasures
  expect(receipt.id).toBe(answer.json().id)
  expect((await erasing(identifierOf('ana'), 'erase')).json()).toMatchObject({ code: 'person_unknown' })
})

test('unlinked, what a person did stays and leads to nobody', async () => {
  await send(
    did('dan', { result: { response: 'Je suis Dan', score: { scaled: 0.5 } } }),
    did('dan'),
    did('eve', { context: { instructor: agent('dan') } }),
  )
  const before = await ask<{ learner: string }>(
    `select toString(learner) as learner, toInt32(sum(sign)) as n from learning_event_v1 where build = (select max(build) from learning_event_v1) group by learner order by n, learner`,
  )
  expect((await erasing(identifierOf('dan'), 'unlink')).json()).toMatchObject({
    receipt: { statements: 2, mentions: 1, events: 2 },
  })
  const after = await ask<{ learner: string }>(
    `select toString(learner) as learner, toInt32(sum(sign)) as n from learning_event_v1 where build = (select max(build) from learning_event_v1) group by learner order by n, learner`,
  )
  expect(after).toHaveLength(before.length)
  expect(after.filter(({ learner }) => !before.some((each) => each.learner === learner))).toHaveLength(1)
  expect(await dump()).not.toMatch(/"dan"|Nom de dan|\\"dan\\"|Je suis Dan/)
  expect(await dump()).toContain('0.5')
  // Made anew from the store, it is the same nobody.
  await app.inTenant((tx) => startRebuild(tx, null, new Date()))
  await projectAll(app.services, app.tenant.id)
  const anew = await ask<{ learner: string }>(
    `select toString(learner) as learner, toInt32(sum(sign)) as n from learning_event_v1 where build = (select max(build) from learning_event_v1) group by learner order by n, learner`,
  )
  expect(anew).toEqual(after)
})

test('the receipt says where copies were sent, and only what a store takes and was sent is counted', async () => {
  await send(did('fay'), did('fay', { verb: { id: 'http://adlnet.gov/expapi/verbs/completed' } }))
  const recipient = (id: string, more: object = {}) => ({
    id,
    name: id,
    address: `https://${id}.example/xapi`,
    sentUntil: Number.MAX_SAFE_INTEGER,
    verbs: [],
    activities: [],
    sourceIds: [],
    ...more,
  })
  const { receipt } = await erase(
    {
      ...app.services,
      listRecipients: () =>
        Promise.resolve([
          recipient('all'),
          recipient('completed', { verbs: ['http://adlnet.gov/expapi/verbs/completed'] }),
          recipient('late', { sentUntil: 0 }),
          recipient('other', { sourceIds: [randomUUID()] }),
        ]),
    },
    { tenantId: app.tenant.id, identifier: identifierOf('fay'), mode: 'erase', actorPersonId: null },
  )
  expect(receipt?.copies).toEqual([
    { name: 'all', address: 'https://all.example/xapi', statements: 2 },
    { name: 'completed', address: 'https://completed.example/xapi', statements: 1 },
  ])
})

test('what was set aside and spells an identifier is dropped, and nothing else', async () => {
  const keep = async (name: string) => {
    await app.services.owner.query(
      `insert into records.quarantined_statement
        (tenant_id, id, source_id, credential_id, version, received_at, body, pointer, reason, repairs)
       select $1, gen_random_uuid(), source_id, id, '1.0.3', now(), $2, '/verb', 'faulty', '{}' from records.credential limit 1`,
      [app.tenant.id, JSON.stringify({ actor: agent(name), verb: 3 })],
    )
  }
  await keep('gus')
  await keep('gustave')
  expect((await erasing(identifierOf('gus'), 'erase')).json()).toMatchObject({
    receipt: { quarantined: 1, statements: 0 },
  })
  const { rows } = await app.services.owner.query<{ state: string; body: string | null }>(
    'select state, body from records.quarantined_statement order by state',
  )
  expect(rows).toMatchObject([
    { state: 'dropped', body: null },
    { state: 'waiting', body: expect.stringContaining('gustave') },
  ])
})

test('who does not administer dashboards erases nobody', async () => {
  const id = await app.inTenant((tx) => makePerson(tx))
  const someone = await app.signIn(id, [{ right: 'insight.view' }])
  const answer = await app.app.inject({
    method: 'POST',
    url: '/api/insight/erasures',
    headers: someone,
    payload: { identifier: identifierOf('bob'), mode: 'erase' },
  })
  expect(answer.statusCode).toBe(403)
})
