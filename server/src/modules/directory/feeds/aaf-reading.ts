import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import type { Writable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import type { Degree } from './aaf-attributes.ts'
import type { FeedFile } from './aaf-files.ts'
import type { WorkerReply, WorkerRequest } from './aaf-worker.ts'
import { type FeedReading, FeedRefusal, type ReadingOptions } from './feed.ts'
import { GroupGathering } from './records.ts'

// A feed below this size is read before a second thread would have started.
const smallFeed = 16_000_000

/**
 * Reads a feed and stages its records: establishments first, since the others refer to them, then all the files by
 * two threads while one COPY takes their rows in, then the classes and groups that the records named.
 * @throws FeedRefusal when a file cannot be used; what was staged so far is then worth nothing.
 */
export async function readAafFeed(
  feed: { schoolYear: number; degree: Degree; files: FeedFile[]; bytes: number },
  options: ReadingOptions,
): Promise<FeedReading> {
  const reading: FeedReading = { warnings: new Map() }
  const groups = new GroupGathering()
  const threads = feed.bytes < smallFeed ? 1 : Math.min(2, availableParallelism())
  const workers = Array.from({ length: threads }, () => new ReadingThread(feed))
  const stop = () => void Promise.all(workers.map((worker) => worker.terminate()))
  options.signal.addEventListener('abort', stop)
  try {
    const numbered = feed.files.map((file, number) => ({ file, number }))
    const isEstablishments = ({ file }: { file: FeedFile }) => file.kind === 'establishment'
    await readFiles(numbered.filter(isEstablishments))
    const establishments = await options.listEstablishments()
    for (const worker of workers) worker.tell({ type: 'establishments', known: establishments })
    // The largest last ones would leave a thread idle.
    const rest = numbered.filter((each) => !isEstablishments(each)).sort((a, b) => b.file.bytes - a.file.bytes)
    await readFiles(rest, (copy) => {
      if (groups.undeclared > 0) reading.warnings.set('class_undeclared', groups.undeclared)
      for (const row of groups.rows({ schoolYear: feed.schoolYear, establishments })) copy.write(row)
    })
    return reading
  } finally {
    options.signal.removeEventListener('abort', stop)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  async function readFiles(files: { file: FeedFile; number: number }[], finish?: (copy: Writable) => void) {
    options.signal.throwIfAborted()
    const copy = await options.openCopy()
    let lost = false
    const failed = new Promise<never>((_, reject) => {
      copy.on('error', (error) => {
        lost = true
        reject(error)
      })
    })
    failed.catch(() => {})
    const queue = [...files]
    try {
      await Promise.race([
        failed,
        Promise.all(
          workers.map(async (worker) => {
            for (let next = queue.shift(); next; next = queue.shift()) {
              const told = await worker.read(next.file, next.number, copy, options.onProgress)
              for (const [code, count] of told.warnings) {
                reading.warnings.set(code, (reading.warnings.get(code) ?? 0) + count)
              }
              groups.add(told.groups)
            }
          }),
        ),
      ])
      options.signal.throwIfAborted()
      finish?.(copy)
      copy.end()
      await Promise.race([failed, once(copy, 'finish')])
    } catch (error) {
      if (!lost) copy.destroy()
      options.signal.throwIfAborted()
      throw error
    }
  }
}

/** One thread of `aaf-worker.ts`; reads one file at a time. */
class ReadingThread {
  private readonly worker: Worker

  constructor({ schoolYear, degree }: { schoolYear: number; degree: Degree }) {
    this.worker = new Worker(new URL('./aaf-worker.ts', import.meta.url), {
      workerData: { schoolYear, degree },
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32 },
    })
    // Every read listens for itself; between two, there is nothing to tell.
    this.worker.on('error', () => {})
  }

  tell(request: WorkerRequest): void {
    this.worker.postMessage(request)
  }

  terminate(): Promise<number> {
    return this.worker.terminate()
  }

  read(
    file: FeedFile,
    number: number,
    copy: Writable,
    onProgress: (bytes: number) => void,
  ): Promise<Extract<WorkerReply, { type: 'read' }>> {
    const { worker } = this
    return new Promise((resolve, reject) => {
      const onExit = () => settle(() => reject(new Error('The thread reading the feed has stopped.')))
      const onError = (error: Error) => settle(() => reject(error))
      const onMessage = (reply: WorkerReply) => {
        if (reply.type === 'rows') {
          onProgress(reply.bytesRead)
          copy.write(Buffer.from(reply.rows.buffer, 0, reply.rows.byteLength), () => this.tell({ type: 'written' }))
        } else if (reply.type === 'refused') {
          const { code, detail, file: name, line, column } = reply.refusal
          const at = { ...(name === null ? {} : { file: name }), ...(line === null ? {} : { line }) }
          settle(() => reject(new FeedRefusal(code, detail, column === null ? at : { ...at, column })))
        } else {
          settle(() => resolve(reply))
        }
      }
      const settle = (how: () => void) => {
        worker.off('message', onMessage)
        worker.off('error', onError)
        worker.off('exit', onExit)
        how()
      }
      worker.on('message', onMessage)
      worker.on('error', onError)
      worker.on('exit', onExit)
      this.tell({ type: 'read', file, number })
    })
  }
}
