import { z } from 'zod'
import { type Actor, holdsOverAll } from '#kernel/access'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { cautionCodes, partCodes } from './matching-rule.ts'
import { changeThresholds, opinions, settleProposalAs } from './matching.ts'
import { getThresholds } from './matching.queries.ts'
import { undoMergeAs } from './merges.ts'
import { nameSchema, profileSchema } from '../people.routes.ts'
import { countProposals, type Judge, listMerges, listProposals, toJudge } from './proposals.queries.ts'
import { proposalStates, sourceKinds } from '../tables.ts'

const byId = z.object({ id: z.uuid() })
const points = z.number().int()
const record = z.enum(['pupil', 'guardian', 'staff'])
const parts = z
  .array(z.object({ code: z.enum(partCodes), points, left: z.string(), right: z.string() }))
  .describe('what agrees, and below zero what differs, with what each of the two bears')

const proposedPerson = nameSchema.extend({
  birthFamilyName: z.string().nullable(),
  otherGivenNames: z.string().nullable(),
  title: z.string().nullable(),
  bornOn: z.iso.date().nullable(),
  email: z.string().nullable(),
  phones: z.array(z.string()),
  street: z.string().nullable(),
  postalCode: z.string().nullable(),
  town: z.string().nullable(),
  goneOn: z.iso.date().nullable(),
  kinds: z.array(record),
  places: z.array(z.object({ profile: profileSchema, name: z.string(), town: z.string().nullable() })),
  classes: z.array(z.string()),
  sources: z.array(z.object({ name: z.string(), kind: z.enum(sourceKinds), record })),
  relatives: z.array(nameSchema).describe('guardians of a pupil, children of a guardian'),
})

export const thresholdsSchema = z
  .object({
    automatic: points.min(1).max(1000).describe('points from which two people are merged at once'),
    review: points.min(1).max(1000).describe('points from which they are proposed'),
  })
  .refine(({ automatic, review }) => review <= automatic, { path: ['review'], message: 'above automatic' })

const proposals = z.object({
  proposals: z.array(
    z.object({
      id: z.uuid(),
      points,
      state: z.enum(proposalStates),
      foundAt: z.date(),
      parts,
      cautions: z.array(z.enum(cautionCodes)).describe('why it is asked though its points would do'),
      left: proposedPerson.describe('the older identifier: the one that is kept'),
      right: proposedPerson,
    }),
  ),
  next: z.string().nullable().describe('to be given as `after`; null on the last page'),
  counts: z.object({ open: points, later: points, never: points }),
  thresholds: thresholdsSchema,
  mayChangeThresholds: z.boolean(),
})

const actorName = z.object({ givenName: z.string(), familyName: z.string() }).nullable()
const merges = z.object({
  merges: z.array(
    z.object({
      id: z.uuid(),
      keptId: z.uuid(),
      mergedId: z.uuid(),
      kept: nameSchema.nullable(),
      merged: nameSchema.nullable(),
      points: points.nullable(),
      parts,
      mergedAt: z.date(),
      mergedBy: actorName.describe('null: by its score alone, or a command'),
      undoneAt: z.date().nullable(),
      undoneBy: actorName,
      undoable: z.boolean(),
    }),
  ),
  next: z.string().nullable(),
})

/** People who may be one: proposals, opinions, merges, thresholds. */
export function registerMatching(app: App, services: Services): void {
  app.get(
    '/api/directory/matching/proposals',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listMatchProposals',
        summary: 'Pairs of people who may be one, within what one administers, the most certain first',
        querystring: z.object({
          state: z.enum(['open', 'later', 'never']).default('open'),
          after: z.string().max(600).optional(),
          limit: z.coerce.number().int().min(1).max(50).default(20),
        }),
        response: { 200: proposals },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const judge = judgeOf(actor)
      return inTenant(services.db, actor.tenantId, async (tx) => ({
        ...(await listProposals(tx, judge, request.query)),
        counts: await countProposals(tx, judge),
        thresholds: await getThresholds(tx),
        mayChangeThresholds: holdsOverAll(actor, 'directory.administer'),
      }))
    },
  )

  app.post(
    '/api/directory/matching/proposals/:id/settle',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'settleMatchProposal',
        summary: 'Says of two people that they are one, are two for good, are to be seen later, or are open again',
        params: byId,
        body: z.object({ opinion: z.enum(opinions) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      judgeOf(actor)
      await inTenant(services.db, actor.tenantId, (tx) =>
        settleProposalAs(services, tx, actor, { id: request.params.id, opinion: request.body.opinion }),
      )
      return reply.status(204).send(null)
    },
  )

  app.get(
    '/api/directory/matching/merges',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listMerges',
        summary: 'People made one, within what one administers, the last first',
        querystring: z.object({
          after: z.string().max(600).optional(),
          limit: z.coerce.number().int().min(1).max(100).default(30),
        }),
        response: { 200: merges },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const judge = judgeOf(actor)
      return inTenant(services.db, actor.tenantId, (tx) => listMerges(tx, judge, request.query))
    },
  )

  app.post(
    '/api/directory/matching/merges/:id/undo',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'undoMerge',
        summary: 'Makes two people of one again, however long ago they were merged',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      judgeOf(actor)
      await inTenant(services.db, actor.tenantId, (tx) => undoMergeAs(services, tx, actor, request.params.id))
      return reply.status(204).send(null)
    },
  )

  app.put(
    '/api/directory/matching/thresholds',
    {
      config: { access: { right: 'directory.administer' } },
      schema: {
        operationId: 'updateMatchThresholds',
        summary: 'Changes from how many points people are merged or proposed; for who administers everyone',
        body: thresholdsSchema,
        response: { 200: thresholdsSchema },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const { tenantId, personId } = actor
        await changeThresholds(services, tx, { tenantId, thresholds: request.body, by: personId })
        return request.body
      })
    },
  )
}

const refusal = () => new Problem(403, 'not_allowed', 'Your rights do not include this.')

/** @throws Problem 403 `not_allowed`. */
function judgeOf(actor: Actor): Judge {
  const judge = toJudge(actor)
  if (!judge) throw refusal()
  return judge
}
