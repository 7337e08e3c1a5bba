import { z } from 'zod'
import { Problem } from '#kernel/problem'
import type { Agreement } from '../agreements/agreement-schema.ts'

/** Words as people write them: what the database cannot keep is refused, not changed. */
export const words = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'a text without control characters')

export const deliverableKinds = ['software', 'documentation', 'data', 'service', 'training'] as const

const partyKey = z.string().max(80)

/** A deliverable as a list words it. What is missing may be while the list is a draft. */
export const deliverableSchema = z.strictObject({
  key: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'lower-case letters, digits and hyphens, beginning with a letter'),
  title: words(300),
  what: words(5000),
  kind: z.enum(deliverableKinds),
  owner: partyKey.describe('key of the party that delivers it; empty in a draft that does not say'),
  dueOn: z.iso.date().nullable(),
  criteria: z
    .array(z.strictObject({ what: words(500), measure: words(500).describe('how one tells that it is met') }))
    .max(50),
  pilots: z.array(partyKey).max(50).describe('pilot institutions that try it'),
  receivers: z.array(partyKey).max(50).describe('parties to which skills are passed'),
})
/** One deliverable of a list. */
export type Definition = z.infer<typeof deliverableSchema>

export const listSchema = z.strictObject({
  perimeter: z.strictObject({
    included: z.array(words(500)).max(200),
    excluded: z.array(words(500)).max(200),
  }),
  deliverables: z.array(deliverableSchema).max(200),
})
/** What is in, what is out, and what is to be handed over. */
export type ListContent = z.infer<typeof listSchema>

/**
 * Refuses a list that says what cannot be, drafts as well.
 * @throws Problem 422 `deliverable_twice`, `list_party_unknown`, `not_pilot_institution`, `list_party_twice`.
 */
export function checkList({ deliverables }: ListContent, rules: Agreement): void {
  const roles = new Map(rules.parties.map((party) => [party.key, party.roles]))
  const seen = new Set<string>()
  for (const { key, owner, pilots, receivers } of deliverables) {
    if (seen.has(key)) throw new Problem(422, 'deliverable_twice', `Two deliverables bear the key ${key}.`, { key })
    seen.add(key)
    for (const party of [...(owner === '' ? [] : [owner]), ...pilots, ...receivers]) {
      if (!roles.has(party)) {
        throw new Problem(422, 'list_party_unknown', `${key} names ${party}, which is no party.`, { key, party })
      }
    }
    for (const named of [pilots, receivers]) {
      const party = named.find((each, index) => named.indexOf(each) !== index)
      if (party !== undefined)
        throw new Problem(422, 'list_party_twice', `${key} names ${party} twice.`, { key, party })
    }
    const stranger = pilots.find((party) => !roles.get(party)?.includes('pilotInstitution'))
    if (stranger !== undefined) {
      const detail = `${key} is tried by ${stranger}, which is no pilot institution.`
      throw new Problem(422, 'not_pilot_institution', detail, { key, party: stranger })
    }
  }
}

export const gapFields = [
  'included',
  'deliverables',
  'title',
  'what',
  'owner',
  'dueOn',
  'criteria',
  'pilots',
  'receivers',
] as const

/** What a list lacks. */
export interface Gap {
  /** Key of the deliverable; null for the list itself. */
  deliverable: string | null
  field: (typeof gapFields)[number]
}

/**
 * What a list still lacks before it can be voted: each criterion says how it is measured, and each deliverable is tried by
 * as many pilot institutions as the agreement asks to be satisfied.
 */
export function listGaps(
  { perimeter, deliverables }: ListContent,
  rules: NonNullable<Agreement['deliverables']>,
): Gap[] {
  const gaps: Gap[] = []
  if (perimeter.included.every((line) => line === '')) gaps.push({ deliverable: null, field: 'included' })
  if (deliverables.length === 0) gaps.push({ deliverable: null, field: 'deliverables' })
  for (const { key, title, what, owner, dueOn, criteria, pilots, receivers } of deliverables) {
    const lacks = {
      title: title === '',
      what: what === '',
      owner: owner === '',
      dueOn: dueOn === null,
      criteria: criteria.length === 0 || criteria.some((each) => each.what === '' || each.measure === ''),
      pilots: pilots.length < rules.acceptance.atLeast,
      receivers: rules.transfer !== null && receivers.length === 0,
    }
    for (const field of gapFields) {
      if (field in lacks && lacks[field as keyof typeof lacks]) gaps.push({ deliverable: key, field })
    }
  }
  return gaps
}
