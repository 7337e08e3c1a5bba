import { createPublicKey, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'

/** A key of ours and the certificate that carries it to others. */
export interface CertifiedKey {
  privateKey: KeyObject
  /** Base64 of DER. */
  certificate: string
}

/**
 * Makes an RSA key of 3072 bits and its self-signed certificate: SAML carries keys in certificates and reads nothing
 * else of them (SAML 2.0 MetaIOP §2.6.1), so no authority has to sign it.
 */
export async function makeCertifiedKey(commonName: string, now: Date): Promise<CertifiedKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 })
  const algorithm = sequence(objectId('2a864886f70d01010b'), Buffer.from([0x05, 0x00]))
  const name = sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(commonName.slice(0, 64))))))
  const until = new Date(now)
  until.setUTCFullYear(until.getUTCFullYear() + 10)
  // X.509 v3 (RFC 5280 §4.1): serial number positive, times in UTC.
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now), time(until)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return { privateKey, certificate: certificate.toString('base64') }
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const bytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...bytes]), content])
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts))
const objectId = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const integer = (bytes: Buffer) => der(0x02, bytes)
/** GeneralizedTime: without a century, dates beyond 2049 could not be told. */
const time = (date: Date) =>
  date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${compact(date).slice(2)}Z`))
    : der(0x18, Buffer.from(`${compact(date)}Z`))
const compact = (date: Date) => date.toISOString().replaceAll(/[-:T]|\..*/g, '')
