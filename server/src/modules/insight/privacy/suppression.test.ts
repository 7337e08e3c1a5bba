import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Column, mondayOf, type Row, suppress } from './suppression.ts'

const k = 5
const byActivity: Column[] = [
  { name: 'activity', type: 'activity', role: 'dimension' },
  { name: 'learners', type: 'learners', role: 'measure' },
  { name: 'views', type: 'integer', role: 'measure' },
]
const hide = (rows: Row[], columns = byActivity, additive = ['views']) =>
  suppress(rows, { columns, learnersColumn: 'learners', additive, k })

test.each<[string, [number, number][], (number | null)[]]>([
  [
    'nothing to hide',
    [
      [5, 9],
      [12, 30],
    ],
    [9, 30],
  ],
  [
    'a row under k takes the next smallest with it',
    [
      [2, 3],
      [20, 60],
      [7, 9],
    ],
    [null, 60, null],
  ],
  [
    'two rows under k are not enough to be hidden by',
    [
      [2, 3],
      [1, 1],
      [20, 60],
      [7, 9],
    ],
    [null, null, 60, null],
  ],
  [
    'nobody is nobody to protect',
    [
      [0, 0],
      [20, 60],
    ],
    [0, 60],
  ],
  [
    'nobody hides nobody',
    [
      [0, 0],
      [3, 4],
      [20, 60],
      [9, 9],
    ],
    [0, null, 60, null],
  ],
])('%s', (_name, cells, expected) => {
  const rows = cells.map(([learners, views], at) => ({ activity: `a${at}`, learners, views }))
  const hidden = hide(rows)
  expect(hidden.rows.map(({ views }) => views)).toEqual(expected)
  expect(hidden.rows.map(({ activity }) => activity)).toEqual(rows.map(({ activity }) => activity))
  expect(hidden.hiddenRows).toBe(expected.filter((each) => each === null).length)
  expect(hidden.totals).toBe(true)
})

test('where rows add up to nothing, only those under k are hidden', () => {
  const rows = [
    { activity: 'a', learners: 2, views: 3 },
    { activity: 'b', learners: 7, views: 9 },
  ]
  expect(hide(rows, byActivity, []).rows.map(({ views }) => views)).toEqual([null, 9])
})

test('a total is not shown when all that is missing from it is about fewer than k', () => {
  expect(hide([{ activity: 'a', learners: 2, views: 3 }])).toMatchObject({ hiddenRows: 1, totals: false })
  expect(
    hide([
      { activity: 'a', learners: 2, views: 3 },
      { activity: 'b', learners: 6, views: 9 },
    ]),
  ).toMatchObject({ hiddenRows: 2, totals: false })
})

test('in a row of many, a count of few, or of all but few, is hidden with the shares that tell it', () => {
  const columns: Column[] = [
    { name: 'activity', type: 'activity', role: 'dimension' },
    { name: 'learners', type: 'learners', role: 'measure' },
    { name: 'completed', type: 'learners', role: 'measure' },
    { name: 'share', type: 'share', role: 'measure' },
  ]
  const hidden = hide(
    [
      { activity: 'a', learners: 30, completed: 15, share: 0.5 },
      { activity: 'b', learners: 30, completed: 2, share: 0.067 },
      { activity: 'c', learners: 30, completed: 28, share: 0.933 },
      { activity: 'd', learners: 30, completed: 30, share: 1 },
      { activity: 'e', learners: 30, completed: null, share: null },
    ],
    columns,
    [],
  )
  expect(hidden.rows.map(({ completed, share }) => [completed, share])).toEqual([
    [15, 0.5],
    [null, null],
    [null, null],
    [30, 1],
    [null, null],
  ])
  expect(hidden).toMatchObject({ hiddenRows: 0, hiddenCells: 4, totals: true })
})

describe('days', () => {
  const columns: Column[] = [
    { name: 'day', type: 'date', role: 'dimension' },
    { name: 'learners', type: 'learners', role: 'measure' },
    { name: 'views', type: 'integer', role: 'measure' },
  ]
  const day = fc.record({
    at: fc.integer({ min: 0, max: 27 }),
    learners: fc.integer({ min: 0, max: 14 }),
    extra: fc.integer({ min: 0, max: 9 }),
  })
  const days = fc.uniqueArray(day, { selector: ({ at }) => at, maxLength: 28 }).map((each) =>
    each.map(({ at, learners, extra }) => ({
      day: new Date(Date.UTC(2026, 8, 7 + at)).toISOString().slice(0, 10),
      learners,
      views: learners + extra,
    })),
  )

  test('what a week hides does not depend on the period asked, and no week misses one to k−1 learners', () => {
    fc.assert(
      fc.property(days, (rows) => {
        const all = hide(rows, columns)
        const weeks = Map.groupBy(rows, (row) => mondayOf(row.day))
        for (const [monday, week] of weeks) {
          const alone = hide(week, columns)
          expect(alone.rows).toEqual(all.rows.filter((row) => mondayOf(String(row['day'])) === monday))
          const missing = week.filter((_row, at) => alone.rows[at]?.['views'] === null)
          expect(alone.rows.some((row) => Number(row['learners']) > 0 && Number(row['learners']) < k)).toBe(false)
          // Without totals, nothing tells what is missing.
          if (missing.length > 0 && alone.totals) {
            expect(missing.length).toBeGreaterThanOrEqual(2)
            expect(Math.max(...missing.map(({ learners }) => learners))).toBeGreaterThanOrEqual(k)
          }
        }
      }),
    )
  })
})

test('a table of two dimensions keeps neither lines nor columns open', () => {
  const columns: Column[] = [
    { name: 'activity', type: 'activity', role: 'dimension' },
    { name: 'action', type: 'action', role: 'dimension' },
    ...byActivity.slice(1),
  ]
  const cell = fc.integer({ min: 0, max: 12 })
  fc.assert(
    fc.property(fc.array(cell, { minLength: 12, maxLength: 12 }), (cells) => {
      const rows = cells.map((learners, at) => ({
        activity: `a${at % 4}`,
        action: `b${Math.floor(at / 4)}`,
        learners,
        views: learners * 2,
      }))
      const { rows: shown, totals } = hide(rows, columns)
      if (!totals) return
      for (const key of ['activity', 'action'] as const) {
        for (const line of Map.groupBy(rows, (row) => row[key]).values()) {
          const missing = line.filter((row) => shown[rows.indexOf(row)]?.['views'] === null)
          expect(missing.length).not.toBe(1)
        }
      }
    }),
  )
})
