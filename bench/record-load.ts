import { fork } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import net from 'node:net'
import { makeStatement } from './record-statements.ts'

/** Statements sent as fast as they are taken: each connection waits for an answer, then sends on. */
export interface RecordLoad {
  port: number
  path: string
  headers: Record<string, string>
  /** Statements of a request. */
  batch: number
  connections: number
  seconds: number
}

export interface RecordLoadResult {
  statements: number
  seconds: number
  /** Bytes of the bodies sent. */
  bytes: number
  /** The first answer that was not 2xx. */
  refusal?: string
}

/** Sends them from a process of its own, so that measuring does not slow what is measured more than it must. */
export function sendRecords(load: RecordLoad): Promise<RecordLoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, { serialization: 'advanced' })
    child.on('message', (result: RecordLoadResult) => {
      resolve(result)
      child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', (code) => code !== 0 && reject(new Error(`The load ended with ${code}.`)))
    child.send(load)
  })
}

if (process.send && process.argv[1] === import.meta.filename) {
  process.once('message', (load: RecordLoad) => void run(load).then((result) => process.send!(result)))
}

const mark = '!'.repeat(36)

/** A whole request, and where in it the identifiers are: each time they are others. */
interface Prepared {
  bytes: Buffer
  ids: number[]
  length: number
}

function prepare(load: RecordLoad, random: () => number): Prepared {
  const statements = Array.from({ length: load.batch }, () => makeStatement(mark, random))
  const body = Buffer.from(JSON.stringify(load.batch === 1 ? statements[0] : statements))
  const head = [
    `POST ${load.path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    ...Object.entries(load.headers).map(([name, value]) => `${name}: ${value}`),
  ]
  const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
  const ids: number[] = []
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length)) ids.push(at)
  return { bytes, ids, length: body.length }
}

const entropy = Buffer.alloc(16 * 256)
let used = entropy.length

/** Writes a random UUID. */
function writeId(bytes: Buffer, at: number): void {
  if (used === entropy.length) {
    randomFillSync(entropy)
    used = 0
  }
  const hex = entropy.toString('hex', used, used + 16)
  used += 16
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  bytes.write(id, at, 'latin1')
}

async function run(load: RecordLoad): Promise<RecordLoadResult> {
  let state = 42
  // Always the same statements: a linear congruential generator is random enough.
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  const prepared = Array.from({ length: Math.ceil(8_000 / load.batch) }, () => prepare(load, random))
  const result: RecordLoadResult = { statements: 0, seconds: 0, bytes: 0 }
  let next = 0
  const begun = performance.now()
  const end = begun + load.seconds * 1000

  const connect = () =>
    new Promise<void>((resolve, reject) => {
      const socket = net.connect(load.port, '127.0.0.1')
      let current: Prepared
      let answer = ''
      const send = () => {
        if (performance.now() > end || result.refusal !== undefined) {
          socket.end()
          return resolve()
        }
        current = prepared[next++ % prepared.length]!
        for (const at of current.ids) writeId(current.bytes, at)
        // A copy: others use the same one before the system has taken it.
        socket.write(Buffer.from(current.bytes))
      }
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1')
        const head = answer.indexOf('\r\n\r\n')
        if (head === -1) return
        const length = Number(/content-length: (\d+)/i.exec(answer.slice(0, head))?.[1] ?? 0)
        if (answer.length < head + 4 + length) return
        if (answer.startsWith('HTTP/1.1 2')) {
          result.statements += load.batch
          result.bytes += current.length
        } else result.refusal ??= answer
        answer = ''
        send()
      })
      socket.on('error', reject)
      socket.on('connect', send)
    })
  await Promise.all(Array.from({ length: load.connections }, connect))
  result.seconds = (performance.now() - begun) / 1000
  return result
}
