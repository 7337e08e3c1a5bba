import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

// Signed notes, as c2sp.org/signed-note describes them: a text, an empty line, signatures of type Ed25519.

const ed25519 = 1

/** Who signs: a name without spaces or plus signs, and a public key of 32 bytes. */
export interface Verifier {
  name: string
  publicKey: Buffer
}

/** The first four bytes that tell a key of a name from its others. */
function keyIdOf({ name, publicKey }: Verifier): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ed25519))
    .update(publicKey)
    .digest()
    .subarray(0, 4)
}

/** The key as verifiers are given it: `name+id+key`. */
export function formatVerifier(verifier: Verifier): string {
  const key = Buffer.concat([Uint8Array.of(ed25519), verifier.publicKey]).toString('base64')
  return `${verifier.name}+${keyIdOf(verifier).toString('hex')}+${key}`
}

/** @returns undefined for what is no such key, or whose identifier does not fit. */
export function parseVerifier(text: string): Verifier | undefined {
  const [, name = '', id, key = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text.trim()) ?? []
  const bytes = Buffer.from(key, 'base64')
  if (bytes.length !== 33 || bytes[0] !== ed25519) return undefined
  const verifier = { name, publicKey: bytes.subarray(1) }
  return keyIdOf(verifier).toString('hex') === id ? verifier : undefined
}

/** Signs a text. @param text ends with a newline and holds no control character but newlines. */
export function signNote(text: string, verifier: Verifier, privateKey: KeyObject): string {
  const signature = Buffer.concat([keyIdOf(verifier), sign(null, Buffer.from(text), privateKey)])
  return `${text}\n— ${verifier.name} ${signature.toString('base64')}\n`
}

/** The text of a note, when the key signed it; undefined otherwise. Signatures of other keys are not looked at. */
export function openNote(note: string, verifier: Verifier): string | undefined {
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return undefined
  const text = note.slice(0, end + 1)
  const id = keyIdOf(verifier)
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, signature = ''] = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? []
    const bytes = Buffer.from(signature, 'base64')
    if (name !== verifier.name || !bytes.subarray(0, 4).equals(id)) continue
    return verify(null, Buffer.from(text), toKeyObject(verifier.publicKey), bytes.subarray(4)) ? text : undefined
  }
  return undefined
}

// RFC 8410: what comes before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo.
const spki = Buffer.from('302a300506032b6570032100', 'hex')

const toKeyObject = (publicKey: Buffer) =>
  createPublicKey({ key: Buffer.concat([spki, publicKey]), format: 'der', type: 'spki' })

/** The 32 bytes of a public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(spki.length)
}
