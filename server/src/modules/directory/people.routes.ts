import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findPersonCard, listPersonAudit } from './people.ts'

import { searchPeople } from './people-search.ts'
import { sourceKinds } from './tables.ts'
import { becauseCodes, cardFields } from './visibility.ts'

const day = z.iso.date()
export const profileSchema = z.enum([
  'pupil',
  'guardian',
  'teacher',
  'head',
  'schoolLife',
  'documentation',
  'staff',
  'localAuthority',
])
const because = z.array(z.enum(becauseCodes)).describe('why the viewer sees this person, strongest reason first')
export const nameSchema = z.object({ id: z.uuid(), familyName: z.string(), givenName: z.string() })
export const organisationSchema = z.object({
  id: z.uuid(),
  kind: z.enum(['territory', 'partner', 'establishment']),
  name: z.string(),
  level: z.enum(['primary', 'lowerSecondary', 'upperSecondary', 'higher']).nullable(),
  uai: z.string().nullable(),
  town: z.string().nullable(),
})
export const affiliationSchema = z.object({ profile: profileSchema, organisation: organisationSchema.nullable() })
export const groupSchema = z.object({
  id: z.uuid(),
  kind: z.enum(['class', 'group']),
  code: z.string(),
  name: z.string(),
  establishment: z.object({ id: z.uuid(), name: z.string() }),
})
const legalStatus = z.enum(['legal', 'inCharge', 'none'])
const relation = z.object({
  person: nameSchema,
  linkCode: z.string().describe('relation code of the feed: 10 mother, 20 father, 50 tutor…'),
  legalStatus,
  pays: z.boolean(),
  contact: z.boolean(),
  financial: z.boolean(),
})

const searchQuery = z.object({
  q: z.string().max(100).default('').describe('beginnings of family or given names, in any order, accents or not'),
  establishment: z.uuid().optional(),
  class: z.uuid().optional().describe('a class or a group'),
  profile: profileSchema.optional(),
  after: z.string().max(600).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(50).default(20),
})
const searchPage = z.object({
  people: z.array(
    nameSchema.extend({
      affiliations: z.array(affiliationSchema),
      classes: z.array(z.object({ id: z.uuid(), name: z.string() })).describe("a pupil's classes, without groups"),
      because,
    }),
  ),
  next: z.string().nullable().describe('to be given as `after`; null on the last page'),
})

const card = nameSchema.extend({
  title: z.string().nullable(),
  because,
  withheld: z.array(z.enum(cardFields)).describe('what the viewer may not see; empty here whether it exists or not'),
  affiliations: z.array(affiliationSchema),
  functions: z.array(
    z.object({
      organisation: z.object({ id: z.uuid(), name: z.string() }),
      profile: profileSchema,
      code: z.string(),
      label: z.string().nullable(),
      disciplineLabel: z.string().nullable(),
    }),
  ),
  classes: z.array(groupSchema).describe('classes and groups a pupil belongs to this school year'),
  teachings: z.array(z.object({ group: groupSchema, subjects: z.array(z.string()), mainTeacher: z.boolean() })),
  guardians: z.array(relation),
  children: z.array(relation),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  mobile: z.string().nullable(),
  workPhone: z.string().nullable(),
  address: z
    .object({
      street: z.string().nullable(),
      postalCode: z.string().nullable(),
      town: z.string().nullable(),
      country: z.string().nullable(),
    })
    .nullable(),
  bornOn: day.nullable(),
  otherGivenNames: z.string().nullable(),
  birthFamilyName: z.string().nullable(),
  goneOn: day.nullable().describe('day from which no source knows the person any more'),
  sources: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(sourceKinds),
        academyCode: z.string().nullable(),
        record: z.enum(['pupil', 'guardian', 'staff']),
        externalId: z.string(),
        lastSeenAt: z.date().nullable().describe('when the last feed that holds the person was applied'),
      }),
    )
    .describe('where this comes from; for administrators'),
})

const audit = z.object({
  entries: z.array(
    z.object({
      id: z.uuid(),
      recordedAt: z.date(),
      action: z.string(),
      by: z.enum(['system', 'self', 'person']),
      actor: nameSchema.nullable().describe('null for the system, and for someone the viewer does not see'),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
})

const byId = z.object({ id: z.uuid() })
const absent = () => new Problem(404, 'person_not_found', 'Nobody you can see has this identifier.')

/** Search and cards of people, within what the viewer may see. */
export function registerPeople(app: App, services: Services): void {
  app.get(
    '/api/directory/people',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'searchPeople',
        summary: 'People by the beginnings of their names, among those the viewer sees',
        querystring: searchQuery,
        response: { 200: searchPage },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, (tx) => searchPeople(tx, actor, request.query))
    },
  )

  app.get(
    '/api/directory/people/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getPerson',
        summary: 'The card of a person, as far as the viewer may see it',
        params: byId,
        response: { 200: card },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const found = await inTenant(services.db, actor.tenantId, (tx) => findPersonCard(tx, actor, request.params.id))
      if (!found) throw absent()
      return found
    },
  )

  app.get(
    '/api/directory/people/:id/audit',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listPersonAudit',
        summary: 'What was done to a person’s account and record: for administrators and for the person',
        params: byId,
        response: { 200: audit },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const entries = await inTenant(services.db, actor.tenantId, (tx) => listPersonAudit(tx, actor, request.params.id))
      if (!entries) throw absent()
      return { entries }
    },
  )
}
