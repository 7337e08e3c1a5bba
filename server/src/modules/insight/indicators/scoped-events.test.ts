import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { compute } from './compute.ts'
import type { Column, Indicator } from './definition.ts'

let server: TestApp
beforeAll(async () => {
  server = await openTestApp()
  const clickhouse = await server.services.clickhouse()
  const event = { tenant_id: server.tenant.id, build: 1, course: 1, day: '2026-11-02', learner: 1, sign: 1 }
  // As they come: sums of the same day are not put together at once.
  for (const values of [
    [{ action: 'viewed' }, { action: 'viewed' }, { action: 'enrolled' }, { action: 'viewed', learner: 2 }],
    [{ action: 'viewed' }, { action: 'played' }],
    [{ action: 'viewed', learner: 2, sign: -1 }],
  ]) {
    const rows = values.map((each) => ({ ...event, ...each }))
    await clickhouse.insert({ table: 'learning_event_v1', values: rows, format: 'JSONEachRow' })
  }
})
afterAll(() => server.close())

/** What an indicator of that SQL answers. */
const ask = async (rows: string, columns: Record<string, Column['type']>) => (await computeAll(rows, columns)).rows

async function computeAll(rows: string, columns: Record<string, Column['type']>, answer?: string) {
  const scope = {
    audiences: ['teacher' as const],
    reads: 'days' as const,
    columns: Object.entries(columns).map(([name, type]) => ({ name, type, role: 'measure' as const })),
    answer: [{ name: 'whole', type: 'integer' as const }],
  }
  const indicator: Pick<Indicator, 'name' | 'scopes' | 'sql'> = {
    name: 'asked',
    scopes: { group: scope },
    sql: { group: { rows, answer } },
  }
  const reach = {
    tenantId: server.tenant.id,
    build: 1,
    courses: null,
    from: '2026-11-01',
    until: '2026-11-30',
    learner: null,
    without: [],
    staff: [],
    release: null,
  }
  const surroundings = {
    zone: 'Europe/Paris',
    now: new Date('2026-11-30T12:00:00Z'),
    roster: [],
    enrolled: 0,
    learner: '0',
    planWeekly: 0,
    parameters: {},
  }
  const clickhouse = await server.services.clickhouse()
  return compute(clickhouse, indicator, 'group', reach, surroundings, false)
}

test('a day of a learner in a course is one row, without what is taken back and what is no learning', async () => {
  expect(
    await ask('select learner, count() as rows, sum(events) as events from days group by learner order by learner', {
      learner: 'learner',
      rows: 'integer',
      events: 'integer',
    }),
  ).toEqual([{ learner: '1', rows: 1, events: 4 }])
})

test('an SQL that speaks of actions, or asks for all there is, has a row for each', async () => {
  const columns = { action: 'action', events: 'integer' } as const
  const told = [
    { action: 'played', events: 1 },
    { action: 'viewed', events: 3 },
  ]
  expect(await ask('select action, events from days order by action', columns)).toEqual(told)
  expect(await ask('select * from days order by 4', columns)).toEqual(told)
  expect(await ask('select kept.* from days as kept order by 4', columns)).toEqual(told)
})

test('rows that bear the answer give it, and are told without it; where there are none it is asked', async () => {
  const asked = (condition: string) =>
    computeAll(
      `select learner, sum(events) as events, 5 as answer_whole from days where ${condition} group by learner order by learner`,
      { learner: 'learner', events: 'integer' },
      'select 7 as whole',
    )
  expect(await asked('learner = 1')).toEqual({ rows: [{ learner: '1', events: 4 }], answer: { whole: 5 } })
  expect(await asked('learner = 9')).toEqual({ rows: [], answer: { whole: 7 } })
})
