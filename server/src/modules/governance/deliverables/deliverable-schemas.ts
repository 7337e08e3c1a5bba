import { z } from 'zod'
import { actNames, criterionSchema, handOverKinds, verdicts } from './act-schema.ts'
import { deliverableStates } from './course.ts'
import { deadlineKinds } from './deadlines.ts'
import { comparedFields } from './list-diff.ts'
import { deliverableSchema, gapFields, listSchema } from './list-schema.ts'
import { listStates } from './tables.ts'

const day = z.iso.date()
const instant = z.iso.datetime()
const cited = { article: z.string(), interpretation: z.string().nullable() }

const rules = z.object({
  validation: z.object({ ...cited, ballot: z.string().describe('its name'), body: z.string() }),
  acceptance: z.object({ ...cited, atLeast: z.int(), trialDays: z.int() }),
  transfer: z.object({ ...cited, withinDays: z.int().nullable() }).nullable(),
})

/** A deliverable with where it is and what is awaited. */
export const headSchema = deliverableSchema.extend({
  state: z.enum(deliverableStates),
  dropped: z.boolean().describe('whether the list in force knows it no more'),
  deadlines: z.array(
    z.object({ ...cited, kind: z.enum(deadlineKinds), party: z.string(), by: day, late: z.boolean() }),
  ),
  late: z.boolean(),
  deliveredOn: day.nullable(),
  satisfied: z
    .array(z.string())
    .describe('pilot institutions that recorded satisfactory operation, reservations lifted'),
  acceptedOn: day.nullable(),
  acceptedBy: z.array(z.string()),
  received: z.array(z.string()).describe('parties that confirmed all that was handed over to them'),
  transferredOn: day.nullable(),
})

const version = z.object({
  number: z.int(),
  state: z.enum(listStates),
  deliverables: z.int(),
  savedAt: instant,
  submittedAt: instant.nullable(),
  decidedOn: day.nullable(),
  decision: z.string().nullable().describe('its number'),
})

export const deliverablesSchema = z.object({
  today: day,
  rules,
  everything: z.boolean().describe('false for those who sit for contractors alone: they see what these own'),
  list: version.nullable().describe('in force'),
  perimeter: listSchema.shape.perimeter.nullable(),
  deliverables: z.array(headSchema),
  versions: z.array(version),
  pending: version
    .extend({
      revision: z.int(),
      content: listSchema,
      gaps: z.array(z.object({ deliverable: z.string().nullable(), field: z.enum(gapFields) })),
      agenda: z.object({ meetingId: z.uuid(), meeting: z.string(), startsAt: instant }).nullable(),
    })
    .nullable(),
  meetings: z.array(z.object({ id: z.uuid(), title: z.string(), startsAt: instant })),
})

const lines = z.object({ added: z.array(z.string()), removed: z.array(z.string()) })
const changes = z.array(
  z.object({ field: z.enum(comparedFields), before: z.array(z.string()), after: z.array(z.string()) }),
)
const change = z.enum(['added', 'removed', 'changed'])

export const listVersionSchema = z.object({
  version,
  content: listSchema,
  against: version.nullable(),
  diff: z
    .object({
      included: lines,
      excluded: lines,
      deliverables: z.array(z.object({ key: z.string(), title: z.string(), kind: change, changes })),
    })
    .nullable(),
})

export const courseSchema = headSchema.extend({
  today: day,
  rules,
  list: z.int().describe('number of the list in force'),
  deliveries: z.array(
    z.object({
      on: day,
      version: z.string(),
      link: z.string().nullable(),
      notes: z.string(),
      papers: z.array(z.object({ id: z.uuid(), name: z.string(), size: z.int(), sha256: z.string() })),
      trials: z.array(
        z.object({
          institution: z.string(),
          begunOn: day,
          endedOn: day.nullable(),
          verdict: z.enum(verdicts).nullable(),
          criteria: z.array(criterionSchema),
          reservations: z.array(
            z.object({ text: z.string(), criterion: z.int().nullable(), liftedOn: day.nullable(), note: z.string() }),
          ),
          note: z.string(),
          counts: z.boolean().describe('false for a record on criteria that the list has changed since'),
        }),
      ),
    }),
  ),
  handOvers: z.array(
    z.object({
      on: day,
      what: z.enum(handOverKinds),
      title: z.string(),
      to: z.string(),
      materials: z.string(),
      link: z.string().nullable(),
      confirmedOn: day.nullable(),
      note: z.string(),
    }),
  ),
  wording: z.array(z.object({ list: z.int(), decidedOn: day.nullable(), kind: change, changes })),
  acts: z.array(
    z.object({
      act: z.enum(actNames),
      on: day,
      party: z.string().nullable(),
      list: z.int(),
      version: z.int().describe('of the agreement'),
      recordedAt: instant,
    }),
  ),
  yours: z.object({
    deliver: z.boolean(),
    addPaper: z.boolean(),
    beginTrial: z.array(z.string()),
    endTrial: z.array(z.string()),
    liftReservation: z.array(z.object({ institution: z.string(), reservation: z.int(), text: z.string() })),
    handOver: z.boolean(),
    confirmHandOver: z.array(z.object({ handOver: z.int(), to: z.string(), title: z.string() })),
  }),
})
