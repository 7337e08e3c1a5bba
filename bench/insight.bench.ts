import type { AddressInfo } from 'node:net'
import { createApp, startWorkers } from '../server/src/app.ts'
import type { Audience, Viewer } from '../server/src/kernel/access.ts'
import type { App } from '../server/src/kernel/http.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import { defaultDashboards } from '../server/src/modules/insight/dashboards/default-dashboards.ts'
import { projectAll, startRebuild } from '../server/src/modules/insight/projection/projection.ts'
import { readProjectionState } from '../server/src/modules/insight/projection/projection-state.ts'
import { openLaunch } from '../server/src/modules/insight/viewers/viewers.ts'
import { createCredential } from '../server/src/modules/records/credentials/credentials.ts'
import { countBytes, fillEvents, type FilledEvents, findBusiest, openFilling, settle } from './insight-fill.ts'
import { sendRecords } from './record-load.ts'
import type { Bench, Figure } from './run.ts'
import { type BenchStores, openBenchStores, percentile } from './server.ts'

// PREAU_BENCH_EVENTS: events of the largest analytics asked; PREAU_BENCH_SECONDS: of the load under which the lag is measured.
const events = Number(process.env['PREAU_BENCH_EVENTS'] ?? 10_000_000)
const seconds = Number(process.env['PREAU_BENCH_SECONDS'] ?? 20)
const rounds = 5

export const benches: Bench[] = [
  { name: 'insight.dashboard', run: measureDashboards },
  { name: 'insight.projection', run: measureProjection },
]

interface Card {
  name: string
  url: string
  headers: Record<string, string>
}

/** How long the slowest card of the default dashboards takes, with everything around it, as there are more events. */
async function measureDashboards(): Promise<Figure[]> {
  const bench = await openBenchStores()
  const { services, stores, tenant, config } = bench
  const app = await createApp(config, { ...services, db: stores.postgres.web })
  try {
    const clickhouse = await services.clickhouse()
    const now = services.now()
    const filled = await inTenant(services.db, tenant.id, (tx) => openFilling(tx, now))
    const figures: Figure[] = []
    const sizes = [100_000, 1_000_000, 10_000_000, 100_000_000, 300_000_000].filter((each) => each < events)
    let there = 0
    for (const size of [...sizes, events]) {
      await fillEvents(clickhouse, tenant.id, filled.build, { first: there, count: size - there, until: now })
      there = size
      await settle(clickhouse)
      const learner = await findBusiest(clickhouse, filled)
      const of = size.toLocaleString('en')
      for (const [span, weeks] of [
        ['', 8],
        ['.year', 52],
      ] as const) {
        const cards = await listCards(bench, app, { ...filled, learner }, weeks * 7, now)
        const measured = await measureCards(app, cards)
        const isLargest = size === events
        for (const [kind, way] of [
          ['', 'usual'],
          ['.first', 'first'],
        ] as const) {
          const slowest = measured.toSorted((a, b) => b[way] - a[way])[0]!
          figures.push({
            bench: `insight.dashboard${kind}${span}.${isLargest ? 'max' : size}`,
            value: slowest[way],
            unit: `ms of ${of} events: ${slowest.name}`,
            ceiling: null,
            ratio: null,
          })
        }
      }
      figures.push({
        bench: `insight.bytes.${size}`,
        value: (await countBytes(clickhouse)) / size,
        unit: `bytes an event of ${of}`,
        ceiling: null,
        ratio: null,
      })
    }
    return figures
  } finally {
    await app.close()
    await bench.close()
  }
}

/** What the dashboards that come with the product ask, of the busiest course, ten busy ones, and all. */
async function listCards(
  { services, tenant }: BenchStores,
  app: App,
  filled: FilledEvents,
  days: number,
  now: Date,
): Promise<Card[]> {
  const course = filled.courses[0] ?? ''
  const reach: Record<Audience, Partial<Viewer>> = {
    student: { courses: [course], learner: filled.learner },
    teacher: { courses: [course], nominative: true },
    programme: { courses: filled.courses.slice(0, 10) },
    institution: { courses: null },
  }
  const cards: Card[] = []
  for (const audience of ['student', 'teacher', 'programme', 'institution'] as const) {
    const viewer: Viewer = {
      tenantId: tenant.id,
      audience,
      courses: null,
      learner: null,
      nominative: false,
      personId: null,
      name: null,
      indicator: null,
      ...reach[audience],
    }
    const token = await inTenant(services.db, tenant.id, (tx) => openLaunch(tx, viewer, now))
    const headers = { authorization: `Bearer ${token}` }
    const listed = await app.inject({ url: '/api/insight/indicators', headers })
    const { indicators } = listed.json<{ indicators: { name: string; parameters: Record<string, Parameter> }[] }>()
    for (const { indicator, scope } of defaultDashboards[audience]) {
      const found = indicators.find(({ name }) => name === indicator)
      if (!found) throw new Error(`There is no indicator ${indicator}: ${listed.body.slice(0, 500)}`)
      const query = new URLSearchParams({
        scope,
        from: new Date(now.getTime() - (days - 1) * 86_400_000).toISOString().slice(0, 10),
        until: now.toISOString().slice(0, 10),
      })
      if (audience === 'student' || audience === 'teacher') query.set('course', course)
      for (const [name, parameter] of Object.entries(found.parameters)) {
        const kind = parameter.kinds?.[0] ?? 'video'
        if (parameter.required === true) query.set(`p.${name}`, filled.activities[kind] ?? '')
      }
      cards.push({ name: `${indicator}, ${audience}`, url: `/api/insight/indicators/${indicator}?${query}`, headers })
    }
  }
  return cards
}

interface Parameter {
  type: string
  kinds?: string[]
  required?: boolean
}

interface Measured {
  name: string
  /** In ms: the median of some answers, and the one before them, which plans what may be told. */
  usual: number
  first: number
}

async function measureCards(app: App, cards: Card[]): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const { name, url, headers } of cards) {
    const times: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const begun = performance.now()
      const answer = await app.inject({ url, headers })
      times.push(performance.now() - begun)
      if (answer.statusCode !== 200) throw new Error(`${name}: ${answer.body.slice(0, 500)}`)
    }
    const [first = NaN, ...others] = times
    measured.push({ name, usual: percentile(others, 0.5), first })
  }
  console.log(
    measured
      .toSorted((a, b) => b.usual - a.usual)
      .slice(0, 8)
      .map(({ name, usual, first }) => `  ${Math.round(usual)} ms, ${Math.round(first)} at first: ${name}`)
      .join('\n'),
  )
  return measured
}

/** How late statements are in the analytics while sources send as fast as they are taken; and how fast a rebuild is. */
async function measureProjection(): Promise<Figure[]> {
  const bench = await openBenchStores({ supervise: true })
  const { services, stores, tenant, config } = bench
  const app = await createApp(config, { ...services, db: stores.postgres.web })
  try {
    const { credential, secret } = await inTenant(services.db, tenant.id, (tx) =>
      createCredential(tx, null, { name: 'Bench', scopes: ['all'] }, services.now()),
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    await services.clickhouse()
    await startWorkers(services)
    const load = {
      port: (app.server.address() as AddressInfo).port,
      path: '/xapi/statements',
      headers: {
        authorization: `Basic ${Buffer.from(`${credential.key}:${secret}`).toString('base64')}`,
        'x-experience-api-version': '1.0.3',
      },
      batch: 50,
      connections: 64,
    }
    await sendRecords({ ...load, seconds: seconds / 4 })
    const lags: number[] = []
    let isSending = true
    const watching = (async () => {
      while (isSending) {
        const { builds } = await inTenant(services.db, tenant.id, (tx) => readProjectionState(tx, services.now()))
        lags.push(builds.find(({ state }) => state === 'read')?.lag ?? 0)
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    })()
    const sent = await sendRecords({ ...load, seconds })
    isSending = false
    await watching
    const begun = performance.now()
    await projectAll(services, tenant.id)
    const caughtUp = (performance.now() - begun) / 1000
    const rebuilt = await measureRebuild(bench)
    const rate = Math.round(sent.statements / sent.seconds).toLocaleString('en')
    const figure = (name: string, value: number, unit: string): Figure => {
      return { bench: `insight.projection.${name}`, value, unit, ceiling: null, ratio: null }
    }
    return [
      figure('lag', Math.max(...lags), `s, the longest, at ${rate} statements/s`),
      figure('lag.p50', percentile(lags, 0.5), `s at ${rate} statements/s`),
      figure('caughtUp', caughtUp, 's after the last'),
      figure('rebuild', rebuilt, 'statements/s'),
    ]
  } finally {
    await app.close()
    await bench.close()
  }
}

/** Statements put in a second when all is made anew and nothing else goes on. */
async function measureRebuild({ services, tenant }: BenchStores): Promise<number> {
  const build = await inTenant(services.db, tenant.id, (tx) => startRebuild(tx, null, services.now()))
  const begun = performance.now()
  for (;;) {
    await projectAll(services, tenant.id)
    const { builds } = await inTenant(services.db, tenant.id, (tx) => readProjectionState(tx, services.now()))
    const own = builds.find((each) => each.build === build)
    if (own?.state !== 'filling') return ((own?.statements ?? NaN) / (performance.now() - begun)) * 1000
  }
}
