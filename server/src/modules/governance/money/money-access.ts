import { z } from 'zod'
import type { Actor } from '#kernel/access'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { getStanding, requireManager, type Standing, takesPart } from '../standing.ts'
import type { Nature } from './tables.ts'

/**
 * Who the reader is before the accounts: whoever manages the consortium, and those who sit for a party of it other than its
 * contractor alone.
 * @throws Problem 404 as `getStanding`; 403 `not_allowed` for the contractor.
 */
async function getReader(tx: Tx, actor: Actor, slug: string, now: Date): Promise<Standing> {
  const standing = await getStanding(tx, actor, slug, now)
  if (takesPart(standing)) return standing
  throw new Problem(403, 'not_allowed', 'The accounts are for the members and the authorities.')
}

/** Runs what a route does in one transaction of the reader's tenant, for the reader of an agreement's accounts. */
export function inAccounts<T>(
  services: Services,
  actor: Actor,
  slug: string,
  work: (tx: Tx, standing: Standing, now: Date) => Promise<T>,
): Promise<T> {
  return inTenant(services.db, actor.tenantId, async (tx) => {
    const now = services.now()
    return work(tx, await getReader(tx, actor, slug, now), now)
  })
}

/** The same, for whoever manages the consortium. @throws Problem 403 `not_allowed` for the others. */
export function inManagedAccounts<T>(
  services: Services,
  actor: Actor,
  slug: string,
  work: (tx: Tx, standing: Standing, now: Date) => Promise<T>,
): Promise<T> {
  return inAccounts(services, actor, slug, (tx, standing, now) => {
    requireManager(standing)
    return work(tx, standing, now)
  })
}

/** Whether someone acts for a party: sits for it, or manages the consortium. */
const actsFor = (standing: Standing, party: string): boolean =>
  standing.manages || standing.seats.some((seat) => seat.party === party)

/** @throws Problem 403 `not_allowed` for those who neither sit for the party nor manage the consortium. */
export function requireParty(standing: Standing, party: string): void {
  if (!actsFor(standing, party)) throw new Problem(403, 'not_allowed', 'This belongs to another party.')
}

/** Only a holder commits a party. @throws Problem 403 `holder_only` for anyone else but who manages the consortium. */
export function requireHolder(standing: Standing, party: string): void {
  if (standing.manages || standing.seats.some((seat) => seat.party === party && seat.rank === 'holder')) return
  throw new Problem(403, 'holder_only', 'A party orders by one of its holders.')
}

/** What members share is seen by all of them; these accounts only by their party and by who manages. */
export const ownNatures: readonly Nature[] = [
  'individualCommitment',
  'individualCost',
  'reinvoicing',
  'receivable',
  'staffContribution',
]

/** Parties whose own accounts someone sees; null for all. */
export const seenParties = (standing: Standing): string[] | null =>
  standing.manages ? null : [...new Set(standing.seats.map(({ party }) => party))]

/** An amount in cents, as a text so that none is ever rounded on its way. */
export const centsSchema = z.string().regex(/^-?\d{1,15}$/)
/** The same, in what is asked: above zero. */
export const positiveCents = z
  .string()
  .regex(/^[1-9]\d{0,12}$/, 'cents, above zero')
  .transform((text) => BigInt(text))

export const slugParams = z.object({ slug: z.string().max(80) })
export const idParams = slugParams.extend({ id: z.uuid() })

/** `1234,56`, as French office programs read amounts. */
export function formatCents(cents: bigint): string {
  const sign = cents < 0n ? '-' : ''
  const text = String(cents < 0n ? -cents : cents).padStart(3, '0')
  return `${sign}${text.slice(0, -2)},${text.slice(-2)}`
}
