import { describe, expect, it } from 'vitest'
import type { Act } from './act-schema.ts'
import { type DeliverableRules, findConsequence, findState, isSatisfied, readCourse } from './course.ts'
import { listDeadlines } from './deadlines.ts'
import { diffLists } from './list-diff.ts'
import { type Definition, type ListContent, listGaps } from './list-schema.ts'

const criterion = { what: 'Réponse', measure: '2 s' }
const definition: Definition = {
  key: 'portail',
  title: 'Portail',
  what: 'Le portail.',
  kind: 'software',
  owner: 'titulaire',
  dueOn: '2026-12-01',
  criteria: [criterion],
  pilots: ['one', 'two', 'three'],
  receivers: ['one', 'ministere'],
}
const rules: DeliverableRules = {
  article: '6',
  validation: { article: '6', ballot: 'liste' },
  acceptance: { article: '7', atLeast: 2, trialDays: 30, interpretation: 'Chiffres retenus.' },
  transfer: { article: '8', withinDays: 60 },
}

const deliver: Act = { act: 'deliver', on: '2026-11-01', version: '1', link: null, notes: '' }
const begin = (institution: string): Act => ({ act: 'beginTrial', on: '2026-11-02', institution })
const end = (institution: string, verdict: 'satisfactory' | 'reservations' | 'unsatisfactory'): Act => ({
  act: 'endTrial',
  on: '2026-12-02',
  institution,
  verdict,
  criteria: [{ ...criterion, met: true, observation: 'vu' }],
  reservations: verdict === 'reservations' ? [{ text: 'Lent.', criterion: null }] : [],
  note: '',
})
const lift = (institution: string): Act => ({
  act: 'liftReservation',
  on: '2026-12-03',
  institution,
  reservation: 0,
  note: '',
})
const tried = (institution: string, verdict: Parameters<typeof end>[1]) => [
  begin(institution),
  end(institution, verdict),
]
const accept: Act = { act: 'accept', on: '2026-12-03', institutions: ['one', 'two'] }
const hand = (to: string): Act => ({
  act: 'handOver',
  on: '2026-12-10',
  what: 'access',
  title: 'Dépôt',
  to,
  materials: '',
  link: null,
})
const confirm = (handOver: number): Act => ({ act: 'confirmHandOver', on: '2026-12-11', handOver, note: '' })
const both = [...tried('one', 'satisfactory'), ...tried('two', 'satisfactory')]

describe('a course', () => {
  it.each<[string, Act[], string, string | undefined]>([
    ['nothing', [], 'expected', undefined],
    ['a delivery', [deliver], 'delivered', undefined],
    ['a trial', [deliver, begin('one')], 'onTrial', undefined],
    ['one satisfied', [deliver, ...tried('one', 'satisfactory')], 'onTrial', undefined],
    ['two satisfied', [deliver, ...both], 'onTrial', 'accept'],
    [
      'a reservation still',
      [deliver, ...tried('one', 'satisfactory'), ...tried('two', 'reservations')],
      'onTrial',
      undefined,
    ],
    [
      'a reservation lifted',
      [deliver, ...tried('one', 'satisfactory'), ...tried('two', 'reservations'), lift('two')],
      'onTrial',
      'accept',
    ],
    ['one refusal', [deliver, ...tried('one', 'unsatisfactory')], 'onTrial', undefined],
    [
      'too many refusals',
      [deliver, ...tried('one', 'unsatisfactory'), ...tried('two', 'unsatisfactory')],
      'refused',
      undefined,
    ],
    ['another delivery', [deliver, ...both, deliver], 'delivered', undefined],
    ['acceptance', [deliver, ...both, accept], 'accepted', undefined],
    ['one confirmation', [deliver, ...both, accept, hand('one'), confirm(0)], 'accepted', undefined],
    [
      'one of two hand-overs confirmed',
      [deliver, ...both, accept, hand('one'), hand('ministere'), hand('one'), confirm(0), confirm(1)],
      'accepted',
      undefined,
    ],
    [
      'every confirmation',
      [deliver, ...both, accept, hand('one'), hand('ministere'), confirm(0), confirm(1)],
      'accepted',
      'transfer',
    ],
    ['the transfer', [deliver, ...both, accept, { act: 'transfer', on: '2026-12-11' }], 'transferred', undefined],
  ])('with %s', (_, acts, state, next) => {
    const course = readCourse(acts)
    expect(findState(definition, rules, course)).toBe(state)
    expect(findConsequence(definition, rules, course, '2026-12-12')?.act).toBe(next)
  })

  it('counts nothing of an institution the list names no more, nor on other criteria', () => {
    const course = readCourse([deliver, ...both])
    expect(findConsequence({ ...definition, pilots: ['one', 'three'] }, rules, course, '2026-12-12')).toBeUndefined()
    const stricter = { ...definition, criteria: [{ ...criterion, measure: '1 s' }] }
    expect(isSatisfied(stricter, course, 'one')).toBe(false)
    expect(findConsequence(stricter, rules, course, '2026-12-12')).toBeUndefined()
  })

  it('ends with acceptance where the agreement asks for no transfer', () => {
    const course = readCourse([deliver, ...both, accept])
    const without = { ...rules, transfer: null }
    expect(findConsequence(definition, without, course, '2026-12-12')).toBeUndefined()
    expect(listDeadlines(definition, without, course, '2027-12-12')).toEqual([])
  })
})

it.each<[string, Act[], string, object[]]>([
  ['its day', [], '2026-12-01', [{ kind: 'deliver', party: 'titulaire', by: '2026-12-01', late: false }]],
  ['the day after', [], '2026-12-02', [{ kind: 'deliver', late: true, article: '6' }]],
  ['a delivery not tried yet', [deliver], '2027-12-02', []],
  [
    'a trial on its last day',
    [deliver, begin('two')],
    '2026-12-02',
    [{ kind: 'record', party: 'two', by: '2026-12-02', late: false, interpretation: 'Chiffres retenus.' }],
  ],
  ['a trial beyond it', [deliver, begin('two')], '2026-12-03', [{ kind: 'record', late: true, article: '7' }]],
  [
    'a transfer',
    [deliver, ...both, accept, begin('three')],
    '2027-02-01',
    [{ kind: 'transfer', by: '2027-02-01', late: false, article: '8' }],
  ],
  ['a transfer beyond its term', [deliver, ...both, accept], '2027-02-02', [{ kind: 'transfer', late: true }]],
])('awaits, for %s', (_, acts, today, deadlines) => {
  expect(listDeadlines(definition, rules, readCourse(acts), today)).toMatchObject(deadlines)
})

const list = (...deliverables: Definition[]): ListContent => ({
  perimeter: { included: ['Notes'], excluded: [] },
  deliverables,
})

it('compares two lists', () => {
  expect(diffLists(list(definition), list(definition))).toMatchObject({ deliverables: [] })
  const after = {
    ...list({ ...definition, pilots: ['two', 'three'], dueOn: null }),
    perimeter: { included: [], excluded: ['Notes'] },
  }
  expect(diffLists(list(definition), after)).toEqual({
    included: { added: [], removed: ['Notes'] },
    excluded: { added: ['Notes'], removed: [] },
    deliverables: [
      {
        key: 'portail',
        title: 'Portail',
        kind: 'changed',
        changes: [
          { field: 'dueOn', before: ['2026-12-01'], after: [] },
          { field: 'pilots', before: ['one'], after: [] },
        ],
      },
    ],
  })
})

it.each<[Partial<Definition>, string[]]>([
  [{}, []],
  [{ title: '', dueOn: null }, ['title', 'dueOn']],
  [{ criteria: [] }, ['criteria']],
  [{ criteria: [{ what: 'Rapide', measure: '' }] }, ['criteria']],
  [{ pilots: ['one'], receivers: [], owner: '', what: '' }, ['what', 'owner', 'pilots', 'receivers']],
])('finds what a list lacks: %o', (changed, fields) => {
  expect(listGaps(list({ ...definition, ...changed }), rules).map(({ field }) => field)).toEqual(fields)
})
