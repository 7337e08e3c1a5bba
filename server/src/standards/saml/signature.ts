import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { canonicalize } from './canonical-xml.ts'
import { SamlRefused } from './refusal.ts'
import { dsig, findAttribute, findChild, listChildren, parseXml, textOf, type XmlElement } from './xml.ts'

export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = `${dsig}enveloped-signature`
export const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

// SHA-1 is left out: forging it is within reach. HMAC too: a certificate everyone has would be its secret.
const signatureAlgorithms: Record<string, { hash: string; type: 'rsa' | 'ec' }> = {
  [rsaSha256]: { hash: 'sha256', type: 'rsa' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': { hash: 'sha384', type: 'rsa' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': { hash: 'sha512', type: 'rsa' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256': { hash: 'sha256', type: 'ec' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384': { hash: 'sha384', type: 'ec' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512': { hash: 'sha512', type: 'ec' },
}
const digestAlgorithms: Record<string, string> = {
  [sha256]: 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
}

/** What a signature says it covers. */
export interface SignaturePlan {
  digest: string
  digestValue: Buffer
  inclusive: string[]
}

/**
 * Verifies that one of the keys made a signature, and reads what it covers: the element it is in, whole, and nothing
 * else (SAML 2.0 Core §5.4). Keys that the message itself carries count for nothing.
 * @throws SamlRefused `signature`, `weak_algorithm`.
 */
export function readSignature(signature: XmlElement, parentId: string | undefined, keys: KeyObject[]): SignaturePlan {
  const signedInfo = only(signature, 'SignedInfo')
  const reference = only(signedInfo, 'Reference')
  if (!parentId || findAttribute(reference, 'URI') !== `#${parentId}`) throw new SamlRefused('signature')
  const transforms = listChildren(only(reference, 'Transforms'), dsig, 'Transform')
  const names = transforms.map((transform) => findAttribute(transform, 'Algorithm'))
  if (names.length !== 2 || names[0] !== enveloped || names[1] !== exclusive) throw new SamlRefused('signature')

  const method = only(signedInfo, 'CanonicalizationMethod')
  if (findAttribute(method, 'Algorithm') !== exclusive) throw new SamlRefused('signature')
  const algorithm = findAttribute(only(signedInfo, 'SignatureMethod'), 'Algorithm') ?? ''
  const canonical = canonicalize(signedInfo, { inclusive: readPrefixes(method) })
  verifyBytes(algorithm, canonical, fromBase64(textOf(only(signature, 'SignatureValue'))), keys)

  const digest = digestAlgorithms[findAttribute(only(reference, 'DigestMethod'), 'Algorithm') ?? '']
  if (digest === undefined) throw new SamlRefused('weak_algorithm')
  return {
    digest,
    digestValue: fromBase64(textOf(only(reference, 'DigestValue'))),
    inclusive: readPrefixes(transforms[1]),
  }
}

/** Verifies a signature over bytes. @throws SamlRefused `signature`, `weak_algorithm`. */
export function verifyBytes(algorithm: string, data: string, value: Buffer, keys: KeyObject[]): void {
  const known = signatureAlgorithms[algorithm]
  if (!known) throw new SamlRefused('weak_algorithm')
  const dsaEncoding = known.type === 'ec' ? 'ieee-p1363' : 'der'
  const fitting = keys.filter((key) => key.asymmetricKeyType === known.type)
  const valid = fitting.some((key) => verify(known.hash, Buffer.from(data), { key, dsaEncoding }, value))
  if (!valid) throw new SamlRefused('signature')
}

/**
 * Verifies the signature that is a child of an element and returns the element as it was signed, read again from the
 * very bytes the digest covers: whatever else the message holds cannot be taken for it.
 * @returns undefined when the element bears no signature.
 */
export function readSigned(element: XmlElement, keys: KeyObject[]): XmlElement | undefined {
  const signatures = listChildren(element, dsig, 'Signature')
  const [signature] = signatures
  if (!signature) return undefined
  if (signatures.length > 1) throw new SamlRefused('wrapped')
  const plan = readSignature(signature, findAttribute(element, 'ID'), keys)
  const canonical = canonicalize(element, { without: signature, inclusive: plan.inclusive })
  if (!createHash(plan.digest).update(canonical).digest().equals(plan.digestValue)) throw new SamlRefused('signature')
  return parseXml(canonical)
}

/**
 * Signs a message of ours (RSA, SHA-256), the signature after its Issuer as the schema wants it.
 * @param xml one element with an ID whose first child is its Issuer.
 */
export function signXml(xml: string, key: KeyObject): string {
  const element = parseXml(xml)
  const id = findAttribute(element, 'ID') ?? ''
  const digest = createHash('sha256').update(canonicalize(element)).digest('base64')
  const signedInfo =
    `<ds:SignedInfo xmlns:ds="${dsig}"><ds:CanonicalizationMethod Algorithm="${exclusive}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${rsaSha256}"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms>` +
    `<ds:Transform Algorithm="${enveloped}"></ds:Transform><ds:Transform Algorithm="${exclusive}"></ds:Transform>` +
    `</ds:Transforms><ds:DigestMethod Algorithm="${sha256}"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue>` +
    `</ds:Reference></ds:SignedInfo>`
  const value = sign('sha256', Buffer.from(signedInfo), key).toString('base64')
  const signature = `<ds:Signature xmlns:ds="${dsig}">${signedInfo}<ds:SignatureValue>${value}</ds:SignatureValue></ds:Signature>`
  return xml.replace('</saml:Issuer>', () => `</saml:Issuer>${signature}`)
}

/** @throws SamlRefused `malformed` for anything but base64. */
export function fromBase64(text: string): Buffer {
  const compact = text.replaceAll(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) throw new SamlRefused('malformed')
  return Buffer.from(compact, 'base64')
}

function readPrefixes(transform: XmlElement | undefined): string[] {
  const list = findAttribute(findChild(transform, exclusive, 'InclusiveNamespaces'), 'PrefixList')
  return list?.split(/\s+/).filter(Boolean) ?? []
}

function only(parent: XmlElement, local: string): XmlElement {
  const [found, ...more] = listChildren(parent, dsig, local)
  if (!found || more.length > 0) throw new SamlRefused('signature')
  return found
}
