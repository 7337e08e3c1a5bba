import { generateKeyPair, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { z } from 'zod'

const keysSchema = z.object({
  signing: z.looseObject({ kty: z.literal('RSA'), d: z.string() }),
  signingEc: z.looseObject({ kty: z.literal('EC'), d: z.string() }),
  cookies: z.string().min(32),
})

export interface Keys {
  signing: JsonWebKey
  signingEc: JsonWebKey
  cookies: string
}

/**
 * The provider's keys, kept with the data so that what it signed stays valid after a restart; made anew when the file
 * is absent or cannot be used, since all that is lost is a demonstration's sessions.
 */
export async function loadKeys(dataDirectory: string): Promise<Keys> {
  const file = join(dataDirectory, 'demonstration-identity-provider.json')
  try {
    return await readKeys(file)
  } catch {
    const rsa = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
    const ec = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    const describe = (key: KeyObject, alg: string) => ({
      ...key.export({ format: 'jwk' }),
      alg,
      use: 'sig',
      kid: randomBytes(8).toString('hex'),
    })
    const signing = describe(rsa.privateKey, 'RS256')
    const signingEc = describe(ec.privateKey, 'ES256')
    const keys = { signing, signingEc, cookies: randomBytes(32).toString('base64url') }
    await mkdir(dataDirectory, { recursive: true })
    const part = `${file}.${randomBytes(6).toString('hex')}`
    await writeFile(part, JSON.stringify(keys), { mode: 0o600 })
    // Several providers begin at once: the keys of the first are everyone's. A file that cannot be used gives way.
    const first = await link(part, file).then(
      () => true,
      () => false,
    )
    const kept = first ? keys : await readKeys(file).catch(() => undefined)
    await (kept ? rm(part) : rename(part, file))
    return kept ?? keys
  }
}

async function readKeys(file: string): Promise<Keys> {
  return keysSchema.parse(JSON.parse(await readFile(file, 'utf8')))
}

/** Most entries kept of what the provider remembers; the oldest go first. */
const capacity = 10_000

/** What the provider remembers between two requests, in memory: it stands for something outside the product. */
export function createForgetfulAdapter(): (name: string) => Adapter {
  const entries = new Map<string, { payload: AdapterPayload; until: number }>()
  return (name) => {
    const keyOf = (id: string) => `${name}:${id}`
    function read(key: string): AdapterPayload | undefined {
      const entry = entries.get(key)
      if (!entry || entry.until > Date.now()) return entry?.payload
      entries.delete(key)
      return undefined
    }
    const findBy = (test: (payload: AdapterPayload) => boolean) =>
      [...entries.keys()]
        .filter((key) => key.startsWith(`${name}:`))
        .map(read)
        .find((payload) => payload !== undefined && test(payload))
    return {
      async upsert(id, payload, expiresIn) {
        const key = keyOf(id)
        entries.delete(key)
        entries.set(key, { payload, until: Date.now() + (expiresIn ?? 86_400) * 1_000 })
        const [oldest] = entries.keys()
        if (entries.size > capacity && oldest !== undefined) entries.delete(oldest)
      },
      find: async (id) => read(keyOf(id)),
      findByUid: async (uid) => findBy((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => findBy((payload) => payload.userCode === userCode),
      async consume(id) {
        const payload = read(keyOf(id))
        if (payload) payload.consumed = Math.floor(Date.now() / 1_000)
      },
      async destroy(id) {
        entries.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key)
      },
    }
  }
}
