import { open } from 'node:fs/promises'
import { TextDecoder } from 'node:util'
import { SaxesParser } from 'saxes'
import { FeedRefusal } from './feed.ts'

/** Characters of one value, and of one record, beyond which a feed is refused: memory stays constant. */
export const limits = { value: 65_536, record: 1_048_576 }

const chunkBytes = 262_144

/** One request as written: attribute names with their values, trimmed; `<value/>` is the empty text. */
export interface AafRecord {
  /** `modify` gives the attributes that change, `delete` none; a full export only adds. */
  request: 'add' | 'modify' | 'delete'
  line: number
  category: string
  id: string
  attributes: Map<string, string[]>
}

/** The file's own words about itself: `name="value"` pairs of its comments before the first record. */
export type AafHeader = Record<string, string>

// Elements of ficAlimMENESR.dtd, each under the one that may hold it.
type Place =
  | 'file'
  | 'root'
  | 'request'
  | 'operational'
  | 'attributes'
  | 'modifications'
  | 'identifier'
  | 'category'
  | 'attribute'
  | 'value'
const grammar: Record<Place, ReadonlyMap<string, Place>> = {
  file: new Map([['ficAlimMENESR', 'root']]),
  root: new Map([
    ['addRequest', 'request'],
    ['modifyRequest', 'request'],
    ['deleteRequest', 'request'],
  ]),
  request: new Map([
    ['operationalAttributes', 'operational'],
    ['identifier', 'identifier'],
    ['attributes', 'attributes'],
    ['modifications', 'modifications'],
  ]),
  operational: new Map([['attr', 'category']]),
  attributes: new Map([['attr', 'attribute']]),
  modifications: new Map([['modification', 'attribute']]),
  identifier: new Map([['id', 'value']]),
  category: new Map([['value', 'value']]),
  attribute: new Map([['value', 'value']]),
  value: new Map(),
}

const requests = { addRequest: 'add', modifyRequest: 'modify', deleteRequest: 'delete' } as const
// What a request holds beside its category and its identifier.
const contents: Partial<Record<Place, AafRecord['request']>> = { attributes: 'add', modifications: 'modify' }

/**
 * Makes a strict reader of the text of one AAF file: well-formed XML, the feed's own grammar, its own DOCTYPE line or
 * none, no declaration of an entity, bounded values and records. It never opens anything.
 * @throws FeedRefusal from `write` and `end`, saying the line and the column.
 */
export function createAafReader(
  file: string,
  on: { header?: (header: AafHeader) => void; record: (record: AafRecord) => void },
  mode: 'full' | 'delta' = 'full',
): { write(text: string): void; end(): void } {
  const parser = new SaxesParser({ xmlns: false, position: true })
  const places: Place[] = ['file']
  let place: Place = 'file'
  // Where the record under way begins (or the last one ended), in characters.
  let boundary = 0
  let ended = false
  let value = ''
  let values: string[] = []
  let record: AafRecord | undefined
  let header: AafHeader | undefined = {}
  // Ampersands that begin no reference: the parser only sees the fault at the next ";", lines away.
  let strays: { position: number; line: number }[] = []

  const refuse = (code: string, detail: string): never => {
    throw new FeedRefusal(code, detail, { file, line: parser.line, column: parser.column + 1 })
  }
  const tellHeader = () => {
    if (header) on.header?.(header)
    header = undefined
  }

  parser.on('error', (error) => {
    const stray = strays.find(({ position }) => position >= boundary)
    if (stray)
      throw new FeedRefusal('ill_formed', 'Not well-formed XML: an ampersand is not escaped.', {
        file,
        line: stray.line,
      })
    const text = error.message.replace(/^[^:]*:\d+:\d+: |^\d+:\d+: /, '').replace(/\.$/, '')
    if (ended) refuse('truncated', `The file ends too early: ${text}.`)
    if (text.includes('entity')) refuse('entity_unknown', `An entity the format does not have: ${text}.`)
    refuse('ill_formed', `Not well-formed XML: ${text}.`)
  })
  parser.on('doctype', (doctype) => {
    if (doctype.includes('[')) {
      const line = parser.line - countLines(doctype)
      throw new FeedRefusal('doctype_refused', 'The DOCTYPE declares entities or elements of its own.', { file, line })
    }
    if (!/^\s*ficAlimMENESR\s+SYSTEM\s+(["'])ficAlimMENESR\.dtd\1\s*$/.test(doctype)) {
      refuse('doctype_refused', 'The DOCTYPE is not that of AAF files (ficAlimMENESR.dtd).')
    }
  })
  parser.on('comment', (comment) => {
    if (!header) return
    for (const [, name, text] of comment.slice(0, 4096).matchAll(/([A-Za-z]+)\s*=\s*"([^"]*)"/g))
      header[name!] = text!.trim()
  })
  parser.on('opentag', (tag) => {
    const next = grammar[place].get(tag.name)
    if (!next) return refuse('unknown_element', `Element ${tag.name.slice(0, 60)} is not expected here.`)
    if (next === 'request') {
      const request = requests[tag.name as keyof typeof requests]
      if (mode === 'full' && request !== 'add') {
        refuse('request_unexpected', `A full export holds addRequest only, here is ${tag.name}.`)
      }
      tellHeader()
      boundary = parser.position
      record = { request, line: parser.line, category: '', id: '', attributes: new Map() }
    } else if (contents[next] !== undefined && contents[next] !== record!.request) {
      refuse('unknown_element', `Element ${tag.name} is not expected in such a request.`)
    } else if (next === 'attribute' || next === 'category') {
      const name = tag.attributes['name']
      if (name === undefined) return refuse('ill_formed', `Element ${tag.name} has no name.`)
      if (tag.name === 'modification' && tag.attributes['operation'] !== 'replace') {
        refuse('operation_unknown', 'A modification is of another operation than replace.')
      }
      values = []
      if (next === 'attribute') {
        if (record!.attributes.has(name)) refuse('duplicate_attribute', `Attribute ${name.slice(0, 60)} comes twice.`)
        record!.attributes.set(name, values)
      }
    }
    value = ''
    places.push(place)
    place = next
  })
  const addText = (text: string) => {
    if (place === 'value') {
      value += text
      if (value.length > limits.value) refuse('value_too_long', `A value exceeds ${limits.value} characters.`)
    } else if (/\S/.test(text)) {
      refuse('unexpected_text', 'Text outside of a value.')
    }
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', (tag) => {
    const closed = place
    place = places.pop()!
    if (closed === 'value') {
      if (place === 'attribute') values.push(value.trim())
      else if (place === 'identifier') record!.id = value.trim()
      else if (place === 'category') record!.category = value.trim()
    } else if (closed === 'request') {
      if (parser.position - boundary > limits.record)
        refuse('record_too_long', `A record exceeds ${limits.record} characters.`)
      boundary = parser.position
      on.record(record!)
      record = undefined
    } else if (tag.name === 'ficAlimMENESR') {
      tellHeader()
    }
  })

  return {
    write(text) {
      strays = strays.filter(({ position }) => position >= boundary)
      for (const { index } of text.matchAll(/&(?!#?\w{1,30};)/g)) {
        // The end of a reference may be in the next chunk.
        if (index > text.length - 32 || strays.length > 100) break
        strays.push({ position: parser.position + index, line: parser.line + countLines(text.slice(0, index)) })
      }
      parser.write(text)
      // Whatever the parser is gathering (a comment, a value, a DOCTYPE) stays within the length of a record.
      if (parser.position - boundary > limits.record) {
        refuse('record_too_long', `A record, or what is between two, exceeds ${limits.record} characters.`)
      }
    },
    end() {
      ended = true
      parser.close()
      if (places.length !== 1 || header) refuse('truncated', 'The file holds no ficAlimMENESR element.')
    },
  }
}

/**
 * Reads a file as text, chunk by chunk, under the encoding of its XML declaration (UTF-8 without one).
 * @throws FeedRefusal when it is neither UTF-8, ISO-8859-15 nor ISO-8859-1, or when its bytes are not what it says.
 */
export async function* readXmlText(path: string, file: string): AsyncGenerator<{ text: string; bytes: number }> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    const first = await handle.read(buffer, 0, chunkBytes, null)
    const decode = createDecoder(buffer.subarray(0, first.bytesRead), file)
    let { bytesRead } = first
    while (bytesRead > 0) {
      yield { text: decode(buffer.subarray(0, bytesRead)), bytes: bytesRead }
      bytesRead = (await handle.read(buffer, 0, chunkBytes, null)).bytesRead
    }
    yield { text: decode(undefined), bytes: 0 }
  } finally {
    await handle.close()
  }
}

/** Makes what turns a file's bytes into text, `undefined` standing for their end. */
function createDecoder(start: Buffer, file: string): (bytes: Buffer | undefined) => string {
  const declaration = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(
    start.toString('latin1', 0, 200),
  )
  const encoding = (declaration?.[1] ?? 'utf-8').toLowerCase()
  if (
    /^(\xff\xfe|\xfe\xff)/.test(start.toString('latin1', 0, 2)) ||
    !['utf-8', 'iso-8859-15', 'iso-8859-1'].includes(encoding)
  ) {
    const named = encoding === 'utf-8' ? 'UTF-16' : encoding.slice(0, 30)
    throw new FeedRefusal(
      'encoding_unsupported',
      `Encoding ${named}: files of feeds are ISO-8859-15, ISO-8859-1 or UTF-8.`,
      {
        file,
        line: 1,
      },
    )
  }
  let line = 1
  const refuseAt = (text: string, index: number, code: string, detail: string): never => {
    const before = text.slice(0, index)
    const column = index - before.lastIndexOf('\n')
    throw new FeedRefusal(code, detail, { file, line: line + countLines(before), column })
  }
  if (encoding === 'utf-8') {
    const decoder = new TextDecoder('utf-8')
    return (bytes) => {
      const text = bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
      const index = text.indexOf('\uFFFD')
      if (index >= 0) refuseAt(text, index, 'encoding_wrong', 'These bytes are not UTF-8, which the file says it is.')
      if (bytes) line += countByte(bytes, 10)
      return text
    }
  }
  // Text of a few accents that is valid UTF-8 to the end is UTF-8: in ISO-8859-15 such pairs make no French.
  let probe: TextDecoder | undefined = new TextDecoder('utf-8', { fatal: true })
  let firstAccent: { line: number; column: number } | undefined
  return (bytes) => {
    if (probe) {
      try {
        probe.decode(bytes, { stream: bytes !== undefined })
      } catch {
        probe = undefined
      }
      if (probe && !bytes && firstAccent) {
        throw new FeedRefusal('encoding_wrong', 'The file says ISO-8859-15 and is in UTF-8.', { file, ...firstAccent })
      }
    }
    if (!bytes) return ''
    const text = bytes.toString('latin1')
    const control = /[\u0080-\u009f]/.exec(text)
    if (control) refuseAt(text, control.index, 'encoding_wrong', 'A byte here stands for no character of ISO-8859-15.')
    // What an accent of UTF-8 becomes: no word of any language holds such pairs.
    const mixed = /[ÂÃ][\u00a0-\u00bf]/.exec(text)
    if (mixed) refuseAt(text, mixed.index, 'encoding_wrong', 'Here are bytes of UTF-8 in a file of another encoding.')
    if (probe && !firstAccent) {
      const accent = /[\u00a0-\u00ff]/.exec(text)
      if (accent) {
        const before = text.slice(0, accent.index)
        firstAccent = { line: line + countLines(before), column: accent.index - before.lastIndexOf('\n') }
      }
    }
    line += countByte(bytes, 10)
    return encoding === 'iso-8859-1' ? text : text.replace(/[¤¦¨´¸¼½¾]/g, (character) => latin9[character]!)
  }
}

// Where ISO-8859-15 differs from ISO-8859-1.
const latin9: Record<string, string> = {
  '¤': '€',
  '¦': 'Š',
  '¨': 'š',
  '´': 'Ž',
  '¸': 'ž',
  '¼': 'Œ',
  '½': 'œ',
  '¾': 'Ÿ',
}

function countLines(text: string): number {
  let count = 0
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++
  return count
}

function countByte(bytes: Buffer, byte: number): number {
  let count = 0
  for (let i = bytes.indexOf(byte); i >= 0; i = bytes.indexOf(byte, i + 1)) count++
  return count
}

/**
 * Reads one AAF file from end to end, in constant memory.
 * @param onChunk told about the bytes of each chunk read, and awaited: what the records became may be sent on.
 * @throws FeedRefusal saying where and why it cannot be used.
 */
export async function readAafFile(
  path: string,
  file: string,
  onRecord: (record: AafRecord) => void,
  onChunk: (bytes: number) => Promise<void> | void = () => {},
): Promise<void> {
  const reader = createAafReader(file, { record: onRecord })
  for await (const { text, bytes } of readXmlText(path, file)) {
    reader.write(text)
    await onChunk(bytes)
  }
  reader.end()
}

/** Reads the requests of a delta's file, as many at once as a chunk of it holds. @throws FeedRefusal as `readAafFile`. */
export async function* readAafRequests(
  path: string,
  file: string,
): AsyncGenerator<{ requests: AafRecord[]; bytes: number }> {
  let read: AafRecord[] = []
  const reader = createAafReader(file, { record: (record) => read.push(record) }, 'delta')
  for await (const { text, bytes } of readXmlText(path, file)) {
    reader.write(text)
    yield { requests: read, bytes }
    read = []
  }
  reader.end()
  yield { requests: read, bytes: 0 }
}

/** Reads what a file says of itself before its first record. A feed's errors further on are not looked for. */
export async function readAafHeader(path: string, file: string): Promise<AafHeader> {
  let header: AafHeader | undefined
  const reader = createAafReader(file, { header: (read) => (header = read), record: () => {} }, 'delta')
  for await (const { text } of readXmlText(path, file)) {
    reader.write(text)
    if (header) return header
  }
  reader.end()
  return header ?? {}
}
