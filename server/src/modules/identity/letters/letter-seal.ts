import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { Problem } from '#kernel/problem'

// Letters hold codes in clear, and are written by a job for someone who fetches them later. In between they are kept
// sealed: the base holds the public key, only the asker's page holds the other one. X25519, HKDF and AES-256-GCM: the
// scheme of HPKE's base mode (RFC 9180), with Node's own primitives.

const publicLength = 44
const tagLength = 16
/** Each sealed text has a key of its own, which makes any one nonce do. */
const nonce = Buffer.alloc(12)

/** Makes the two keys of a batch: the public one to keep, the secret one to hand out and forget. */
export function makeSealKeys(): { publicKey: Buffer; secretKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    secretKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url'),
  }
}

/** Seals a text for the holder of the secret key; whoever seals cannot open it again. */
export function sealText(publicKey: Buffer, text: string): Buffer {
  const once = generateKeyPairSync('x25519')
  const oncePublic = once.publicKey.export({ type: 'spki', format: 'der' })
  const key = deriveKey(once.privateKey, createPublicKey({ key: publicKey, type: 'spki', format: 'der' }), oncePublic)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([oncePublic, cipher.getAuthTag(), body])
}

/** @throws Problem 403 `letters_key_wrong` when the text was sealed for another key, or changed since. */
export function openText(secretKey: string, sealed: Buffer): string {
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(secretKey, 'base64url'), type: 'pkcs8', format: 'der' })
    const oncePublic = sealed.subarray(0, publicLength)
    const key = deriveKey(privateKey, createPublicKey({ key: oncePublic, type: 'spki', format: 'der' }), oncePublic)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAuthTag(sealed.subarray(publicLength, publicLength + tagLength))
    const body = sealed.subarray(publicLength + tagLength)
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
  } catch {
    throw new Problem(403, 'letters_key_wrong', 'These letters open with the key given when they were asked for.')
  }
}

function deriveKey(privateKey: KeyObject, publicKey: KeyObject, oncePublic: Buffer): Buffer {
  const secret = diffieHellman({ privateKey, publicKey })
  return Buffer.from(hkdfSync('sha256', secret, oncePublic, 'preau letters 1', 32))
}
