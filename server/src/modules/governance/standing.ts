import type { FastifyRequest } from 'fastify'
import type { Actor } from '#kernel/access'
import { actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findToday } from '#modules/identity'
import { type AgreementInForce, findAgreementInForce } from './agreements/agreements.queries.ts'
import { tables } from './tables.ts'

/** Who someone is in a consortium today. */
export interface Standing {
  agreement: AgreementInForce
  today: Day
  personId: string
  /** Prepares bodies, orders and changes for the pilot: holds the right `governance.administer`. */
  manages: boolean
  /** Seats held today, of this person alone. */
  seats: { representativeId: string; body: string; party: string; rank: 'holder' | 'deputy' }[]
}

/** A standing in which something is done: by its person, or by who operates the service, nobody of the directory. */
export type ActingStanding = Omit<Standing, 'personId'> & { personId: string | null }

/**
 * The standing of who operates the service, on the command line: that of the project manager, and nobody's.
 * @throws Problem 404 `agreement_not_found`.
 */
export async function getOperatorStanding(tx: Tx, slug: string, now: Date): Promise<ActingStanding> {
  const today = await findToday(tx, now)
  const agreement = await findAgreementInForce(tx, slug, today)
  if (!agreement) throw agreementNotFound()
  return { agreement, today, personId: null, manages: true, seats: [] }
}

/**
 * Who the reader is in the consortium: whoever manages it, and those who sit for one of its parties.
 * @throws Problem 404 `agreement_not_found`, for those who are neither as well.
 */
export async function getStanding(
  tx: Tx,
  actor: Actor | Pick<Actor, 'personId' | 'rights'>,
  slug: string,
  now: Date,
): Promise<Standing> {
  const today = await findToday(tx, now)
  const agreement = await findAgreementInForce(tx, slug, today)
  if (!agreement) throw agreementNotFound()
  const seats = await tables(tx)
    .selectFrom('governance.representative')
    .select(['id as representativeId', 'body', 'party', 'rank'])
    .where('agreement_id', '=', agreement.id)
    .where('person_id', '=', actor.personId)
    .where('starts_on', '<=', today)
    .where((where) => where.or([where('ends_on', 'is', null), where('ends_on', '>=', today)]))
    .orderBy('id')
    .execute()
  const manages = actor.rights.some(({ right }) => right === 'governance.administer')
  if (!manages && seats.length === 0) throw agreementNotFound()
  return { agreement, today, personId: actor.personId, manages, seats }
}

/** Runs `work` in one transaction of the reader's, who has a standing in the agreement that the address names. */
export function inStanding<T>(
  services: Services,
  request: FastifyRequest<{ Params: { slug: string } }>,
  work: (tx: Tx, standing: Standing, now: Date) => Promise<T>,
): Promise<T> {
  const actor = actorOf(request)
  const now = services.now()
  return inTenant(services.db, actor.tenantId, async (tx) =>
    work(tx, await getStanding(tx, actor, request.params.slug, now), now),
  )
}

/**
 * Whether the reader may see what a body prepares and does: those who sit for a contractor alone see the bodies in which
 * they sit; all others see every body of their consortium.
 */
export function readsBody({ agreement, manages, seats }: Standing, body: string): boolean {
  const contracts = (key: string) =>
    agreement.rules.parties.find((party) => party.key === key)?.roles.every((role) => role === 'contractor') ?? false
  return manages || seats.some((seat) => seat.body === body || !contracts(seat.party))
}

/** Whether the reader manages the consortium or sits for a party of it that is more than its contractor. */
export function takesPart({ agreement, manages, seats }: Standing): boolean {
  const { parties } = agreement.rules
  return (
    manages ||
    seats.some(({ party }) => parties.find(({ key }) => key === party)?.roles.some((role) => role !== 'contractor'))
  )
}

/** @throws Problem 403 `not_allowed` for those who do not manage the consortium. */
export function requireManager(standing: Pick<Standing, 'manages'>): void {
  if (!standing.manages) throw new Problem(403, 'not_allowed', 'Only who manages the consortium may do this.')
}

const agreementNotFound = () =>
  new Problem(404, 'agreement_not_found', 'There is no agreement under this name that the reader takes part in.')
