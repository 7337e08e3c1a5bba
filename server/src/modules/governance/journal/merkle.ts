import { createHash } from 'node:crypto'

/** SHA-256 of a leaf: RFC 6962 §2.1 keeps leaves and nodes apart by their first byte. */
export function hashLeaf(content: string): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(content, 'utf8').digest()
}

/** SHA-256 of a node over its two children. */
export function hashNode(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest()
}
