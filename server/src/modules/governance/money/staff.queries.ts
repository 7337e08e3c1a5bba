import type { Tx } from '#kernel/postgres'
import { moneyTables } from './tables.ts'

/** Staff claims with their lines, the newest first. @param seen parties whose claims are told; null for all. */
export async function listClaims(tx: Tx, agreementId: string, seen: string[] | null) {
  let query = moneyTables(tx).selectFrom('governance.staff_claim').selectAll().where('agreement_id', '=', agreementId)
  if (seen !== null) query = query.where('party', 'in', seen.length > 0 ? seen : [''])
  const claims = await query.orderBy('id', 'desc').execute()
  if (claims.length === 0) return []
  const lines = await moneyTables(tx)
    .selectFrom('governance.staff_claim_line')
    .selectAll()
    .where(
      'claim_id',
      'in',
      claims.map(({ id }) => id),
    )
    .orderBy('position')
    .execute()
  return claims.map((claim) => ({
    id: claim.id,
    number: claim.number,
    party: claim.party,
    startsOn: claim.starts_on,
    endsOn: claim.ends_on,
    state: claim.state,
    sharingKey: claim.sharing_key,
    environmentBasisPoints: claim.environment_basis_points,
    staffCents: String(claim.staff_cents),
    environmentCents: String(claim.environment_cents),
    exceptionalCents: String(claim.exceptional_cents),
    totalCents: String(BigInt(claim.staff_cents) + BigInt(claim.environment_cents) + BigInt(claim.exceptional_cents)),
    reason: claim.reason,
    lines: lines
      .filter((line) => line.claim_id === claim.id)
      .map((line) => ({
        post: line.post,
        shareBasisPoints: line.share_basis_points,
        annualCents: String(line.annual_cents),
        months: line.months,
        cents: String(line.amount_cents),
      })),
  }))
}

/** Exceptional costs and travel, the newest first. @param seen as `listClaims`. */
export async function listExceptionalCosts(tx: Tx, agreementId: string, seen: string[] | null) {
  let query = moneyTables(tx)
    .selectFrom('governance.exceptional_cost')
    .select(['id', 'party', 'kind', 'label', 'amount_cents', 'state', 'claim_id as claimId'])
    .where('agreement_id', '=', agreementId)
  if (seen !== null) query = query.where('party', 'in', seen.length > 0 ? seen : [''])
  const rows = await query.orderBy('id', 'desc').execute()
  return rows.map(({ amount_cents, ...row }) => ({ ...row, cents: String(amount_cents) }))
}
