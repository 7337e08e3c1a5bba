import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AafRecord, createAafReader } from './aaf-parser.ts'
import { readPlainRequest } from './aaf-plain.ts'
import { FeedRefusal } from './feed.ts'

const head = '<?xml version="1.0" encoding="UTF-8"?>\n<ficAlimMENESR>\n<!-- degre="2D" -->\n'
const tail = '</ficAlimMENESR>\n'
const request = (attributes: string, space = '\n') =>
  [
    '<addRequest>',
    '<operationalAttributes><attr name="categoriePersonne"><value>Eleve</value></attr></operationalAttributes>',
    '<identifier><id>12</id></identifier>',
    '<attributes>',
    attributes,
    '</attributes>',
    '</addRequest>',
  ].join(space)

/** What comes of a text: its records with their lines, then where and why it is refused. */
function readAll(text: string, mode: 'full' | 'delta', sizes: number[]) {
  const read: unknown[] = []
  const note = ({ request: of, line, category, id, attributes }: AafRecord) =>
    read.push({ of, line, category, id, attributes: [...attributes] })
  const reader = createAafReader('feed.xml', { record: note }, mode)
  try {
    for (let at = 0, i = 0; at < text.length; i++) {
      const size = sizes[i % sizes.length]!
      reader.write(text.slice(at, at + size))
      at += size
    }
    reader.end()
  } catch (error) {
    if (!(error instanceof FeedRefusal)) throw error
    const { code, detail, line, column } = error.refusal
    read.push({ code, detail, line, column })
  }
  return read
}

/** The same records, none of which is plain: an instruction to nobody stands in each. */
const decorate = (text: string) => text.replaceAll('</identifier>', '</identifier><?x?>')

describe('requests that are written plainly', () => {
  it.each([
    ['an empty value', '<attr name="mail"><value/></attr><attr name="sn"><value></value></attr>'],
    ['no value', '<attr name="mail"></attr>'],
    ['several values', '<attr name="x"><value>a</value> <value>b</value>\n</attr>'],
    ['the five references of XML', '<attr name="x"><value> &lt;A&amp;B&gt; &quot;&apos;&amp;amp; </value></attr>'],
    ['letters of any language', '<attr name="x"><value>Œuvre Ÿ ß ж</value></attr>'],
  ])('%s is read as the parser reads it', (_, attributes) => {
    expect(readPlainRequest(request(attributes))).toBeDefined()
    const text = `${head}${request(attributes)}\n${request(attributes)}${tail}`
    expect(readAll(text, 'full', [text.length])).toEqual(readAll(decorate(text), 'full', [text.length]))
  })

  it.each([
    ['a comment', '<!-- --><attr name="x"><value>a</value></attr>'],
    ['CDATA', '<attr name="x"><value><![CDATA[a]]></value></attr>'],
    ['a reference to a character', '<attr name="x"><value>&#233;</value></attr>'],
    ['an unknown entity', '<attr name="x"><value>&eacute;</value></attr>'],
    ['a stray ampersand', '<attr name="x"><value>a & b</value></attr>'],
    ['the end of CDATA', '<attr name="x"><value>a]]>b</value></attr>'],
    ['another line end', '<attr name="x"><value>a\rb</value></attr>'],
    ['a control character', '<attr name="x"><value>a\u0001b</value></attr>'],
    ['a lone surrogate', '<attr name="x"><value>a\ud800b</value></attr>'],
    ['a further attribute', '<attr name="x" id="1"><value>a</value></attr>'],
    ['an attribute twice', '<attr name="x"></attr><attr name="x"></attr>'],
    ['an element out of place', '<value>a</value>'],
    ['a name with a reference', '<attr name="a&amp;b"><value>a</value></attr>'],
    ['a value without end', '<attr name="x"><value>a'],
  ])('%s is left to the parser', (_, attributes) => {
    expect(readPlainRequest(request(attributes))).toBeUndefined()
  })

  it('does not take a request within a comment, or in CDATA, for one', () => {
    const quoted = `${head}${request('')}\n<!-- </addRequest>\n${request('')}\n${request('')} -->\n${request('')}\n${tail}`
    expect(readAll(quoted, 'full', [quoted.length])).toHaveLength(2)
    const value = `<attr name="x"><value><![CDATA[</addRequest>${request('')}${request('')}]]></value></attr>`
    const data = `${head}${request('')}\n${request(value)}\n${request('')}\n${tail}`
    expect(readAll(data, 'full', [data.length])).toHaveLength(3)
  })

  it('are told of with their lines, and faults after them with their columns', () => {
    const [one, broken] = [request('<attr name="sn"><value>A</value></attr>'), request('<attr name="sn"><value>A &')]
    for (const text of [
      `${head}${one}\n${one}\n\n${one}\n${broken}\n${tail}`,
      `${head}${one}${one} ${one}${one}  <purgeRequest/>${tail}`,
      `${head}${one}\n${one}\n ${one}  stray ${tail}`,
      `${head}${one}\n${one}\n${one}`,
    ]) {
      const read = readAll(text, 'full', [text.length])
      expect(read).toHaveLength(text.split('</addRequest>').length - (text.includes(broken) ? 1 : 0))
      const parsed = readAll(decorate(text), 'full', [text.length])
      expect(read).toEqual(parsed)
    }
  })
})

const pieces = [
  '<addRequest>',
  '</addRequest>',
  '<modifyRequest>',
  '</modifyRequest>',
  '</attributes>',
  '<!-- ',
  ' -->',
  '<![CDATA[',
  ']]>',
  '<value>',
  '</value>',
  '&amp;',
  '&',
  'é',
  '\r\n',
  '\n',
  ' ',
  '>',
  '\u0000',
]
const plain = fc.constantFrom(
  request('<attr name="sn"><value>Zoé &amp; Co</value></attr>'),
  request('<attr name="sn"><value>A</value></attr>\n<attr name="x"><value/><value> b </value></attr>', ''),
  request('<attr name="sn"><value>A</value></attr>', '\r\n'),
  request('').replaceAll('addRequest', 'modifyRequest').replaceAll('attributes>', 'modifications>'),
  request('')
    .replaceAll('addRequest', 'deleteRequest')
    .replace(/<attributes>\s*<\/attributes>/, ''),
)
/** Requests with what comes between them, and here and there something put into one. */
const requests = fc.array(
  fc.tuple(
    plain,
    fc.constantFrom('', '\n', '\n\n', '  ', '\r\n'),
    fc.option(fc.tuple(fc.constantFrom(...pieces), fc.nat()), { freq: 4, nil: undefined }),
  ),
  { maxLength: 8 },
)

describe('whatever a file holds', () => {
  it.each(['full', 'delta'] as const)('it comes to what the parser alone makes of it: %s', (mode) => {
    fc.assert(
      fc.property(
        requests,
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 4 }),
        (given, sizes) => {
          const texts = given.map(([text, space, put]) => {
            const at = put ? put[1] % text.length : 0
            return (put ? text.slice(0, at) + put[0] + text.slice(at) : text) + space
          })
          const whole = head + texts.join('') + tail
          // The instruction makes columns differ on its own line, and is text in CDATA.
          const simplify = (read: unknown[]) =>
            JSON.stringify(read, (key, value: unknown) => (key === 'column' ? undefined : value)).replaceAll(
              '<?x?>',
              '',
            )
          const alone = readAll(decorate(whole), mode, sizes)
          expect(simplify(readAll(whole, mode, sizes))).toEqual(simplify(alone))
        },
      ),
      { numRuns: 300 },
    )
  })
})
