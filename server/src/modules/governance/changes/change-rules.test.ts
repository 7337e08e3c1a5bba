import { expect, it } from 'vitest'
import { readShippedAgreement } from '../agreements/agreement-versions.ts'
import { readAgreement } from '../agreements/read-agreement.ts'
import { planPath } from './change-path.ts'
import { measureResult } from './expected-results.ts'

const rules = readAgreement(await readShippedAgreement('grand-est'))

it.each([
  ['99.5', '>=', '99.5', true],
  ['99.499999', '>=', '99.5', false],
  ['0.1', '=', '0,100000', true],
  ['-1', '<', '-0.5', true],
  ['-0.5', '<=', '-0.5', true],
  ['1', '>', '1', false],
] as const)('%s %s %s: %s', (value, comparator, target, met) => {
  const expected = { what: 'x', unit: '', target, comparator, by: '2027-01-31' }
  expect(measureResult(expected, { value, measuredOn: '2027-01-31' }).met).toBe(met)
  expect(measureResult(expected, { value, measuredOn: '2027-02-01' }).met).toBe(false)
})

const change = { state: 'requested', structuring: null, requestedOn: '2026-05-05', submittedOn: null } as const
const summarise = (stages: ReturnType<typeof planPath>) =>
  stages.map(({ kind, body, earliest, done }) => [kind, body, earliest, done])

it('plans the whole way of a change, the strategic committee three weeks before the assembly', () => {
  // The committee of 20 May is the last that serves for the assembly of 10 June.
  expect(summarise(planPath(rules, change, [], '2026-05-05'))).toEqual([
    ['qualification', null, '2026-05-05', false],
    ['sheet', null, '2026-05-05', false],
    ['opinion', null, '2026-05-05', false],
    ['vote', 'cogouv', '2026-05-20', false],
    ['preparation', 'costrat', '2026-05-20', false],
    ['assembly', 'ag', '2026-06-10', false],
  ])
})

it('takes the meetings that are planned, where they come in time', () => {
  const planned = [
    { id: '1', body: 'costrat', day: '2026-05-21', held: false },
    { id: '2', body: 'cogouv', day: '2026-05-12', held: false },
    { id: '3', body: 'ag', day: '2026-06-10', held: false },
    { id: '4', body: 'ag', day: '2026-06-11', held: false },
  ]
  const stages = planPath(rules, { ...change, state: 'advised', structuring: true }, planned, '2026-05-05')
  expect(summarise(stages).slice(2)).toEqual([
    ['opinion', null, '2026-05-05', true],
    ['vote', 'cogouv', '2026-05-12', false],
    ['preparation', 'costrat', '2026-05-21', false],
    ['assembly', 'ag', '2026-06-11', false],
  ])
  expect(stages.at(-1)?.meetingId).toBe('4')
})

it('counts a preparatory meeting that was held since the request', () => {
  const held = [
    { id: '0', body: 'costrat', day: '2026-05-01', held: true },
    { id: '1', body: 'costrat', day: '2026-05-06', held: true },
  ]
  const stages = planPath(rules, { ...change, state: 'advised', structuring: true }, held, '2026-05-30')
  expect(summarise(stages).slice(3)).toEqual([
    ['vote', 'cogouv', '2026-06-14', false],
    ['preparation', 'costrat', '2026-05-06', true],
    ['assembly', 'ag', '2026-06-14', false],
  ])
})
