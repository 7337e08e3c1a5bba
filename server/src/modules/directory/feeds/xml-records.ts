import { SaxesParser } from 'saxes'
import { FeedRefusal } from './feed.ts'
import { Unusable } from './records.ts'
import { readXmlText } from './xml-text.ts'

/** Characters of a value, of a record, and levels of elements beyond which a file is refused: memory stays constant. */
const limits = { value: 65_536, record: 1_048_576, depth: 32 }

/** An element and all that it holds. */
export class XmlElement {
  readonly name: string
  readonly line: number
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[] = []
  content = ''

  constructor(name: string, line: number, attributes: Record<string, string>) {
    this.name = name
    this.line = line
    this.attributes = attributes
  }

  /** The element at the end of a path below this one, the first of its name at each step. */
  find(path: string): XmlElement | undefined {
    let found: XmlElement | undefined = this as XmlElement
    for (const name of path.split('/')) found = found?.children.find((child) => child.name === name)
    return found
  }

  /** Those at the end of a path below this one. */
  list(path: string): XmlElement[] {
    let found: XmlElement[] = [this]
    for (const name of path.split('/')) {
      found = found.flatMap((each) => each.children.filter((child) => child.name === name))
    }
    return found
  }

  /** The value at the end of a path, or of an attribute of this element; undefined when absent or empty. */
  text(path: string): string | undefined {
    const text = this.raw(path)
    if (text.length > 2000) throw new Unusable('value_unreadable', `${path} exceeds 2000 characters.`)
    return text || undefined
  }

  /** As `text`, however long; empty when absent. */
  raw(path: string): string {
    return (this.attributes[path] ?? this.find(path)?.content ?? '').trim()
  }

  required(path: string): string {
    const text = this.text(path)
    if (text === undefined) throw new Unusable('attribute_missing', `${path} is missing or empty.`)
    return text
  }

  /** A name: longer than any, it could be neither shown nor indexed. */
  nameOf(path: string): string {
    const text = this.required(path)
    if (text.length > 100) throw new Unusable('value_unreadable', `${path} exceeds 100 characters.`)
    return text
  }

  /** The first of several that has a value. */
  first(...paths: string[]): string | undefined {
    for (const path of paths) {
      const text = this.text(path)
      if (text !== undefined) return text
    }
    return undefined
  }
}

/** An element as it is kept when its record is set aside. */
export interface KeptElement {
  name: string
  attributes: Readonly<Record<string, string>>
  content: string
  children: KeptElement[]
}

export const keepElement = ({ name, attributes, content, children }: XmlElement): KeptElement => ({
  name,
  attributes,
  content: content.trim(),
  children: children.map(keepElement),
})

export function restoreElement({ name, attributes, content, children }: KeptElement): XmlElement {
  const element = new XmlElement(name, 0, attributes)
  element.content = content
  element.children.push(...children.map(restoreElement))
  return element
}

/** A record of a file, and the path of element names it stands at. */
interface XmlRecord {
  path: string
  element: XmlElement
  /** Bytes read since the record before. */
  bytes: number
}

/**
 * Reads the records of an XML file one after the other: well-formed to its end, without DOCTYPE nor entities of its own,
 * values and records bounded. Formats without a public grammar have elements nobody here knows: these are passed over.
 * @param paths where records stand, under the root: `DONNEES/ELEVES/ELEVE`.
 * @param checkRoot throws when it is another kind of file. @throws FeedRefusal saying the line and the column.
 */
export async function* readXmlRecords(
  path: string,
  file: string,
  paths: readonly string[],
  checkRoot: (root: string) => void,
): AsyncGenerator<XmlRecord> {
  const reader = new RecordReader(file, new Set(paths), checkRoot)
  let bytes = 0
  for await (const chunk of readXmlText(path, file)) {
    bytes += chunk.bytes
    for (const record of reader.write(chunk.text)) {
      yield { ...record, bytes }
      bytes = 0
    }
  }
  for (const record of reader.end()) yield { ...record, bytes }
}

class RecordReader {
  private readonly parser = new SaxesParser({ xmlns: false, position: true })
  private readonly file: string
  private records: Omit<XmlRecord, 'bytes'>[] = []
  private readonly names: string[] = []
  private readonly open: XmlElement[] = []
  // Where the record under way begins, or the last tag between two ended, in characters.
  private boundary = 0
  private ended = false

  constructor(file: string, paths: ReadonlySet<string>, checkRoot: (root: string) => void) {
    this.file = file
    const { parser } = this
    parser.on('error', (error) => {
      const text = error.message.replace(/^[^:]*:\d+:\d+: |^\d+:\d+: /, '').replace(/\.$/, '')
      if (this.ended) this.refuse('truncated', `The file ends too early: ${text}.`)
      if (text.includes('entity')) this.refuse('entity_unknown', `An entity the format does not have: ${text}.`)
      this.refuse('ill_formed', `Not well-formed XML: ${text}.`)
    })
    parser.on('doctype', () => this.refuse('doctype_refused', 'Files of this format have no DOCTYPE.'))
    parser.on('opentag', (tag) => {
      if (this.names.length === 0) checkRoot(tag.name)
      this.names.push(tag.name)
      if (this.names.length > limits.depth) {
        this.refuse('ill_formed', `Elements stand within one another ${limits.depth} times.`)
      }
      const parent = this.open.at(-1)
      if (!parent && !paths.has(this.names.slice(1).join('/'))) return
      const element = new XmlElement(tag.name, parser.line, { ...tag.attributes })
      if (parent) parent.children.push(element)
      else this.boundary = parser.position
      this.open.push(element)
    })
    const addText = (text: string) => {
      const element = this.open.at(-1)
      if (!element) return
      element.content += text
      if (element.content.length > limits.value) {
        this.refuse('value_too_long', `A value exceeds ${limits.value} characters.`)
      }
    }
    parser.on('text', addText)
    parser.on('cdata', addText)
    parser.on('closetag', () => {
      const element = this.open.pop()
      if (element && this.open.length === 0) {
        this.records.push({ path: this.names.slice(1).join('/'), element })
      }
      this.names.pop()
      if (this.open.length > 0) return
      if (parser.position - this.boundary > limits.record) this.refuseLength()
      this.boundary = parser.position
    })
  }

  private refuse(code: string, detail: string): never {
    const { line, column } = this.parser
    throw new FeedRefusal(code, detail, { file: this.file, line, column: column + 1 })
  }

  private refuseLength(): never {
    return this.refuse('record_too_long', `A record, or what is between two, exceeds ${limits.record} characters.`)
  }

  write(text: string): Omit<XmlRecord, 'bytes'>[] {
    this.parser.write(text)
    if (this.parser.position - this.boundary > limits.record) this.refuseLength()
    return this.take()
  }

  end(): Omit<XmlRecord, 'bytes'>[] {
    this.ended = true
    this.parser.close()
    return this.take()
  }

  private take(): Omit<XmlRecord, 'bytes'>[] {
    const { records } = this
    this.records = []
    return records
  }
}
