import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Client } from '#kernel/access'
import type { Services } from '#kernel/module'
import { type Db, inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  digest,
  findCredentialByKey,
  findCredentialByToken,
  insertToken,
  type KnownCredential,
  touchCredential,
} from './credentials.queries.ts'
import { tables } from '../tables.ts'

/** How long an answer is kept, in ms: what withdraws a credential takes effect after it everywhere. */
const keptFor = 5_000
/** Far more than there are sources; what is beyond is asked again. */
const mostKept = 5_000
const hour = 3_600_000
const tokenSeconds = 3600

interface Seen {
  client: Promise<Client | undefined>
  until: number
}

/** What each base was asked lately: by tenant and digest of what was shown, and by tenant and credential. */
interface Memory {
  clients: Map<string, Seen>
  credentials: Map<string, CredentialIdentity>
}
const memories = new WeakMap<Db, Memory>()

function memoryOf(db: Db): Memory {
  const memory = memories.get(db) ?? { clients: new Map(), credentials: new Map() }
  memories.set(db, memory)
  return memory
}

/** A credential as statements name it: it never changes. */
export interface CredentialIdentity {
  id: string
  sourceId: string
  key: string
  /** What the store sets as authority of the statements it sends. */
  authority: { objectType: 'Agent'; account: { homePage: string; name: string } }
}

/**
 * The credential that a request shows, by Basic (key and secret) or by a bearer token; undefined when it shows none that
 * is good. Known for five seconds, so that a busy source does not ask the base at each request.
 */
export async function authenticateCredential(
  services: Pick<Services, 'db' | 'now'>,
  request: Pick<FastifyRequest, 'tenant' | 'headers'>,
): Promise<Client | undefined> {
  const { authorization } = request.headers
  if (authorization === undefined || authorization.length > 1000) return undefined
  const { clients } = memoryOf(services.db)
  const now = services.now()
  const name = `${request.tenant.id} ${digest(authorization).toString('base64')}`
  const seen = clients.get(name)
  if (seen && seen.until > now.getTime()) return seen.client
  // Whoever comes meanwhile waits for the same answer; only good ones are kept.
  const asked: Seen = { client: Promise.resolve(undefined), until: now.getTime() + keptFor }
  asked.client = ask(services.db, request.tenant.id, authorization, now).then(
    (found) => {
      if (found === undefined) clients.delete(name)
      else asked.until = Math.min(asked.until, found.until)
      return found?.client
    },
    (error: unknown) => {
      clients.delete(name)
      throw error
    },
  )
  if (clients.size >= mostKept) clients.clear()
  clients.set(name, asked)
  return asked.client
}

async function ask(
  db: Db,
  tenantId: string,
  authorization: string,
  now: Date,
): Promise<{ client: Client; until: number } | undefined> {
  const basic = readBasic(authorization)
  const [, token] = /^Bearer ([\w.~+/-]{20,200}=*)$/i.exec(authorization) ?? []
  if (!basic && token === undefined) return undefined
  return inTenant(db, tenantId, async (tx) => {
    const found = basic
      ? await checkSecret(tx, basic.key, basic.secret)
      : await findCredentialByToken(tx, token ?? '', now)
    if (!found) return undefined
    const { id, scopes, lastUsedAt } = found
    const thisHour = new Date(Math.floor(now.getTime() / hour) * hour)
    if (lastUsedAt === null || lastUsedAt < thisHour) await touchCredential(tx, id, thisHour)
    const until = 'expiresAt' in found ? found.expiresAt.getTime() : Number.POSITIVE_INFINITY
    return { client: { id, scopes, organisationId: null, contactDetails: false }, until }
  })
}

/** RFC 7617: key and secret joined by a colon, in base64. */
function readBasic(authorization: string): { key: string; secret: string } | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? []
  if (encoded === undefined) return undefined
  const [, key, secret] = /^([^:\0]*):([^\0]*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  return key === undefined || secret === undefined ? undefined : { key, secret }
}

/** The credential of a key if the secret is its own. */
async function checkSecret(tx: Tx, key: string, secret: string): Promise<KnownCredential | undefined> {
  const found = await findCredentialByKey(tx, key)
  return found && timingSafeEqual(found.secretDigest, digest(secret)) ? found : undefined
}

/**
 * Who a credential is in the statements it sends, withdrawn or not.
 * @throws Problem 404 `credential_unknown`.
 */
export async function getCredential(
  services: Pick<Services, 'db' | 'publicUrl'>,
  tenantId: string,
  id: string,
): Promise<CredentialIdentity> {
  const { credentials } = memoryOf(services.db)
  const name = `${tenantId} ${id}`
  const known = credentials.get(name)
  if (known) return known
  const found = await inTenant(services.db, tenantId, (tx) =>
    tables(tx)
      .selectFrom('records.credential')
      .select(['id', 'source_id as sourceId', 'key'])
      .where('id', '=', id)
      .executeTakeFirst(),
  )
  if (!found) throw new Problem(404, 'credential_unknown', 'There is no such credential.')
  const account = { homePage: services.publicUrl, name: found.key }
  const identity: CredentialIdentity = { ...found, authority: { objectType: 'Agent', account } }
  if (credentials.size >= mostKept) credentials.clear()
  credentials.set(name, identity)
  return identity
}

/**
 * Gives an access token for a key and its secret (RFC 6749 §4.4).
 * @param scope those asked for, parted by spaces; all of the credential's when there is none.
 * @returns an error code of RFC 6749 §5.2 when it is refused.
 */
export async function issueToken(
  tx: Tx,
  { id: key, secret, scope }: { id: string; secret: string; scope: string | undefined },
  now: Date,
): Promise<{ token: string; scopes: string[]; seconds: number } | 'invalid_client' | 'invalid_scope'> {
  const found = await checkSecret(tx, key, secret)
  if (!found) return 'invalid_client'
  const scopes = scope ? [...new Set(scope.split(' ').filter(Boolean))] : found.scopes
  if (scopes.length === 0 || scopes.some((each) => !found.scopes.includes(each))) return 'invalid_scope'
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + tokenSeconds * 1000)
  await insertToken(tx, { token, credentialId: found.id, scopes, expiresAt }, now)
  return { token, scopes, seconds: tokenSeconds }
}
