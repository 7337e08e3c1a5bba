import { type KeyObject, verify, X509Certificate } from 'node:crypto'
import { areSame, type Attachment, checkStatement, parseJson, type Statement, StatementError } from '#modules/records'
import { Problem } from '#kernel/problem'

const signatureUsage = 'http://adlnet.gov/expapi/attachments/signature'

/** JWS algorithms that may sign a statement (1.0.3 Data 2.6), with the digest of each. */
const digests: Record<string, string> = { RS256: 'sha256', RS384: 'sha384', RS512: 'sha512' }

/**
 * Checks the signatures among the attachments of a statement (1.0.3 Data 2.6; IEEE 9274.1.1 4.2.8): a compact JWS whose
 * payload is the statement before it was signed, and whose signature is that of the certificate it shows, if any. It
 * catches mistakes: whether the signer is to be trusted is for who reads.
 * @param contentOf the content that came with an attachment.
 * @throws Problem 400 `signature_invalid`.
 */
export function checkSignatures(statement: Statement, contentOf: (attachment: Attachment) => Buffer | undefined): void {
  for (const attachment of statement.attachments ?? []) {
    if (attachment.usageType !== signatureUsage) continue
    if (attachment.contentType !== 'application/octet-stream') {
      throw refusal('its contentType is not application/octet-stream')
    }
    const content = contentOf(attachment)
    if (!content) throw refusal('it did not come with the statement')
    checkSignature(content.toString('latin1'), statement)
  }
}

function checkSignature(text: string, statement: Statement): void {
  const [header, payload, signature, ...rest] = text.trim().split('.')
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    throw refusal('it is no compact JWS')
  }
  const { alg, x5c } = readObject(header, 'header') as { alg?: unknown; x5c?: unknown }
  const digest = typeof alg === 'string' ? digests[alg] : undefined
  if (digest === undefined) throw refusal('its algorithm is not RS256, RS384 or RS512')
  const signed = readStatement(payload)
  const { attachments, ...unsigned } = statement
  const others = attachments?.filter((each) => each.usageType !== signatureUsage) ?? []
  const received = others.length > 0 ? { ...unsigned, attachments: others } : unsigned
  if (!areSame(received, signed)) throw refusal('it signs another statement')
  if (x5c === undefined) return
  const bytes = Buffer.from(signature, 'base64url')
  if (!verify(digest, Buffer.from(`${header}.${payload}`), readKey(x5c), bytes)) {
    throw refusal('it is not that of its certificate')
  }
}

/** What was signed: a statement of whichever version, since it may have been signed before this one was chosen. */
function readStatement(encoded: string): Statement {
  const value = readObject(encoded, 'payload')
  for (const version of ['1.0.3', '2.0.0'] as const) {
    try {
      return checkStatement(value, version)
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
    }
  }
  throw refusal('it signs no statement')
}

function readObject(encoded: string, part: string): object {
  let value: unknown
  try {
    value = parseJson(Buffer.from(encoded, 'base64url').toString('utf8'))
  } catch {
    throw refusal(`its ${part} is no JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal(`its ${part} is no JSON object`)
  return value
}

/** The key of the first certificate of a chain, the signer's (RFC 7515 §4.1.6). */
function readKey(x5c: unknown): KeyObject {
  const [first] = Array.isArray(x5c) ? (x5c as unknown[]) : []
  let key: KeyObject
  try {
    key = new X509Certificate(Buffer.from(String(first), 'base64')).publicKey
  } catch {
    throw refusal('its certificate cannot be read')
  }
  if (key.asymmetricKeyType !== 'rsa') throw refusal('its certificate is of no RSA key')
  return key
}

const refusal = (why: string) => new Problem(400, 'signature_invalid', `A signature cannot be accepted: ${why}.`)
