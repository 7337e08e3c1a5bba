import { createHash } from 'node:crypto'

// The Merkle tree of RFC 6962 §2.1 over SHA-256: its hashes, which parts of it a proof needs, and what a verifier does
// with a proof (RFC 9162 §2.1.3.2 and §2.1.4.2).

/** Leaves from `start` to `end`, excluded; a complete subtree when their number is a power of two. */
interface Span {
  start: number
  end: number
}

/** A complete subtree: `2 ** level` leaves from `index * 2 ** level`. */
export interface TreeNode {
  level: number
  index: number
}

/** SHA-256 of a leaf: its first byte keeps it apart from a node. */
export function hashLeaf(content: string): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(content, 'utf8').digest()
}

/** SHA-256 of a node over its two children. */
export function hashNode(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest()
}

/** The complete subtrees that a tree of some size is made of, left to right; those of a span likewise. */
export function splitSpan({ start, end }: Span): TreeNode[] {
  if (end <= start) return []
  const size = end - start
  const whole = largestPower(size)
  return [{ level: Math.log2(whole), index: start / whole }, ...splitSpan({ start: start + whole, end })]
}

/** Hash of a span, from those of the complete subtrees it is made of (`splitSpan`), left to right. */
export function hashSpan(hashes: Buffer[]): Buffer {
  const [first, ...others] = hashes
  if (!first) throw new RangeError('A tree without leaves has no part to hash.')
  return others.length === 0 ? first : hashNode(first, hashSpan(others))
}

/** What proves that a leaf is in a tree: siblings from the leaf up (RFC 6962 §2.1.1). */
export function spanInclusion(index: number, size: number): Span[] {
  return pathTo(index, { start: 0, end: size })
}

/** What proves that a tree is the beginning of another (RFC 6962 §2.1.2). */
export function spanConsistency(former: number, size: number): Span[] {
  return former === 0 ? [] : subproof(former, { start: 0, end: size }, true)
}

/** Whether a proof leads from a leaf to the root. @param index from 0. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  tree: { size: number; root: Buffer },
  proof: Buffer[],
): boolean {
  if (index >= tree.size) return false
  let at = index
  let last = tree.size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = hashNode(sibling, hash)
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = Math.floor(last / 2)
      }
    } else hash = hashNode(hash, sibling)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && hash.equals(tree.root)
}

/** Whether a proof shows that the former tree is the beginning of the latter. */
export function verifyConsistency(
  former: { size: number; root: Buffer },
  latter: { size: number; root: Buffer },
  proof: Buffer[],
): boolean {
  if (former.size === latter.size) return proof.length === 0 && former.root.equals(latter.root)
  if (former.size === 0) return proof.length === 0
  if (former.size > latter.size) return false
  const path = largestPower(former.size) === former.size ? [former.root, ...proof] : proof
  const [first, ...others] = path
  if (!first) return false
  let at = former.size - 1
  let last = latter.size - 1
  while (at % 2 === 1) {
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  let begun = first
  let whole = first
  for (const sibling of others) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      begun = hashNode(sibling, begun)
      whole = hashNode(sibling, whole)
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = Math.floor(last / 2)
      }
    } else whole = hashNode(whole, sibling)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && begun.equals(former.root) && whole.equals(latter.root)
}

function pathTo(index: number, { start, end }: Span): Span[] {
  const size = end - start
  if (size <= 1) return []
  const middle = start + splitAt(size)
  return index < middle
    ? [...pathTo(index, { start, end: middle }), { start: middle, end }]
    : [...pathTo(index, { start: middle, end }), { start, end: middle }]
}

function subproof(former: number, { start, end }: Span, known: boolean): Span[] {
  const size = end - start
  if (former === size) return known ? [] : [{ start, end }]
  const left = splitAt(size)
  const middle = start + left
  return former <= left
    ? [...subproof(former, { start, end: middle }, known), { start: middle, end }]
    : [...subproof(former - left, { start: middle, end }, false), { start, end: middle }]
}

/** Largest power of two that is at most a number. */
const largestPower = (size: number): number => 2 ** Math.floor(Math.log2(size))

/** Where a tree of more than one leaf is split: the largest power of two below its size. */
const splitAt = (size: number): number => (largestPower(size) === size ? size / 2 : largestPower(size))
