import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { sourceCommands } from './source-commands.ts'

let now = new Date('2026-11-02T08:00:00Z')
let test: TestApp
let tool: XapiClient
let administrator: { cookie: string }
beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  tool = await openXapiClient(test, '1.0.3', ['all'], 'Forum')
  const person = await test.inTenant((tx) => makePerson(tx))
  administrator = await test.signIn(person, [{ right: 'records.administer' }])
})
afterAll(() => test.close())

interface Source {
  id: string
  name: string
  treatment: string
}
const ask = (method: 'GET' | 'PUT', url: string, payload?: object) =>
  test.app.inject({ method, url, headers: administrator, ...(payload && { payload }) })
async function find(): Promise<Source> {
  const answer = await ask('GET', '/api/records/sources')
  const found = answer.json<{ sources: Source[] }>().sources.find(({ name }) => name === 'Forum')
  if (!found) throw new Error('no source')
  return found
}
async function treat(treatment: 'whole' | 'pseudonymised') {
  const { id } = await find()
  expect((await ask('PUT', `/api/records/sources/${id}/treatment`, { treatment })).statusCode).toBe(204)
  now = new Date(now.getTime() + 5_001)
}
const statement = () => ({
  id: randomUUID(),
  actor: { name: 'Zoé Blanc', mbox: 'mailto:zoe@lycee.example' },
  verb: { id: 'http://id.tincanapi.com/verb/replied' },
  object: {
    id: 'https://lms.example/posts/1',
    definition: { type: 'http://id.tincanapi.com/activitytype/forum-reply', description: { fr: 'Au secours' } },
  },
  result: { response: 'Au secours' },
  timestamp: '2026-11-02T07:59:00.000Z',
})
const post = (body: unknown) => tool.call({ method: 'POST', path: '/statements', body })
const get = (statementId: string) => tool.call({ method: 'GET', path: '/statements', query: { statementId } })
const everything = async () => {
  const tables = ['statement', 'quarantined_statement', 'activity', 'attachment', 'document']
  const texts = await Promise.all(
    tables.map((table) =>
      test.services.owner.query<{ text: string }>(`select t::text as text from records.${table} t`),
    ),
  )
  return texts.flatMap(({ rows }) => rows.map(({ text }) => text)).join('\n')
}

it('keeps nothing that says who, nor what was written, of a source set so; the same again is kept once', async () => {
  const before = statement()
  expect((await post(before)).statusCode).toBe(200)
  expect((await get(before.id)).json()).toMatchObject(before)

  await treat('pseudonymised')
  const sent = statement()
  expect((await post(sent)).json()).toEqual([sent.id])
  expect((await post(sent)).statusCode).toBe(200)
  expect((await post({ ...sent, verb: { id: 'https://a.example/other' } })).statusCode).toBe(409)
  const kept = (await get(sent.id)).json<{ actor: { account: { name: string } }; authority: object }>()
  expect(kept.actor).toEqual({ account: { homePage: 'http://localhost:3000', name: expect.stringMatching(/^p-/) } })
  expect(kept.authority).toMatchObject({ account: { name: tool.key } })
  expect(JSON.stringify(kept)).not.toMatch(/zoe|Zoé|secours/)

  // Somebody else's device, the same person
  const second = statement()
  await post({ ...second, actor: { mbox: 'mailto:zoe@lycee.example' } })
  expect((await get(second.id)).json()).toMatchObject({ actor: kept.actor })

  // A document is somebody's: none is kept.
  const query = { activityId: 'https://a.example', stateId: 'x', agent: '{"mbox":"mailto:zoe@lycee.example"}' }
  const state = await tool.call({ method: 'PUT', path: '/activities/state', query, body: {} })
  expect(state.json()).toMatchObject({ status: 403, code: 'documents_not_kept' })

  await treat('whole')
  const after = statement()
  await post(after)
  expect((await get(after.id)).json()).toMatchObject({ actor: after.actor, result: after.result })
})

it('holds for Caliper, and for what is set aside or repaired', async () => {
  await test.services.owner.query('truncate records.statement, records.activity')
  await treat('pseudonymised')
  const { id } = await find()
  await ask('PUT', `/api/records/sources/${id}/leniency`, { lenient: true })
  const person = { id: 'https://lms.example/people/zoe', type: 'Person', name: 'Zoé Blanc' }
  const event = {
    id: `urn:uuid:${randomUUID()}`,
    type: 'MessageEvent',
    actor: person,
    action: 'Posted',
    object: { id: 'https://lms.example/messages/1', type: 'Message', name: 'Zoé', body: 'Au secours' },
    eventTime: '2026-11-02T08:30:00.000Z',
  }
  const caliper = await test.app.inject({
    method: 'POST',
    url: '/caliper',
    headers: { authorization: tool.authorization },
    payload: {
      sensor: 'https://lms.example',
      sendTime: '2026-11-02T08:30:00.000Z',
      dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v1p2',
      data: [event],
    },
  })
  expect(caliper.statusCode, caliper.body).toBe(200)

  const mended = { ...statement(), actor: { name: 'Zoé Blanc', mbox: 'zoe@lycee.example' } }
  const aside = { ...statement(), verb: { id: 'a répondu' } }
  const nobody = { ...statement(), actor: { name: 'Zoé Blanc', mbox: 'zoe' } }
  expect((await post([mended, aside, nobody])).json()).toEqual([mended.id, aside.id, nobody.id])
  expect(await everything()).not.toMatch(/zoe|Zoé|secours/)

  // Once corrected, it is the same person's.
  const answer = await test.app.inject({
    method: 'POST',
    url: `/api/records/quarantine/${aside.id}/store`,
    headers: administrator,
    payload: {
      corrected: JSON.stringify({
        ...(await test.services.owner
          .query<{ body: string }>('select body from records.quarantined_statement where id = $1', [aside.id])
          .then(({ rows }) => JSON.parse(rows[0]?.body ?? '') as object)),
        verb: statement().verb,
      }),
    },
  })
  expect(answer.statusCode, answer.body).toBe(200)
  const actors = [mended, aside].map(async (each) => (await get(each.id)).json<{ actor: object }>().actor)
  const [one, other] = await Promise.all(actors)
  expect(one).toEqual(other)
})

it('is set by a command too; who has no right changes nothing', async () => {
  const run = (name: string, positionals: string[], values: Record<string, string> = {}) => {
    const command = sourceCommands.find((each) => each.name === name)
    if (!command) throw new Error(name)
    const context = {
      ...test.services,
      tenant: () => Promise.resolve(test.tenant),
      print: () => {},
      progress: () => {},
      signal: new AbortController().signal,
    }
    return command.run(context, positionals, values)
  }
  await run('source treat', ['Forum', 'whole'])
  expect(await run('sources', [])).toMatchObject([{ name: 'Forum', treatment: 'whole' }])
  await expect(run('source treat', ['Forum', 'half'])).rejects.toMatchObject({ status: 400 })
  await expect(run('source treat', ['Nobody', 'whole'])).rejects.toMatchObject({ code: 'source_unknown' })

  // What breaks a rule is refused, until the source is let send such; then it is set aside, and dropped with a reason.
  const faulty = { ...statement(), result: { score: { scaled: 7 } } }
  await run('source lenient', ['Forum', 'no'])
  expect((await post(faulty)).statusCode).toBe(400)
  await expect(run('source lenient', ['Forum', 'perhaps'])).rejects.toMatchObject({ status: 400 })
  expect(await run('source lenient', ['Forum', 'yes'])).toEqual({ name: 'Forum', lenient: true })
  expect((await post(faulty)).statusCode).toBe(200)
  const waits = expect.objectContaining({ id: faulty.id, source: 'Forum', pointer: '/result/score/scaled' })
  expect(await run('quarantine', [])).toContainEqual(waits)
  await expect(run('quarantine', [], { source: 'Nobody' })).rejects.toMatchObject({ code: 'source_unknown' })
  expect(await run('quarantine retry', [], { source: 'Forum' })).toEqual({ stored: 0, waiting: 2 })
  await expect(run('quarantine drop', [faulty.id])).rejects.toMatchObject({ status: 400 })
  await run('quarantine drop', [faulty.id], { note: 'Note de l’ancien outil' })
  expect(await run('quarantine', [])).not.toContainEqual(waits)
  await expect(run('quarantine drop', [faulty.id], { note: 'encore' })).rejects.toMatchObject({ status: 409 })
  await run('source lenient', ['Forum', 'no'])
  expect((await post({ ...faulty, id: randomUUID() })).statusCode).toBe(400)

  const person = await test.inTenant((tx) => makePerson(tx))
  const { id } = await find()
  const answer = await test.app.inject({
    method: 'PUT',
    url: `/api/records/sources/${id}/treatment`,
    headers: await test.signIn(person),
    payload: { treatment: 'pseudonymised' },
  })
  expect(answer.statusCode).toBe(403)
  expect((await find()).treatment).toBe('whole')
})
