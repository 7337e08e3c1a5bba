import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAafReader, limits, readAafFile } from './aaf-parser.ts'
import { FeedRefusal } from './feed.ts'
import { inspectFeed } from './formats.ts'

// Files made to harm: refused at once, at a known place, in little memory.

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-hostile-'))
})
afterAll(() => rm(folder, { recursive: true }))

const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
const root = `${head}<ficAlimMENESR>\n`
const open =
  `${root}<addRequest><operationalAttributes><attr name="categoriePersonne"><value>Eleve</value></attr>` +
  '</operationalAttributes><identifier><id>1</id></identifier><attributes>'

/** Feeds the reader until it refuses. @returns the refusal, and how many characters it took. */
function readUntilRefused(start: string, filler: string): { code: string; characters: number } {
  const reader = createAafReader('feed.xml', { record: () => {} })
  const chunk = filler.repeat(Math.ceil(262_144 / filler.length))
  let characters = 0
  const gibibytes = 2 * 1024 ** 3
  try {
    reader.write(start)
    while (characters < gibibytes) {
      characters += chunk.length
      reader.write(chunk)
    }
  } catch (error) {
    if (error instanceof FeedRefusal) return { code: error.refusal.code, characters }
    throw error
  }
  throw new Error('two gibibytes were read')
}

describe('two gibibytes in one piece', () => {
  it.each([
    ['a value', `${open}<attr name="sn"><value>`, 'A', 'record_too_long'],
    ['a value in CDATA', `${open}<attr name="sn"><value><![CDATA[`, 'A', 'record_too_long'],
    ['values', `${open}<attr name="sn">`, '<value>A</value>', 'record_too_long'],
    ['the name of an attribute', `${open}<attr name="`, 'A', 'record_too_long'],
    ['the name of an element', `${root}<`, 'A', 'record_too_long'],
    ['a comment', `${root}<!-- `, 'A', 'record_too_long'],
    ['a DOCTYPE', `${head}<!DOCTYPE `, 'A', 'record_too_long'],
    ['a processing instruction', `${root}<?x `, 'A', 'record_too_long'],
    ['white space between records', root, ' ', 'record_too_long'],
    ['an entity', `${open}<attr name="sn"><value>&`, 'A', 'record_too_long'],
    ['nested elements', root, '<addRequest>', 'unknown_element'],
  ])('%s: refused within a few megabytes', (_, start, filler, code) => {
    const before = process.memoryUsage().heapUsed
    const refused = readUntilRefused(start, filler)
    expect(refused.code).toBe(code)
    expect(refused.characters).toBeLessThan(3 * limits.record)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64_000_000)
  })
})

async function refusalOf(content: string | Buffer) {
  const path = join(folder, 'feed.xml')
  await writeFile(path, content)
  const error = await readAafFile(path, 'feed.xml', () => {}).catch((each: unknown) => each)
  if (!(error instanceof FeedRefusal)) throw new Error(`not refused: ${String(error)}`)
  return error.refusal
}

it.each([
  ['a folder', (path: string) => mkdir(path)],
  ['a device that never ends', (path: string) => symlink('/dev/zero', path)],
  ['a link that leads nowhere', (path: string) => symlink('/nowhere/at/all', path)],
])('%s with the name of a file: refused by name', async (_, make) => {
  const place = await mkdtemp(join(folder, 'odd-'))
  const name = 'ENT_Complet_20260914_Eleve_0000.xml'
  await make(join(place, name))
  await expect(inspectFeed(place)).rejects.toMatchObject({ refusal: { code: 'file_unreadable', file: name } })
})

describe('bombs of entities', () => {
  const lol = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')
  it.each([
    ['that multiply', `<!DOCTYPE ficAlimMENESR [<!ENTITY l0 "lol">${lol}]>`, 'doctype_refused'],
    ['of a file', '<!DOCTYPE ficAlimMENESR [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 'doctype_refused'],
    [
      'of a parameter',
      '<!DOCTYPE ficAlimMENESR [<!ENTITY % x SYSTEM "http://192.0.2.1/x.dtd"> %x;]>',
      'doctype_refused',
    ],
    ['elsewhere', '<!DOCTYPE ficAlimMENESR SYSTEM "http://192.0.2.1/ficAlimMENESR.dtd">', 'doctype_refused'],
    ['undeclared', '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">', 'entity_unknown'],
  ])('%s: refused where they are declared or used', async (_, doctype, code) => {
    const refusal = await refusalOf(
      `${head}${doctype}\n${open.slice(head.length)}<attr name="sn"><value>&l9;</value></attr></attributes></addRequest></ficAlimMENESR>`,
    )
    expect(refusal).toMatchObject({ code, line: code === 'entity_unknown' ? 4 : 2 })
  })
})

describe('two encodings in one file', () => {
  const body = (text: Buffer) =>
    Buffer.concat([
      Buffer.from(open.slice(head.length)),
      Buffer.from('<attr name="sn"><value>'),
      text,
      Buffer.from('</value></attr></attributes></addRequest></ficAlimMENESR>'),
    ])
  const declared = (encoding: string) => Buffer.from(`<?xml version="1.0" encoding="${encoding}"?>\n`)
  const latin = Buffer.from('LEFÈVRE ', 'latin1')
  const utf8 = Buffer.from('DUBŒUF È', 'utf8')

  it.each([
    ['UTF-8', Buffer.concat([utf8, latin])],
    ['ISO-8859-15', Buffer.concat([latin, Buffer.from('Zoé', 'utf8')])],
    ['ISO-8859-15', Buffer.concat([latin, utf8])],
    ['ISO-8859-15', utf8],
  ])('%s as declared, and another: refused at its place, nothing is guessed', async (encoding, text) => {
    const refusal = await refusalOf(Buffer.concat([declared(encoding), body(text)]))
    expect(refusal).toMatchObject({ code: 'encoding_wrong', line: 3, column: expect.any(Number) })
  })
})

describe('an archive under the name of a file', () => {
  const whole = Buffer.from(`${open}</attributes></addRequest></ficAlimMENESR>`)
  it.each([
    ['gzip', gzipSync(whole)],
    ['zip', Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0\x08\0'), whole])],
  ])('%s: said to be one, not XML of another encoding', async (_, content) => {
    expect(await refusalOf(content)).toMatchObject({ code: 'xml_no_text', file: 'feed.xml' })
  })
})
