// Arrays as PostgreSQL receives them in binary (array_recv): thousands of long texts as one parameter, none of them quoted
// or escaped, which costs either side less than anything written as text.

const oids = { bigint: 20, text: 25, uuid: 2950 }

interface BinaryArray {
  bytes: Buffer
  at: number
}

function open(type: keyof typeof oids, count: number, room: number): BinaryArray {
  const bytes = Buffer.allocUnsafe(20 + room)
  // One dimension, nulls allowed, beginning at 1; an array of nothing has none.
  bytes.writeInt32BE(count === 0 ? 0 : 1, 0)
  bytes.writeInt32BE(1, 4)
  bytes.writeInt32BE(oids[type], 8)
  bytes.writeInt32BE(count, 12)
  bytes.writeInt32BE(1, 16)
  return { bytes, at: count === 0 ? 12 : 20 }
}

const close = ({ bytes, at }: BinaryArray): Buffer => bytes.subarray(0, at)

function addNull(array: BinaryArray): void {
  array.at = array.bytes.writeInt32BE(-1, array.at)
}

/** A bigint[] of integers: safe numbers, or decimal text of 64 bits. */
export function bigintArray(values: readonly (number | string | null)[]): Buffer {
  const array = open('bigint', values.length, 12 * values.length)
  for (const value of values) {
    if (value === null) addNull(array)
    else array.at = array.bytes.writeBigInt64BE(BigInt(value), array.bytes.writeInt32BE(8, array.at))
  }
  return close(array)
}

/** A uuid[]. */
export function uuidArray(values: readonly (string | null)[]): Buffer {
  const array = open('uuid', values.length, 20 * values.length)
  for (const value of values) {
    if (value === null) {
      addNull(array)
      continue
    }
    const at = array.bytes.writeInt32BE(16, array.at)
    if (array.bytes.write(value.replaceAll('-', ''), at, 16, 'hex') !== 16) throw new RangeError('not a UUID')
    array.at = at + 16
  }
  return close(array)
}

/** A text[]. */
export function textArray(values: readonly string[]): Buffer {
  let room = 0
  for (const value of values) room += 4 + Buffer.byteLength(value)
  const array = open('text', values.length, room)
  for (const value of values) {
    const length = array.bytes.write(value, array.at + 4)
    array.bytes.writeInt32BE(length, array.at)
    array.at += 4 + length
  }
  return close(array)
}
