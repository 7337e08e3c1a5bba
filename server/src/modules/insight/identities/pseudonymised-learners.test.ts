import { afterAll, beforeAll, expect, it } from 'vitest'
import { identifyAgent, type Agent } from '#modules/records'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { openXapiClient } from '../../../../test/xapi.ts'
import { resolveUsers } from './identity-map.ts'
import { upsertLaunched } from './identity-map.queries.ts'

let test: TestApp
beforeAll(async () => {
  test = await openTestApp()
})
afterAll(() => test.close())

const now = new Date('2026-11-22T15:00:00Z')
const account = { homePage: 'https://lms.example', name: '17' }
const user = { subject: 'lti|https://lms.example|17', identifier: identifyAgent({ account }), name: 'Zoé Blanc' }
const resolve = () => test.inTenant((tx) => resolveUsers(tx, [user], now))

it('who is launched from a platform whose records say no names is found by their pseudonym', async () => {
  const [alone] = await resolve()
  const tool = await openXapiClient(test, '1.0.3', ['all'], 'Moodle')
  await test.services.owner.query("update records.source set treatment = 'pseudonymised' where name = 'Moodle'")
  const statementId = 'd3a9a9b2-8a37-4a5c-9c0f-1a5f3b5a4c11'
  const body = { actor: { account }, verb: { id: 'https://a.example/v' }, object: { id: 'https://a.example/o' } }
  await tool.call({ method: 'PUT', path: '/statements', query: { statementId }, body })
  const answer = await tool.call({ method: 'GET', path: '/statements', query: { statementId } })
  const identifier = identifyAgent(answer.json<{ actor: Agent }>().actor) ?? ''
  expect(identifier).toMatch(/\|p-[0-9a-f]{32}$/)
  // Nothing of them is known yet.
  expect(await resolve()).toEqual([alone])

  await test.inTenant((tx) => upsertLaunched(tx, [{ identifier, learner: '42', name: null }], now))
  expect(await resolve()).toEqual(['42'])
})
