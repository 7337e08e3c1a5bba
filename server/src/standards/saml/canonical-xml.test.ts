import fc from 'fast-check'
import { generateKeyPairSync } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import { expect, test } from 'vitest'
import { canonicalize } from './canonical-xml.ts'
import { readSigned } from './signature.ts'
import { escapeXml, parseXml } from './xml.ts'

// W3C, Exclusive XML Canonicalization 1.0, §2.2: the two contexts give the same text.
test('a fragment keeps its text whatever it is put in', () => {
  const inside =
    '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2>'
  const first = parseXml(`<n0:pdu xmlns:n0="http://a.example" xmlns:n1="http://b.example">${inside}</n0:pdu>`)
  const second = parseXml(
    `<n2:pdu xmlns:n1="http://example.com" xmlns:n2="http://foo.example" xml:lang="fr">${inside}</n2:pdu>`,
  )
  const canonical =
    '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>'
  for (const { children } of [first, second]) {
    const [child] = children
    expect(typeof child === 'object' && canonicalize(child)).toBe(canonical)
  }
})

test.each([
  [
    'attributes in order, then namespaces apart',
    '<a xmlns:z="u:z" z:b="1" b="2" a="3"/>',
    '<a xmlns:z="u:z" a="3" b="2" z:b="1"></a>',
  ],
  [
    'signs',
    '<a b="&quot;&#9;&#10;&#13;&lt;&gt;">&gt;&amp;&#13;<![CDATA[<]]></a>',
    '<a b="&quot;&#x9;&#xA;&#xD;&lt;>">&gt;&amp;&#xD;&lt;</a>',
  ],
  ['a default namespace taken back', '<a xmlns="u:a"><b xmlns=""/></a>', '<a xmlns="u:a"><b xmlns=""></b></a>'],
  ['what nobody uses is left out', '<a xmlns:x="u:x"><x:b/></a>', '<a><x:b xmlns:x="u:x"></x:b></a>'],
])('%s', (_, xml, canonical) => {
  expect(canonicalize(parseXml(xml))).toBe(canonical)
})

test('inclusive prefixes are written where they are in scope', () => {
  expect(canonicalize(parseXml('<a xmlns:x="u:x"><b t="x:y"/></a>'), { inclusive: ['x', 'absent', '#default'] })).toBe(
    '<a xmlns:x="u:x"><b t="x:y"></b></a>',
  )
})

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const prefix = fc.constantFrom('', 'p:', 'q:')
const text = fc.string({ maxLength: 12 }).map((value) => escapeXml(value.replaceAll(/[^\t\n\r -~À-ÿ]/g, '')))
const element: fc.Memo<string> = fc.memo((depth) => {
  const inside =
    depth > 1 ? fc.array(fc.oneof(text, element(depth - 1)), { maxLength: 3 }) : fc.array(text, { maxLength: 1 })
  return fc
    .tuple(
      prefix,
      fc.constantFrom('a', 'b'),
      fc.constantFrom('', ' xmlns="u:d"', ' xmlns:p="u:o"', ' xmlns=""'),
      prefix,
      text,
      inside,
    )
    .map(([start, name, declared, own, value, children]) => {
      const attribute = `${own}x="${value}"`
      return `<${start}${name}${declared} ${attribute}>${children.join('')}</${start}${name}>`
    })
})

test('what another implementation signs is verified here', () => {
  fc.assert(
    fc.property(element(3), (inside) => {
      const xml = `<r xmlns:p="u:p" xmlns:q="u:q" ID="_1">${inside}</r>`
      const signer = new SignedXml({
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
      })
      signer.addReference({
        xpath: '/*',
        transforms: [
          'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
          'http://www.w3.org/2001/10/xml-exc-c14n#',
        ],
        digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
      })
      signer.computeSignature(xml, { prefix: 'ds' })
      const read = readSigned(parseXml(signer.getSignedXml()), [publicKey])
      expect(read && canonicalize(read)).toBe(canonicalize(parseXml(xml)))
    }),
    { numRuns: 150 },
  )
})
