import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of this process's heap that some work still keeps once it is done. */
export function measureKept(work: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  work()
  collect()
  return process.memoryUsage().heapUsed - before
}

/** Texts of a million characters, each another. */
export const makeLongTexts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(1_000_000, 'a').toString('latin1') + index)
