import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { digest, isTrustedInClear } from '#modules/identity'
import { endLaunches } from '#modules/insight'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { readJson } from '#kernel/remote-service'
import {
  findPlatform,
  insertPlatform,
  insertRegistrationLink,
  type Platform,
  type PlatformSettings,
  updatePlatform,
  withdrawPlatform,
} from './platforms.queries.ts'
import { courseRule, identityRule } from './rules.ts'

/** A registration link is made for somebody who is at it. */
const linkHours = 24
/** A set of keys is a few kilobytes. */
const mostBytes = 1_000_000

const address = z.url({ protocol: /^https?$/ }).max(1_000)

/** What declares a platform by hand, or changes it. */
export const platformSettings = z.object({
  name: z.string().trim().min(1).max(100),
  product: z.string().trim().max(60).default(''),
  issuer: z.string().trim().min(1).max(500),
  clientId: z.string().trim().min(1).max(300),
  authorizationUrl: address,
  tokenUrl: address,
  tokenAudience: z.string().trim().max(1_000).nullable().default(null),
  keysUrl: address,
  deployments: z.array(z.string().trim().min(1).max(300)).max(50),
  frameOrigin: address.transform((url) => new URL(url).origin).describe('origin of the pages that frame the launches'),
  identityRule,
  courseRule,
  readsMembers: z.boolean().default(true),
  readsGrades: z.boolean().default(true),
})

export const newSecret = () => randomBytes(32).toString('base64url')

/** @throws Problem 404 `platform_unknown`. */
export async function getPlatform(tx: Tx, id: string): Promise<Platform> {
  const platform = await findPlatform(tx, id)
  if (!platform) throw unknown()
  return platform
}

const unknown = () => new Problem(404, 'platform_unknown', 'There is no such platform.')

/** @throws Problem 422 `platform_insecure` for plain HTTP to another machine. */
export function checkAddresses(services: Pick<Services, 'publicUrl'>, urls: string[]): void {
  for (const url of urls) {
    if (new URL(url).protocol !== 'https:' && !isTrustedInClear(url, services.publicUrl)) {
      throw new Problem(422, 'platform_insecure', `A platform on another machine is reached by https only: ${url}`)
    }
  }
}

/**
 * Declares a platform; its launches are accepted from then on.
 * @throws Problem 422 `platform_insecure`; 409 `platform_exists`.
 */
export async function createPlatform(
  services: Pick<Services, 'publicUrl' | 'now'>,
  tx: Tx,
  settings: PlatformSettings,
  by: { registeredBy: Platform['registeredBy']; actorPersonId: string | null },
): Promise<Platform> {
  checkAddresses(services, [settings.authorizationUrl, settings.tokenUrl, settings.keysUrl])
  const platform = { id: randomUUIDv7(), ...settings, registeredBy: by.registeredBy, createdAt: services.now() }
  if (!(await insertPlatform(tx, platform, by.actorPersonId))) throw taken()
  await audit(tx, 'created', platform.id, by.actorPersonId)
  return platform
}

const taken = () => new Problem(409, 'platform_exists', 'A platform has this issuer and this client already.')

/**
 * Changes a platform; from the next launch on.
 * @throws Problem 404 `platform_unknown`; 422 `platform_insecure`; 409 `platform_exists`.
 */
export async function changePlatform(
  services: Pick<Services, 'publicUrl'>,
  tx: Tx,
  input: { id: string; settings: PlatformSettings; actorPersonId: string | null },
): Promise<Platform> {
  const { id, settings, actorPersonId } = input
  const platform = await getPlatform(tx, id)
  checkAddresses(services, [settings.authorizationUrl, settings.tokenUrl, settings.keysUrl])
  await updatePlatform(tx, id, settings).catch((error: unknown) => {
    throw (error as { code?: string }).code === '23505' ? taken() : error
  })
  await audit(tx, 'changed', id, actorPersonId)
  return { ...platform, ...settings }
}

/**
 * Refuses the launches of a platform from now on and ends those under way; what was read from it stays.
 * @throws Problem 404 `platform_unknown`.
 */
export async function removePlatform(
  tx: Tx,
  { id, actorPersonId }: { id: string; actorPersonId: string | null },
  now: Date,
): Promise<void> {
  if (!(await withdrawPlatform(tx, id, now))) throw unknown()
  await endLaunches(tx, id)
  await audit(tx, 'withdrawn', id, actorPersonId)
}

async function audit(tx: Tx, what: string, id: string, actorPersonId: string | null): Promise<void> {
  const subject = { subjectKind: 'lti.platform', subjectId: id }
  await recordAudit(tx, { action: `lti.platform_${what}`, actorPersonId, ...subject })
}

/** Makes a link by which one platform registers by itself, within a day. @returns its token; only a digest is kept. */
export async function createRegistrationLink(
  tx: Tx,
  actorPersonId: string | null,
  now: Date,
): Promise<{ token: string; expiresAt: Date }> {
  const token = newSecret()
  const expiresAt = new Date(now.getTime() + linkHours * 3_600_000)
  await insertRegistrationLink(tx, {
    token_digest: digest(token),
    created_at: now,
    created_by: actorPersonId,
    expires_at: expiresAt,
  })
  const subject = { subjectKind: 'lti.registration_link', subjectId: null }
  await recordAudit(tx, { action: 'lti.registration_link_created', actorPersonId, ...subject })
  return { token, expiresAt }
}

/**
 * Reads the keys of a platform now.
 * @returns how many it publishes that may sign launches.
 * @throws Problem 502 `platform_unreachable`, `platform_keys_unusable`.
 */
export async function tryPlatform(services: Services, tenantId: string, id: string): Promise<{ keys: number }> {
  const { keysUrl } = await inTenant(services.db, tenantId, (tx) => getPlatform(tx, id))
  let answer: unknown
  try {
    const response = await fetch(keysUrl, { signal: AbortSignal.timeout(5_000), redirect: 'error' })
    if (!response.ok) throw new Error(String(response.status))
    answer = await readJson(response, mostBytes)
  } catch {
    throw new Problem(502, 'platform_unreachable', `The keys are not answered at ${keysUrl}.`)
  }
  const read = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }).safeParse(answer)
  const keys = read.data?.keys.filter((key) => key.kty === 'RSA').length ?? 0
  if (keys === 0) throw new Problem(502, 'platform_keys_unusable', `There is no RSA key at ${keysUrl}.`)
  return { keys }
}
