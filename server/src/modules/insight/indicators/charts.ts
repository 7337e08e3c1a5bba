import { Worker } from 'node:worker_threads'
import type { Column } from './definition.ts'

/** Compiles charts in a thread of its own, started by the first of them. */
export interface ChartCompiler {
  /** @returns what Vega-Lite finds wrong with a chart; undefined for nothing. */
  findFault(chart: object): Promise<string | undefined>
  close(): Promise<void>
}

/** Opens a compiler; `close` it when no more charts come. */
export function openChartCompiler(): ChartCompiler {
  let worker: Worker | undefined
  let last = 0
  const waiting = new Map<number, (fault: string | undefined) => void>()
  const start = () => {
    const started = new Worker(new URL('./chart-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    started.on('message', ({ id, fault }: { id: number; fault: string | undefined }) => {
      waiting.get(id)?.(fault)
      waiting.delete(id)
    })
    // A chart on which the thread dies is a bad one; so are, this time, those that waited behind it.
    const end = () => {
      worker = undefined
      for (const settle of waiting.values()) settle('Vega-Lite cannot draw it: it ends the program that draws.')
      waiting.clear()
    }
    started.on('error', end)
    started.on('exit', end)
    return started
  }
  return {
    findFault(chart) {
      return new Promise((settle) => {
        waiting.set(++last, settle)
        worker ??= start()
        worker.postMessage({ id: last, chart })
      })
    },
    async close() {
      await worker?.terminate()
    },
  }
}

/**
 * Why a chart is refused; undefined for a good one. It is Vega-Lite, without data of its own (they are named `rows`),
 * without colours nor fonts (the page's are used), that asks nothing from outside, and that draws declared columns only.
 */
export async function findChartFault(
  chart: unknown,
  columns: readonly Column[],
  compiler: ChartCompiler | undefined,
): Promise<string | undefined> {
  if (typeof chart !== 'object' || chart === null || Array.isArray(chart)) return 'it is no object'
  const made = new Set(columns.map(({ name }) => name))
  for (const [key, value] of walk(chart)) {
    if (key === 'as') for (const name of [value].flat()) made.add(String(name))
    // A fold or a flatten without names gives these.
    if (key === 'fold') ['key', 'value'].forEach((name) => made.add(name))
  }
  let hasRows = false
  for (const [key, value] of walk(chart)) {
    if (key === 'data') {
      if (JSON.stringify(value) !== '{"name":"rows"}') return 'data: only { "name": "rows" } is taken'
      hasRows = true
    }
    if (['url', 'href', 'datasets', 'config', 'usermeta', 'font', 'image'].includes(key)) return `${key} is not taken`
    if (value === 'image') return 'images are not taken'
    if (typeof value === 'string' && /^(#[0-9a-f]{3,8}|rgba?\(.*|hsla?\(.*)$/i.test(value))
      return `the colour ${value} is not taken: those of the page are used`
    if (key === 'field' && typeof value === 'string' && !made.has(value)) return `there is no column ${value}`
  }
  if (!hasRows) return 'data: { "name": "rows" } is missing'
  return compiler?.findFault(chart)
}

function* walk(node: object): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(node)) {
    yield [key, value]
    if (typeof value === 'object' && value !== null) yield* walk(value)
  }
}
