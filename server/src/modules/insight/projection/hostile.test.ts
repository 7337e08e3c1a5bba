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
