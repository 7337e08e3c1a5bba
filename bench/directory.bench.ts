import { fork } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { SaxesParser } from 'saxes'
import { createServices, queues } from '../server/src/app.ts'
import { type FeedOptions, nextExport, writeAafFeed } from '../server/src/demonstration/index.ts'
import { applyImport, stageImport } from '../server/src/modules/directory/index.ts'
import { openStores } from '../server/src/stores.ts'
import type { Bench } from './run.ts'
import { type BenchStores, openBenchStores } from './server.ts'

const feed: FeedOptions = { people: 1_000_000 }
/** What happens in a week: one record in a hundred is added, modified or removed. */
const hundredth = {
  leavers: 0.003,
  arrivals: 0.003,
  newContacts: 0.006,
  newAddresses: 0.002,
  classChanges: 0.003,
  staffReplaced: 0.003,
}
/** What an import writes. */
const tables = [
  'source_record',
  'person',
  'affiliation',
  'enrolment',
  'membership',
  'teaching',
  'staff_function',
  'guardianship',
]

/** A step done in a process of its own, so that its memory is its own too. */
type Step =
  | { kind: 'write'; folder: string; options: FeedOptions }
  | { kind: 'import'; folder: string; config: BenchStores['config']; tenantId: string }
  | { kind: 'parse'; folder: string }

interface StepResult {
  seconds: number
  /** Largest resident memory of the process, its worker threads included. */
  peakBytes: number
}

/**
 * A full feed of a million people (pupils, guardians, staff) into an empty base, then a new export of the same people;
 * and, on such a base, a delta of one in a hundred.
 * The ceiling is what any import has to do: a strict parse of the same bytes that looks at nothing, and a COPY of the
 * rows that end in the base into unlogged tables without index.
 */
export const benches: Bench[] = [
  {
    name: 'directory.import',
    async run() {
      const bench = await openBenchStores()
      try {
        const { folder, config, tenant } = bench
        const [first, second] = [join(folder, 'first'), join(folder, 'second')]
        await runStep({ kind: 'write', folder: first, options: feed })
        await runStep({ kind: 'write', folder: second, options: nextExport(feed) })
        const request = { kind: 'import' as const, config, tenantId: tenant.id }
        const full = await runStep({ ...request, folder: first })
        const unchanged = await runStep({ ...request, folder: second })
        const parse = await runStep({ kind: 'parse', folder: first })
        const copied = await copyRows(bench)
        const raw = parse.seconds + copied
        const mega = (bytes: number) => bytes / 1024 / 1024
        return [
          {
            bench: 'directory.import.full.1m',
            value: full.seconds,
            unit: 's',
            ceiling: raw,
            ratio: raw / full.seconds,
          },
          {
            bench: 'directory.import.memory',
            value: mega(Math.max(full.peakBytes, unchanged.peakBytes)),
            unit: 'MB resident',
            ceiling: mega(parse.peakBytes),
            ratio: parse.peakBytes / Math.max(full.peakBytes, unchanged.peakBytes),
          },
          {
            bench: 'directory.import.unchanged',
            value: unchanged.seconds,
            unit: 's',
            ceiling: parse.seconds,
            ratio: parse.seconds / unchanged.seconds,
          },
        ]
      } finally {
        await bench.close()
      }
    },
  },
  {
    name: 'directory.import.delta',
    async run() {
      const bench = await openBenchStores()
      try {
        const { folder, config, tenant } = bench
        const [first, delta] = [join(folder, 'first'), join(folder, 'delta')]
        await runStep({ kind: 'write', folder: first, options: feed })
        await runStep({ kind: 'write', folder: delta, options: { ...nextExport(feed, hundredth), mode: 'delta' } })
        const request = { kind: 'import' as const, config, tenantId: tenant.id }
        await runStep({ ...request, folder: first })
        const changed = await runStep({ ...request, folder: delta })
        const parse = await runStep({ kind: 'parse', folder: delta })
        return [
          {
            bench: 'directory.import.delta',
            value: changed.seconds,
            unit: 's',
            ceiling: parse.seconds,
            ratio: parse.seconds / changed.seconds,
          },
        ]
      } finally {
        await bench.close()
      }
    },
  },
]

/** Writes the rows of the base to files, then times their COPY into bare tables. @returns seconds. */
async function copyRows({ services, folder }: BenchStores): Promise<number> {
  const client = await services.owner.connect()
  try {
    let seconds = 0
    for (const table of tables) {
      const file = join(folder, `${table}.copy`)
      // Generated columns are not copied.
      const { rows } = await client.query<{ names: string }>(
        `select string_agg(quote_ident(attname), ', ' order by attnum) as names from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
        [`directory.${table}`],
      )
      const names = rows[0]!.names
      await pipeline(client.query(copyTo(`copy directory.${table} (${names}) to stdout`)), createWriteStream(file))
      await client.query(
        `create unlogged table public.bare_${table} as select ${names} from directory.${table} limit 0`,
      )
      const begun = performance.now()
      await pipeline(createReadStream(file), client.query(copyFrom(`copy public.bare_${table} from stdin`)))
      seconds += (performance.now() - begun) / 1000
    }
    return seconds
  } finally {
    client.release()
  }
}

function runStep(step: Step): Promise<StepResult> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [], { serialization: 'advanced' })
    child.on('message', (result: StepResult) => {
      resolve(result)
      child.disconnect()
    })
    child.on('exit', (code) => {
      if (code !== 0) reject(new Error(`${step.kind} failed`))
    })
    child.send(step)
  })
}

if (process.send && process.argv[1] === import.meta.filename) {
  process.once('message', (step: Step) => void doStep(step).then((result) => process.send!(result)))
}

async function doStep(step: Step): Promise<StepResult> {
  const begun = performance.now()
  if (step.kind === 'write') await writeAafFeed(step.folder, step.options)
  else if (step.kind === 'parse') await parseFeed(step.folder)
  else await importFeed(step)
  return { seconds: (performance.now() - begun) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024 }
}

async function importFeed({ folder, config, tenantId }: Extract<Step, { kind: 'import' }>): Promise<void> {
  const stores = await openStores(config, { queues, supervise: false, log: () => {} })
  try {
    const services = createServices(config, stores)
    const staged = await stageImport(services, { tenantId, folder, actorPersonId: null, unseen: true })
    if (staged.state !== 'ready') throw new Error(`The feed was not accepted: ${staged.refusal?.detail}`)
    await applyImport(services, { tenantId, id: staged.id, actorPersonId: null, acceptAlerts: false })
  } finally {
    await stores.close()
  }
}

async function parseFeed(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (!(await stat(path)).isFile()) continue
    const parser = new SaxesParser()
    parser.on('error', (error) => {
      throw error
    })
    for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
      parser.write(chunk as string)
    }
    parser.close()
  }
}
