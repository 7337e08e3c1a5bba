import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, parse, View } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type TopLevelSpec } from 'vega-lite'
import { describe, expect, test } from 'vitest'
import { type ChartColumn, type ComparedPart, compareSpec, completeSpec } from './chart-spec.ts'
import { makeChartConfig } from './chart-theme.ts'

const columns: Record<string, ChartColumn> = {
  course: { title: 'Cours', format: 'text', told: 'course told' },
  date: { title: 'Du', format: 'date', told: 'date told' },
  until: { title: 'Au', format: 'date', told: 'until told' },
  learners: { title: 'Personnes', format: 'integer', told: 'learners told' },
}
const rows = [
  { course: 'Algèbre', date: '2026-11-02', until: '2026-11-08', learners: 12, 'learners told': '12' },
  { course: 'Histoire', date: '2026-11-09', until: '2026-11-15', learners: 30, 'learners told': '30' },
]
const data = { name: 'rows' }

/** Draws without a page; expressions are interpreted, as in pages. */
async function draw(
  spec: object,
  width = 600,
  all: object[] = rows,
  of = columns,
  days?: [string, string],
): Promise<string> {
  const whole = completeSpec(spec, { columns: of, rows: all, width, language: 'fr', days })
  const config = makeChartConfig(['#eeeeee', '#111111'], width < 480)
  const compiled = compile(whole as TopLevelSpec, { config })
  const runtime = parse(compiled.spec, {} as Config, { ast: true })
  return new View(runtime, { expr: expressionInterpreter, renderer: 'none' }).toSVG()
}
/** How wide bars are, in pixels. */
const widthsOfBars = (svg: string) =>
  [...svg.matchAll(/<path d="M[\d.,-]+h([\d.]+)[^"]*" fill="var\(--chart-1\)"/g)].map(([, width]) => Number(width))

const bars = {
  data,
  mark: 'bar',
  encoding: {
    y: { field: 'course', type: 'nominal' },
    x: { field: 'learners', type: 'quantitative' },
  },
}
const spans = {
  data,
  transform: [
    { calculate: 'toDate(datum.date)', as: 'start' },
    { calculate: 'toDate(datum.until) + 86400000', as: 'end' },
  ],
  mark: { type: 'bar' },
  encoding: {
    x: { field: 'start', type: 'temporal', scale: { type: 'utc' } },
    x2: { field: 'end' },
    y: { field: 'learners', type: 'quantitative' },
  },
}

test('a chart takes the width it is given, the titles of its columns and the colours of the page', async () => {
  for (const width of [280, 600]) {
    const svg = await draw(bars, width)
    const drawn = Number(/width="(\d+)"/.exec(svg)?.[1])
    expect(Math.abs(drawn - width)).toBeLessThan(12)
    expect(svg).toContain('Personnes')
    expect(svg).not.toContain('>Cours<')
    expect(svg).toContain('var(--chart-1)')
  }
})

test('bars over days stand, one beside the other', async () => {
  const widths = widthsOfBars(await draw(spans))
  expect(widths).toHaveLength(2)
  for (const width of widths) expect(width).toBeGreaterThan(100)
})

test('time is shown whole, whatever days have rows', async () => {
  const days: [string, string] = ['2026-10-05', '2026-11-29']
  const widths = widthsOfBars(await draw(spans, 600, rows, columns, days))
  expect(widths).toHaveLength(2)
  // A week of eight.
  for (const width of widths) expect(width).toBeCloseTo(widths[0] ?? 0, 0)
  expect(widths[0]).toBeLessThan(600 / 8)
  expect(widths[0]).toBeGreaterThan(50)
  const line = {
    data,
    mark: 'line',
    encoding: { ...spans.encoding, x: { field: 'date', type: 'temporal' }, x2: undefined },
  }
  const [, points = ''] =
    /<path d="(M[^"]+)" stroke="var\(--chart-1\)"/.exec(await draw(line, 600, rows, columns, days)) ?? []
  const across = [...points.matchAll(/[ML]([\d.]+),/g)].map(([, x]) => Number(x))
  expect((across[1] ?? 0) - (across[0] ?? 0)).toBeCloseTo(widths[0] ?? 0, -1)
})

test.each([
  ['from a Monday', 600, ['2026-10-05', '2026-11-29'], ['5 Oct', '19 Oct', '2 Nov', '16 Nov']],
  ['from another day', 600, ['2026-10-31', '2026-11-27'], ['2 Nov', '9 Nov', '16 Nov', '23 Nov']],
  ['on a phone', 300, ['2026-08-31', '2026-11-22'], ['31 Aug', '28 Sep', '26 Oct']],
  ['of some days', 600, ['2026-11-10', '2026-11-14'], ['10 Nov', '11 Nov', '12 Nov', '13 Nov', '14 Nov']],
] as const)('an axis of weeks names their Mondays: %s', async (_, width, days, expected) => {
  const { x } = spans.encoding
  const named = { ...spans, encoding: { ...spans.encoding, x: { ...x, axis: { format: '%-d %b' } } } }
  const svg = await draw(named, width, rows, columns, [...days])
  const written = [...svg.matchAll(/>(\d+ [A-Z]\w+)</g)].map(([, label]) => label)
  expect(written).toEqual(expected)
})

test('what one points at tells the row as the table does, unless the chart sums rows up', () => {
  const page = { columns, rows, width: 600, language: 'fr' }
  expect(completeSpec(bars, page)).toMatchObject({
    encoding: { tooltip: [{ title: 'Cours' }, {}, {}, { field: 'learners told', title: 'Personnes' }] },
  })
  const summed = { ...bars, encoding: { ...bars.encoding, x: { aggregate: 'sum', field: 'learners' } } }
  expect(completeSpec(summed, page)).not.toHaveProperty('encoding.tooltip')
})

const parts: ComparedPart[] = [
  { value: 'Maintenant', days: ['2026-10-05', '2026-11-29'] },
  { value: 'Avant', days: ['2026-08-10', '2026-10-04'] },
]

test('two periods are drawn one under the other, of one scale, each over all of its days', async () => {
  const earlier = rows.map((row, week) => ({
    ...row,
    date: ['2026-08-10', '2026-08-17'][week],
    until: ['2026-08-16', '2026-08-23'][week],
    which: 'Avant',
  }))
  const both = [...rows.map((row) => ({ ...row, which: 'Maintenant' })), ...earlier]
  const spec = compareSpec(spans, 'which', parts) ?? {}
  const svg = await draw(spec, 600, both)
  expect(svg).toContain('Avant')
  const widths = widthsOfBars(svg)
  expect(widths).toHaveLength(4)
  // A week of eight, in both.
  for (const width of widths) expect(width).toBeLessThan(600 / 8)
  expect(completeSpec(spec, { columns, rows: both, width: 600, language: 'fr' })).toHaveProperty(
    'vconcat.1.encoding.tooltip.3.title',
    'Personnes',
  )
})

test('what is ranked is ranked within each of two periods', async () => {
  const both = parts.flatMap(({ value }) => rows.map((row) => ({ ...row, which: value })))
  const ranked = { ...bars, transform: [{ window: [{ op: 'row_number', as: 'rank' }] }, { filter: 'datum.rank <= 1' }] }
  expect(widthsOfBars(await draw(compareSpec(ranked, 'which', parts) ?? {}, 600, both))).toHaveLength(2)
  expect(compareSpec({ data, facet: { field: 'course' }, spec: bars }, 'which', parts)).toBeUndefined()
})

// Those that come with the product, at the widths of a phone and of a page.
const folder = join(import.meta.dirname, '../../../indicators')
describe.each(globSync('*/*.vl.json', { cwd: folder }))('%s', (file) => {
  const spec = JSON.parse(readFileSync(join(folder, file), 'utf8')) as object
  test.each([272, 640])('is drawn %s pixels wide', async (width) => {
    await draw(spec, width, [])
    await draw(compareSpec(spec, 'which', parts) ?? spec, width, [])
  })
})
