import { constants, createCipheriv, type KeyObject, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto'
import { SignedXml } from 'xml-crypto'

/** What a demonstration's SAML provider says of someone. */
export interface SamlStatement {
  issuer: string
  /** Entity identifier and assertion consumer service of the workspace. */
  audience: string
  recipient: string
  /** Null for a sign-in begun at the provider. */
  inResponseTo: string | null
  nameId: string
  sessionIndex: string
  attributes: Record<string, string[]>
  now: Date
}

export interface SamlSigner {
  privateKey: KeyObject
  /** Base64 of DER. */
  certificate: string
}

const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'

/** An assertion, not signed yet. */
export function makeAssertion(statement: SamlStatement): string {
  const { now, nameId, inResponseTo } = statement
  const until = new Date(now.getTime() + 300_000).toISOString()
  const attributes = Object.entries(statement.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${escape(name)}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">` +
      `${values.map((value) => `<saml:AttributeValue>${escape(value)}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  )
  const answer = inResponseTo === null ? '' : ` InResponseTo="${escape(inResponseTo)}"`
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${makeId()}" Version="2.0" IssueInstant="${now.toISOString()}">` +
    `<saml:Issuer>${escape(statement.issuer)}</saml:Issuer>` +
    `<saml:Subject><saml:NameID Format="${persistent}">${escape(nameId)}</saml:NameID>` +
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">` +
    `<saml:SubjectConfirmationData NotOnOrAfter="${until}" Recipient="${escape(statement.recipient)}"${answer}/>` +
    `</saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${now.toISOString()}" NotOnOrAfter="${until}"><saml:AudienceRestriction>` +
    `<saml:Audience>${escape(statement.audience)}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="${now.toISOString()}" SessionIndex="${escape(statement.sessionIndex)}"><saml:AuthnContext>` +
    `<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>` +
    `</saml:AuthnContext></saml:AuthnStatement>` +
    `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion>`
  )
}

/** A response around an assertion, plain or encrypted, or around nothing. @param status last part of the status code. */
export function makeResponse(statement: SamlStatement, content: string, status = 'Success'): string {
  const { inResponseTo, recipient, now } = statement
  const answer = inResponseTo === null ? '' : ` InResponseTo="${escape(inResponseTo)}"`
  const code = (value: string, inside = '') =>
    `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${value}">${inside}</samlp:StatusCode>`
  return (
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${makeId()}" Version="2.0" IssueInstant="${now.toISOString()}"` +
    ` Destination="${escape(recipient)}"${answer}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${escape(statement.issuer)}</saml:Issuer>` +
    `<samlp:Status>${status === 'Success' ? code(status) : code('Responder', code(status))}</samlp:Status>${content}</samlp:Response>`
  )
}

/** Signs the element of a name, the signature after its Issuer. */
export function signElement(xml: string, local: string, signer: SamlSigner): string {
  const signature = new SignedXml({
    privateKey: signer.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: exclusive,
  })
  const element = `//*[local-name(.)='${local}']`
  signature.addReference({
    xpath: element,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', exclusive],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  const issuer = `${element}/*[local-name(.)='Issuer']`
  signature.computeSignature(xml, { prefix: 'ds', location: { reference: issuer, action: 'after' } })
  return signature.getSignedXml()
}

/** Encrypts an assertion for a recipient (AES-256-GCM under RSA-OAEP). @param certificate base64 of DER. */
export function encryptAssertion(assertion: string, certificate: string): string {
  const key = randomBytes(32)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const sealed = Buffer.concat([iv, cipher.update(assertion, 'utf8'), cipher.final(), cipher.getAuthTag()])
  const recipient = new X509Certificate(Buffer.from(certificate, 'base64')).publicKey
  const envelope = publicEncrypt({ key: recipient, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, key)
  return (
    `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">` +
    `<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">` +
    `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>` +
    `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>` +
    `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>` +
    `<xenc:CipherData><xenc:CipherValue>${envelope.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>` +
    `<xenc:CipherData><xenc:CipherValue>${sealed.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>`
  )
}

export const makeId = () => `_${randomBytes(16).toString('hex')}`

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
