import { createDecipheriv, constants, type KeyObject, privateDecrypt } from 'node:crypto'
import { SamlRefused } from './refusal.ts'
import { fromBase64 } from './signature.ts'
import { dsig, findAttribute, findChild, listElements, parseXml, textOf, type XmlElement } from './xml.ts'

const xenc = 'http://www.w3.org/2001/04/xmlenc#'
const xenc11 = 'http://www.w3.org/2009/xmlenc11#'

const ciphers: Record<string, { name: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-256-cbc'; bytes: number }> =
  {
    [`${xenc11}aes128-gcm`]: { name: 'aes-128-gcm', bytes: 16 },
    [`${xenc11}aes256-gcm`]: { name: 'aes-256-gcm', bytes: 32 },
    [`${xenc}aes128-cbc`]: { name: 'aes-128-cbc', bytes: 16 },
    [`${xenc}aes256-cbc`]: { name: 'aes-256-cbc', bytes: 32 },
  }
const oaepDigests: Record<string, string> = { [`${dsig}sha1`]: 'sha1', [`${xenc}sha256`]: 'sha256' }

/**
 * Opens an encrypted assertion (XML Encryption 1.1: AES under an RSA-OAEP key).
 * @param integral whether what holds it is signed. Without that, CBC is refused: its padding would answer, one message
 * after the other, what a stolen assertion says.
 * @throws SamlRefused `encryption`, always the same whatever failed.
 */
export function decryptAssertion(encrypted: XmlElement, keys: KeyObject[], integral: boolean): XmlElement {
  try {
    const data = findChild(encrypted, xenc, 'EncryptedData')
    const cipher = ciphers[findAttribute(findChild(data, xenc, 'EncryptionMethod'), 'Algorithm') ?? '']
    if (!data || !cipher || (cipher.name.endsWith('cbc') && !integral)) throw new SamlRefused('encryption')
    const sealed = readCipherValue(data)
    const envelopes = listElements(encrypted).filter(({ uri, local }) => uri === xenc && local === 'EncryptedKey')
    for (const envelope of envelopes) {
      for (const key of keys) {
        const secret = openEnvelope(envelope, key)
        if (secret?.length === cipher.bytes) return parseXml(decrypt(cipher.name, secret, sealed))
      }
    }
  } catch {
    // One answer for every failure.
  }
  throw new SamlRefused('encryption')
}

function openEnvelope(envelope: XmlElement, key: KeyObject): Buffer | undefined {
  const method = findChild(envelope, xenc, 'EncryptionMethod')
  const algorithm = findAttribute(method, 'Algorithm')
  // RSA 1.5 is left out: it has the same weakness as CBC.
  if (algorithm !== `${xenc}rsa-oaep-mgf1p` && algorithm !== `${xenc11}rsa-oaep`) return undefined
  const digest = findAttribute(findChild(method, dsig, 'DigestMethod'), 'Algorithm')
  const oaepHash = digest === undefined ? 'sha1' : oaepDigests[digest]
  if (oaepHash === undefined) return undefined
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, readCipherValue(envelope))
  } catch {
    // Made for another of the keys, or for another recipient.
    return undefined
  }
}

function readCipherValue(element: XmlElement): Buffer {
  return fromBase64(textOf(findChild(findChild(element, xenc, 'CipherData'), xenc, 'CipherValue')))
}

function decrypt(name: keyof typeof lengths, key: Buffer, sealed: Buffer): string {
  const { iv, tag } = lengths[name]
  const body = sealed.subarray(iv, sealed.length - tag)
  if (name === 'aes-128-gcm' || name === 'aes-256-gcm') {
    const decipher = createDecipheriv(name, key, sealed.subarray(0, iv))
    decipher.setAuthTag(sealed.subarray(sealed.length - tag))
    return toText(Buffer.concat([decipher.update(body), decipher.final()]))
  }
  const decipher = createDecipheriv(name, key, sealed.subarray(0, iv)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(body), decipher.final()])
  // XML Encryption §5.2: only the last byte of the padding says anything.
  const padding = padded.at(-1) ?? 0
  if (padding < 1 || padding > 16) throw new SamlRefused('encryption')
  return toText(padded.subarray(0, padded.length - padding))
}

const lengths = {
  'aes-128-gcm': { iv: 12, tag: 16 },
  'aes-256-gcm': { iv: 12, tag: 16 },
  'aes-128-cbc': { iv: 16, tag: 0 },
  'aes-256-cbc': { iv: 16, tag: 0 },
}

const toText = (bytes: Buffer) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)
