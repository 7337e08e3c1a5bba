import { SaxesParser } from 'saxes'
import { longestPlain, readPlainRequest, skipSpace } from './aaf-plain.ts'
import { FeedRefusal } from './feed.ts'
import { countLines, readXmlText } from './xml-text.ts'

/** Characters of one value, and of one record, beyond which a feed is refused: memory stays constant. */
export const limits = { value: 65_536, record: 1_048_576 }

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
  // Requests that are written plainly never reach the parser: what it was given, where the last request ended in that,
  // and by how much lines, and columns of one of its lines, differ from those of the file.
  let given = 0
  let closed = -1
  let lines = 0
  let shifted = { line: 0, columns: 0 }
  let unread = ''
  // Ampersands that begin no reference: the parser only sees the fault at the next ";", lines away.
  let strays: { position: number; line: number }[] = []

  const refuse = (code: string, detail: string): never => {
    const columns = parser.line === shifted.line ? shifted.columns : 0
    throw new FeedRefusal(code, detail, { file, line: parser.line + lines, column: parser.column + 1 + columns })
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
      record = { request, line: parser.line + lines, category: '', id: '', attributes: new Map() }
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
    const left = place
    place = places.pop()!
    if (left === 'value') {
      if (place === 'attribute') values.push(value.trim())
      else if (place === 'identifier') record!.id = value.trim()
      else if (place === 'category') record!.category = value.trim()
    } else if (left === 'request') {
      if (parser.position - boundary > limits.record)
        refuse('record_too_long', `A record exceeds ${limits.record} characters.`)
      boundary = parser.position
      closed = boundary
      on.record(record!)
      record = undefined
    } else if (tag.name === 'ficAlimMENESR') {
      tellHeader()
    }
  })

  const parse = (text: string) => {
    strays = strays.filter(({ position }) => position >= boundary)
    for (const { index } of text.matchAll(/&(?!#?\w{1,30};)/g)) {
      // The end of a reference may be in the next chunk.
      if (index > text.length - 32 || strays.length > 100) break
      strays.push({ position: given + index, line: parser.line + lines + countLines(text.slice(0, index)) })
    }
    given += text.length
    parser.write(text)
    // Whatever the parser is gathering (a comment, a value, a DOCTYPE) stays within the length of a record.
    if (given - boundary > limits.record) {
      refuse('record_too_long', `A record, or what is between two, exceeds ${limits.record} characters.`)
    }
  }
  /** Leaves out for the parser, which stands between two requests, what was read without it. */
  const pass = (text: string) => {
    const last = text.lastIndexOf('\n')
    const before = parser.line === shifted.line ? shifted.columns : 0
    shifted = { line: parser.line, columns: last < 0 ? before + text.length : text.length - last - 1 - parser.column }
    lines += countLines(text)
  }

  return {
    write(text) {
      unread += text
      let at = 0
      for (;;) {
        const start = skipSpace(unread, at)
        const closing = unread.indexOf('Request>', start + '<deleteRequest>'.length)
        if (closing < 0) break
        const end = closing + 'Request>'.length
        const plain = closed === given ? readPlainRequest(unread.slice(start, end)) : undefined
        if (plain && (mode === 'delta' || plain.request === 'add')) {
          const line = parser.line + lines + countLines(unread.slice(at, start))
          pass(unread.slice(at, end))
          on.record({ ...plain, line })
        } else {
          parse(unread.slice(at, end))
        }
        at = end
      }
      unread = unread.slice(at)
      // Of a request that has not come to its end yet, no more is kept than a plain one may hold.
      if (closed !== given || unread.length > longestPlain) {
        parse(unread)
        unread = ''
      }
    },
    end() {
      parse(unread)
      ended = true
      parser.close()
      if (places.length !== 1 || header) refuse('truncated', 'The file holds no ficAlimMENESR element.')
    },
  }
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
