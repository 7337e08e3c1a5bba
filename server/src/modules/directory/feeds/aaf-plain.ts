import type { AafRecord } from './aaf-parser.ts'

// Nearly all requests of a feed are written in one plain way, which takes a tenth of the time to read of what any XML
// may hold. Whatever is written otherwise is left to the parser, which alone says what is wrong with it.

/** Characters of the longest request read here. */
export const longestPlain = 65_536

// Characters that XML 1.0 and 1.1 both take as they are; of line ends only the plain one.
const unusual = /[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd]/
const attributeName = /^[\w.-]+$/
const otherReference = /&(?!(?:amp|lt|gt|quot|apos);)/
const references: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" }

const closings = { add: '</addRequest>', modify: '</modifyRequest>', delete: '</deleteRequest>' } as const

/**
 * Reads one request from its first tag to its last, as the parser would.
 * @returns undefined unless all of it is plain: no comment, CDATA, further attribute or reference to a character, each
 * element in its usual place.
 */
export function readPlainRequest(text: string): Omit<AafRecord, 'line'> | undefined {
  if (text.length > longestPlain || unusual.test(text)) return undefined
  const scan = new Scan(text)
  const request = scan.take('<addRequest>')
    ? 'add'
    : scan.take('<modifyRequest>')
      ? 'modify'
      : scan.take('<deleteRequest>')
        ? 'delete'
        : undefined
  if (!request || !scan.take('<operationalAttributes>')) return undefined
  if (scan.name('<attr name="', '">') === undefined) return undefined
  const category = scan.text('<value>', '</value>')
  if (category === undefined || !scan.take('</attr>') || !scan.take('</operationalAttributes>')) return undefined
  if (!scan.take('<identifier>')) return undefined
  const id = scan.text('<id>', '</id>')
  if (id === undefined || !scan.take('</identifier>')) return undefined
  const attributes = new Map<string, string[]>()
  const whole =
    request === 'add'
      ? scan.take('<attributes>') &&
        scan.attributes(attributes, '<attr name="', '">', '</attr>') &&
        scan.take('</attributes>')
      : request === 'delete' ||
        (scan.take('<modifications>') &&
          scan.attributes(attributes, '<modification name="', '" operation="replace">', '</modification>') &&
          scan.take('</modifications>'))
  if (!whole || !scan.take(closings[request]) || !scan.ended) return undefined
  return { request, category, id, attributes }
}

/** Reads what is expected, white space before it left out; whatever is not there leaves it where it stands. */
class Scan {
  private readonly source: string
  private at = 0

  constructor(source: string) {
    this.source = source
  }

  get ended(): boolean {
    return this.at === this.source.length
  }

  take(expected: string): boolean {
    this.at = skipSpace(this.source, this.at)
    if (!this.source.startsWith(expected, this.at)) return false
    this.at += expected.length
    return true
  }

  /** What stands between two tags, in which there is none. */
  text(opening: string, closing: string): string | undefined {
    if (!this.take(opening)) return undefined
    const end = this.source.indexOf('<', this.at)
    if (!this.source.startsWith(closing, end)) return undefined
    const text = this.source.slice(this.at, end)
    if (text.includes('>')) return undefined
    this.at = end + closing.length
    if (!text.includes('&')) return text.trim()
    if (otherReference.test(text)) return undefined
    return text.replace(/&\w+;/g, (reference) => references[reference] ?? '').trim()
  }

  /** An attribute's name, with the tag around it. */
  name(before: string, after: string): string | undefined {
    if (!this.take(before)) return undefined
    const end = this.source.indexOf('"', this.at)
    const name = this.source.slice(this.at, end)
    if (!this.source.startsWith(after, end) || !attributeName.test(name)) return undefined
    this.at = end + after.length
    return name
  }

  /** Attributes with their values, each once. */
  attributes(into: Map<string, string[]>, before: string, after: string, closing: string): boolean {
    for (let name = this.name(before, after); name !== undefined; name = this.name(before, after)) {
      if (into.has(name)) return false
      const values: string[] = []
      while (!this.take(closing)) {
        const value = this.take('<value/>') ? '' : this.text('<value>', '</value>')
        if (value === undefined) return false
        values.push(value)
      }
      into.set(name, values)
    }
    return true
  }
}

/** @returns where the first character from `at` on stands that is no white space. */
export function skipSpace(text: string, at: number): number {
  let place = at
  for (let code = text.charCodeAt(place); code === 10 || code === 32 || code === 9; code = text.charCodeAt(++place));
  return place
}
