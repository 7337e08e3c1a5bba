import { z } from 'zod'
import { ownNatures, seenParties } from '../money/money-access.ts'
import type { Standing } from '../standing.ts'

const lines = z.array(z.object({ party: z.string(), nature: z.string().optional() })).default([])
const kinds = ['ledgerEntry', 'order', 'exerciseClosed']
const told = z.object({ scope: z.string().optional(), postings: lines, balances: lines, parts: lines })

/**
 * Whether the reader may read an event whole: as in the accounts, what is of one party alone is for it and for who manages.
 * @param event with its content as the journal keeps it, canonical JSON.
 */
export function readsEvent(standing: Standing, { kind, content }: { kind: string; content: string }): boolean {
  const seen = seenParties(standing)
  if (seen === null || !kinds.includes(kind)) return true
  const { scope, postings, balances, parts } = told.parse(JSON.parse(content))
  const natures: readonly string[] = ownNatures
  const own = [
    ...[...postings, ...balances].filter(({ nature }) => nature !== undefined && natures.includes(nature)),
    ...(scope === 'individual' ? parts : []),
  ]
  return own.every(({ party }) => seen.includes(party))
}
