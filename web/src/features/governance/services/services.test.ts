import { describe, expect, it } from 'vitest'
import { beginContent, isDecimal, numberOf, type Service, subtractDecimals } from './services.ts'

describe('the difference between two measures', () => {
  it.each([
    ['52.25', '41,5', '+10.75'],
    ['0.1', '0.3', '-0.2'],
    ['-2', '-2', '0'],
    ['1', '-0.000001', '+1.000001'],
    ['999999999', '-999999999', '+1999999998'],
    ['-0,5', '0', '-0.5'],
  ])('of %s and %s is %s', (after, before, difference) => {
    expect(subtractDecimals(after, before)).toBe(difference)
  })
})

it('takes exact decimals only', () => {
  expect(['12', '-1,5', '0.000001'].every(isDecimal)).toBe(true)
  expect(['', '1e3', '1.', '.5', '1 000', '0.0000001', 'x'].some(isDecimal)).toBe(false)
})

it('reads numbers of an address', () => {
  expect(['3', '0', '', 'x', '1.5', undefined].map(numberOf)).toEqual([3, 0, 0, 0, 0, 0])
})

it('begins a dossier with the measures of the last one submitted, none of them measured', () => {
  const measure = {
    name: 'Demandes',
    unit: '%',
    startingPoint: '41,5',
    target: '60',
    value: '52',
    measuredOn: '2026-10-31',
    source: 'x',
  }
  const state = {
    version: 1,
    savedAt: '',
    decision: null,
    decidedOn: null,
    users: { value: null, measuredOn: null, source: '' },
  }
  const proposal = { kind: 'continue', phase: 'a', why: '' } as const
  const service: Service = {
    number: 1,
    name: 'x',
    purpose: 'Problème',
    audience: 'Public',
    owner: 'a',
    beganOn: '2026-01-01',
    phase: 'b',
    stopped: false,
    dueOn: null,
    late: false,
    pending: null,
    rules: null,
    prepares: true,
    course: [],
    follow: null,
    dossiers: [
      { ...state, number: 2, state: 'withdrawn', submittedAt: null, measures: [], proposal },
      { ...state, number: 1, state: 'adopted', submittedAt: '2026-06-01T00:00:00Z', measures: [measure], proposal },
    ],
  }
  expect(beginContent(service)).toMatchObject({
    problem: 'Problème',
    audience: 'Public',
    measures: [{ name: 'Demandes', startingPoint: '41,5', target: '60', value: null, measuredOn: null, source: '' }],
    budgetCents: null,
    proposal: { kind: 'continue', phase: 'b' },
  })
})
