import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Problem } from '#kernel/problem'
import { addDays } from '../days.ts'
import type { Act, TakenAct } from './act-schema.ts'
import { checkAct } from './check-act.ts'
import { type DeliverableRules, findConsequence, findState, findTrial, hasReceived, readCourse } from './course.ts'
import { listDeadlines } from './deadlines.ts'
import type { Definition } from './list-schema.ts'

const definition: Definition = {
  key: 'portail',
  title: 'Portail',
  what: 'Le portail.',
  kind: 'software',
  owner: 'titulaire',
  dueOn: '2026-12-01',
  criteria: [
    { what: 'Temps de réponse', measure: 'moins de 2 s' },
    { what: 'Accessibilité', measure: 'aucun écart' },
  ],
  pilots: ['one', 'two', 'three'],
  receivers: ['one', 'ministere'],
}
const rules: DeliverableRules = {
  article: '6',
  validation: { article: '6', ballot: 'liste' },
  acceptance: { article: '7', atLeast: 2, trialDays: 30 },
  transfer: { article: '8', withinDays: 60 },
}

const stranger = fc.constantFrom('ministere', 'nobody')
const pilot = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('one', 'two', 'three') },
  { weight: 1, arbitrary: stranger },
)
const receiver = fc.constantFrom('one', 'ministere')
const place = fc.integer({ min: 0, max: 2 })
const observe = (met: readonly boolean[]) =>
  definition.criteria.map((each, index) => ({ ...each, met: met[index]!, observation: 'vu' }))
const record = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constant({
      verdict: 'satisfactory' as const,
      criteria: observe([true, true]),
      reservations: new Array<{ text: string; criterion: number | null }>(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verdict: fc.constantFrom('satisfactory' as const, 'reservations' as const, 'unsatisfactory' as const),
      criteria: fc.tuple(fc.boolean(), fc.boolean()).map(observe),
      reservations: fc.array(fc.record({ text: fc.constant('Lent.'), criterion: fc.option(place) }), { maxLength: 3 }),
    }),
  },
)
type Undated<Each> = Each extends TakenAct ? Omit<Each, 'on'> : never
const often = (weight: number, arbitrary: fc.Arbitrary<Undated<TakenAct>>) => ({ weight, arbitrary })
/** An act without its day, and the days that go by before it. */
const move = fc.record({
  wait: fc.integer({ min: 0, max: 20 }),
  act: fc.oneof(
    often(1, fc.constant({ act: 'deliver', version: '1', link: null, notes: '' })),
    often(
      6,
      pilot.map((institution) => ({ act: 'beginTrial', institution })),
    ),
    often(
      10,
      fc
        .tuple(pilot, record, fc.constantFrom('', 'En panne.'))
        .map(([institution, said, note]) => ({ act: 'endTrial', institution, ...said, note })),
    ),
    often(
      8,
      fc
        .tuple(pilot, place)
        .map(([institution, reservation]) => ({ act: 'liftReservation', institution, reservation, note: '' })),
    ),
    often(
      4,
      receiver.map((to) => ({ act: 'handOver', what: 'training', title: 'Séance', to, materials: '', link: null })),
    ),
    often(
      12,
      place.map((handOver) => ({ act: 'confirmHandOver', handOver, note: '' })),
    ),
  ),
})

it('keeps its promises through any acts in any order', () => {
  const seen = { accepted: 0, transferred: 0 }
  fc.assert(
    fc.property(fc.array(move, { minLength: 40, maxLength: 120 }), (moves) => {
      const acts: Act[] = []
      let today = '2026-11-01'
      for (const { wait, act: what } of moves) {
        today = addDays(today, wait)
        const act: TakenAct = { ...what, on: today }
        const before = readCourse(acts)
        try {
          checkAct(definition, rules, before, act, today)
        } catch (error) {
          expect(error).toBeInstanceOf(Problem)
          continue
        }
        acts.push(act)
        for (let next = findConsequence(definition, rules, readCourse(acts), today); next;) {
          const course = readCourse(acts)
          if (next.act === 'accept') {
            // Nobody counts who reserved something still, found a criterion unmet without lifting it, or tried too briefly.
            expect(course.acceptedOn).toBeNull()
            expect(new Set(next.institutions).size).toBeGreaterThanOrEqual(rules.acceptance.atLeast)
            for (const institution of next.institutions) {
              const trial = findTrial(course, institution)!
              expect(definition.pilots).toContain(institution)
              expect(trial.verdict).not.toBe('unsatisfactory')
              expect(trial.reservations.filter(({ liftedOn }) => liftedOn === null)).toEqual([])
              expect(trial.endedOn! >= addDays(trial.begunOn, rules.acceptance.trialDays)).toBe(true)
              const unmet = trial.criteria.flatMap(({ met }, index) => (met ? [] : [index]))
              expect(trial.reservations.map(({ criterion }) => criterion)).toEqual(expect.arrayContaining(unmet))
            }
          } else {
            expect(course.acceptedOn).not.toBeNull()
            expect(definition.receivers.every((each) => hasReceived(course, each))).toBe(true)
          }
          acts.push(next)
          next = findConsequence(definition, rules, readCourse(acts), today)
        }
        const after = readCourse(acts)
        // What was accepted or transferred stays so, whatever comes after.
        if (before.acceptedOn !== null) expect(after.acceptedOn).toBe(before.acceptedOn)
        if (before.transferredOn !== null) expect(after.transferredOn).toBe(before.transferredOn)
        if (after.transferredOn !== null) expect(after.acceptedOn).not.toBeNull()
        expect(after.handOvers.length > 0 && after.acceptedOn === null).toBe(false)
        const state = findState(definition, rules, after)
        expect(state === 'transferred').toBe(after.transferredOn !== null)
        for (const { by, late } of listDeadlines(definition, rules, after, today)) expect(late).toBe(by < today)
      }
      if (acts.some(({ act }) => act === 'accept')) seen.accepted += 1
      if (acts.some(({ act }) => act === 'transfer')) seen.transferred += 1
    }),
    { numRuns: 600 },
  )
  // A test that never gets there would show nothing.
  expect(seen.accepted).toBeGreaterThan(50)
  expect(seen.transferred).toBeGreaterThan(0)
})
