import { beforeAll, describe, expect, test } from 'vitest'
import {
  encryptAssertion,
  makeAssertion,
  makeResponse,
  type SamlStatement,
  signElement,
} from '../../demonstration/identity-provider-saml-messages.ts'
import { type CertifiedKey, makeCertifiedKey } from './certificate.ts'
import { toKeys } from './metadata.ts'
import { peekResponse, readResponse, type SamlExpectation } from './response.ts'
import { signXml } from './signature.ts'

const now = new Date('2026-09-01T08:00:00Z')
const statement: SamlStatement = {
  issuer: 'https://idp.example/metadata',
  audience: 'https://ent.example/metadata',
  recipient: 'https://ent.example/acs',
  inResponseTo: '_request',
  nameId: 'claire@idp.example',
  sessionIndex: '_session',
  attributes: { 'urn:oid:1.3.6.1.4.1.20326.10.999.1.99': ['{AAF}20|x|1', '{AAF}09|x|2'] },
  now,
}
let theirs: CertifiedKey
let ours: CertifiedKey
let other: CertifiedKey
let expected: SamlExpectation

beforeAll(async () => {
  ;[theirs, ours, other] = await Promise.all([
    makeCertifiedKey('idp', now),
    makeCertifiedKey('sp', now),
    makeCertifiedKey('other', now),
  ])
  expected = {
    audience: statement.audience,
    recipient: statement.recipient,
    issuer: statement.issuer,
    keys: toKeys([theirs.certificate]),
    decryptionKeys: [ours.privateKey],
    requestId: '_request',
    now,
  }
})

const make = (change: Partial<SamlStatement> = {}, signer = theirs) => {
  const said = { ...statement, ...change }
  return makeResponse(said, signElement(makeAssertion(said), 'Assertion', signer))
}
const read = (xml: string, change: Partial<SamlExpectation> = {}) => readResponse(xml, { ...expected, ...change })
const reasonOf = (xml: string, change: Partial<SamlExpectation> = {}) => {
  try {
    return `accepted as ${read(xml, change).nameId.value}`
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error)
  }
}

describe('a true answer', () => {
  test('with its assertion signed, its response, or both', () => {
    const assertion = makeAssertion(statement)
    const signed = signElement(assertion, 'Assertion', theirs)
    for (const xml of [
      makeResponse(statement, signed),
      signElement(makeResponse(statement, assertion), 'Response', theirs),
      signElement(makeResponse(statement, signed), 'Response', theirs),
    ]) {
      const identity = read(xml)
      expect(identity).toMatchObject({ nameId: { value: 'claire@idp.example' }, sessionIndex: '_session' })
      expect([...identity.attributes.values()]).toEqual([['{AAF}20|x|1', '{AAF}09|x|2']])
      expect(identity.usableUntil.toISOString()).toBe('2026-09-01T08:07:00.000Z')
    }
  })

  test('encrypted: its assertion signed inside, or the response around it', () => {
    const assertion = makeAssertion(statement)
    const inside = encryptAssertion(signElement(assertion, 'Assertion', theirs), ours.certificate)
    const around = encryptAssertion(assertion, ours.certificate)
    expect(read(makeResponse(statement, inside)).nameId.value).toBe('claire@idp.example')
    expect(read(signElement(makeResponse(statement, around), 'Response', theirs)).nameId.value).toBe(
      'claire@idp.example',
    )
    expect(reasonOf(makeResponse(statement, around))).toBe('unsigned')
    expect(reasonOf(makeResponse(statement, inside), { decryptionKeys: [other.privateKey] })).toBe('encryption')
  })

  test('of a provider that is changing its key', () => {
    expect(read(make({}, other), { keys: toKeys([theirs.certificate, other.certificate]) })).toBeTruthy()
  })

  test('begun at the provider, only when expected', () => {
    const xml = make({ inResponseTo: null })
    expect(read(xml, { requestId: null })).toBeTruthy()
    expect(reasonOf(xml)).toBe('in_response_to')
    expect(reasonOf(make(), { requestId: null })).toBe('in_response_to')
  })

  test('our own signatures are verified by the same rules', () => {
    const message = `<samlp:X xmlns:samlp="urn:x" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_9"><saml:Issuer>us</saml:Issuer></samlp:X>`
    expect(signXml(message, ours.privateKey)).toContain('<ds:Signature ')
  })
})

describe('an answer that is no more, not yet, or not for us', () => {
  const minutes = (count: number) => new Date(now.getTime() + count * 60_000)
  test.each([
    ['expired', {}, () => ({ now: minutes(7) })],
    ['early', {}, () => ({ now: minutes(-3) })],
    ['audience', { audience: 'https://other.example/metadata' }, () => ({})],
    ['recipient', { recipient: 'https://other.example/acs' }, () => ({})],
    ['in_response_to', { inResponseTo: '_another' }, () => ({})],
    ['issuer', { issuer: 'https://evil.example/metadata' }, () => ({})],
  ])('%s', (reason, said, change) => {
    expect(reasonOf(make(said), change())).toBe(reason)
  })

  test('clocks two minutes apart are borne', () => {
    expect(reasonOf(make(), { now: minutes(-1.9) })).toContain('accepted')
    expect(reasonOf(make(), { now: minutes(6.9) })).toContain('accepted')
  })

  test('a person who gave up, a provider that failed', () => {
    expect(reasonOf(makeResponse(statement, '', 'AuthnFailed'))).toBe('declined')
    expect(reasonOf(makeResponse(statement, '', 'RequestUnsupported'))).toBe('status')
  })
})

describe('a forged answer', () => {
  const evil = () => makeAssertion({ ...statement, nameId: 'evil@idp.example' })
  const wholeAssertion = (xml: string) => /<saml:Assertion.*<\/saml:Assertion>/s.exec(xml)![0]
  const signatureOf = (xml: string) => /<ds:Signature.*?<\/ds:Signature>/s.exec(xml)![0]
  const sameId = (from: string, to: string) => to.replace(/ID="[^"]+"/, /ID="[^"]+"/.exec(wholeAssertion(from))![0])

  test('unsigned', () => {
    expect(reasonOf(makeResponse(statement, makeAssertion(statement)))).toBe('unsigned')
    const signed = make()
    expect(reasonOf(signed.replace(signatureOf(signed), ''))).toBe('unsigned')
  })

  test('of another key, even one that the message itself brings', () => {
    expect(reasonOf(make({}, other))).toBe('signature')
    const brought = make({}, other).replace(
      '</ds:Signature>',
      `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${other.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`,
    )
    expect(reasonOf(brought)).toBe('signature')
  })

  test('altered after signing', () => {
    expect(reasonOf(make().replace('claire@', 'evil@'))).toBe('signature')
    expect(reasonOf(make().replace(/{AAF}20\|x\|1/, '{AAF}20|x|9'))).toBe('signature')
  })

  test('with weak or foreign algorithms', () => {
    const xml = make()
    expect(reasonOf(xml.replace('xmldsig-more#rsa-sha256', 'xmldsig-more#hmac-sha256'))).toBe('weak_algorithm')
    expect(
      reasonOf(
        xml.replace(
          /http:\/\/www\.w3\.org\/2001\/04\/xmldsig-more#rsa-sha256/,
          'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
        ),
      ),
    ).toBe('weak_algorithm')
    expect(
      reasonOf(
        xml.replace(
          /<ds:Transform Algorithm="http:\/\/www\.w3\.org\/2001\/10\/xml-exc-c14n#"\/>/,
          '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
        ),
      ),
    ).toBe('signature')
  })

  test('a comment in the name of the person', () => {
    const xml = make({ nameId: 'claire@idp.example.evil.example' })
    expect(reasonOf(xml.replace('claire@idp.example', 'claire@idp.example<!---->'))).toBe('comment')
  })

  test('a document type, an entity, a processing instruction', () => {
    expect(reasonOf(`<!DOCTYPE r [<!ENTITY a "aaaa">]>${make()}`)).toBe('doctype')
    expect(reasonOf(`<!doctype r SYSTEM "file:///etc/passwd">${make()}`)).toBe('doctype')
    expect(reasonOf(`<?xml-stylesheet href="x"?>${make()}`)).toBe('malformed')
    expect(reasonOf(make().replace('claire@', '&xxe;'))).toBe('malformed')
  })

  test('two assertions, one of them signed', () => {
    const xml = make()
    const assertion = wholeAssertion(xml)
    expect(reasonOf(xml.replace(assertion, () => evil() + assertion))).toBe('several_assertions')
    expect(reasonOf(xml.replace(assertion, () => assertion + evil()))).toBe('several_assertions')
    expect(reasonOf(xml.replace(assertion, () => assertion + assertion))).toBe('several_assertions')
  })

  test('the same identifier twice', () => {
    const xml = make()
    const id = /ID="([^"]+)"/.exec(wholeAssertion(xml))![1]!
    expect(reasonOf(xml.replace('<samlp:Status>', `<samlp:Status ID="${id}">`))).toBe('wrapped')
  })

  // The eight places of Somorovsky et al., “On Breaking SAML: Be Whoever You Want to Be” (2012).
  describe('wrapped', () => {
    const signedResponse = () => signElement(makeResponse(statement, makeAssertion(statement)), 'Response', theirs)
    const evilResponse = (signed: string) =>
      signed
        .replace(signatureOf(signed), '')
        .replace('claire@', 'evil@')
        .replace(/ID="[^"]+"/, 'ID="_evil"')
    const inside = (outer: string, name: string, added: string) =>
      outer.replace(`</${name}>`, () => `${added}</${name}>`)
    const afterIssuer = (outer: string, added: string) =>
      outer.replace('</saml:Issuer>', () => `</saml:Issuer>${added}`)

    const attacks: [string, () => string][] = [
      [
        '1: the signed response inside the signature of the forged one',
        () => {
          const signed = signedResponse()
          return afterIssuer(
            evilResponse(signed),
            inside(signatureOf(signed), 'ds:Signature', signed.replace(signatureOf(signed), '')),
          )
        },
      ],
      [
        '2: the signed response before the signature, both inside the forged one',
        () => {
          const signed = signedResponse()
          return afterIssuer(evilResponse(signed), signed.replace(signatureOf(signed), '') + signatureOf(signed))
        },
      ],
      [
        '3: the signed assertion beside the forged one',
        () => {
          const xml = make()
          return xml.replace(wholeAssertion(xml), (assertion) => evil() + assertion)
        },
      ],
      [
        '4: the signed assertion inside the forged one',
        () => {
          const xml = make()
          const assertion = wholeAssertion(xml)
          return xml.replace(assertion, () => inside(evil(), 'saml:Assertion', assertion))
        },
      ],
      [
        '5: the forged assertion bears the signature of the true one, put at the end',
        () => {
          const xml = make()
          const assertion = wholeAssertion(xml)
          return xml.replace(
            assertion,
            () => afterIssuer(evil(), signatureOf(xml)) + assertion.replace(signatureOf(xml), ''),
          )
        },
      ],
      [
        '6: the same, the true one inside the signature',
        () => {
          const xml = make()
          const assertion = wholeAssertion(xml)
          const bare = assertion.replace(signatureOf(xml), '')
          return xml.replace(assertion, () => afterIssuer(evil(), inside(signatureOf(xml), 'ds:Signature', bare)))
        },
      ],
      [
        '7: the true one in Extensions',
        () => {
          const xml = make()
          const assertion = wholeAssertion(xml)
          return xml
            .replace(assertion, () => sameId(xml, afterIssuer(evil(), signatureOf(xml))))
            .replace(
              '<samlp:Status>',
              () => `<samlp:Extensions>${assertion.replace(signatureOf(xml), '')}</samlp:Extensions><samlp:Status>`,
            )
        },
      ],
      [
        '8: the true one in an Object of the signature',
        () => {
          const xml = make()
          const assertion = wholeAssertion(xml)
          const object = `<ds:Object>${assertion.replace(signatureOf(xml), '')}</ds:Object>`
          return xml.replace(assertion, () =>
            sameId(xml, afterIssuer(evil(), inside(signatureOf(xml), 'ds:Signature', object))),
          )
        },
      ],
    ]
    test.each(attacks)('%s', (_, forge) => {
      expect(['wrapped', 'several_assertions']).toContain(reasonOf(forge()))
    })
  })

  test('in no encoding but base64 of UTF-8', () => {
    expect(() => peekResponse('%%%')).toThrow('malformed')
    expect(() => peekResponse(Buffer.from(make(), 'utf16le').toString('base64'))).toThrow('malformed')
    expect(() => peekResponse(Buffer.from([0xff, 0xfe, 0x3c]).toString('base64'))).toThrow('malformed')
  })

  test('an encrypted one opened by its padding: CBC only within a signed response', () => {
    const sealed = encryptAssertion(makeAssertion(statement), ours.certificate)
      .replace('xmlenc11#aes256-gcm', 'xmlenc#aes256-cbc')
      .replace('2009/xmlenc#', '2001/04/xmlenc#')
    expect(reasonOf(makeResponse(statement, sealed))).toBe('encryption')
  })
})
