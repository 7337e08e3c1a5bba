/**
 * Small seeded generator (sfc32). The same keys give the same draws on every machine, so a sector or a family can be
 * rebuilt alone, in any order, without keeping what was drawn before it.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(...keys: readonly number[]) {
    let hash = 0x9e3779b9
    for (const key of keys) {
      hash = Math.imul(hash ^ key, 0x85ebca6b)
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
      hash ^= hash >>> 16
    }
    this.a = hash
    this.b = Math.imul(hash, 0x27d4eb2f) ^ 0x165667b1
    this.c = Math.imul(hash ^ 0x5bd1e995, 0x9e3779b1)
    // Twelve rounds spread neighbouring keys before the first draw.
    for (let round = 0; round < 12; round++) this.next()
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    const result = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + result
    this.c |= 0
    return result >>> 0
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.next() / 4294967296
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.unit() * bound)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 4294967296
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** Favours the beginning of the list, as names do: about half of the draws fall in its first quarter. */
  pickSkewed<T>(list: readonly T[]): T {
    const u = this.unit()
    return list[Math.floor(u * u * list.length)] as T
  }

  /** Integer near `share × total`, right on average, so that small shares over many small totals still add up. */
  round(value: number): number {
    return Math.floor(value + this.unit())
  }
}
