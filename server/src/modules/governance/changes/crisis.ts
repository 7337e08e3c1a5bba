import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { recordDecision } from '../bodies/decisions.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { type JournalContent, recordInJournal } from '../journal/journal.ts'
import { createOrder } from '../money/orders.ts'
import { doOnce } from '../request-once.ts'
import { listMembers } from '../money/weights.ts'
import type { Standing } from '../standing.ts'
import { getChangeRules } from './changes.ts'
import {
  createConsent,
  createCost,
  createCrisisNotices,
  listConsents,
  listCosts,
  listCrisisDecisions,
  listCrisisNotices,
  lockCrisisDecision,
  markCrisisRead,
} from './crisis.queries.ts'

/** Whether the reader decides in a crisis: sits in the crisis body, or manages the consortium and writes for it. */
export function decidesInCrisis(standing: Standing): boolean {
  const { crisis } = getChangeRules(standing)
  return standing.manages || standing.seats.some(({ body }) => body === crisis.body)
}

/**
 * The crisis body decides at once, and once for each request key; everyone who sits for a party is told in the same
 * transaction.
 * @returns the decision, how many people were told, and the parties for which nobody sits.
 * @throws Problem 403 `crisis_body_only`; 409 `request_key_reused`; as `recordDecision`.
 */
export async function decideInCrisis(
  tx: Tx,
  standing: Standing,
  { requestKey, ...input }: CrisisMeasure & { requestKey: string },
  now: Date,
): Promise<{ id: string; number: string; told: number; unreached: string[] }> {
  const { crisis } = getChangeRules(standing)
  if (!decidesInCrisis(standing)) {
    const { article } = crisis
    throw new Problem(403, 'crisis_body_only', `By article ${article}, the crisis body decides.`, { article })
  }
  const { agreement } = standing
  const id = await doOnce(tx, { agreementId: agreement.id, key: requestKey, request: input }, () =>
    makeDecision(tx, standing, input, now),
  )
  const { number } = await lockCrisisDecision(tx, agreement.id, id)
  const told = await listCrisisNotices(tx, [id])
  return {
    id,
    number,
    told: new Set(told.map(({ personId }) => personId)).size,
    unreached: listUnreached(standing, told),
  }
}

interface CrisisMeasure {
  title: string
  text: string
}

async function makeDecision(tx: Tx, standing: Standing, { title, text }: CrisisMeasure, now: Date): Promise<string> {
  const { agreement, personId, today } = standing
  const { id } = await recordDecision(
    tx,
    {
      agreementId: agreement.id,
      versionId: agreement.versionId,
      kind: 'crisis',
      body: getChangeRules(standing).crisis.body,
      meetingId: null,
      agendaItemId: null,
      title,
      text,
      outcome: 'adopted',
      verdict: null,
      dueOn: null,
      subjectKind: null,
      subjectId: null,
      actorPersonId: personId,
    },
    now,
  )
  const told = await createCrisisNotices(tx, agreement.id, id, today, now)
  const parties = [...new Set(told.map(({ party }) => party))].sort()
  await recordCrisis(tx, standing, id, { act: 'told', parties, unreached: listUnreached(standing, told) }, now)
  return id
}

/** The parties for which nobody was told. */
function listUnreached({ agreement }: Standing, told: readonly { party: string }[]): string[] {
  const reached = new Set(told.map(({ party }) => party))
  return agreement.rules.parties.map(({ key }) => key).filter((key) => !reached.has(key))
}

/**
 * Says up to how much in all a party agrees to pay for a decision of the crisis body; it takes the place of what the
 * party said before.
 * @throws Problem 404 `crisis_not_found`; 403 `holder_only` unless the reader is a holder of the party; 422
 *   `consent_below_cost` for less than what was spent already; 409 `consent_unchanged`; 422 `not_a_member`.
 */
export async function consentToCost(
  tx: Tx,
  standing: Standing,
  decisionId: string,
  input: { party: string; ceilingCents: bigint },
  now: Date,
): Promise<void> {
  const { article } = getChangeRules(standing).crisis
  const { party, ceilingCents } = input
  await lockJournal(tx, standing.agreement.id)
  await lockCrisisDecision(tx, standing.agreement.id, decisionId)
  const seat = standing.seats.find((each) => each.party === party && each.rank === 'holder')
  if (!seat) {
    const detail = `By article ${article}, a party consents by itself: by one of its holders.`
    throw new Problem(403, 'holder_only', detail, { article })
  }
  requireMember(standing, party)
  const [last] = (await listConsents(tx, [decisionId])).filter((each) => each.party === party)
  if (last && BigInt(last.ceilingCents) === ceilingCents) {
    throw new Problem(409, 'consent_unchanged', 'The party has consented to this much already.')
  }
  const spent = await sumCosts(tx, decisionId, party)
  if (ceilingCents < spent) {
    throw new Problem(422, 'consent_below_cost', 'More than this was spent with its consent.', { cents: String(spent) })
  }
  const position = (last?.position ?? 0) + 1
  await createConsent(tx, { decisionId, position, party, ceilingCents, representativeId: seat.representativeId }, now)
  await recordCrisis(
    tx,
    standing,
    decisionId,
    { act: 'consent', party, ceilingCents: String(ceilingCents), article },
    now,
  )
}

/**
 * Adds a cost of a decision of the crisis body, which one party pays: never without its consent, and once for each request
 * key.
 * @throws Problem 403 `crisis_body_only`; 404 `crisis_not_found`; 422 `consent_missing`, with the article and what is left
 *   of the consent; 422 `not_a_member`, `sharing_not_agreed`; 409 `request_key_reused`.
 */
export async function addCrisisCost(
  tx: Tx,
  standing: Standing,
  decisionId: string,
  { requestKey, ...input }: CrisisCost & { requestKey: string },
  now: Date,
): Promise<{ id: string }> {
  const { article } = getChangeRules(standing).crisis
  if (!decidesInCrisis(standing)) {
    throw new Problem(403, 'crisis_body_only', `By article ${article}, the crisis body decides.`, { article })
  }
  const request = { ...input, decisionId, amountCents: String(input.amountCents) }
  const agreementId = standing.agreement.id
  const id = await doOnce(tx, { agreementId, key: requestKey, request }, () =>
    makeCost(tx, standing, decisionId, input, now),
  )
  return { id }
}

interface CrisisCost {
  party: string
  label: string
  amountCents: bigint
}

async function makeCost(
  tx: Tx,
  standing: Standing,
  decisionId: string,
  { party, label, amountCents }: CrisisCost,
  now: Date,
): Promise<string> {
  const { agreement, personId, today } = standing
  const { article } = getChangeRules(standing).crisis
  const decision = await lockCrisisDecision(tx, agreement.id, decisionId)
  requireMember(standing, party)
  const [consent] = (await listConsents(tx, [decisionId])).filter((each) => each.party === party)
  const left = BigInt(consent?.ceilingCents ?? 0) - (await sumCosts(tx, decisionId, party))
  if (!consent || amountCents > left) {
    const detail = `By article ${article}, no cost falls on ${party} without its consent; what is left of it: ${left} cents.`
    throw new Problem(422, 'consent_missing', detail, { article, party, leftCents: String(left) })
  }
  const key = agreement.rules.money.sharing.find(({ among }) => among === 'oneMember')
  if (!key) throw new Problem(422, 'sharing_not_agreed', 'The agreement does not say how one member pays alone.')
  const order = await createOrder(
    tx,
    {
      agreementId: agreement.id,
      decisionId,
      changeId: null,
      sharingKey: key.key,
      amountCents,
      label: `${decision.number} – ${label}`,
      effectiveOn: today,
      votersInFavour: null,
      party,
      by: personId,
    },
    now,
  )
  const id = randomUUIDv7()
  await createCost(
    tx,
    { id, decisionId, party, label, amountCents, consentId: consent.id, orderId: order.id, personId },
    now,
  )
  const cents = String(amountCents)
  await recordCrisis(tx, standing, decisionId, { act: 'cost', party, cents, order: order.number, article }, now)
  return id
}

/** Says that the reader knows of a decision of the crisis body. @throws Problem 404 `crisis_not_found`. */
export async function acknowledgeCrisis(tx: Tx, standing: Standing, decisionId: string, now: Date): Promise<void> {
  await lockCrisisDecision(tx, standing.agreement.id, decisionId)
  await markCrisisRead(tx, decisionId, standing.personId, now)
}

/** What the crisis body decided, who knows of it, who consented to which cost, and what was spent. */
export async function describeCrises(tx: Tx, standing: Standing) {
  const { crisis } = getChangeRules(standing)
  const { agreement, personId } = standing
  const decisions = await listCrisisDecisions(tx, agreement.id)
  const ids = decisions.map(({ id }) => id)
  const notices = await listCrisisNotices(tx, ids)
  const consents = await listConsents(tx, ids)
  const costs = await listCosts(tx, ids)
  return {
    body: crisis.body,
    article: crisis.article,
    interpretation: crisis.interpretation ?? null,
    mayDecide: decidesInCrisis(standing),
    consentFor: [...new Set(standing.seats.filter(({ rank }) => rank === 'holder').map(({ party }) => party))].filter(
      (party) => listMembers(agreement.rules, standing.today).includes(party),
    ),
    decisions: decisions.map((decision) => {
      const own = notices.filter(({ decisionId }) => decisionId === decision.id)
      return {
        ...decision,
        decidedAt: decision.decidedAt.toISOString(),
        unread: own.some((notice) => notice.personId === personId && notice.readAt === null),
        parties: agreement.rules.parties.map(({ key: party }) => {
          const told = own.filter((notice) => notice.party === party)
          const consent = consents.find((each) => each.decisionId === decision.id && each.party === party)
          return {
            party,
            told: told.length,
            read: told.filter(({ readAt }) => readAt !== null).length,
            ceilingCents: consent ? String(consent.ceilingCents) : null,
            consentedAt: consent?.at.toISOString() ?? null,
          }
        }),
        costs: costs
          .filter(({ decisionId }) => decisionId === decision.id)
          .map(({ id, party, label, amountCents, at }) => ({
            id,
            party,
            label,
            amountCents: String(amountCents),
            at: at.toISOString(),
          })),
      }
    }),
  }
}

function requireMember({ agreement, today }: Standing, party: string): void {
  if (listMembers(agreement.rules, today).includes(party)) return
  throw new Problem(422, 'not_a_member', `${party} is not a member on ${today}.`, { party })
}

async function sumCosts(tx: Tx, decisionId: string, party: string): Promise<bigint> {
  const costs = (await listCosts(tx, [decisionId])).filter((cost) => cost.party === party)
  return costs.reduce((sum, { amountCents }) => sum + BigInt(amountCents), 0n)
}

async function recordCrisis(
  tx: Tx,
  { agreement, personId }: Standing,
  decisionId: string,
  content: JournalContent,
  now: Date,
): Promise<void> {
  await recordAudit(tx, {
    action: 'governance.crisis_act',
    actorPersonId: personId,
    subjectKind: 'governance.decision',
    subjectId: decisionId,
    detail: content,
  })
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'crisis', subjectId: decisionId, content }, now)
}
