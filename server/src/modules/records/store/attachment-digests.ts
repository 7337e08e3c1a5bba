import { createHash } from 'node:crypto'

/** SHA-2 by the number of its hexadecimal digits. */
const algorithms: Record<number, string> = { 56: 'sha224', 64: 'sha256', 96: 'sha384', 128: 'sha512' }

/** Whether a content is that of a digest of SHA-2, which tells by its length which of them it is. */
export function hasDigest(content: Buffer, sha2: string): boolean {
  const algorithm = algorithms[sha2.length]
  return algorithm !== undefined && createHash(algorithm).update(content).digest('hex') === sha2.toLowerCase()
}
