import { parentPort } from 'node:worker_threads'
import { compile } from 'vega-lite'

// A thread that compiles charts for `charts.ts`: Vega-Lite is a megabyte to load, and holds its thread for tens of ms a chart.

const port = parentPort
if (!port) throw new Error('chart-worker.ts runs as a worker thread only.')

port.on('message', ({ id, chart }: { id: number; chart: Parameters<typeof compile>[0] }) => {
  port.postMessage({ id, fault: findFault(chart) })
})

function findFault(chart: Parameters<typeof compile>[0]): string | undefined {
  const warnings: string[] = []
  const hear = (...said: readonly unknown[]) => {
    warnings.push(said.join(' '))
    return logger
  }
  const pass = () => logger
  const logger = { level: pass, error: hear, warn: hear, info: pass, debug: pass }
  try {
    compile(chart, { logger: logger as NonNullable<Parameters<typeof compile>[1]>['logger'] & {} })
  } catch (error) {
    return `Vega-Lite cannot draw it: ${(error as Error).message}`
  }
  // Layers that share a sorted axis are told so each time, and drawn as meant.
  return warnings.find((warning) => !warning.includes('conflicting sort properties'))
}
