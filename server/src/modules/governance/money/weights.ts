import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Agreement, SharingKey } from '../agreements/agreement-schema.ts'
import { listPartiesOn } from '../agreements/parties.ts'
import type { Terms } from './exercises.ts'
import { moneyTables } from './tables.ts'

/** What a sharing key may need beside the agreement. */
export interface WeighingInput {
  on: Day
  /** Members that voted for, where they are the ones who pay. */
  votersInFavour?: readonly string[] | null
  /** The one member that pays. */
  party?: string | null
  /** What each member ordered: pupils of its establishments, or units. */
  ordered?: ReadonlyMap<string, bigint>
  /** Head-count to go by; the last one of the day when not given. */
  headCountId?: string | null
}

export interface Weighing {
  weights: { party: string; weight: bigint }[]
  /** What the weights count. Voices are in thousandths, so that none is ever rounded. */
  unit: 'thousandthsOfVoice' | 'pupils' | 'heads' | 'ordered'
  headCountId: string | null
}

/** @throws Problem 422 `sharing_key_unknown` when the version of the agreement has no such key. */
export function getSharingKey(rules: Agreement, name: string): SharingKey {
  const found = rules.money.sharing.find(({ key }) => key === name)
  if (found) return found
  throw new Problem(422, 'sharing_key_unknown', `The agreement has no sharing key ${name}.`)
}

/** Keys of the members on a day. */
export function listMembers(rules: Agreement, day: Day): string[] {
  return listPartiesOn(rules, day)
    .filter(({ roles }) => roles.includes('member'))
    .map(({ key }) => key)
}

/**
 * What each party weighs under a sharing key.
 * @throws Problem 422 `voters_in_favour_missing`, `paying_member_missing`, `orders_missing`, `head_count_missing`,
 *   `not_a_member`, `voices_missing`.
 */
export async function weighParties(tx: Tx, terms: Terms, key: SharingKey, input: WeighingInput): Promise<Weighing> {
  const { rules } = terms
  const payers = listPayers(rules, key, input)
  if (key.by === 'heads') {
    return { weights: payers.map((party) => ({ party, weight: 1n })), unit: 'heads', headCountId: null }
  }
  if (key.by === 'ordered') {
    const weights = payers.map((party) => ({ party, weight: input.ordered?.get(party) ?? 0n }))
    // One member pays whatever it is that it ordered.
    if (payers.length === 1) return { weights: [{ party: payers[0]!, weight: 1n }], unit: 'ordered', headCountId: null }
    return { weights, unit: 'ordered', headCountId: null }
  }
  if (key.by === 'voices') {
    const voices = rules.bodies.find((body) => body.key === key.voicesOf)?.voices
    if (voices === undefined) throw new Problem(422, 'voices_missing', `Key ${key.key} names no body with voices.`)
    const weights = payers.map((party) => ({
      party,
      weight: voices === 'one' ? 1_000n : parseThousandths(voices.of[party] ?? '0'),
    }))
    return { weights, unit: 'thousandthsOfVoice', headCountId: null }
  }
  const headCount = await findHeadCount(tx, terms.agreementId, input.on, input.headCountId ?? null)
  if (!headCount) {
    throw new Problem(422, 'head_count_missing', `No head-count of pupils is known by ${input.on}.`)
  }
  const weights = payers.map((party) => ({ party, weight: BigInt(headCount.pupils.get(party) ?? 0) }))
  return { weights, unit: 'pupils', headCountId: headCount.id }
}

function listPayers(rules: Agreement, key: SharingKey, input: WeighingInput): string[] {
  const members = listMembers(rules, input.on)
  const among = () => {
    switch (key.among) {
      case 'everyMember':
        return members
      case 'votersInFavour':
        if (!input.votersInFavour?.length) {
          throw new Problem(422, 'voters_in_favour_missing', `Key ${key.key} needs to know who voted for.`)
        }
        return [...new Set(input.votersInFavour)]
      case 'oneMember':
        if (!input.party) throw new Problem(422, 'paying_member_missing', `Key ${key.key} needs the member that pays.`)
        return [input.party]
      case 'orderingMembers':
        if (input.ordered?.size) return [...input.ordered.keys()]
        if (input.party) return [input.party]
        throw new Problem(422, 'orders_missing', `Key ${key.key} needs orders of members.`)
    }
  }
  const payers = among()
  const stranger = payers.find((party) => !members.includes(party))
  if (stranger !== undefined) {
    throw new Problem(422, 'not_a_member', `${stranger} is not a member on ${input.on}.`, { party: stranger })
  }
  return payers
}

/** `4.5` is 4500. */
function parseThousandths(text: string): bigint {
  const [whole = '0', decimals = ''] = text.replace(',', '.').split('.')
  return BigInt(whole) * 1_000n + BigInt(decimals.padEnd(3, '0'))
}

/** A head-count by its id, or the last one counted by a day. */
export async function findHeadCount(
  tx: Tx,
  agreementId: string,
  by: Day,
  id: string | null,
): Promise<{ id: string; countedOn: Day; pupils: Map<string, number> } | undefined> {
  let query = moneyTables(tx)
    .selectFrom('governance.head_count')
    .select(['id', 'counted_on as countedOn'])
    .where('agreement_id', '=', agreementId)
  query = id === null ? query.where('counted_on', '<=', by).orderBy('counted_on', 'desc') : query.where('id', '=', id)
  const found = await query.limit(1).executeTakeFirst()
  if (!found) return undefined
  const lines = await moneyTables(tx)
    .selectFrom('governance.head_count_line')
    .select((each) => ['party', each.fn.sum<string>('pupils').as('pupils')])
    .where('head_count_id', '=', found.id)
    .groupBy('party')
    .execute()
  return { ...found, pupils: new Map(lines.map(({ party, pupils }) => [party, Number(pupils)])) }
}
