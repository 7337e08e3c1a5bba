import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findEstablishmentCard, findGroupCard, searchEstablishments } from './organisations.ts'
import { groupSchema, nameSchema, organisationSchema } from './people.routes.ts'
import { becauseCodes } from './visibility.ts'

const level = organisationSchema.shape.level
const named = z.object({ id: z.uuid(), name: z.string() })

const establishmentsPage = z.object({
  establishments: z.array(
    z.object({
      id: z.uuid(),
      uai: z.string().nullable(),
      name: z.string(),
      level,
      typeLabel: z.string().nullable(),
      postalCode: z.string().nullable(),
      town: z.string().nullable(),
      territory: named.nullable(),
    }),
  ),
  next: z.string().nullable().describe('to be given as `after`; null on the last page'),
})

const establishmentCard = z.object({
  id: z.uuid(),
  uai: z.string().nullable(),
  siren: z.string().nullable(),
  name: z.string(),
  level,
  typeLabel: z.string().nullable(),
  academyCode: z.string().nullable(),
  street: z.string().nullable(),
  postalCode: z.string().nullable(),
  town: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  goneOn: z.iso.date().nullable(),
  territory: named.nullable(),
  partner: named.nullable().describe('the public body that answers for the territory'),
  schoolYear: z.object({ startYear: z.number().int() }).nullable(),
  heads: z.array(nameSchema),
  withheld: z
    .array(z.enum(['counts', 'otherClasses']))
    .describe('`counts`: figures; `otherClasses`: classes that are neither the viewer’s nor their children’s'),
  counts: z
    .array(z.object({ profile: z.string(), people: z.number().int() }))
    .describe('how many people have each profile'),
  levels: z
    .array(z.object({ name: z.string().nullable(), pupils: z.number().int() }))
    .describe('how many pupils follow each level this school year; null: no feed tells which'),
  classes: z.array(groupSchema.omit({ establishment: true }).extend({ pupils: z.number().int().nullable() })),
})

const because = z.array(z.enum(becauseCodes))
const groupCard = groupSchema.extend({
  schoolYear: z.object({ startYear: z.number().int() }),
  withheld: z.array(z.enum(['count', 'members'])).describe('`members`: those listed are not all there are'),
  count: z.number().int().nullable(),
  pupils: z.array(nameSchema.extend({ because })),
  teachers: z.array(nameSchema.extend({ because, subjects: z.array(z.string()), mainTeacher: z.boolean() })),
})

const byId = z.object({ id: z.uuid() })

/** Establishments and classes, within what the viewer may see. */
export function registerOrganisations(app: App, services: Services): void {
  app.get(
    '/api/directory/establishments',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'searchEstablishments',
        summary: 'Establishments the viewer sees, by name, town or UAI',
        querystring: z.object({
          q: z.string().max(100).default(''),
          after: z.string().max(600).optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: { 200: establishmentsPage },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, (tx) => searchEstablishments(tx, actor, request.query))
    },
  )

  app.get(
    '/api/directory/establishments/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getEstablishment',
        summary: 'The card of an establishment: identity, heads, head-counts, classes',
        params: byId,
        querystring: z.object({
          year: z.coerce.number().int().optional().describe('another school year, for who prepares it or looks back'),
        }),
        response: { 200: establishmentCard },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const found = await inTenant(services.db, actor.tenantId, (tx) =>
        findEstablishmentCard(tx, actor, request.params.id, request.query.year),
      )
      if (!found) throw new Problem(404, 'establishment_not_found', 'No establishment you can see has this identifier.')
      return found
    },
  )

  app.get(
    '/api/directory/classes/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getClass',
        summary: 'The members and the teaching team of a class or group, as far as the viewer sees them',
        params: byId,
        response: { 200: groupCard },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const found = await inTenant(services.db, actor.tenantId, (tx) => findGroupCard(tx, actor, request.params.id))
      if (!found) throw new Problem(404, 'class_not_found', 'No class you can see has this identifier.')
      return found
    },
  )
}
