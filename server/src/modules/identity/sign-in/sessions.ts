import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '#kernel/access'
import type { Services } from '#kernel/module'
import { type Db, inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findPersonSummary } from '#modules/directory'
import type { Account } from '../accounts/accounts.queries.ts'
import { refuseLeaver } from '../accounts/leavers.ts'
import {
  deleteSessions,
  findSession,
  insertSession,
  type NewSession,
  type PasswordSeen,
  touchSession,
} from './sessions.queries.ts'
import type { ProviderSession, SignInMethod } from '../tables.ts'

const cookieName = 'preau_session'

/** A session ends twelve hours after it began: a school day, then sign in again. */
const longestHours = 12
/** Holders of a right see many people's data: two hours unused end their session. */
const longestIdleHours = 2
/** Last use is written this seldom: reading pages writes nothing. */
const touchMinutes = 5

const hour = 3_600_000

/** What a session remembers of the browser it opens in, and the session that was open there before. */
export interface Browser {
  device: string | null
  former: Actor | undefined
}

export function readBrowser(request: FastifyRequest): Browser {
  return { device: describeDevice(request.headers['user-agent']), former: request.actor }
}

/**
 * Opens a session, always a new one; the one this browser had before ends. Every way in comes through here: whoever left
 * is refused, and the sign-in is noted in the account's history.
 * @returns the secret for the cookie, 256 random bits; only its digest is kept.
 * @throws Problem 403 `account_left`; 401 `sign_in_refused` when the account is not as it was `seen`.
 */
export async function openSession(
  tx: Tx,
  input: {
    account: Pick<Account, 'id' | 'personId'>
    method: SignInMethod
    browser?: Browser
    /** What ends it at the provider, and by what the provider ends it here. */
    provider?: { session: ProviderSession; key: Buffer | null }
    seen?: PasswordSeen
  },
  now: Date,
): Promise<string> {
  const { former } = input.browser ?? {}
  const person = await findPersonSummary(tx, input.account.personId)
  if (person) await refuseLeaver(tx, person, now)
  if (former) await deleteSessions(tx, former.accountId, { only: former.sessionId })
  const { token, session } = makeSession(input, now)
  if (!(await insertSession(tx, null, session, input.seen))) throw refusedSignIn()
  return token
}

/**
 * Opens the session of somebody plainly present, as `beginSignIn` found, in a browser that had none: one round trip.
 * @returns as `openSession`.
 * @throws Problem 401 `sign_in_refused` when the account is not as it was `seen`.
 */
export async function openPlainSession(
  db: Db,
  tenantId: string,
  input: { account: Pick<Account, 'id'>; method: SignInMethod; browser: Browser; seen: PasswordSeen },
  now: Date,
): Promise<string> {
  const { token, session } = makeSession(input, now)
  if (!(await insertSession(db, tenantId, session, input.seen))) throw refusedSignIn()
  return token
}

function makeSession(
  input: {
    account: Pick<Account, 'id'>
    method: SignInMethod
    browser?: Browser
    provider?: { session: ProviderSession; key: Buffer | null }
  },
  now: Date,
): { token: string; session: NewSession } {
  const token = randomBytes(32).toString('base64url')
  const session = {
    accountId: input.account.id,
    tokenHash: digest(token),
    method: input.method,
    device: input.browser?.device ?? null,
    createdAt: now,
    expiresAt: new Date(now.getTime() + longestHours * hour),
    providerSession: input.provider?.session ?? null,
    providerKey: input.provider?.key ?? null,
  }
  return { token, session }
}

/** Says nothing of what was wrong. */
export const refusedSignIn = () =>
  new Problem(401, 'sign_in_refused', 'This login and this password do not go together.')

/**
 * Finds who makes a request, from its cookie; undefined when nobody is signed in. One round trip, once in five minutes
 * a second one to note the use, and for the few who hold rights one more: whoever left the directory keeps none.
 */
export async function authenticate(services: Services, request: FastifyRequest): Promise<Actor | undefined> {
  const token = readSessionToken(request)
  if (token === undefined) return undefined
  const { tenant } = request
  const now = services.now()
  const session = await findSession(services.db, tenant, digest(token), now)
  if (!session) return undefined
  const idle = now.getTime() - session.lastSeenAt.getTime()
  if (session.rights.length > 0 && idle > longestIdleHours * hour) return undefined
  if (idle > touchMinutes * 60_000) {
    await inTenant(services.db, tenant.id, (tx) => touchSession(tx, session.sessionId, now))
  }
  const { sessionId, accountId, personId } = session
  const rights = session.rights.length === 0 || (await isPresent(services, tenant.id, personId)) ? session.rights : []
  return { tenantId: tenant.id, sessionId, accountId, personId, rights }
}

async function isPresent(services: Services, tenantId: string, personId: string): Promise<boolean> {
  const person = await inTenant(services.db, tenantId, (tx) => findPersonSummary(tx, personId))
  return person?.goneOn === null
}

function readSessionToken(request: FastifyRequest): string | undefined {
  const token = request.cookies[cookieName]
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined
}

/** Gives the browser its session. Not readable by scripts; sent by this site's pages and by links to it only. */
export function setSessionCookie(reply: FastifyReply, services: Services, token: string): void {
  reply.setCookie(cookieName, token, {
    ...cookieOptions(services),
    path: '/',
    maxAge: longestHours * 3_600,
  })
}

export function clearSessionCookie(reply: FastifyReply, services: Services): void {
  reply.clearCookie(cookieName, { ...cookieOptions(services), path: '/' })
}

/** What every cookie of this module has in common. */
export function cookieOptions(services: Services) {
  return {
    httpOnly: true,
    sameSite: 'lax',
    secure: services.publicUrl.startsWith('https:'),
  } as const
}

/** SHA-256: enough for secrets of 256 random bits, which nobody can try in order. */
export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

const browsers: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const systems: [RegExp, string][] = [
  [/iPad/, 'iPad'],
  [/iPhone/, 'iPhone'],
  [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'Mac'],
  [/Linux/, 'Linux'],
]

/** A label by which people know their own devices, such as `Firefox, Windows`; null when nothing is recognised. */
export function describeDevice(userAgent: string | undefined): string | null {
  if (userAgent === undefined) return null
  const found = [browsers, systems].map((names) => names.find(([pattern]) => pattern.test(userAgent))?.[1])
  return found.filter(Boolean).join(', ') || null
}
