import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Statement } from '#modules/records'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { anyStatement } from '../../../../test/statements.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { projectAll } from './projection.ts'

let app: TestApp
let tool: XapiClient
beforeAll(async () => {
  app = await openTestApp()
  tool = await openXapiClient(app, '1.0.3')
})
afterAll(() => app.close())

const count = async () => {
  const query = 'select toUInt32(count()) as n from learning_event_v1'
  const result = await (await app.services.clickhouse()).query({ query, format: 'JSONEachRow' })
  return (await result.json<{ n: number }>())[0]?.n
}

// One statement that could not be projected would hold up all that come after it.
test.each([
  ['the character 0', 'a\u0000b'],
  ['half a character', '\ud83d'],
  ['text too long for an index', randomBytes(60_000).toString('base64')],
  ['signs that other formats read', '\u202e"\\\n\t\ufffe{}[]\u2028'],
])('a source that tells %s holds nothing up', async (_, text) => {
  const before = (await count()) ?? 0
  const path = encodeURIComponent(text.toWellFormed())
  const statement = {
    actor: { account: { homePage: 'https://lms.example', name: text }, name: text },
    verb: { id: `https://verbs.example/${path}` },
    object: {
      id: `https://lms.example/${path}`,
      definition: { type: 'http://adlnet.gov/expapi/activities/course', name: { fr: text } },
    },
    context: {
      extensions: { 'https://w3id.org/xapi/video/extensions/session-id': text },
      contextActivities: { category: [{ id: 'https://w3id.org/xapi/video' }] },
    },
  }
  const answer = await tool.call({ method: 'POST', path: '/statements', body: [statement] })
  expect(answer.statusCode, answer.body).toBe(200)
  await projectAll(app.services, app.tenant.id)
  expect(await count()).toBe(before + 1)
})

test('whatever is stored becomes one event', async () => {
  const before = (await count()) ?? 0
  const statements = fc.sample(anyStatement('1.0.3'), 300).flatMap((told) => {
    // As often the same, or with attachments that are not sent.
    const text = JSON.stringify(told, (key, value: unknown) => (key === 'attachments' ? undefined : value))
    const { id: _, ...rest } = JSON.parse(text) as Statement
    return rest.verb.id.endsWith('/voided') ? [] : [rest]
  })
  const answer = await tool.call({ method: 'POST', path: '/statements', body: statements })
  expect(answer.statusCode, answer.body).toBe(200)
  await projectAll(app.services, app.tenant.id)
  expect(await count()).toBe(before + statements.length)
})

// Only a name that is spelt by a verb itself is taken for a verb.
test('no name, e-mail nor IP address comes into the analytics, wherever a source puts them', async () => {
  const mail = 'rosa.parks@lycee.example'
  const places = [
    mail,
    encodeURIComponent(mail),
    encodeURIComponent(encodeURIComponent(mail)),
    '192.0.2.7',
    'Rosa Parks',
  ]
  const said = `Rosa Parks <${mail}>, 192.0.2.7, [2001:db8::7]`
  const person = { objectType: 'Agent', name: said, mbox: `mailto:${mail}` }
  const extensions = { [`https://lms.example/x/${mail}`]: { said, list: [said] } }
  const activity = (id: string) => ({
    id,
    definition: {
      name: { fr: said },
      description: { fr: said },
      type: `https://lms.example/types/${mail}`,
      extensions,
    },
  })
  const verbs = [
    ...places.map(
      (place) => `https://lms.example/did/${encodeURI(place)}?by=${encodeURI(place)}&then#${encodeURI(place)}`,
    ),
    `https://rosa.parks:secret@lms.example/did`,
    `https://[2001:db8::7]:8080/did`,
    `tag:${mail},2026:did`,
    `mailto:${mail}`,
    `https://lms.example/${'a'.repeat(170)}/${mail}`,
  ].filter((verb) => !verb.includes('Rosa%20Parks'))
  const statements = verbs.map((verb) => ({
    actor: person,
    verb: { id: verb, display: { fr: said } },
    object: activity(`https://lms.example/users/${mail}`),
    result: { response: said, extensions, score: { scaled: 0.5 } },
    context: {
      instructor: person,
      team: { objectType: 'Group', name: said, member: [person] },
      platform: said,
      extensions: { ...extensions, 'https://w3id.org/xapi/video/extensions/session-id': said },
      contextActivities: {
        parent: [activity(`https://lms.example/c/${mail}`)],
        grouping: [activity('https://lms.example/192.0.2.7')],
        category: [{ id: 'https://w3id.org/xapi/video' }],
      },
    },
  }))
  const before = (await count()) ?? 0
  const answer = await tool.call({ method: 'POST', path: '/statements', body: statements })
  expect(answer.statusCode, answer.body).toBe(200)
  await projectAll(app.services, app.tenant.id)
  expect(await count()).toBe(before + statements.length)
  const clickhouse = await app.services.clickhouse()
  const read = async (query: string) => (await clickhouse.query({ query, format: 'JSONEachRow' })).text()
  const tables = (await read('select name from system.tables where database = currentDatabase()')).matchAll(
    /"name":"(\w+)"/g,
  )
  for (const [, table] of tables) {
    const text = await read(`select * from ${table}`)
    expect(text.match(/.{0,80}(?:rosa|parks|192\.0\.2\.7|2001:db8|secret).{0,40}/i)?.[0], table).toBeUndefined()
  }
})
