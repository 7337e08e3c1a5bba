import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { getTerms } from '../money/exercises.ts'
import { requestKey } from '../request-once.ts'
import { inStanding } from '../standing.ts'
import { listMembers } from '../money/weights.ts'
import { previewParts } from './change-money.ts'
import { cents, measuredResult, qualificationSchema, sheetSchema } from './change-schema.ts'
import { changeStates, changeStepNames } from './change-steps.ts'
import { describeChange, describeChanges } from './change-view.ts'
import { findSubmittedSheet, getChange, listSheets } from './changes.queries.ts'
import { requestChange } from './changes.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const byId = bySlug.extend({ id: z.uuid() })
const state = z.enum(changeStates)
const text = z.string().trim().max(20_000)

const head = z.object({
  id: z.uuid(),
  number: z.int(),
  title: z.string(),
  need: z.string(),
  requestedBy: z.string().describe('key of the party'),
  requestedAt: z.iso.datetime(),
  state,
  structuring: z.boolean().nullable().describe('null while it is not qualified'),
  next: z.array(
    z.object({
      step: z.enum(changeStepNames),
      by: z.array(z.enum(['manager', 'contractor', 'adviser', 'requester', 'payer'])),
      yours: z.boolean(),
    }),
  ),
})

const detail = head.extend({
  qualification: qualificationSchema
    .extend({
      structuring: z.boolean(),
      because: z.array(z.enum(['paid', 'wholeEstablishment', 'technicalFrame'])),
      article: z.string(),
    })
    .nullable(),
  sheets: z.array(
    z.object({
      number: z.int(),
      content: sheetSchema,
      recordedAt: z.iso.datetime(),
      submittedAt: z.iso.datetime().nullable(),
    }),
  ),
  advisers: z.array(z.string()).describe('parties whose opinion is asked'),
  opinions: z.array(
    z.object({
      party: z.string(),
      opinion: z.enum(['favourable', 'reservations', 'unfavourable', 'silence']),
      text: z.string(),
      sheet: z.int().describe('version of the sheet it is about'),
      at: z.iso.datetime(),
    }),
  ),
  steps: z.array(
    z.object({
      step: z.string(),
      state,
      party: z.string().nullable(),
      note: z.string(),
      at: z.iso.datetime(),
      version: z.int().describe('version of the agreement it was taken under'),
    }),
  ),
  path: z.array(
    z.object({
      kind: z.enum(['qualification', 'sheet', 'opinion', 'preparation', 'vote', 'assembly']),
      body: z.string().nullable(),
      earliest: z.iso.date(),
      latest: z.iso.date().nullable(),
      meetingId: z.uuid().nullable(),
      done: z.boolean(),
      article: z.string(),
      interpretation: z.string().nullable(),
    }),
  ),
  ballot: z.object({ key: z.string(), name: z.string(), body: z.string(), article: z.string() }).nullable(),
  sharing: z
    .object({
      key: z.string(),
      name: z.string(),
      among: z.enum(['everyMember', 'votersInFavour', 'oneMember', 'orderingMembers']),
      article: z.string(),
    })
    .nullable(),
  meetings: z
    .array(z.object({ id: z.uuid(), title: z.string(), startsAt: z.iso.datetime() }))
    .describe('of the body that votes, on whose agenda it may be put'),
  inFavour: z.array(z.string()).nullable(),
  committedAt: z.iso.datetime().nullable(),
  orderId: z.uuid().nullable(),
  agenda: z.array(
    z.object({
      id: z.uuid(),
      meetingId: z.uuid(),
      body: z.string(),
      meeting: z.string(),
      startsAt: z.iso.datetime(),
      state: z.enum(['draft', 'convened', 'open', 'closed', 'cancelled']),
      decisionId: z.uuid().nullable(),
      decision: z.string().nullable().describe('its number'),
      outcome: z.enum(['adopted', 'rejected', 'none']).nullable(),
    }),
  ),
  acceptance: z
    .object({ results: z.array(measuredResult), met: z.boolean(), reductionCents: cents, at: z.iso.datetime() })
    .nullable(),
})

const base = '/api/governance/agreements/:slug/changes'

/** Changes of the service, from the request to what became of them. */
export function registerChanges(app: App, services: Services): void {
  app.get(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listChanges',
        summary: 'The changes of an agreement, the newest first',
        params: bySlug,
        response: { 200: z.object({ changes: z.array(head) }) },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => ({ changes: await describeChanges(tx, standing) })),
  )

  app.post(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'requestChange',
        summary: 'Asks for a change, once for each request key',
        params: bySlug,
        body: z.object({
          requestKey,
          title: z.string().trim().min(1).max(200),
          need: text.min(1),
          party: z.string().describe('for which it is asked'),
        }),
        response: { 201: z.object({ id: z.uuid(), number: z.int() }) },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => requestChange(tx, standing, request.body, now)),
        ),
  )

  app.get(
    `${base}/:id`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getChange',
        summary: 'A change, its steps so far and those to come',
        params: byId,
        response: { 200: detail },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => describeChange(tx, standing, request.params.id)),
  )

  app.get(
    `${base}/:id/parts`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'previewChangeParts',
        summary: 'Who would pay for a change, and how much; nothing is written',
        params: byId,
        querystring: z.object({
          inFavour: z
            .string()
            .max(2_000)
            .optional()
            .describe('members taken to vote for it, by commas; all when absent'),
        }),
        response: {
          200: z.object({
            amountCents: cents,
            sharing: z
              .object({
                key: z.string(),
                name: z.string(),
                article: z.string(),
                interpretation: z.string().nullable(),
                among: z.enum(['everyMember', 'votersInFavour', 'oneMember', 'orderingMembers']),
                unit: z.enum(['thousandthsOfVoice', 'pupils', 'heads', 'ordered']),
                parts: z.array(z.object({ party: z.string(), weight: z.string(), cents })),
              })
              .nullable(),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, { agreement, today }) => {
        const change = await getChange(tx, agreement.id, request.params.id)
        const sheet = (await findSubmittedSheet(tx, change.id)) ?? (await listSheets(tx, change.id))[0]
        const amountCents = sheet?.content.amountCents ?? '0'
        const { structuring, separableTo } = change
        if (structuring === null) return { amountCents, sharing: null }
        const asked = request.query.inFavour?.split(',').filter(Boolean)
        const inFavour = asked ?? change.inFavour ?? listMembers(agreement.rules, today)
        const terms = await getTerms(tx, agreement.id, today)
        const sharing = await previewParts(
          tx,
          terms,
          { structuring, separableTo },
          BigInt(amountCents),
          inFavour,
          today,
        )
        return { amountCents, sharing: sharing ?? null }
      }),
  )
}
