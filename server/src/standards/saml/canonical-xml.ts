import type { XmlElement } from './xml.ts'

/**
 * Exclusive XML Canonicalization 1.0 without comments (W3C, 18 July 2002), as a stream: elements go in as they are
 * read, canonical text comes out, nothing is kept but the open elements. A federation's metadata is larger than memory
 * should hold.
 */
export class Canonicalizer {
  /** Namespaces already written by the open elements, innermost last. */
  private readonly written: Map<string, string>[] = []
  private readonly write: (text: string) => void
  private readonly inclusive: readonly string[]

  /** @param inclusive prefixes of `InclusiveNamespaces`, `#default` for none. */
  constructor(write: (text: string) => void, inclusive: readonly string[] = []) {
    this.write = write
    this.inclusive = inclusive.map((prefix) => (prefix === '#default' ? '' : prefix))
  }

  open(element: XmlElement): void {
    const outer = this.written.at(-1) ?? new Map<string, string>()
    const used = new Set([element.prefix, ...this.inclusive.filter((prefix) => element.scope.has(prefix))])
    for (const { prefix } of element.attributes) if (prefix !== '') used.add(prefix)
    used.delete('xml')
    const own = [...used]
      .sort(compare)
      .map((prefix) => [prefix, element.scope.get(prefix) ?? ''] as const)
      .filter(([prefix, uri]) => (outer.get(prefix) ?? (prefix === '' ? '' : undefined)) !== uri)
    const namespaces = own.map(
      ([prefix, uri]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${inAttribute(uri)}"`,
    )
    const attributes = element.attributes
      .toSorted((a, b) => compare(a.uri, b.uri) || compare(a.local, b.local))
      .map(({ name, value }) => ` ${name}="${inAttribute(value)}"`)
    this.written.push(own.length === 0 ? outer : new Map([...outer, ...own]))
    this.write(`<${element.name}${namespaces.join('')}${attributes.join('')}>`)
  }

  text(value: string): void {
    this.write(inText(value))
  }

  close(name: string): void {
    this.written.pop()
    this.write(`</${name}>`)
  }
}

/** The canonical form of an element, one of its children left out if given (an enveloped signature). */
export function canonicalize(
  element: XmlElement,
  options: { without?: XmlElement | undefined; inclusive?: readonly string[] } = {},
): string {
  const parts: string[] = []
  const canonicalizer = new Canonicalizer((part) => parts.push(part), options.inclusive)
  const visit = (each: XmlElement) => {
    canonicalizer.open(each)
    for (const child of each.children) {
      if (typeof child === 'string') canonicalizer.text(child)
      else if (child !== options.without) visit(child)
    }
    canonicalizer.close(each.name)
  }
  visit(element)
  return parts.join('')
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const textSigns: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' }
const inText = (text: string) => text.replaceAll(/[&<>\r]/g, (sign) => textSigns[sign] ?? sign)

const attributeSigns: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}
const inAttribute = (text: string) => text.replaceAll(/[&<"\t\n\r]/g, (sign) => attributeSigns[sign] ?? sign)
