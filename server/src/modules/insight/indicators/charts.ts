import type { Column } from './definition.ts'

/**
 * Why a chart is refused; undefined for a good one. It is Vega-Lite, without data of its own (they are named `rows`),
 * without colours nor fonts (the page's are used), that asks nothing from outside, and that draws declared columns only.
 */
export async function findChartFault(chart: unknown, columns: readonly Column[]): Promise<string | undefined> {
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
  const warnings: string[] = []
  const hear = (...said: unknown[]) => {
    warnings.push(said.join(' '))
    return logger
  }
  const logger = { level: () => logger, error: hear, warn: hear, info: () => logger, debug: () => logger }
  try {
    const { compile } = await import('vega-lite')
    compile(chart as Parameters<typeof compile>[0], { logger: logger as never })
  } catch (error) {
    return `Vega-Lite cannot draw it: ${(error as Error).message}`
  }
  // Layers that share a sorted axis are told so each time, and drawn as meant.
  return warnings.find((warning) => !warning.includes('conflicting sort properties'))
}

function* walk(node: object): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(node)) {
    yield [key, value]
    if (typeof value === 'object' && value !== null) yield* walk(value)
  }
}
