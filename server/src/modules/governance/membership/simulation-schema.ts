import { z } from 'zod'
import { natures } from '../money/tables.ts'

const comparator = z.enum(['>=', '>'])
const exact = z.string().describe('exact number')

const key = z.object({
  key: z.string(),
  name: z.string(),
  article: z.string(),
  interpretation: z.string().nullable(),
  unit: z.enum(['voices', 'pupils', 'heads', 'ordered']),
  parts: z.array(z.object({ party: z.string(), weight: exact, cents: z.string() })),
})

const power = z.object({
  body: z.string(),
  shortName: z.string(),
  voters: z.array(z.object({ party: z.string(), voices: exact })),
  totalVoices: exact,
  quorum: z.array(
    z.object({
      of: z.enum(['members', 'pupils', 'voices']),
      comparator,
      share: z.string(),
      whole: exact,
      needed: exact,
      article: z.string(),
    }),
  ),
  ballots: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      article: z.string(),
      interpretation: z.string().nullable(),
      comparator,
      share: z.string(),
      whole: exact,
      needed: exact,
      smallest: z.int().nullable(),
      blockers: z.array(z.string()),
      decisive: z.array(z.object({ party: z.string(), groups: z.int() })),
    }),
  ),
})

/** What a departure would bring about. */
export const simulation = z.object({
  calendar: z.object({
    notifiedOn: z.iso.date(),
    noticeMonths: z.int(),
    noticeEndsOn: z.iso.date(),
    lastDay: z.iso.date(),
    effectiveOn: z.iso.date(),
    article: z.string(),
    interpretation: z.string().nullable(),
  }),
  owed: z.array(
    z.object({ nature: z.enum(natures), cents: z.string().describe('above zero it owes, below it is owed') }),
  ),
  exampleCents: z.string().describe('sum whose parts are shown'),
  keys: z.object({ before: z.array(key), after: z.array(key) }),
  power: z.object({ before: z.array(power), after: z.array(power) }),
  roles: z.array(z.object({ role: z.string(), body: z.string().nullable() })),
})
