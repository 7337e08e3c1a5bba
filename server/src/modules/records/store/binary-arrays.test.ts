import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { bigintArray, textArray, uuidArray } from './binary-arrays.ts'

let test: TestApp
beforeAll(async () => {
  test = await openTestApp()
})
afterAll(() => test.close())

it('PostgreSQL reads what was written', async () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0'))
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
  const rows = fc.array(fc.record({ text, integer: fc.option(integer), uuid: fc.option(fc.uuid()) }))
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      const values = [
        bigintArray(given.map((row) => row.integer)),
        textArray(given.map((row) => row.text)),
        uuidArray(given.map((row) => row.uuid)),
      ]
      const query = `select a::text as integer, b as text, c as uuid from unnest($1::bigint[], $2::text[], $3::uuid[]) t (a, b, c)`
      expect((await test.services.owner.query(query, values)).rows).toEqual(given)
    }),
    { numRuns: 50 },
  )
})

it('what is no UUID is refused', () => {
  expect(() => uuidArray(['0123'])).toThrow('not a UUID')
  expect(() => uuidArray(['zzzzzzzz-0000-4000-8000-000000000000'])).toThrow('not a UUID')
})
