import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Problem } from './problem.ts'

/**
 * Secrets that a database must hold and a copy of it must not tell: sealed by AES-256-GCM under a key that is elsewhere.
 * The key comes from the configuration (PREAU_SECRET_KEYS), or is made in the data directory at first use.
 */
export interface Secrets {
  /** @param context where it is kept, such as `identity.provider renater`: it opens nowhere else. */
  seal(text: string, context: string): Promise<string>
  /**
   * Opens what was sealed; a text never sealed comes back as it is.
   * @throws Problem 500 `secret_unreadable` when its key is gone, or it was sealed for another place.
   */
  open(sealed: string, context: string): Promise<string>
  /** Whether the newest key seals it. */
  isCurrent(sealed: string): Promise<boolean>
  /**
   * Makes a new key for what is sealed from now on; the former ones go on opening.
   * @throws Problem 409 `secret_keys_configured` when keys come from the configuration: a new one is put first there.
   */
  renewKey(): Promise<void>
}

const prefix = 'sealed:1'
const keyText = z
  .base64()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'is no key of 32 bytes in base64')
const keyFile = z.object({ keys: z.array(keyText).min(1) })

/**
 * Opens the secrets of an instance.
 * @param configured keys of 32 bytes in base64, parted by commas, the one to seal with first.
 * @throws Error when these are no such keys.
 */
export function createSecrets(dataDirectory: string, configured: string | undefined): Secrets {
  const file = join(dataDirectory, 'secret-keys.json')
  const fixed = configured?.split(',').map((text) => toKey(parseKey(text.trim())))

  // Read each time: a command may have renewed it, and secrets are opened a few times an hour.
  async function readKeys(): Promise<string[]> {
    try {
      return keyFile.parse(JSON.parse(await readFile(file, 'utf8'))).keys
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return []
    }
  }
  async function listKeys(): Promise<Key[]> {
    if (fixed) return fixed
    const known = await readKeys()
    if (known.length > 0) return known.map(toKey)
    await write([makeKey()], 'wx')
    return (await readKeys()).map(toKey)
  }
  async function write(keys: string[], flag: 'w' | 'wx'): Promise<void> {
    const target = flag === 'wx' ? file : `${file}.new`
    try {
      await writeFile(target, JSON.stringify({ keys }), { mode: 0o600, flag })
    } catch (error) {
      // Another program made it in the same instant.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
      throw error
    }
    // A command run once as root must not lock out the user the server runs as.
    const { uid, gid } = await stat(dataDirectory)
    if (process.getuid?.() === 0) await chown(target, uid, gid)
    if (target !== file) await rename(target, file)
  }

  return {
    async seal(text, context) {
      const [key] = await listKeys()
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key!.bytes, iv).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${prefix}:${key!.id}:${sealed.toString('base64url')}`
    },
    async open(sealed, context) {
      if (!sealed.startsWith(`${prefix}:`)) return sealed
      const [, , id, body = ''] = sealed.split(':')
      const key = (await listKeys()).find((each) => each.id === id)
      const bytes = Buffer.from(body, 'base64url')
      try {
        if (!key) throw new Error('unknown key')
        const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, 12)).setAAD(Buffer.from(context))
        decipher.setAuthTag(bytes.subarray(-16))
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
      } catch {
        throw new Problem(500, 'secret_unreadable', `The secret of ${context} cannot be opened with the keys at hand.`)
      }
    },
    async isCurrent(sealed) {
      const [key] = await listKeys()
      return sealed.startsWith(`${prefix}:${key!.id}:`)
    },
    async renewKey() {
      if (fixed) {
        throw new Problem(
          409,
          'secret_keys_configured',
          'The keys come from PREAU_SECRET_KEYS: put a new one first there.',
        )
      }
      await listKeys()
      await write([makeKey(), ...(await readKeys())], 'w')
    },
  }
}

interface Key {
  id: string
  bytes: Buffer
}

const makeKey = () => randomBytes(32).toString('base64')

function toKey(text: string): Key {
  const bytes = Buffer.from(text, 'base64')
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
}

function parseKey(text: string): string {
  const parsed = keyText.safeParse(text)
  if (!parsed.success) throw new Error('PREAU_SECRET_KEYS holds something that is no key of 32 bytes in base64.')
  return parsed.data
}
