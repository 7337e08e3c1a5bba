import { expect, test } from 'vitest'
import { checkStatement } from '#modules/records'
import { openTestApp } from '../../test/app.ts'
import { loadFilms } from './learning-load.ts'
import { learningCourses, makeLearningStatements } from './learning.ts'

const now = new Date('2026-11-22T14:00:00Z')
const statements = makeLearningStatements(now)

test('invented pupils tell statements that any store takes, the same each time, none of the future', () => {
  expect(statements.length).toBeGreaterThan(3_000)
  expect(statements.length).toBeLessThan(12_000)
  for (const statement of statements) checkStatement(JSON.parse(JSON.stringify(statement)), '1.0.3')
  expect(makeLearningStatements(now)).toEqual(statements)
  expect(new Set(statements.map(({ id }) => id)).size).toBe(statements.length)
  const times = statements.map(({ timestamp = '' }) => timestamp)
  expect(times).toEqual(times.toSorted())
  expect(Date.parse(times.at(-1) ?? '')).toBeLessThan(now.getTime())
})

test('one course has too few pupils to be told of', () => {
  const pupils = learningCourses.map(
    (course) =>
      new Set(
        statements
          .filter(({ object }) => 'id' in object && object.id.startsWith(course))
          .map(({ actor }) => actor.account?.name),
      ).size,
  )
  expect(pupils[0]).toBeGreaterThan(40)
  expect(pupils[2]).toBeLessThan(5)
})

test('every line of the real traces is stored, and once', { timeout: 180_000 }, async () => {
  const server = await openTestApp()
  const none = { attachments: 0, repaired: 0, setAside: 0, refused: 0, empty: 0 }
  const first = await loadFilms(server.services, server.tenant.id)
  expect(first).toEqual({ ...none, lines: 22_000, stored: 22_000, alreadyThere: 0 })
  const again = await loadFilms(server.services, server.tenant.id)
  expect(again).toEqual({ ...none, lines: 22_000, stored: 0, alreadyThere: 22_000 })
  await server.close()
})
