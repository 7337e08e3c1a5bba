import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { anyStatement } from '../../../test/statements.ts'
import type { Statement } from '#modules/records'
import { openXapiClient, type XapiClient } from '../../../test/xapi.ts'

let server: TestApp
const clients: Partial<Record<string, XapiClient>> = {}
beforeAll(async () => {
  server = await openTestApp()
  for (const version of ['1.0.3', '2.0.0'] as const) clients[version] = await openXapiClient(server, version)
})
afterAll(() => server.close())

/** A statement whose attachments all are elsewhere. */
const withAddresses = (statement: unknown) =>
  JSON.parse(JSON.stringify(statement), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'sha2' in value
      ? { fileUrl: 'https://example.org/file', ...value }
      : value,
  ) as Statement

test.for(['1.0.3', '2.0.0'] as const)(
  'any statement of %s is told again as it was sent, in every format and version, and sent again is the same',
  async (version) => {
    const client = clients[version]!
    await fc.assert(
      fc.asyncProperty(anyStatement(version), async (any) => {
        const sent = { ...withAddresses(any), id: randomUUID() }
        const post = () => client.call({ method: 'POST', path: '/statements', body: sent })
        const answer = await post()
        expect(answer.statusCode, answer.body).toBe(200)
        expect((await post()).json()).toEqual([sent.id])

        const get = (query: Record<string, string>, reader = client) =>
          reader.call({ method: 'GET', path: '/statements', query: { statementId: sent.id, ...query } })
        const kept = (await get({})).json<Record<string, unknown>>()
        for (const part of ['id', 'actor', 'verb', 'object', 'result'] as const) {
          // The store writes times and the activities of a context in its own way inside it.
          if (part === 'object' && sent.object.objectType === 'SubStatement') continue
          expect(kept[part], part).toEqual(sent[part])
        }
        for (const reader of Object.values(clients)) {
          for (const format of ['exact', 'ids', 'canonical']) {
            const told = await get({ format }, reader)
            expect(told.statusCode, told.body).toBe(200)
            expect(told.json()).toMatchObject({ id: sent.id, stored: kept['stored'] })
          }
        }
      }),
      { numRuns: 40 },
    )
  },
)

test('whatever is done to a statement, it is accepted whole or refused with a reason', async () => {
  const client = clients['2.0.0']!
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(null, '', [], {}, 'Group', 'SubStatement', 'StatementRef', 1e308, -1, '\u0000', '\ud800'),
  )
  const change = fc.record({ at: fc.nat(), what: fc.constantFrom('replace', 'remove', 'double'), by: odd })
  await fc.assert(
    fc.asyncProperty(anyStatement('2.0.0'), fc.array(change, { minLength: 1, maxLength: 3 }), async (any, changes) => {
      const body = { ...changes.reduce(alter, withAddresses(any)), id: randomUUID() }
      const answer = await client.call({ method: 'POST', path: '/statements', body })
      expect([200, 400], answer.body).toContain(answer.statusCode)
      if (answer.statusCode === 400) {
        expect(answer.json<{ detail: string }>().detail.length).toBeGreaterThan(10)
        return
      }
      for (const format of ['exact', 'ids', 'canonical']) {
        const query = { statementId: body.id, format }
        expect((await client.call({ method: 'GET', path: '/statements', query })).statusCode).toBeLessThan(500)
      }
    }),
    { numRuns: 100 },
  )
})

/** Changes one of the values of a statement, however deep. */
function alter(statement: Statement, { at, what, by }: { at: number; what: string; by: unknown }): Statement {
  const changed = structuredClone(statement)
  const places: [Record<string, unknown>, string][] = []
  const visit = (value: object) => {
    for (const [key, each] of Object.entries(value)) {
      places.push([value as Record<string, unknown>, key])
      if (typeof each === 'object' && each !== null) visit(each as object)
    }
  }
  visit(changed)
  const [holder, key] = places[at % places.length] ?? []
  if (!holder || key === undefined) return changed
  if (what === 'remove') delete holder[key]
  else if (what === 'double') holder[`${key}s`] = holder[key]
  else holder[key] = by
  return changed
}
