import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Part, readBoundary, readMultipart, writeEnd, writePartHead } from './multipart.ts'

const write = (boundary: string, parts: Part[]) =>
  Buffer.concat([
    ...parts.flatMap(({ headers, content }) => [Buffer.from(writePartHead(boundary, headers)), content]),
    Buffer.from(writeEnd(boundary)),
  ])

test('what is written is read back, whatever the bytes', () => {
  // The hardest bytes: those of boundaries and line ends.
  const content = fc
    .array(fc.oneof(fc.constantFrom('\r\n', '\r', '\n', '--', '--b', '-'), fc.string({ unit: 'binary' })))
    .map((pieces) => Buffer.from(pieces.join('')))
    .filter((bytes) => !`\r\n${bytes.toString('latin1')}`.includes('\r\n--b'))
  const part = fc.record({
    headers: fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,10}$/), fc.stringMatching(/^[!-~]{0,12}$/), {
      noNullPrototype: true,
    }),
    content,
  })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      expect(readMultipart(write('b', parts), 'b')).toEqual(parts)
    }),
  )
})

test('text before the first boundary and after the last is no part', () => {
  const body = Buffer.from('before\r\n--x \r\nContent-Type: text/plain\r\n\r\none\r\n--x--\r\nafter')
  expect(readMultipart(body, 'x').map((part) => part.content.toString())).toEqual(['one'])
})

test('a multipart within a part stays whole, though its boundary begins as the outer one', () => {
  const within = write('bc', [{ headers: { a: 'b' }, content: Buffer.from('within') }])
  expect(readMultipart(write('b', [{ headers: {}, content: within }]), 'b')).toEqual([{ headers: {}, content: within }])
})

test.for([
  ['no boundary', 'nothing here'],
  ['the last boundary is missing', '--x\r\n\r\none\r\n'],
  ['no empty line after headers', '--x\r\nA: b\r\n--x--'],
  ['a header without a colon', '--x\r\nhello\r\n\r\none\r\n--x--'],
  ['a boundary with text after it', '--xyz\r\n\r\none\r\n--xy--'],
])('%s: refused', ([, body]) => {
  expect(() => readMultipart(Buffer.from(body ?? ''), 'x')).toThrow('no multipart')
})

test.for([
  ['multipart/mixed; boundary=abc', 'abc'],
  ['multipart/mixed;boundary="a b:?"; charset=utf-8', 'a b:?'],
  ['multipart/mixed; charset=utf-8; Boundary=abc', 'abc'],
])('%s', ([type, boundary]) => {
  expect(readBoundary(type ?? '')).toBe(boundary)
})

test('a content type without a boundary is refused', () => {
  expect(() => readBoundary('multipart/mixed')).toThrow('no boundary')
})
