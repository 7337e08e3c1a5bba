import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openXapiClient } from '../../../../test/xapi.ts'
import { projectAll } from '../projection/projection.ts'
import { coverageCommands } from './coverage-commands.ts'

let app: TestApp
let headers: { cookie: string }
beforeAll(async () => {
  app = await openTestApp()
  headers = await app.signIn(await app.inTenant((tx) => makePerson(tx)), [{ right: 'records.administer' }])
})
afterAll(() => app.close())

const adl = 'http://adlnet.gov/expapi'
const told = (verb: string, actor: object = { mbox: 'mailto:ana@lycee.example' }) => ({
  actor,
  verb: { id: verb },
  object: { id: 'https://lms.example/course/1', definition: { type: `${adl}/activities/course` } },
})
const ask = async (query = '') => {
  const answer = await app.app.inject({ url: `/api/insight/coverage${query}`, headers })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json<{
    rules: number | null
    sources: { id: string; name: string }[]
    parts: { source: string; dialect: string; statements: number; understood: number }[]
    verbs: { source: string; verb: string; statements: number; understood: number; actions: string[] }[]
  }>()
}

test('tells the share understood, by source, dialect and verb, the least understood first', async () => {
  expect(await ask()).toMatchObject({ rules: null, parts: [], verbs: [] })
  const [moodle, studio] = [
    await openXapiClient(app, '1.0.3', ['all'], 'Moodle'),
    await openXapiClient(app, '1.0.3', ['all'], 'Studio'),
  ]
  const pondered = 'https://verbs.example/pondered'
  const completed = `${adl}/verbs/completed`
  const send = async (tool: typeof moodle, ...body: object[]) =>
    expect((await tool.call({ method: 'POST', path: '/statements', body })).statusCode).toBe(200)
  await send(moodle, told(completed), told(completed), told(`${adl}/verbs/failed`))
  await send(studio, told(pondered), told(pondered), told(completed))
  await projectAll(app.services, app.tenant.id)

  const coverage = await ask()
  const sourceOf = Object.fromEntries(coverage.sources.map(({ id, name }) => [name, id]))
  expect(coverage.rules).toBeGreaterThan(0)
  expect(coverage.parts).toEqual(
    expect.arrayContaining([
      { source: sourceOf['Moodle'], dialect: 'general', statements: 3, understood: 3 },
      { source: sourceOf['Studio'], dialect: '', statements: 2, understood: 0 },
      { source: sourceOf['Studio'], dialect: 'general', statements: 1, understood: 1 },
    ]),
  )
  expect(coverage.parts).toHaveLength(3)
  expect(
    coverage.verbs.map(({ verb, statements, understood, actions }) => [verb, statements, understood, actions]),
  ).toEqual([
    [pondered, 2, 0, []],
    [completed, 2, 2, ['completed']],
    [completed, 1, 1, ['completed']],
    [`${adl}/verbs/failed`, 1, 1, ['failed']],
  ])
  expect((await ask(`?source=${sourceOf['Moodle']}`)).verbs).toHaveLength(2)

  const printed: string[] = []
  const context = {
    ...app.services,
    tenant: () => Promise.resolve(app.tenant),
    print: (line: string) => printed.push(line),
    progress: () => {},
    signal: new AbortController().signal,
  }
  const command = coverageCommands[0]!
  expect(await command.run(context, [], { days: '7' })).toMatchObject({ statements: 6, understood: 4 })
  expect(printed[0]).toBe('4 of 6 statements understood (66.6 %)')
  expect(printed.at(-1)).toBe(`  2  ${pondered}  Studio, no dialect`)
  await expect(command.run(context, [], { days: 'all' })).rejects.toThrow('--days')
})

test('is for those who administer records', async () => {
  const nobody = await app.signIn(await app.inTenant((tx) => makePerson(tx)))
  const answer = await app.app.inject({ url: '/api/insight/coverage', headers: nobody })
  expect(answer.statusCode).toBe(403)
})
