import { SaxesParser, type SaxesTagNS } from 'saxes'

/** An element of a SAML message, namespaces resolved. */
export interface XmlElement {
  /** As written, prefix included. */
  name: string
  prefix: string
  local: string
  uri: string
  /** Without namespace declarations. */
  attributes: XmlAttribute[]
  /** Every namespace in scope, by prefix. */
  scope: ReadonlyMap<string, string>
  children: (XmlElement | string)[]
}

export interface XmlAttribute {
  name: string
  prefix: string
  local: string
  uri: string
  value: string
}

export const saml = 'urn:oasis:names:tc:SAML:2.0:assertion'
export const samlp = 'urn:oasis:names:tc:SAML:2.0:protocol'
export const metadata = 'urn:oasis:names:tc:SAML:2.0:metadata'
export const dsig = 'http://www.w3.org/2000/09/xmldsig#'

/** XML that is refused: `reason` is stable and may be logged. */
export class XmlRefused extends Error {
  override readonly name = 'XmlRefused'
  readonly reason: 'doctype' | 'comment' | 'malformed' | 'too_deep'

  constructor(reason: XmlRefused['reason']) {
    super(reason)
    this.reason = reason
  }
}

const deepest = 60

/**
 * Reads a whole message. Entities other than the five of XML, document types, processing instructions and comments are
 * refused: no signer needs them, and each has carried an attack.
 * @throws XmlRefused
 */
export function parseXml(text: string): XmlElement {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new XmlRefused('doctype')
  const builder = new TreeBuilder()
  let root: XmlElement | undefined
  try {
    readXml([text], {
      open: (tag) => builder.open(tag),
      text: (value) => builder.text(value),
      close: () => (root = builder.close() ?? root),
      comment: () => {
        throw new XmlRefused('comment')
      },
    })
  } catch (error) {
    throw error instanceof XmlRefused ? error : new XmlRefused('malformed')
  }
  if (!root) throw new XmlRefused('malformed')
  return root
}

export interface XmlEvents {
  open(tag: SaxesTagNS): void
  text(value: string): void
  close(): void
  comment?(): void
}

/** Feeds a parser that knows no document type. @throws XmlRefused, or what a handler throws. */
export function readXml(chunks: Iterable<string>, events: XmlEvents): void {
  const parser = createParser(events)
  for (const chunk of chunks) parser.write(chunk)
  parser.close()
}

export function createParser(events: XmlEvents): SaxesParser<{ xmlns: true; position: false }> {
  const parser = new SaxesParser({ xmlns: true, position: false })
  parser.on('error', () => {
    throw new XmlRefused('malformed')
  })
  parser.on('doctype', () => {
    throw new XmlRefused('doctype')
  })
  parser.on('processinginstruction', () => {
    throw new XmlRefused('malformed')
  })
  parser.on('comment', () => events.comment?.())
  parser.on('opentag', (tag) => events.open(tag))
  parser.on('text', (value) => events.text(value))
  parser.on('cdata', (value) => events.text(value))
  parser.on('closetag', () => events.close())
  return parser
}

/** Makes elements of a parser's events. */
export class TreeBuilder {
  private readonly open_: XmlElement[] = []
  private readonly outer: ReadonlyMap<string, string>

  /** @param outer namespaces in scope around what is built. */
  constructor(outer: ReadonlyMap<string, string> = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']])) {
    this.outer = outer
  }

  open(tag: SaxesTagNS): void {
    const parent = this.open_.at(-1)
    const element = toElement(tag, parent?.scope ?? this.outer)
    if (this.open_.length >= deepest) throw new XmlRefused('too_deep')
    parent?.children.push(element)
    this.open_.push(element)
  }

  text(value: string): void {
    this.open_.at(-1)?.children.push(value)
  }

  /** @returns the outermost element when it is closed. */
  close(): XmlElement | undefined {
    const closed = this.open_.pop()
    return this.open_.length === 0 ? closed : undefined
  }
}

/** @param outer namespaces in scope around the tag. */
export function toElement(tag: SaxesTagNS, outer: ReadonlyMap<string, string>): XmlElement {
  const declared = Object.entries(tag.ns)
  const scope = declared.length === 0 ? outer : new Map([...outer, ...declared])
  const attributes = Object.values(tag.attributes)
    .filter(({ name, prefix }) => name !== 'xmlns' && prefix !== 'xmlns')
    .map(({ name, prefix, local, uri, value }) => ({ name, prefix, local, uri, value }))
  const { name, prefix, local, uri } = tag
  return { name, prefix, local, uri, attributes, scope, children: [] }
}

export function childElements(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => typeof child !== 'string')
}

/** Children of a name. */
export function listChildren(element: XmlElement, uri: string, local: string): XmlElement[] {
  return childElements(element).filter((child) => child.uri === uri && child.local === local)
}

export function findChild(element: XmlElement | undefined, uri: string, local: string): XmlElement | undefined {
  return element && listChildren(element, uri, local)[0]
}

/** The element and everything in it. */
export function listElements(element: XmlElement): XmlElement[] {
  return [element, ...childElements(element).flatMap(listElements)]
}

/** An attribute of no namespace. */
export function findAttribute(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes.find((attribute) => attribute.uri === '' && attribute.local === name)?.value
}

/** The whole text of an element that holds nothing but text; blanks around it left out. */
export function textOf(element: XmlElement | undefined): string {
  if (!element) return ''
  return element.children
    .map((child) => (typeof child === 'string' ? child : ''))
    .join('')
    .trim()
}

/** Escapes what is written into an element or an attribute. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"'\t\n\r]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16).toUpperCase()};`)
}
