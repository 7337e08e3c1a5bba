import { z } from 'zod'
import { words } from './list-schema.ts'

const on = z.iso.date().describe('day it happened')
const institution = z.string().max(80).describe('key of the party')
const link = z
  .url({ protocol: /^https$/ })
  .max(2000)
  .nullable()

export const verdicts = ['satisfactory', 'reservations', 'unsatisfactory'] as const
export type Verdict = (typeof verdicts)[number]

export const handOverKinds = ['training', 'documentation', 'sourceCode', 'access'] as const

/** A criterion of acceptance as it stood, and what was seen of it. */
export const criterionSchema = z.strictObject({
  what: words(500),
  measure: words(500),
  met: z.boolean(),
  observation: words(2000).min(1),
})
export type Criterion = z.infer<typeof criterionSchema>

/** What somebody does about a deliverable. */
export const takenActSchema = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('deliver'), on, version: words(100).min(1), link, notes: words(5000) }),
  z.strictObject({ act: z.literal('beginTrial'), on, institution }),
  z.strictObject({
    act: z.literal('endTrial'),
    on,
    institution,
    verdict: z.enum(verdicts),
    criteria: z.array(criterionSchema).max(50).describe('those of the list in force, in its order'),
    reservations: z
      .array(
        z.strictObject({
          text: words(2000).min(1),
          criterion: z.int().min(0).max(49).nullable().describe('place of the criterion it is about, from 0'),
        }),
      )
      .max(50),
    note: words(5000),
  }),
  z.strictObject({
    act: z.literal('liftReservation'),
    on,
    institution,
    reservation: z.int().min(0).max(49).describe('its place in the record, from 0'),
    note: words(2000),
  }),
  z.strictObject({
    act: z.literal('handOver'),
    on,
    what: z.enum(handOverKinds),
    title: words(300).min(1),
    to: z.string().max(80).describe('key of the party that receives it'),
    materials: words(5000),
    link,
  }),
  z.strictObject({
    act: z.literal('confirmHandOver'),
    on,
    handOver: z.int().min(0).max(9999).describe('its place among those of the deliverable, from 0'),
    note: words(2000),
  }),
])
export type TakenAct = z.infer<typeof takenActSchema>

/** The same, and what follows from it by itself. */
export type Act = TakenAct | { act: 'accept'; on: string; institutions: string[] } | { act: 'transfer'; on: string }

export const actNames = [
  'deliver',
  'beginTrial',
  'endTrial',
  'liftReservation',
  'accept',
  'handOver',
  'confirmHandOver',
  'transfer',
] as const satisfies readonly Act['act'][]
