import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { shareByLargestRemainder } from '../money/sharing.ts'
import { weighParties } from '../money/weights.ts'
import type { Terms } from '../money/exercises.ts'
import { findSharingKey } from './qualification.ts'

/** Who would pay for a change, and how much. */
export interface PartsPreview {
  key: string
  name: string
  article: string
  interpretation: string | null
  among: Agreement['money']['sharing'][number]['among']
  unit: 'thousandthsOfVoice' | 'pupils' | 'heads' | 'ordered'
  parts: { party: string; weight: string; cents: string }[]
}

/**
 * Who would pay for a change if it were ordered on a day. It writes nothing.
 * @param inFavour members taken to vote for it, where they are the ones who pay.
 * @returns undefined when the agreement does not say who pays, or nobody would.
 * @throws Problem 422 as `weighParties`.
 */
export async function previewParts(
  tx: Tx,
  terms: Terms,
  change: { structuring: boolean; separableTo: string | null },
  amountCents: bigint,
  inFavour: readonly string[],
  on: Day,
): Promise<PartsPreview | undefined> {
  const key = findSharingKey(terms.rules, change)
  if (!key || (key.among === 'votersInFavour' && inFavour.length === 0)) return undefined
  const weighing = await weighParties(tx, terms, key, { on, votersInFavour: inFavour, party: change.separableTo })
  const parts = shareByLargestRemainder(amountCents, weighing.weights)
  if (!parts) return undefined
  return {
    key: key.key,
    name: key.name,
    article: key.article,
    interpretation: key.interpretation ?? null,
    among: key.among,
    unit: weighing.unit,
    parts: parts.map(({ party, weight, cents }) => ({ party, weight: String(weight), cents: String(cents) })),
  }
}
