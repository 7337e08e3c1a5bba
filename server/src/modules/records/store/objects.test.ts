import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { findDefinitions } from './activities.queries.ts'
import { getPerson } from './people.ts'
import type { Agent, Statement } from '../model/statement.ts'
import { keyOf, keysOf } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

let test: TestApp
beforeAll(async () => {
  test = await openTestApp()
})
afterAll(() => test.close())

let seq = 0
function keep(statement: Statement) {
  const { objectAgent, referredId, related: _, ...keys } = keysOf(test.tenant.id, statement)
  seq += 1
  const row = {
    ...keys,
    seq,
    id: randomUUID(),
    object_agent: objectAgent,
    referred_id: referredId,
    credential_id: null,
  }
  return test.inTenant((tx) =>
    tables(tx)
      .insertInto('records.statement')
      .values({ ...row, body: JSON.stringify(statement) })
      .execute(),
  )
}
const verb = { id: 'https://v.example/seen' }
const find = (agent: Agent) => test.inTenant((tx) => getPerson(tx, test.tenant.id, agent))

describe('a person', () => {
  it('is what was asked for when nothing is known', async () => {
    expect(await find({ mbox: 'mailto:nobody@a.example' })).toEqual({
      objectType: 'Person',
      mbox: ['mailto:nobody@a.example'],
    })
    const account = { homePage: 'https://a.example', name: '7' }
    expect(await find({ objectType: 'Agent', name: 'Zoé', account })).toEqual({
      objectType: 'Person',
      name: ['Zoé'],
      account: [account],
    })
  })

  it('has the names that statements gave to its identifier, the latest first, and no other’s', async () => {
    const mbox = 'mailto:ada@a.example'
    await keep({ actor: { mbox, name: 'Ada B.' }, verb, object: { id: 'https://a.example/1' } })
    await keep({ actor: { mbox, name: 'Ada Byron' }, verb, object: { id: 'https://a.example/1' } })
    await keep({ actor: { mbox }, verb, object: { objectType: 'Agent', mbox: 'mailto:b@a.example', name: 'Babbage' } })
    await keep({ actor: { mbox: 'mailto:b@a.example' }, verb, object: { objectType: 'Agent', mbox, name: 'Lovelace' } })
    expect(await find({ mbox })).toEqual({
      objectType: 'Person',
      name: ['Ada Byron', 'Ada B.', 'Lovelace'],
      mbox: [mbox],
    })
  })
})

it('definitions are found by their activities’ addresses', async () => {
  const iri = 'https://a.example/known'
  const definition = { name: { fr: 'Connue' } }
  const row = { key: keyOf(test.tenant.id, 'activity', iri), iri, definition: JSON.stringify(definition) }
  await test.inTenant((tx) =>
    tables(tx)
      .insertInto('records.activity')
      .values({ ...row, updated_at: new Date() })
      .execute(),
  )
  const found = await test.inTenant((tx) =>
    findDefinitions(tx, test.tenant.id, [iri, iri, 'https://a.example/unknown']),
  )
  expect([...found]).toEqual([[iri, definition]])
  expect(await test.inTenant((tx) => findDefinitions(tx, test.tenant.id, []))).toEqual(new Map())
})
