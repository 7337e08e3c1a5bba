import { z } from 'zod'
import { listManagedEstablishments, listOrganisationNamesOf } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { grantRightAs, listDelegableRights, listGrantsAs, listGrantsOverAs, withdrawRightAs } from './rights.ts'
import { rightSchema } from '../sign-in/sessions.routes.ts'

const grantSchema = z.object({
  id: z.uuid(),
  personId: z.uuid(),
  right: rightSchema,
  organisationId: z.uuid().nullable().describe('perimeter; null for the whole workspace'),
  startsOn: z.iso.date(),
  endsOn: z.iso.date().nullable().describe('last day, included'),
  grantedBy: z.uuid().nullable().describe('person who gave it; null for an operator’s command'),
})
const name = z.object({ id: z.uuid(), givenName: z.string(), familyName: z.string() })
const namedGrants = z.object({
  rights: z.array(
    grantSchema.extend({
      person: name.nullable(),
      organisationName: z.string().nullable(),
      grantedByName: name.omit({ id: true }).nullable(),
      withdrawable: z.boolean().describe('whether the reader may withdraw it'),
    }),
  ),
})
const byId = z.object({ id: z.uuid() })

/** Delegated administration: who has which right, where and until when. */
export function registerRights(app: App, services: Services): void {
  app.get(
    '/api/identity/perimeter',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getPerimeter',
        summary: 'The establishments one manages, and the rights one may give',
        querystring: z.object({ q: z.string().max(100).default('') }),
        response: {
          200: z.object({
            establishments: z
              .array(
                z.object({ id: z.uuid(), name: z.string(), uai: z.string().nullable(), town: z.string().nullable() }),
              )
              .describe('the first fifty that match'),
            delegable: z.array(
              z.object({
                right: rightSchema,
                organisationId: z.uuid().nullable(),
                organisationName: z.string().nullable(),
                endsOn: z.iso.date().nullable().describe('last day for which it may be given'),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const delegable = await listDelegableRights(tx, actor, services.now())
        const names = await listOrganisationNamesOf(
          tx,
          delegable.flatMap(({ organisationId }) => organisationId ?? []),
        )
        const establishments = await listManagedEstablishments(tx, actor, { q: request.query.q, limit: 50 })
        return {
          establishments: establishments.map((each) => ({
            id: each.id,
            name: each.name,
            uai: each.uai,
            town: each.town,
          })),
          delegable: delegable.map((each) => ({
            ...each,
            organisationName: names.find(({ id }) => id === each.organisationId)?.name ?? null,
          })),
        }
      })
    },
  )

  app.get(
    '/api/identity/people/:id/rights',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listRights',
        summary: 'Rights a person has or will have',
        params: byId,
        response: { 200: namedGrants },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => ({
        rights: await listGrantsAs(tx, actor, request.params.id, services.now()),
      }))
    },
  )

  app.get(
    '/api/identity/organisations/:id/rights',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listRightsOver',
        summary: 'Who holds rights over an organisation one manages: over it, above it, or over everything',
        params: byId,
        response: { 200: namedGrants },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => ({
        rights: await listGrantsOverAs(tx, actor, request.params.id, services.now()),
      }))
    },
  )

  app.post(
    '/api/identity/rights',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'grantRight',
        summary: 'Gives a right one holds, no wider and no longer, to somebody one manages',
        body: z.object({
          personId: z.uuid(),
          right: rightSchema,
          organisationId: z.uuid().nullable(),
          startsOn: z.iso.date().optional().describe('today when absent'),
          endsOn: z.iso.date().nullable().optional(),
        }),
        response: { 201: grantSchema },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const grant = await inTenant(services.db, actor.tenantId, (tx) =>
        grantRightAs(tx, actor, request.body, services.now()),
      )
      return reply.status(201).send(grant)
    },
  )

  app.delete(
    '/api/identity/rights/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'withdrawRight',
        summary: 'Withdraws a right one could have given, at once',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) => withdrawRightAs(tx, actor, request.params.id, services.now()))
      return reply.status(204).send(null)
    },
  )
}
