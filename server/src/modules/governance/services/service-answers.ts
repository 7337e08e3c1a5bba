import { z } from 'zod'
import { centsSchema } from '../money/money-access.ts'
import { dossierSchema } from './dossier-schema.ts'
import { dossierStates, stepKinds } from './service-course.ts'

const day = z.iso.date()

const serviceRules = z
  .object({
    article: z.string(),
    interpretation: z.string().nullable(),
    phases: z.array(z.object({ key: z.string(), name: z.string() })).describe('in their order'),
    followedBy: z.string().describe('body that hears of every service'),
    frequency: z.string().nullable().describe('how often it meets: month, quarter…; null: on demand'),
    review: z.object({
      article: z.string(),
      interpretation: z.string().nullable(),
      everyMonths: z.int(),
      ballot: z.string().describe('name of the ballot rule'),
      body: z.string().describe('that decides on dossiers'),
    }),
  })
  .nullable()
  .describe('null: the agreement says nothing of services any more')

const head = z.object({
  number: z.int(),
  name: z.string(),
  purpose: z.string(),
  audience: z.string(),
  owner: z.string().describe('key of the party'),
  beganOn: day,
  phase: z.string(),
  stopped: z.boolean(),
  dueOn: day.nullable().describe('last day for the next dossier to be decided; null once stopped'),
  late: z.boolean(),
  pending: z.object({ number: z.int(), state: z.enum(dossierStates) }).nullable(),
})

export const listAnswer = z.object({ rules: serviceRules, services: z.array(head) })

const dossierState = z.object({
  number: z.int(),
  state: z.enum(dossierStates),
  version: z.int(),
  savedAt: z.iso.datetime(),
  submittedAt: z.iso.datetime().nullable(),
  decision: z.string().nullable().describe('its number'),
  decidedOn: day.nullable(),
})

export const serviceAnswer = head.extend({
  rules: serviceRules,
  prepares: z.boolean().describe('whether the reader may begin a dossier'),
  course: z.array(
    z.object({
      kind: z.enum(stepKinds),
      fromPhase: z.string().nullable(),
      phase: z.string(),
      note: z.string(),
      dueOn: day.nullable(),
      at: z.iso.datetime(),
      dossier: z.int().nullable(),
      decision: z.string().nullable(),
      version: z.int().describe('of the agreement'),
    }),
  ),
  follow: z
    .object({
      body: z.string(),
      since: day,
      months: z.array(
        z.object({
          month: z.string(),
          state: z.enum(['held', 'planned', 'missed', 'open']),
          meetings: z.array(z.object({ id: z.uuid(), title: z.string(), day, held: z.boolean() })),
        }),
      ),
    })
    .nullable()
    .describe('null for who reads nothing of that body, and once stopped'),
  dossiers: z
    .array(dossierState.extend(dossierSchema.pick({ proposal: true, measures: true, users: true }).shape))
    .describe('the newest first'),
})

const whole = dossierState.extend({
  content: dossierSchema,
  costs: z
    .object({
      frozen: z.boolean().describe('as on the day it was submitted'),
      hidden: z.int().describe('orders that the reader may not see'),
      orders: z.array(
        z.object({
          id: z.uuid(),
          number: z.string(),
          label: z.string(),
          committedCents: centsSchema.describe('committed, and not paid yet'),
          paidCents: centsSchema,
        }),
      ),
    })
    .nullable()
    .describe('null for who may not see the accounts'),
})

export const dossierAnswer = whole.extend({
  service: z.object({ number: z.int(), name: z.string(), phase: z.string(), stopped: z.boolean() }),
  rules: serviceRules,
  versions: z.array(z.object({ number: z.int(), at: z.iso.datetime() })),
  may: z.object({ write: z.boolean(), withdraw: z.boolean(), schedule: z.boolean() }),
  meetings: z
    .array(z.object({ id: z.uuid(), title: z.string(), startsAt: z.iso.datetime() }))
    .describe('of the body that decides, on whose agenda the reader may put it'),
  agenda: z.array(
    z.object({
      id: z.uuid(),
      meetingId: z.uuid(),
      body: z.string(),
      meeting: z.string(),
      startsAt: z.iso.datetime(),
      state: z.enum(['draft', 'convened', 'open', 'closed', 'cancelled']),
      decisionId: z.uuid().nullable(),
      decision: z.string().nullable(),
      outcome: z.enum(['adopted', 'rejected', 'none']).nullable(),
    }),
  ),
  previous: whole.nullable().describe('the dossier submitted before, to compare with'),
  orders: z
    .array(z.object({ id: z.uuid(), number: z.string(), label: z.string() }))
    .describe('that its writer may name'),
})
