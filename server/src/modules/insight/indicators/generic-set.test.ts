import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { openChartCompiler } from './charts.ts'
import { compute, type Computed } from './compute.ts'
import type { Indicator, ScopeName } from './definition.ts'
import { checkFixtures } from './fixtures.ts'
import { listFolders, loadIndicator } from './loading.ts'

const parent = join(import.meta.dirname, '../../../../../indicators')
const folders = await listFolders(parent)
const compiler = openChartCompiler()
const set = new Map<string, Indicator>()

let server: TestApp
let clickhouse: ClickHouseClient
beforeAll(async () => {
  server = await openTestApp()
  clickhouse = await server.services.clickhouse()
  for (const folder of folders) {
    const loaded = await loadIndicator(folder, 'product', compiler)
    if ('indicator' in loaded) set.set(loaded.indicator.name, loaded.indicator)
  }
})
afterAll(async () => {
  await compiler.close()
  await server.close()
})

test.each(folders.map((folder) => basename(folder)))('%s answers its cases as worked out by hand', async (name) => {
  const loaded = await loadIndicator(join(parent, name), 'product', compiler)
  if ('broken' in loaded) throw new Error(JSON.stringify(loaded.broken.problems))
  const cases = await checkFixtures(clickhouse, loaded.indicator)
  expect(cases.filter(({ faults }) => faults.length > 0)).toEqual([])
  const tried = new Set(cases.flatMap(({ took }) => Object.keys(took)))
  expect([...tried].sort()).toEqual(Object.keys(loaded.indicator.scopes).sort())
})

test('what three indicators call the sliding window is one text', () => {
  const read = (name: string) => readFileSync(join(parent, name, 'with.sql'), 'utf8')
  const shared = read('sliding-window').trimEnd()
  for (const name of ['cohort', 'scores']) expect(read(name).startsWith(`${shared},\n`), name).toBe(true)
})

test('French texts keep their punctuation with the word before it', () => {
  for (const folder of folders) {
    const lines = readFileSync(join(folder, 'fr.json'), 'utf8').split('\n')
    expect(
      lines.filter((line) => / [:;?!»%]|« /.test(line)),
      folder,
    ).toEqual([])
  }
})

// ---------------------------------------------------------------------------------------- whatever learners may have done

const learners = [1, 2, 3, 4, 5, 6]
const event = fc.record({
  learner: fc.constantFrom(...learners),
  minute: fc.integer({ min: 0, max: 21 * 24 * 60 - 1 }),
  what: fc.constantFrom(
    ...([
      ['viewed', 'page', 11],
      ['viewed', 'page', 12],
      ['downloaded', 'file', 13],
      ['played', 'video', 21],
      ['paused', 'video', 21],
      ['seeked', 'video', 21],
      ['ended', 'video', 21],
      ['completed', 'video', 21],
      ['submitted', 'quiz', 31],
      ['answered', 'question', 32],
      ['scored', 'assignment', 41],
      ['completed', 'page', 12],
      ['posted', 'discussion', 52],
      ['viewed', 'forum', 51],
      ['enrolled', 'course', 1],
    ] as const),
  ),
  session: fc.constantFrom(0, 7, 8),
  score: fc.option(fc.integer({ min: -10, max: 10 })),
  success: fc.option(fc.boolean()),
  position: fc.option(fc.integer({ min: 0, max: 100 })),
  from: fc.integer({ min: 0, max: 100 }),
})
type Drawn = typeof event extends fc.Arbitrary<infer T> ? T : never

const period = { from: '2026-11-02', until: '2026-11-22' } as const
let build = 0

async function insertDrawn(events: readonly Drawn[]): Promise<void> {
  build++
  if (events.length === 0) return
  const start = Date.parse('2026-11-02T00:00:00Z')
  const values = events.map(({ learner, minute, what: [action, kind, object], session, score, ...told }, at) => {
    const moment = new Date(start + minute * 60_000)
    return {
      tenant_id: server.tenant.id,
      build,
      course: 1,
      occurred_at: moment.getTime(),
      day: moment.toISOString().slice(0, 10),
      learner,
      statement_id: `00000000-0000-0000-${String(build).padStart(4, '0')}-${String(at).padStart(12, '0')}`,
      seq: moment.getTime() * 1000,
      source_id: server.tenant.id,
      action,
      object,
      object_kind: kind,
      parent: kind === 'question' ? 31 : kind === 'discussion' ? 51 : 0,
      session,
      score: score === null ? null : score / 10,
      success: told.success,
      position: kind === 'video' ? told.position : null,
      position_from: kind === 'video' && action !== 'played' ? told.from : null,
      position_to: kind === 'video' && action !== 'played' ? told.position : null,
      length: kind === 'video' ? 100 : null,
      sign: 1,
    }
  })
  await clickhouse.insert({ table: 'learning_event_v1', values, format: 'JSONEachRow' })
}

async function ask(name: string, scope: ScopeName, learner: number | null = null): Promise<Computed> {
  const indicator = set.get(name)
  if (!indicator) throw new Error(`${name} is missing`)
  const reach = {
    tenantId: server.tenant.id,
    build,
    courses: null,
    ...period,
    learner: learner === null ? null : String(learner),
    without: [],
    staff: [],
    release: null,
  }
  const parameters = Object.entries(indicator.parameters).map(([key, parameter]) => [
    key,
    parameter.type === 'activity' ? '0' : parameter.default,
  ])
  const circumstances = {
    zone: 'UTC',
    now: new Date('2026-11-22T20:00:00Z'),
    roster: learners.map(String),
    enrolled: learners.length,
    learner: String(learner ?? 0),
    planWeekly: 2,
    parameters: Object.fromEntries(parameters),
  }
  return compute(clickhouse, indicator, scope, reach, circumstances, false)
}

const numbers = ({ rows }: Computed, column: string) => rows.map((row) => Number(row[column]))
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

test('figures agree with each other, whatever learners did', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 120 }), async (events) => {
      await insertDrawn(events)

      // As many people as there are, and never more than all.
      const active = new Set(
        events.filter(({ what }) => !['scored', 'enrolled'].includes(what[0])).map((each) => each.learner),
      )
      const unique = await ask('unique-learners', 'group')
      expect(unique.answer).toMatchObject({ learners: active.size })
      expect(Math.max(0, ...numbers(unique, 'learners'))).toBeLessThanOrEqual(active.size)
      expect(Math.max(0, ...numbers(unique, 'share'))).toBeLessThanOrEqual(1)

      // What the group did is what each one did.
      const together = await ask('activity-over-time', 'group')
      const apart = []
      for (const learner of learners)
        apart.push(...numbers(await ask('activity-over-time', 'person', learner), 'actions'))
      expect(sum(numbers(together, 'actions'))).toBe(sum(apart))
      expect(together.answer?.['count']).toBe(sum(apart))

      // Everybody of the roster is in one class, and in one only.
      for (const name of ['regularity', 'last-seen', 'cohort']) {
        expect(sum(numbers(await ask(name, 'group'), 'learners')), name).toBe(learners.length)
        expect((await ask(name, 'named')).rows, name).toHaveLength(learners.length)
      }

      // Who got so far got less far too, and whoever saw a slice reached it.
      const retention = await ask('video-retention', 'group')
      const reached = numbers(retention, 'learners')
      expect(reached).toEqual(reached.toSorted((one, other) => other - one))
      numbers(retention, 'seen').forEach((seen, slice) => expect(seen).toBeLessThanOrEqual(reached[slice] ?? 0))
      expect(Math.max(0, ...numbers(retention, 'share'))).toBeLessThanOrEqual(1)
      expect([0, 20]).toContain(retention.rows.length)
      const views = await ask('video-views', 'group')
      expect(sum(numbers(views, 'completed'))).toBeLessThanOrEqual(sum(numbers(views, 'learners')))

      // Shares are shares.
      for (const [name, column] of [
        ['completion', 'share'],
        ['sliding-window', 'share'],
        ['item-difficulty', 'share'],
        ['video-rewatched', 'share'],
      ] as const) {
        for (const share of numbers(await ask(name, 'group'), column)) {
          expect(share, name).toBeGreaterThanOrEqual(0)
          expect(share, name).toBeLessThanOrEqual(1)
        }
      }
      const attempts = await ask('attempts', 'group')
      for (const row of attempts.rows) expect(Number(row['best'])).toBeGreaterThanOrEqual(Number(row['first']))

      // A reason is about somebody known, and said once.
      const help = await ask('help-needed', 'named')
      const reasons = help.rows.map((row) => `${row['learner']} ${row['rule']} ${row['activity']}`)
      expect(new Set(reasons).size).toBe(reasons.length)
      expect(help.answer).toMatchObject({ known: learners.length, reasons: reasons.length })
    }),
    { numRuns: 6 },
  )
})
