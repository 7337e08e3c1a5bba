import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Atom, tellAtoms } from './atoms.ts'
import { findSplits, planRelease, snapPeriod, type Split } from './release.ts'

const k = 5
// Those of one year of study, and the last and first ones of two.
const inYear = ['2026-09-07', '2026-09-14', '2026-09-21', '2026-09-28'] as const
const overYears = ['2026-07-20', '2026-07-27', '2026-08-03', '2026-08-10'] as const
type Weeks = typeof inYear | typeof overYears
const today = '2026-10-04'

interface Event {
  learner: number
  course: number
  object: number
  action: 'viewed' | 'submitted'
  week: number
}

interface Asked {
  from: number
  until: number
  /** Null: all courses. */
  course: number | null
  splits: Split[]
}

const event = fc.record({
  learner: fc.integer({ min: 1, max: 14 }),
  course: fc.constantFrom(1, 2, 3),
  object: fc.constantFrom(1, 2, 3),
  action: fc.constantFrom('viewed' as const, 'submitted' as const),
  week: fc.integer({ min: 0, max: inYear.length - 1 }),
})
// Some activities are everybody's, so that much is told; the rest is anyone's.
const population = fc
  .tuple(
    fc.array(event, { minLength: 0, maxLength: 40 }),
    fc.array(fc.tuple(event, fc.integer({ min: 4, max: 9 })), { minLength: 1, maxLength: 14 }),
  )
  .map(([single, crowds]) => [
    ...single,
    ...crowds.flatMap(([each, size]) =>
      Array.from({ length: size }, (_, at) => ({ ...each, learner: 1 + ((each.learner + at) % 14) })),
    ),
  ])
const allSplits: Split[][] = [[], ['course'], ['object'], ['action'], ['object', 'action']]
const allAsked: Asked[] = inYear.flatMap((_from, from) =>
  inYear.flatMap((_until, until) =>
    until < from
      ? []
      : [null, 1, 2].flatMap((course) => allSplits.map((splits): Asked => ({ from, until, course, splits }))),
  ),
)

const subsetsOf = (splits: readonly Split[]): Split[][] => {
  const [first, ...others] = splits
  return first === undefined ? [[]] : subsetsOf(others).flatMap((each) => [each, [first, ...each]])
}
const valuesOf = (each: Event, by: readonly Split[]) =>
  by.map((key) => (key === 'object_kind' ? '' : each[key])).join(' ')
const isWithin = (part: Asked, whole: Asked) =>
  part.from >= whole.from &&
  part.until <= whole.until &&
  (whole.course === null || part.course === whole.course) &&
  whole.splits.every((key) => key === 'course' || part.splits.includes(key))

const countOf = (events: Iterable<Event>) => new Set(Array.from(events, ({ learner }) => learner)).size
const nameOf = (event: Event, keys: readonly Split[]) =>
  ['course' as const, ...keys].map((key) => (key === 'object_kind' ? '' : String(event[key]))).join(' ')

/** What ClickHouse answers about atoms, told once more in another way. */
function listAtoms(
  events: readonly Event[],
  { until, from, course }: Asked,
  keys: readonly Split[],
  weeks: Weeks,
): Atom[] {
  const yearBegins = weeks === overYears && from >= 2 ? 2 : 0
  const seen = events.filter(
    (each) =>
      each.week <= until &&
      (course === null || each.course === course) &&
      each.week >= (keys.length > 0 ? yearBegins : from),
  )
  const inWeek = (each: Event, by: readonly Split[]) => `${nameOf(each, by)} ${each.week}`
  const single = keys.length > 1 ? keys.map((key) => [key]) : []
  const wholes = keys.length === 0 ? [] : [[], ...single]
  return [...Map.groupBy(seen, (each) => inWeek(each, keys))].map(([name, own]) => {
    const [first] = own
    if (!first) throw new Error('Empty.')
    const around = wholes.map((by) => seen.filter((each) => inWeek(each, by) === inWeek(first, by)))
    return {
      name,
      part: nameOf(first, keys),
      course: String(first.course),
      wholes: single.map((by) => ({ name: inWeek(first, by), part: nameOf(first, by) })),
      week: weeks[first.week] ?? '',
      learners: countOf(own),
      ids: [...new Set(own.map(({ learner }) => String(learner)))].slice(0, k),
      picked: true,
      alls: around.map(countOf),
      rests: around.map((all) => countOf(all.filter((each) => inWeek(each, keys) !== name))),
    }
  })
}

/** The events that an answer tells of, by the rule and the brute-force list of atoms. */
function answer(events: readonly Event[], asked: Asked, weeks: Weeks): Event[] {
  const keys = asked.splits.filter((split) => split !== 'course')
  const tell = (by: readonly Split[], wholes: Set<string>[]) =>
    tellAtoms(listAtoms(events, asked, by, weeks), {
      from: weeks[asked.from] ?? '',
      together: asked.course === null && asked.splits.length === 0,
      k,
      wholes,
    })
  const wholes = keys.length > 1 ? keys.map((key) => new Set([...tell([key], [])].map(({ name }) => name))) : []
  const told = new Set([...tell(keys, wholes)].map(({ name }) => name))
  return events.filter(
    (each) =>
      (asked.course === null || each.course === asked.course) &&
      each.week >= asked.from &&
      each.week <= asked.until &&
      told.has(`${nameOf(each, keys)} ${each.week}`),
  )
}

describe('what is told of groups', () => {
  test.each([
    ['within a year', inYear],
    ['over two years', overYears],
  ])('%s, no row, no total, and no difference of two of them is about one to k−1 learners', (_, weeks) => {
    let shown = 0
    let pairs = 0
    fc.assert(
      fc.property(population, fc.shuffledSubarray(allAsked, { minLength: 40, maxLength: 40 }), (events, questions) => {
        const told = questions.flatMap((asked) => {
          const all = answer(events, asked, weeks)
          // A total, and rows: rows are also what a filter by activity would answer.
          return subsetsOf(asked.splits).flatMap((by) =>
            [...Map.groupBy(all, (each) => valuesOf(each, by)).values()].map((each) => ({
              asked,
              by,
              events: new Set(each),
            })),
          )
        })
        for (const one of told) {
          shown += 1
          expect(countOf(one.events), JSON.stringify(one.asked)).toBeGreaterThanOrEqual(k)
          for (const other of told) {
            // A part of the other by what was asked: who asks knows that it is.
            if (!isWithin(other.asked, one.asked) || !one.by.every((key) => other.by.includes(key))) continue
            if ([...other.events].some((each) => !one.events.has(each))) continue
            pairs += 1
            const left = countOf([...one.events].filter((each) => !other.events.has(each)))
            if (left > 0 && left < k) throw new Error(JSON.stringify([one.asked, other.asked, left]))
          }
        }
      }),
      { numRuns: 300 },
    )
    // Else nothing was tried.
    expect(shown).toBeGreaterThan(1000)
    expect(pairs).toBeGreaterThan(10_000)
  })
})

test('those who came late wait for each other within a year of study only', () => {
  const all = Array.from({ length: 14 }, (_, at) => at + 1)
  const crowd = [1, 2].flatMap((week) =>
    all.map((learner) => ({ learner, course: 1, object: 1, action: 'viewed' as const, week })),
  )
  const late = [1, 2, 3].flatMap((learner) =>
    [1, 2].map((week) => ({ learner: learner + 3 * week, course: 1, object: 2, action: 'viewed' as const, week })),
  )
  const tellLate = (weeks: Weeks) =>
    answer([...crowd, ...late], { from: 0, until: 3, course: 1, splits: ['object'] }, weeks).filter(
      ({ object }) => object === 2,
    )
  expect(tellLate(inYear)).toHaveLength(6)
  expect(tellLate(overYears)).toEqual([])
})

describe('in ClickHouse', () => {
  let server: TestApp
  let clickhouse: ClickHouseClient

  beforeAll(async () => {
    server = await openTestApp()
    clickhouse = await server.services.clickhouse()
  })
  afterAll(async () => {
    await server.close()
  })

  async function insert(tenantId: string, events: readonly Event[], weeks: Weeks): Promise<void> {
    const rows = events.flatMap((each, at) => {
      const row = { ...each, seq: at, sign: 1 }
      // Some are taken back, in vain if they count.
      return at % 7 === 0
        ? [row, { ...row, seq: -1 - at, learner: 99 }, { ...row, seq: -1 - at, learner: 99, sign: -1 }]
        : [row]
    })
    await clickhouse.insert({
      table: 'learning_event_v1',
      values: rows.map(({ week, ...row }) => ({
        ...row,
        tenant_id: tenantId,
        build: 1,
        occurred_at: `${weeks[week]} 10:00:00.000`,
        day: weeks[week],
        statement_id: randomUUID(),
        source_id: tenantId,
        object_kind: 'page',
      })),
      format: 'JSONEachRow',
    })
  }

  test.each([
    ['within a year', inYear],
    ['over two years', overYears],
  ])('%s, the same is told', async (_, weeks) => {
    const cases = fc.sample(population, 1).map((events) => ({
      events,
      questions: fc.sample(fc.constantFrom(...allAsked), 5).map((asked) => {
        const expected = new Set(answer(events, asked, weeks))
        return { asked, expected: events.flatMap((each, at) => (expected.has(each) ? [at] : [])) }
      }),
    }))
    for (const { events, questions } of cases) {
      const tenantId = randomUUID()
      await insert(tenantId, events, weeks)
      for (const { asked, expected } of questions) {
        const plan = await planRelease(clickhouse, {
          tenantId,
          build: 1,
          courses: asked.course === null ? null : [String(asked.course)],
          objectors: [],
          staff: [],
          from: weeks[asked.from] ?? today,
          until: weeks[asked.until] ?? today,
          today,
          splits: asked.splits,
          activity: null,
        })
        const result = await clickhouse.query({
          query: `select toInt32(seq) as seq from learning_event_v1
            where tenant_id = '${tenantId}' and day between '${plan.period.from}' and '${plan.period.until}' and seq >= 0
              ${asked.course === null ? '' : `and course = ${asked.course}`} and ${plan.condition} order by seq`,
          format: 'JSONEachRow',
        })
        const seqs = (await result.json<{ seq: number }>()).map(({ seq }) => seq)
        expect(seqs, JSON.stringify(asked)).toEqual(expected)
      }
    }
  })

  test('who objects is in no group, and what has too few left is withheld', async () => {
    const tenantId = randomUUID()
    await insert(
      tenantId,
      [1, 2, 3, 4, 5].map((learner) => ({ learner, course: 1, object: 1, action: 'viewed', week: 0 })),
      inYear,
    )
    const question = {
      tenantId,
      build: 1,
      courses: ['1'],
      from: '2026-09-09',
      until: '2026-09-10',
      today,
      splits: [],
      activity: null,
      staff: [],
    }
    expect(await planRelease(clickhouse, { ...question, objectors: [] })).toMatchObject({
      withheld: null,
      weeksLeftOut: 0,
      period: { from: '2026-09-07', until: '2026-09-13', askedFrom: '2026-09-09', askedUntil: '2026-09-10' },
    })
    expect(await planRelease(clickhouse, { ...question, objectors: ['3'] })).toMatchObject({
      withheld: 'too_few_learners',
      weeksLeftOut: 1,
      condition: 'false',
    })
    expect(
      await planRelease(clickhouse, {
        ...question,
        objectors: [],
        staff: [
          ['1', '4'],
          ['2', '3'],
        ],
      }),
    ).toMatchObject({
      withheld: 'too_few_learners',
    })
    expect(
      await planRelease(clickhouse, { ...question, objectors: ['3'], splits: ['object'], activity: '1' }),
    ).toMatchObject({ withheld: 'filter_too_narrow' })
    // By activity, by action and by both: the traces are read once.
    const asked = vi.spyOn(clickhouse, 'query')
    await planRelease(clickhouse, { ...question, objectors: [], splits: ['object', 'action'] })
    expect(asked).toHaveBeenCalledTimes(1)
    asked.mockRestore()
    // Nobody at all is nobody to protect.
    expect(await planRelease(clickhouse, { ...question, courses: ['2'], objectors: [] })).toMatchObject({
      withheld: null,
      weeksLeftOut: 0,
    })
  })
})

test('periods grow to whole weeks, never into the future', () => {
  expect(snapPeriod('2026-09-09', '2026-09-10', '2026-11-22')).toMatchObject({
    from: '2026-09-07',
    until: '2026-09-13',
  })
  expect(snapPeriod('2026-11-17', '2026-11-30', '2026-11-20')).toMatchObject({
    from: '2026-11-16',
    until: '2026-11-20',
  })
  expect(snapPeriod('2027-01-01', '2027-02-01', '2026-11-20')).toMatchObject({
    from: '2026-11-16',
    until: '2026-11-20',
  })
})

test('what a query may tell events apart by is read from its words', () => {
  expect(findSplits('select day, count() from days group by day')).toEqual([])
  expect(findSplits('select object, count() from events group by object')).toEqual(['object'])
  expect(findSplits(`select day from events where ACTION = 'viewed' and object_kind = 'video'`)).toEqual([
    'object_kind',
    'action',
  ])
  expect(findSplits('select parent, score from events')).toEqual(['object'])
  expect(findSplits('select count() from steps')).toEqual(['object', 'action'])
})
