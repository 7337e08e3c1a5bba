import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { tables } from './tables.ts'

/** What the crisis body decided, the newest first. */
export async function listCrisisDecisions(tx: Tx, agreementId: string) {
  return tables(tx)
    .selectFrom('governance.decision')
    .select(['id', 'number', 'title', 'text', 'decided_at as decidedAt'])
    .where('agreement_id', '=', agreementId)
    .where('kind', '=', 'crisis')
    .orderBy('decided_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

/** Takes a decision of the crisis body: its consents and its costs come one after the other. @throws Problem 404 `crisis_not_found`. */
export async function lockCrisisDecision(
  tx: Tx,
  agreementId: string,
  id: string,
): Promise<{ number: string; title: string }> {
  const found = await tables(tx)
    .selectFrom('governance.decision')
    .select(['number', 'title'])
    .where('agreement_id', '=', agreementId)
    .where('kind', '=', 'crisis')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'crisis_not_found', 'The crisis body made no such decision.')
  return found
}

/** Tells everyone who sits for a party on a day, once for each party. */
export async function createCrisisNotices(
  tx: Tx,
  agreementId: string,
  decisionId: string,
  day: Day,
  now: Date,
): Promise<{ party: string; personId: string }[]> {
  const seated = await tables(tx)
    .selectFrom('governance.representative')
    .select(['party', 'person_id as personId'])
    .distinct()
    .where('agreement_id', '=', agreementId)
    .where('starts_on', '<=', day)
    .where((where) => where.or([where('ends_on', 'is', null), where('ends_on', '>=', day)]))
    .execute()
  if (seated.length > 0) {
    await tables(tx)
      .insertInto('governance.crisis_notice')
      .values(
        seated.map(({ party, personId }) => ({ decision_id: decisionId, party, person_id: personId, made_at: now })),
      )
      .execute()
  }
  return seated
}

export async function listCrisisNotices(tx: Tx, decisionIds: string[]) {
  if (decisionIds.length === 0) return []
  return tables(tx)
    .selectFrom('governance.crisis_notice')
    .select(['decision_id as decisionId', 'party', 'person_id as personId', 'read_at as readAt'])
    .where('decision_id', 'in', decisionIds)
    .execute()
}

/** @returns how many notices of a person were not read before. */
export async function markCrisisRead(tx: Tx, decisionId: string, personId: string, now: Date): Promise<number> {
  const rows = await tables(tx)
    .updateTable('governance.crisis_notice')
    .set({ read_at: now })
    .where('decision_id', '=', decisionId)
    .where('person_id', '=', personId)
    .where('read_at', 'is', null)
    .returning('party')
    .execute()
  return rows.length
}

/** What each party agreed to for decisions, the last said first. */
export async function listConsents(tx: Tx, decisionIds: string[]) {
  if (decisionIds.length === 0) return []
  return tables(tx)
    .selectFrom('governance.crisis_consent')
    .select([
      'id',
      'decision_id as decisionId',
      'position',
      'party',
      'ceiling_cents as ceilingCents',
      'recorded_at as at',
    ])
    .where('decision_id', 'in', decisionIds)
    .orderBy('position', 'desc')
    .execute()
}

export async function createConsent(
  tx: Tx,
  consent: { decisionId: string; position: number; party: string; ceilingCents: bigint; representativeId: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.crisis_consent')
    .values({
      id: randomUUIDv7(),
      decision_id: consent.decisionId,
      position: consent.position,
      party: consent.party,
      ceiling_cents: String(consent.ceilingCents),
      representative_id: consent.representativeId,
      recorded_at: now,
    })
    .execute()
}

export async function listCosts(tx: Tx, decisionIds: string[]) {
  if (decisionIds.length === 0) return []
  return tables(tx)
    .selectFrom('governance.crisis_cost')
    .select(['id', 'decision_id as decisionId', 'party', 'label', 'amount_cents as amountCents', 'recorded_at as at'])
    .where('decision_id', 'in', decisionIds)
    .orderBy('id')
    .execute()
}

export async function createCost(
  tx: Tx,
  cost: {
    id: string
    decisionId: string
    party: string
    label: string
    amountCents: bigint
    consentId: string
    orderId: string
    personId: string
  },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.crisis_cost')
    .values({
      id: cost.id,
      decision_id: cost.decisionId,
      party: cost.party,
      label: cost.label,
      amount_cents: String(cost.amountCents),
      consent_id: cost.consentId,
      order_id: cost.orderId,
      recorded_by: cost.personId,
      recorded_at: now,
    })
    .execute()
}
