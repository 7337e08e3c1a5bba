import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { changeStates } from '../changes/change-steps.ts'
import { centsSchema } from '../money/money-access.ts'
import { inStanding } from '../standing.ts'
import { readYearlyReview } from './yearly-review.ts'

const day = z.iso.date()

/** What a school year of the consortium was: the yearly review. */
export function registerYearlyReview(app: App, services: Services): void {
  app.get(
    '/api/governance/agreements/:slug/yearly-review',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getYearlyReview',
        summary: 'A school year reviewed: meetings, what was asked for, decisions, changes, balance',
        params: z.object({ slug: z.string().max(80) }),
        querystring: z.object({ on: day.optional().describe('a day of the school year; absent: today') }),
        response: {
          200: z.object({
            today: day,
            schoolYear: z.object({ from: day, until: day }),
            version: z.int().describe('of the agreement, whose rules these are'),
            asked: z
              .object({ done: z.int(), planned: z.int(), due: z.int(), late: z.int(), missing: z.int() })
              .describe('matters of the calendar, by how they stand'),
            bodies: z.array(
              z.object({
                key: z.string(),
                shortName: z.string(),
                name: z.string(),
                article: z.string(),
                askedMeetings: z.int().describe('that must be held in the year; 0: on demand'),
                meetings: z.array(
                  z.object({
                    id: z.uuid(),
                    title: z.string(),
                    day,
                    came: z.int().describe('parties that came'),
                    of: z.int().describe('parties that sit'),
                  }),
                ),
              }),
            ),
            decisions: z.object({ adopted: z.int(), notAdopted: z.int(), opinions: z.int(), published: z.int() }),
            followUps: z
              .array(
                z.object({
                  id: z.uuid(),
                  number: z.string(),
                  body: z.string(),
                  title: z.string(),
                  decidedOn: day,
                  dueOn: day.nullable(),
                  doneOn: day.nullable(),
                  doneNote: z.string().nullable(),
                }),
              )
              .describe('decisions to be carried out, not done before the year began'),
            changes: z.array(
              z.object({
                id: z.uuid(),
                number: z.int(),
                title: z.string(),
                state: z.enum(changeStates),
                requestedOn: day,
                lastStepOn: day.nullable(),
                met: z.boolean().nullable().describe('whether the results were those expected; null: not measured'),
                reductionCents: centsSchema.nullable(),
              }),
            ),
            money: z
              .object({
                startsOn: day,
                endsOn: day,
                committedCents: centsSchema,
                costCents: centsSchema,
                regularisationCents: centsSchema,
                openCents: centsSchema.describe('billed and not paid, of all exercises'),
                bankCents: centsSchema,
                advanceCents: centsSchema,
              })
              .describe('shared orders; what a member orders for itself is not in it'),
            reviews: z.array(
              z.object({
                key: z.string(),
                name: z.string(),
                article: z.string(),
                state: z.string(),
                doneOn: day.nullable(),
                period: z.object({ from: day, until: day }),
              }),
            ),
          }),
        },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => readYearlyReview(tx, standing, request.query.on)),
  )
}
