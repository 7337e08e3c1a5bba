import { expect, test } from 'vitest'
import { checkStatement } from '#modules/records'
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
