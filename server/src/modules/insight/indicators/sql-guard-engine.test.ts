import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { checkSelect } from './sql-guard.ts'

let server: TestApp
beforeAll(async () => {
  server = await openTestApp()
  const clickhouse = await server.services.clickhouse()
  for (const table of ['secret_v1', 'base_v1']) {
    const columns = 'day Date, learner Int64, object Int64, x Int64'
    await clickhouse.command({ query: `create table ${table} (${columns}) engine = MergeTree order by day` })
  }
})
afterAll(() => server.close())

const statements = [
  'select day , count ( ) as n from events group by day order by day',
  'with a as ( select 1 as x ) , b as ( select x from a ) select b . x from b inner join a on a . x = b . x , events as e',
  'select e . day from events as e left join ( select learner from days ) as d using ( learner ) where e . object in ( select object from days )',
  'select day from events order by day with fill from 1 to 5 step 7',
  'select x from events array join [ 1 , 2 ] as x where learner in ( 1 , 2 )',
  'select learner from days where learner not in ( select learner from events ) union all select learner from events',
  'select * from events where learner in days and exists ( select 1 from days )',
  'select sum ( x ) filter ( where day > 1 ) as n , row_number ( ) over ( partition by x order by day ) as r from days limit 1 by x',
  'select * except ( x ) from events except select * from days',
  'with 1 as one select one from events where x = ( select max ( x ) from days )',
].map((statement) => statement.split(' '))

const words =
  `select * 1 as from events days secret_v1 secret_v1 , , join array left inner cross any on using where order by
  with fill group having limit union all distinct except intersect ( ) [ ] in not x e . "from" \`secret_v1\` exists window
  qualify offset case when then end interval over null tuple has first ties totals rollup paste asof semi to step interpolate
  and = + -> :: /**/ cast columns replace identity partition rows materialized`.split(/\s+/)

/** One to four words put in, taken away or exchanged; what must not be read is among them. */
const altered = fc
  .tuple(
    fc.constantFrom(...statements),
    fc.array(fc.record({ at: fc.nat(60), taken: fc.nat(1), word: fc.constantFrom(...words), secret: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([statement, changes]) => {
    const altered = [...statement]
    for (const { at, taken, word, secret } of changes)
      altered.splice(at % (altered.length + 1), taken, word, ...(secret ? ['secret_v1'] : []))
    return altered.join(' ')
  })

test('of what the reader of tokens lets pass, the engine finds no other table', async () => {
  const clickhouse = await server.services.clickhouse()
  const surroundings = { relations: ['events', 'days'], parameters: new Map<string, string>() }
  const passes = (sql: string) => {
    try {
      checkSelect(sql, surroundings)
      return true
    } catch {
      return false
    }
  }
  const around = 'with events as (select * from base_v1), days as (select * from base_v1)'
  const findTables = async (sql: string) => {
    const query = `explain query tree ${around} select * from (\n${sql}\n)`
    const lines = await (await clickhouse.query({ query, format: 'JSONEachRow' })).json<{ explain: string }>()
    return lines.flatMap(({ explain }) => /table_name: \S+\.(\w+)/.exec(explain)?.[1] ?? [])
  }
  // The engine would find it.
  expect(await findTables('select 1 from events, secret_v1')).toContain('secret_v1')
  await fc.assert(
    fc.asyncProperty(altered.filter(passes), async (sql) => {
      // What it cannot read at all, it refuses.
      const found = await findTables(sql).catch(() => [])
      expect(found).not.toContain('secret_v1')
    }),
    { numRuns: 300 },
  )
}, 60_000)
