import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { createOrder } from '../money/orders.ts'
import { proposePriceReduction } from '../money/price-reductions.ts'
import type { Standing } from '../standing.ts'
import type { Measure, MeasuredResult } from './change-schema.ts'
import type { ChangeState } from './change-steps.ts'
import { beginStep, endStep, getChangeRules } from './changes.ts'
import { type Change, findSubmittedSheet } from './changes.queries.ts'
import { measureResult } from './expected-results.ts'
import { findSharingKey } from './qualification.ts'
import { tables } from './tables.ts'

/**
 * Commits the one member that pays, by a holder of it. @throws Problem as `beginStep`.
 */
export async function commitPayer(tx: Tx, standing: Standing, id: string, now: Date): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'commit')
  const seat = standing.seats.find(({ party, rank }) => party === change.separableTo && rank === 'holder')
  const values = { committed_by: seat?.representativeId ?? null, committed_at: now }
  const { state, separableTo: party } = change
  return endStep(tx, standing, change, { name: 'commit', to: state, party, values }, now)
}

/** The pilot decides alone, where the agreement leaves it to it. @throws Problem as `beginStep`. */
export async function decideChange(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { adopted: boolean; note: string },
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'decide')
  const party = getChangeRules(standing).qualifiedBy
  const to = input.adopted ? 'adopted' : 'rejected'
  return endStep(tx, standing, change, { name: 'decide', to, party, note: input.note }, now)
}

/**
 * Orders an adopted change: who pays follows from the sharing key of the agreement and the votes.
 * @throws Problem as `beginStep` and `createOrder`; 409 `commitment_missing` when the one member that pays has not
 *   committed itself; 422 `order_before_decision` for a day before today.
 */
export async function orderChange(
  tx: Tx,
  standing: Standing,
  id: string,
  effectiveOn: Day,
  now: Date,
): Promise<{ state: ChangeState; number: string | null }> {
  const change = await beginStep(tx, standing, id, 'order')
  if (effectiveOn < standing.today) {
    throw new Problem(422, 'order_before_decision', 'An order takes effect today or later.')
  }
  const amountCents = BigInt((await getSheet(tx, change)).content.amountCents)
  const order = amountCents > 0n ? await placeOrder(tx, standing, change, amountCents, effectiveOn, now) : undefined
  const state = await endStep(
    tx,
    standing,
    change,
    {
      name: 'order',
      to: 'ordered',
      values: order ? { order_id: order.id } : {},
      figures: { cents: String(amountCents), order: order?.number ?? null, effectiveOn },
    },
    now,
  )
  return { state, number: order?.number ?? null }
}

async function placeOrder(
  tx: Tx,
  standing: Standing,
  change: Change,
  amountCents: bigint,
  effectiveOn: Day,
  now: Date,
): Promise<{ id: string; number: string }> {
  const { agreement, personId } = standing
  const key = findSharingKey(agreement.rules, {
    structuring: change.structuring === true,
    separableTo: change.separableTo,
  })
  if (!key) throw new Problem(422, 'sharing_not_agreed', 'The agreement does not say who pays for such a change.')
  if (change.separableTo !== null && !change.committedAt) {
    const { article } = key
    const detail = `By article ${article}, ${change.separableTo} pays alone by a formal commitment, which is not recorded.`
    throw new Problem(409, 'commitment_missing', detail, { article })
  }
  return createOrder(
    tx,
    {
      agreementId: agreement.id,
      decisionId: change.decisionId,
      changeId: change.id,
      sharingKey: key.key,
      amountCents,
      label: change.title,
      effectiveOn,
      votersInFavour: change.inFavour,
      party: change.separableTo,
      by: personId,
    },
    now,
  )
}

async function getSheet(tx: Tx, change: Change) {
  const sheet = await findSubmittedSheet(tx, change.id)
  if (!sheet) throw new Problem(422, 'sheet_missing', 'No configuration sheet was submitted.')
  return sheet
}

/** The contractor says that an ordered change is delivered. @throws Problem as `beginStep`. */
export async function deliverChange(
  tx: Tx,
  standing: Standing,
  id: string,
  note: string,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'deliver')
  const party = getChangeRules(standing).sheetBy
  return endStep(tx, standing, change, { name: 'deliver', to: 'delivered', party, note }, now)
}

/**
 * Measures a delivered change against each result its sheet expects: all reached, it is accepted; else its price is
 * reduced, where the agreement says so: the entries are proposed, for whoever keeps the accounts to post.
 * @param input.reductionCents null when all is reached.
 * @throws Problem as `beginStep`; 422 `measures_incomplete` unless each result is measured; `measured_later` for one
 *   measured after today; `nothing_missed`, `reduction_missing`, `reduction_too_high`, `reduction_not_agreed`.
 */
export async function acceptChange(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { measures: Measure[]; reductionCents: bigint | null },
  now: Date,
): Promise<{ state: ChangeState; results: MeasuredResult[] }> {
  const change = await beginStep(tx, standing, id, 'accept')
  const { content: sheet } = await getSheet(tx, change)
  const { measures } = input
  if (measures.length !== sheet.results.length) {
    const expected = sheet.results.length
    throw new Problem(422, 'measures_incomplete', `Each of the ${expected} expected results is measured.`, { expected })
  }
  if (measures.some(({ measuredOn }) => measuredOn > standing.today)) {
    throw new Problem(422, 'measured_later', 'A result is not measured in the future.')
  }
  const results = sheet.results.flatMap((expected, index) => {
    const measure = measures[index]
    return measure ? [measureResult(expected, measure)] : []
  })
  const met = results.every((result) => result.met)
  checkReduction(standing, met, input.reductionCents, BigInt(sheet.amountCents))
  const reductionCents = String(input.reductionCents ?? 0n)
  await tables(tx)
    .insertInto('governance.change_acceptance')
    .values({
      change_id: change.id,
      results: JSON.stringify(results),
      met,
      reduction_cents: reductionCents,
      recorded_by: standing.personId,
      recorded_at: now,
    })
    .execute()
  if (change.orderId !== null && input.reductionCents) {
    await proposePriceReduction(
      tx,
      {
        agreementId: standing.agreement.id,
        orderId: change.orderId,
        label: change.title,
        amountCents: input.reductionCents,
        effectiveOn: standing.today,
        decisionId: change.decisionId,
      },
      now,
    )
  }
  const { missed } = getChangeRules(standing)
  const state = await endStep(
    tx,
    standing,
    change,
    {
      name: 'accept',
      to: met ? 'accepted' : 'reduced',
      article: missed.article,
      figures: { met: results.filter((each) => each.met).length, of: results.length, reductionCents },
    },
    now,
  )
  return { state, results }
}

function checkReduction(standing: Standing, met: boolean, reduction: bigint | null, amount: bigint): void {
  const { missed } = getChangeRules(standing)
  if (met) {
    if (reduction === null) return
    throw new Problem(422, 'nothing_missed', 'Every expected result is reached: the price is not reduced.')
  }
  if (reduction === null) {
    throw new Problem(422, 'reduction_missing', `An expected result is missed: by how much is the price reduced?`)
  }
  if (reduction > amount) throw new Problem(422, 'reduction_too_high', 'The price is reduced by itself at most.')
  if (reduction > 0n && !missed.priceReduction) {
    const { article } = missed
    throw new Problem(422, 'reduction_not_agreed', `Article ${article} knows no price reduction.`, { article })
  }
}

/** Says that a change whose results were missed was taken back, at no cost. @throws Problem as `beginStep`. */
export async function rollBackChange(
  tx: Tx,
  standing: Standing,
  id: string,
  note: string,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'rollBack')
  const { article } = getChangeRules(standing).missed
  return endStep(tx, standing, change, { name: 'rollBack', to: 'rolledBack', note, article }, now)
}
