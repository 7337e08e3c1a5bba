import type { KeyObject } from 'node:crypto'
import { decryptAssertion } from './encryption.ts'
import { SamlRefused } from './refusal.ts'
import { fromBase64, readSigned } from './signature.ts'
import {
  childElements,
  dsig,
  findAttribute,
  findChild,
  listChildren,
  listElements,
  parseXml,
  saml,
  samlp,
  textOf,
  type XmlElement,
} from './xml.ts'

/** Who the identity provider says somebody is. */
export interface SamlIdentity {
  assertionId: string
  /** When the assertion is of no more use: until then it must be remembered as used. */
  usableUntil: Date
  nameId: NameId
  sessionIndex: string | null
  attributes: Map<string, string[]>
}

export interface NameId {
  value: string
  format: string | null
  nameQualifier: string | null
  spNameQualifier: string | null
}

export interface SamlExpectation {
  /** Entity identifier of this service provider. */
  audience: string
  /** Address of its assertion consumer service. */
  recipient: string
  issuer: string
  /** Keys the provider signs with. */
  keys: KeyObject[]
  decryptionKeys: KeyObject[]
  /** Identifier of the request this answers; null for a sign-in begun at the provider. */
  requestId: string | null
  now: Date
}

/** Clocks of two servers differ by less than this. */
const skewSeconds = 120

/** The issuer and what is answered, read from a response not verified yet: enough to know whom to ask about it. */
export function peekResponse(encoded: string): {
  xml: string
  issuer: string | undefined
  inResponseTo: string | null
} {
  const xml = decodeMessage(encoded)
  const root = parseXml(xml)
  const assertion = findChild(root, saml, 'Assertion')
  const issuer = textOf(findChild(root, saml, 'Issuer')) || textOf(findChild(assertion, saml, 'Issuer')) || undefined
  return { xml, issuer, inResponseTo: findAttribute(root, 'InResponseTo') ?? null }
}

/** Base64 of UTF-8 as the HTTP-POST binding carries it. @throws SamlRefused `malformed`. */
export function decodeMessage(encoded: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64(encoded))
  } catch {
    throw new SamlRefused('malformed')
  }
}

/**
 * Verifies a SAML 2.0 response (Web Browser SSO, HTTP-POST): its shape, its signatures, then what its assertion says.
 * Everything returned was read from the bytes that a signature covers.
 * @throws SamlRefused, XmlRefused.
 */
export function readResponse(xml: string, expected: SamlExpectation): SamlIdentity {
  const response = parseXml(xml)
  checkShape(response)
  const signedResponse = readSigned(response, expected.keys)
  checkEnvelope(signedResponse ?? response, expected)
  return readAssertion(
    findSignedAssertion(signedResponse ?? response, signedResponse !== undefined, expected),
    expected,
  )
}

/**
 * One response holding one assertion where the schema puts it, signatures only where they are looked for, no identifier
 * twice: what wrapping attacks need is refused before anything is verified.
 */
function checkShape(response: XmlElement): void {
  if (response.uri !== samlp || response.local !== 'Response') throw new SamlRefused('malformed')
  const allowed = new Set(['Issuer', 'Signature', 'Extensions', 'Status', 'Assertion', 'EncryptedAssertion'])
  if (childElements(response).some(({ local }) => !allowed.has(local))) throw new SamlRefused('wrapped')
  const all = listElements(response)
  const named = (local: string) => all.filter((element) => element.local === local)
  const assertions = [
    ...listChildren(response, saml, 'Assertion'),
    ...listChildren(response, saml, 'EncryptedAssertion'),
  ]
  if (assertions.length > 1) throw new SamlRefused('several_assertions')
  const [assertion] = assertions
  if (
    named('Response').length > 1 ||
    named('Assertion').length + named('EncryptedAssertion').length > assertions.length
  )
    throw new SamlRefused('wrapped')
  const places = [response, assertion].filter((place) => place !== undefined).flatMap(childElements)
  if (named('Signature').some((signature) => signature.uri !== dsig || !places.includes(signature)))
    throw new SamlRefused('wrapped')
  checkIdentifiers(all)
}

function checkIdentifiers(elements: XmlElement[]): void {
  const identifiers = elements.flatMap(({ attributes }) =>
    attributes.filter(({ local }) => local.toLowerCase() === 'id').map(({ value }) => value),
  )
  if (new Set(identifiers).size < identifiers.length) throw new SamlRefused('wrapped')
}

function checkEnvelope(response: XmlElement, expected: SamlExpectation): void {
  const issuer = findChild(response, saml, 'Issuer')
  if (issuer && textOf(issuer) !== expected.issuer) throw new SamlRefused('issuer')
  const destination = findAttribute(response, 'Destination')
  if (destination !== undefined && destination !== expected.recipient) throw new SamlRefused('recipient')
  if ((findAttribute(response, 'InResponseTo') ?? null) !== expected.requestId) throw new SamlRefused('in_response_to')
  const status = findChild(findChild(response, samlp, 'Status'), samlp, 'StatusCode')
  if (findAttribute(status, 'Value') === 'urn:oasis:names:tc:SAML:2.0:status:Success') return
  const detail = findAttribute(findChild(status, samlp, 'StatusCode'), 'Value') ?? ''
  throw new SamlRefused(/:(AuthnFailed|RequestDenied)$/.test(detail) ? 'declined' : 'status')
}

function findSignedAssertion(response: XmlElement, signed: boolean, expected: SamlExpectation): XmlElement {
  const plain = findChild(response, saml, 'Assertion')
  const sealed = findChild(response, saml, 'EncryptedAssertion')
  const opened = sealed && decryptAssertion(sealed, expected.decryptionKeys, signed)
  if (opened) {
    const inside = listElements(opened)
    const wrapped = inside.filter(({ local }) => local === 'Assertion' || local === 'Response').length > 1
    const direct = childElements(opened)
    if (wrapped || inside.some((each) => each.local === 'Signature' && !direct.includes(each)))
      throw new SamlRefused('wrapped')
    checkIdentifiers(inside)
  }
  const assertion = plain ?? opened
  if (assertion?.local !== 'Assertion' || assertion.uri !== saml) throw new SamlRefused('incomplete')
  const verified = readSigned(assertion, expected.keys)
  if (!verified && !signed) throw new SamlRefused('unsigned')
  return verified ?? assertion
}

function readAssertion(assertion: XmlElement, expected: SamlExpectation): SamlIdentity {
  if (textOf(findChild(assertion, saml, 'Issuer')) !== expected.issuer) throw new SamlRefused('issuer')
  const assertionId = findAttribute(assertion, 'ID')
  const subject = findChild(assertion, saml, 'Subject')
  const nameId = findChild(subject, saml, 'NameID')
  const conditions = findChild(assertion, saml, 'Conditions')
  const statement = findChild(assertion, saml, 'AuthnStatement')
  if (!assertionId || !subject || !nameId || textOf(nameId) === '' || !conditions || !statement)
    throw new SamlRefused('incomplete')

  checkPeriod(conditions, expected.now)
  const audiences = listChildren(conditions, saml, 'AudienceRestriction')
  const forUs = (restriction: XmlElement) =>
    listChildren(restriction, saml, 'Audience').some((audience) => textOf(audience) === expected.audience)
  if (audiences.length === 0 || !audiences.every(forUs)) throw new SamlRefused('audience')
  const sessionEnd = readTime(statement, 'SessionNotOnOrAfter')
  if (sessionEnd && sessionEnd.getTime() + skewSeconds * 1_000 <= expected.now.getTime())
    throw new SamlRefused('expired')

  return {
    assertionId,
    usableUntil: readConfirmation(subject, expected),
    nameId: readNameId(nameId),
    sessionIndex: findAttribute(statement, 'SessionIndex') ?? null,
    attributes: readAttributes(assertion),
  }
}

export function readNameId(element: XmlElement): NameId {
  return {
    value: textOf(element),
    format: findAttribute(element, 'Format') ?? null,
    nameQualifier: findAttribute(element, 'NameQualifier') ?? null,
    spNameQualifier: findAttribute(element, 'SPNameQualifier') ?? null,
  }
}

/** @returns until when the assertion can be presented. */
function readConfirmation(subject: XmlElement, expected: SamlExpectation): Date {
  let refusal = new SamlRefused('incomplete')
  for (const confirmation of listChildren(subject, saml, 'SubjectConfirmation')) {
    if (findAttribute(confirmation, 'Method') !== 'urn:oasis:names:tc:SAML:2.0:cm:bearer') continue
    const data = findChild(confirmation, saml, 'SubjectConfirmationData')
    const until = readTime(data, 'NotOnOrAfter')
    if (!data || !until) continue
    try {
      if (findAttribute(data, 'Recipient') !== expected.recipient) throw new SamlRefused('recipient')
      if ((findAttribute(data, 'InResponseTo') ?? null) !== expected.requestId) throw new SamlRefused('in_response_to')
      checkPeriod(data, expected.now)
      return new Date(until.getTime() + skewSeconds * 1_000)
    } catch (error) {
      if (!(error instanceof SamlRefused)) throw error
      refusal = error
    }
  }
  throw refusal
}

function checkPeriod(element: XmlElement, now: Date): void {
  const from = readTime(element, 'NotBefore')
  const until = readTime(element, 'NotOnOrAfter')
  if (from && from.getTime() - skewSeconds * 1_000 > now.getTime()) throw new SamlRefused('early')
  if (until && until.getTime() + skewSeconds * 1_000 <= now.getTime()) throw new SamlRefused('expired')
}

/** @throws SamlRefused `malformed` for anything but an instant in UTC (SAML 2.0 Core §1.3.3). */
export function readTime(element: XmlElement | undefined, name: string): Date | undefined {
  const value = findAttribute(element, name)
  if (value === undefined) return undefined
  const time = new Date(value)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) || Number.isNaN(time.getTime()))
    throw new SamlRefused('malformed')
  return time
}

/** By Name and, where one is given, by FriendlyName: federations write either. */
function readAttributes(assertion: XmlElement): Map<string, string[]> {
  const attributes = new Map<string, string[]>()
  for (const statement of listChildren(assertion, saml, 'AttributeStatement')) {
    for (const attribute of listChildren(statement, saml, 'Attribute')) {
      const values = listChildren(attribute, saml, 'AttributeValue').map(textOf).filter(Boolean)
      for (const name of new Set([findAttribute(attribute, 'Name'), findAttribute(attribute, 'FriendlyName')])) {
        if (name !== undefined) attributes.set(name, [...(attributes.get(name) ?? []), ...values])
      }
    }
  }
  return attributes
}
