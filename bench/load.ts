import http from 'node:http'
import { fork } from 'node:child_process'

/** A constant rate of requests, whatever the answers' speed: as people arrive, not as a loop goes round. */
export interface Load {
  port: number
  /** One is picked in turn for each request, as of the cookies. */
  path: string | string[]
  cookies: string[]
  headers?: Record<string, string>
  perSecond: number
  seconds: number
}

export interface LoadResult {
  /** Milliseconds from the moment the request was due until its whole answer, of each answered 200. */
  latencies: number[]
  errors: number
}

/** Sends a load from a process of its own, so that measuring does not slow what is measured more than it must. */
export function sendLoad(load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, { serialization: 'advanced' })
    child.on('message', (result: LoadResult) => {
      resolve(result)
      child.disconnect()
    })
    child.on('error', reject)
    child.send(load)
  })
}

if (process.send && process.argv[1] === import.meta.filename) {
  process.once('message', (load: Load) => void run(load).then((result) => process.send!(result)))
}

async function run(load: Load): Promise<LoadResult> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
  const latencies: number[] = []
  let errors = 0
  const total = load.perSecond * load.seconds
  const begun = performance.now()
  const answers: Promise<void>[] = []
  const paths = [load.path].flat()
  for (let i = 0; i < total; i++) {
    const due = begun + (i * 1000) / load.perSecond
    const early = due - performance.now()
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early))
    answers.push(
      request(agent, load, paths[i % paths.length] ?? '/', load.cookies[i % load.cookies.length]).then((ok) => {
        if (ok) latencies.push(performance.now() - due)
        else errors += 1
      }),
    )
  }
  await Promise.all(answers)
  agent.destroy()
  return { latencies, errors }
}

function request(agent: http.Agent, load: Load, path: string, cookie: string | undefined): Promise<boolean> {
  const headers = { ...load.headers, ...(cookie !== undefined && { cookie }) }
  return new Promise((resolve) => {
    http
      .get({ agent, host: '127.0.0.1', port: load.port, path, headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode === 200))
        response.on('error', () => resolve(false))
      })
      .on('error', () => resolve(false))
  })
}
