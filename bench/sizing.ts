import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import type { Figure } from './run.ts'

// `npm run sizing -- FIGURES.json > docs/operate/sizing.md`: what a platform of some size needs, worked out from the
// figures of `npm run bench -- records insight --json FIGURES.json`. Whoever's learners are busier or quieter changes the
// assumptions below and runs it again.

/** What is taken for granted, and said in the guide. */
interface Assumptions {
  /** What a learner leaves in a week of lessons. */
  statementsPerWeek: number
  weeksPerYear: number
  /** Share of a week's statements that come in its busiest hour. */
  busiestHour: number
  /** How long statements are kept, in years. */
  years: number
  /** Share of what a processor can do that is counted on: the rest is for people who look, copies and upkeep. */
  use: number
}

const assumptions: Assumptions = { statementsPerWeek: 50, weeksPerYear: 32, busiestHour: 0.05, years: 1, use: 0.5 }
const learners = [1_000, 10_000, 50_000, 300_000, 1_000_000]

interface Measured {
  /** Statements a second, durable, by batches of fifty. */
  ingest: number
  /** Bytes a statement in each store. */
  bytes: { postgres: number; clickhouse: number }
  /** The slowest card of the dashboards as events grow: events, milliseconds, and those of its first opening. */
  curve: [events: number, milliseconds: number, first: number][]
  cores: number
}

/** What an institution needs. */
interface Need {
  learners: number
  statements: number
  perSecond: number
  gigabytes: { postgres: number; clickhouse: number }
  cores: number
  /** Undefined beyond what was measured. */
  slowest: number | undefined
}

/** @throws Error naming the figure that is missing. */
function readFigures(figures: Figure[], cores: number): Measured {
  const value = (name: string) => {
    const found = figures.find(({ bench }) => bench === name)
    if (!found)
      throw new Error(`There is no figure ${name}: run npm run bench -- records insight --json FIGURES.json first.`)
    return found.value
  }
  const sizes = figures.flatMap(({ bench, value: bytes }) => {
    const size = /^insight\.bytes\.(\d+)$/.exec(bench)?.[1]
    return size === undefined ? [] : [{ size: Number(size), bytes }]
  })
  const largest = sizes.toSorted((a, b) => b.size - a.size)[0]
  if (!largest) throw new Error('There is no figure insight.bytes.*: run npm run bench -- insight first.')
  const curve = sizes.map(({ size }): Measured['curve'][number] => {
    const name = size === largest.size ? 'max' : String(size)
    return [size, value(`insight.dashboard.${name}`), value(`insight.dashboard.first.${name}`)]
  })
  return {
    ingest: value('records.ingest.batch50'),
    bytes: { postgres: value('records.bytes.postgres'), clickhouse: largest.bytes },
    curve: curve.toSorted(([a], [b]) => a - b),
    cores,
  }
}

function size(count: number, measured: Measured, given: Assumptions): Need {
  const weekly = count * given.statementsPerWeek
  const statements = weekly * given.weeksPerYear * given.years
  const perSecond = (weekly * given.busiestHour) / 3_600
  const giga = (bytes: number) => (statements * bytes) / 1e9
  return {
    learners: count,
    statements,
    perSecond,
    gigabytes: { postgres: giga(measured.bytes.postgres), clickhouse: giga(measured.bytes.clickhouse) },
    cores: Math.max(2, Math.ceil(perSecond / (measured.ingest / measured.cores) / given.use)),
    slowest: interpolate(measured.curve, statements),
  }
}

/** Between two sizes that were measured, the straight line; undefined beyond the largest. */
function interpolate(curve: Measured['curve'], at: number): number | undefined {
  const above = curve.findIndex(([events]) => events >= at)
  if (above === -1) return undefined
  const [x2, y2] = curve[above]!
  const [x1, y1] = curve[above - 1] ?? [0, y2]
  return y1 + ((y2 - y1) * (at - x1)) / (x2 - x1)
}

function write(measured: Measured, given: Assumptions, machine: string): string {
  const number = (value: number, digits = 3) => Number(value.toPrecision(digits)).toLocaleString('en')
  const rows = learners.map((count) => {
    const { statements, perSecond, gigabytes, cores, slowest } = size(count, measured, given)
    const cells = [
      number(count),
      `${number(statements / 1e6)} million`,
      number(perSecond),
      `${number(gigabytes.postgres)} GB`,
      `${number(gigabytes.clickhouse)} GB`,
      String(cores),
      slowest === undefined ? 'not measured' : `${number(slowest)} ms`,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const curve = measured.curve.map(
    ([events, ms, first]) => `| ${number(events)} | ${number(ms)} ms | ${number(first)} ms |`,
  )
  return `# Sizing of learning records and dashboards

Worked out by \`npm run sizing -- FIGURES.json\` from what \`npm run bench -- records insight --json FIGURES.json\` measured on ${machine}.
Run both on your own machine before you buy one: disks differ more than processors.

Taken for granted: a learner leaves ${given.statementsPerWeek} statements in a week of lessons, ${given.weeksPerYear} weeks a year; ${given.busiestHour * 100} % of a week's come in its busiest hour;
statements are kept ${given.years === 1 ? 'one year' : `${given.years} years`}; ${given.use * 100} % of the processors are counted on. All of these are at the head of \`bench/sizing.ts\`.

| Learners | Statements kept | A second, busiest hour | PostgreSQL | ClickHouse | Cores | Slowest card |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

Measured: ${number(measured.ingest)} statements a second, durable, on ${measured.cores} cores that also ran the sender; ${number(measured.bytes.postgres)} bytes a statement in PostgreSQL and ${number(measured.bytes.clickhouse)} in
ClickHouse. Disks are without copies, journals and room for upkeep. Memory and the network are not worked out here.

The slowest card of the dashboards that come with the product, over eight weeks of the busiest courses: as it is usually
answered, and for whoever opens it first, who waits until what may be told of groups is planned.

| Events | Usually | First opening |
| ---: | ---: | ---: |
${curve.join('\n')}
`
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the file of figures: npm run sizing -- FIGURES.json')
const cores = availableParallelism()
const machine = `${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB`
console.log(
  write(readFigures(JSON.parse(await readFile(file, 'utf8')) as Figure[], cores), assumptions, machine).trimEnd(),
)
