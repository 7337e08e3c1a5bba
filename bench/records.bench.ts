import type { AddressInfo } from 'node:net'
import { createApp } from '../server/src/app.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import { createCredential } from '../server/src/modules/records/credentials/credentials.ts'
import { projectAll } from '../server/src/modules/insight/projection/projection.ts'
import { countBytes, settle } from './insight-fill.ts'
import { sendLoad } from './load.ts'
import { openCeiling } from './record-ceiling.ts'
import { type RecordLoadResult, sendRecords } from './record-load.ts'
import { fillRecords, type Filled } from './record-fill.ts'
import { courses } from './record-statements.ts'
import type { Bench, Figure } from './run.ts'
import { type BenchStores, openBenchStores, percentile } from './server.ts'

// PREAU_BENCH_STATEMENTS: statements of the store whose pages are read; PREAU_BENCH_SECONDS: of each load.
const kept = Number(process.env['PREAU_BENCH_STATEMENTS'] ?? 10_000_000)
const seconds = Number(process.env['PREAU_BENCH_SECONDS'] ?? 20)
const rounds = 2
const connections = 64

export const benches: Bench[] = [
  { name: 'records.ingest', run: measureIngestion },
  { name: 'records.get', run: measureReading },
]

interface Server extends BenchStores {
  port: number
  headers: Record<string, string>
}

async function openServer(): Promise<Server> {
  const bench = await openBenchStores()
  const { services, stores, tenant, config } = bench
  const { credential, secret } = await inTenant(services.db, tenant.id, (tx) =>
    createCredential(tx, null, { name: 'Bench', scopes: ['all'] }, services.now()),
  )
  const app = await createApp(config, { ...services, db: stores.postgres.web })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    ...bench,
    port: (app.server.address() as AddressInfo).port,
    headers: {
      authorization: `Basic ${Buffer.from(`${credential.key}:${secret}`).toString('base64')}`,
      'x-experience-api-version': '1.0.3',
    },
    async close() {
      await app.close()
      await bench.close()
    },
  }
}

/**
 * Statements acknowledged in a second, with authentication, every rule of xAPI and every index, by 64 connections that send
 * 50 at a time, or one. The ceiling is the same load on a server that only parses and copies; they take turns, so that a
 * busy machine slows both.
 */
async function measureIngestion(): Promise<Figure[]> {
  const server = await openServer()
  try {
    const ceiling = await openCeiling(server.services.owner, server.tenant.id)
    const figures: Figure[] = []
    for (const [name, batch] of [
      ['batch50', 50],
      ['single', 1],
    ] as const) {
      const load = { batch, connections, seconds: seconds / rounds }
      const own = { ...load, port: server.port, path: '/xapi/statements', headers: server.headers }
      const raw = { ...load, port: ceiling.port, path: '/', headers: {} }
      await sendRecords({ ...own, seconds: seconds / 5 })
      await sendRecords({ ...raw, seconds: seconds / 10 })
      const measured: RecordLoadResult[] = []
      const compared: RecordLoadResult[] = []
      for (let round = 0; round < rounds; round++) {
        measured.push(await sendRecords(own))
        compared.push(await sendRecords(raw))
      }
      const [value, most] = [rateOf(measured), rateOf(compared)]
      figures.push({ bench: `records.ingest.${name}`, value, unit: 'statements/s', ceiling: most, ratio: value / most })
    }
    await ceiling.close()
    figures.push(...(await measureBytes(server)))
    return figures
  } finally {
    await server.close()
  }
}

function rateOf(results: RecordLoadResult[]): number {
  const refused = results.find(({ refusal }) => refusal !== undefined)
  if (refused) throw new Error(`A request was refused: ${refused.refusal}`)
  const sum = (of: (result: RecordLoadResult) => number) => results.reduce((total, each) => total + of(each), 0)
  return sum(({ statements }) => statements) / sum((each) => each.seconds)
}

/** Bytes kept for each statement by both stores, rows, indexes and sums; the ceiling is the text alone. */
async function measureBytes({ services, tenant }: Server): Promise<Figure[]> {
  await projectAll(services, tenant.id)
  const clickhouse = await services.clickhouse()
  await settle(clickhouse)
  await services.owner.query('vacuum analyze records.statement')
  const { rows } = await services.owner.query<{ statements: number; bytes: number; text: number }>(
    `select count(*)::float8 as statements, avg(octet_length(body))::float8 as text,
       (pg_total_relation_size('records.statement') + pg_total_relation_size('records.mention'))::float8 / count(*) as bytes
     from records.statement`,
  )
  const { statements, bytes, text } = rows[0]!
  const analytics = (await countBytes(clickhouse)) / statements
  const figure = (bench: string, value: number): Figure => {
    return { bench, value, unit: 'bytes a statement', ceiling: text, ratio: text / value }
  }
  return [
    figure('records.bytes', bytes + analytics),
    figure('records.bytes.postgres', bytes),
    figure('records.bytes.clickhouse', analytics),
  ]
}

/** How soon a statement, and a page of those that a filter lets through, are answered, by a store that holds many. */
async function measureReading(): Promise<Figure[]> {
  const server = await openServer()
  try {
    const filled = await fillRecords(server.services.owner, server.tenant.id, kept)
    const read = async (path: string[], perSecond: number) => {
      const load = { port: server.port, path, cookies: [], headers: server.headers, perSecond }
      await sendLoad({ ...load, seconds: 2 })
      const { latencies, errors } = await sendLoad({ ...load, seconds })
      if (errors > 0) throw new Error(`${errors} requests failed: ${path[0]}`)
      return percentile(latencies, 0.95)
    }
    const figure = (bench: string, value: number, perSecond: number): Figure => {
      return { bench, value, unit: `ms at ${perSecond}/s, of ${kept.toLocaleString('en')}`, ceiling: null, ratio: null }
    }
    const byId = filled.ids.map((id) => `/xapi/statements?statementId=${id}`)
    const pages = Object.entries(listPages(filled))
    const mixed = byId.flatMap((_, at) => pages.map(([, paths]) => paths[at % paths.length]!))
    const figures = [
      figure('records.get.id.p95', await read(byId, 200), 200),
      figure('records.page.p95', await read(mixed, 50), 50),
    ]
    for (const [name, paths] of pages) figures.push(figure(`records.page.${name}.p95`, await read(paths, 50), 50))
    return figures
  } finally {
    await server.close()
  }
}

/** Addresses of pages of 50, by what filters them. */
function listPages({ samples, middle }: Filled): Record<string, string[]> {
  const page = (query: Record<string, string>) => `/xapi/statements?${new URLSearchParams({ limit: '50', ...query })}`
  const agentOf = (actor: object) => JSON.stringify(actor)
  return {
    latest: [page({})],
    since: [page({ since: middle, ascending: 'true' })],
    agent: samples.map(({ actor }) => page({ agent: agentOf(actor) })),
    verb: samples.map(({ verb }) => page({ verb })),
    activity: samples.map(({ activity }) => page({ activity })),
    course: samples.map((_, at) => page({ activity: courses[at % courses.length]!, related_activities: 'true' })),
    courseUntil: samples.map((_, at) =>
      page({ activity: courses[at % courses.length]!, related_activities: 'true', until: middle }),
    ),
    agentAndActivity: samples.map(({ actor, activity }) => page({ agent: agentOf(actor), activity })),
    agentAndAll: samples.map(({ actor, verb, activity }) => page({ agent: agentOf(actor), verb, activity })),
    verbAndActivity: samples.map(({ verb, activity }) => page({ verb, activity, until: middle })),
    relatedAgent: samples.map(({ actor }) => page({ agent: agentOf(actor), related_agents: 'true' })),
  }
}
