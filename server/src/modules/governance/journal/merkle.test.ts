import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  hashLeaf,
  hashNode,
  hashSpan,
  spanConsistency,
  spanInclusion,
  splitSpan,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'

/** MTH as RFC 6962 §2.1 writes it, by recursion over the leaves. */
function hashTree(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  if (leaves.length === 1) return leaves[0]!
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return hashNode(hashTree(leaves.slice(0, half)), hashTree(leaves.slice(half)))
}

const leavesOf = (size: number) => Array.from({ length: size }, (_, i) => hashLeaf(`event ${i}`))
const sizes = fc.integer({ min: 1, max: 300 })

test('known roots: the leaves of the test vectors of certificate transparency', () => {
  // RFC 6962's reference implementation, its eight test leaves.
  const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const leaves = data.map((hex) =>
    createHash('sha256').update(Uint8Array.of(0)).update(Buffer.from(hex, 'hex')).digest(),
  )
  const rootOf = (size: number) =>
    hashSpan(
      splitSpan({ start: 0, end: size }).map(({ level, index }) =>
        hashTree(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)),
      ),
    ).toString('hex')
  expect(rootOf(1)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  expect(rootOf(2)).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125')
  expect(rootOf(3)).toBe('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77')
  expect(rootOf(8)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
})

test('a leaf is proven by its siblings, and by nothing else', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, chosen, other) => {
      const leaves = leavesOf(size)
      const index = chosen % size
      const root = hashTree(leaves)
      const proof = spanInclusion(index, size).map(({ start, end }) => hashTree(leaves.slice(start, end)))
      expect(verifyInclusion(leaves[index]!, index, { size, root }, proof)).toBe(true)
      expect(verifyInclusion(hashLeaf('another'), index, { size, root }, proof)).toBe(false)
      expect(verifyInclusion(leaves[index]!, index, { size, root: hashLeaf('x') }, proof)).toBe(false)
      expect(verifyInclusion(leaves[index]!, index, { size, root }, [...proof, root])).toBe(false)
      if (other % size !== index) {
        expect(verifyInclusion(leaves[index]!, other % size, { size, root }, proof)).toBe(false)
      }
    }),
  )
})

test('a tree that only grew is proven to, and one that was rewritten is not', () => {
  fc.assert(
    fc.property(sizes, sizes, (one, other) => {
      const [before, after] = one < other ? [one, other] : [other, one]
      const leaves = leavesOf(after)
      const former = { size: before, root: hashTree(leaves.slice(0, before)) }
      const latter = { size: after, root: hashTree(leaves) }
      const proof = spanConsistency(before, after).map(({ start, end }) => hashTree(leaves.slice(start, end)))
      expect(verifyConsistency(former, latter, proof)).toBe(true)
      const rewritten = [hashLeaf('rewritten'), ...leaves.slice(1)]
      expect(verifyConsistency(former, { size: after, root: hashTree(rewritten) }, proof)).toBe(false)
    }),
  )
})

test('a span is the complete subtrees it splits into', () => {
  fc.assert(
    fc.property(sizes, (size) => {
      const leaves = leavesOf(size)
      const parts = splitSpan({ start: 0, end: size })
      const hashes = parts.map(({ level, index }) =>
        hashTree(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)),
      )
      expect(hashSpan(hashes)).toEqual(hashTree(leaves))
    }),
  )
})
