import { z } from 'zod'
import type { Day } from '#kernel/time'
import { cents, decimal } from '../changes/change-schema.ts'

const text = z.string().trim().max(20_000)
const day = z.iso.date()

/** A figure with the day it was read and where; null where nothing was measured, which is said and never made up. */
const reading = {
  value: decimal.nullable().describe('null: not measured'),
  measuredOn: day.nullable(),
  source: z.string().trim().max(500),
}

const measure = z.strictObject({
  name: z.string().trim().min(1).max(200),
  unit: z.string().trim().max(50),
  startingPoint: decimal.nullable().describe('null: not measured'),
  target: decimal.nullable().describe('null: none was set'),
  ...reading,
})

const proposal = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('continue'),
    phase: z.string().max(80).describe('the same, the next, or an earlier one and why'),
    why: text,
  }),
  z.strictObject({ kind: z.literal('change'), what: text, dueOn: day.nullable().describe('null only in a draft') }),
  z.strictObject({
    kind: z.literal('stop'),
    users: text.describe('what becomes of its users'),
    data: text.describe('how their data are handed over, then destroyed with proof'),
    code: text.describe('to whom the code and its documentation are handed over, whole'),
  }),
])

/** An impact dossier: what a service did for its public, what it cost, and what is proposed. A draft may lack texts. */
export const dossierSchema = z.strictObject({
  problem: text,
  audience: text.describe('whose problem it is'),
  measures: z.array(measure).max(30),
  users: z.strictObject(reading).describe('how many use it'),
  orders: z.array(z.uuid()).max(100).describe('orders of the ledger that it cost'),
  learned: text,
  notReached: text,
  budgetCents: cents.nullable().describe('asked for the next period; null: not said yet'),
  proposal,
})
export type Dossier = z.infer<typeof dossierSchema>
export type Proposal = Dossier['proposal']

type Reading = Pick<Dossier['users'], 'value' | 'measuredOn' | 'source'>

/** A figure has the day on which it was read, past, and where; what was not measured has no day. */
function listReadingGaps({ value, measuredOn, source }: Reading, at: string, today: Day): string[] {
  if (value === null) return measuredOn === null ? [] : [`${at}.value`]
  return [
    ...(measuredOn === null || measuredOn > today ? [`${at}.measuredOn`] : []),
    ...(source === '' ? [`${at}.source`] : []),
  ]
}

/** What a dossier still lacks before it can be submitted on a day, as names of its fields; measures count from 0. */
export function listDossierGaps(dossier: Dossier, today: Day): string[] {
  const texts = (['problem', 'audience', 'learned', 'notReached'] as const).filter((name) => dossier[name] === '')
  const names = dossier.measures.map(({ name, unit }) => `${name} (${unit})`)
  return [
    ...texts,
    ...(dossier.measures.length === 0 ? ['measures'] : []),
    ...dossier.measures.flatMap((each, index) => [
      // Two of one name could not be told apart from dossier to dossier.
      ...(names.indexOf(names[index] ?? '') < index ? [`measures.${index}.name`] : []),
      ...listReadingGaps(each, `measures.${index}`, today),
    ]),
    ...listReadingGaps(dossier.users, 'users', today),
    ...(dossier.budgetCents === null ? ['budgetCents'] : []),
    ...listProposalGaps(dossier.proposal, today),
  ]
}

function listProposalGaps(proposal: Proposal, today: Day): string[] {
  if (proposal.kind === 'continue') return []
  if (proposal.kind === 'change') {
    const { what, dueOn } = proposal
    return [...(what === '' ? ['proposal.what'] : []), ...(dueOn === null || dueOn < today ? ['proposal.dueOn'] : [])]
  }
  return (['users', 'data', 'code'] as const).filter((name) => proposal[name] === '').map((name) => `proposal.${name}`)
}
