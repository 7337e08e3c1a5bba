import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listClassConsents } from './class-consents.ts'
import { answerQuestion, finishWelcome, listQuestions } from './consents.ts'

const words = z.object({ title: z.string(), body: z.string().describe('paragraphs parted by an empty line') })

/** What is read and chosen at the first sign-in, and changed later. */
export function registerConsents(app: App, services: Services): void {
  app.get(
    '/api/identity/consents',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listConsents',
        summary: 'The texts put to one, with one’s answers, and the children one answers for',
        response: {
          200: z.object({
            children: z.array(
              z.object({
                id: z.uuid(),
                givenName: z.string(),
                familyName: z.string(),
                places: z.array(z.string()).describe('class and establishment'),
              }),
            ),
            questions: z.array(
              z.object({
                text: z.object({
                  id: z.uuid(),
                  slug: z.string(),
                  version: z.number(),
                  kind: z.enum(['read', 'choice']),
                  wording: z.object({ fr: words, en: words }),
                }),
                childId: z.uuid().nullable(),
                answer: z
                  .object({ accepted: z.boolean(), answeredAt: z.date(), version: z.number() })
                  .nullable()
                  .describe('to the version it names: an older one asks again'),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, (tx) => listQuestions(tx, actor.personId, services.now()))
    },
  )

  app.get(
    '/api/identity/classes/:id/consents',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listClassConsents',
        summary: 'What guardians chose for the pupils of a class, for who teaches, supervises or administers them',
        params: z.object({ id: z.uuid() }),
        response: {
          200: z.object({
            texts: z.array(z.object({ id: z.uuid(), slug: z.string(), wording: z.object({ fr: words, en: words }) })),
            pupils: z.array(
              z.object({
                id: z.uuid(),
                answers: z.array(
                  z.object({
                    textId: z.uuid(),
                    agreement: z
                      .enum(['accepted', 'partly', 'refused', 'waiting'])
                      .describe('partly: some who must agree have not answered'),
                  }),
                ),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, (tx) =>
        listClassConsents(tx, actor, request.params.id, services.now()),
      )
    },
  )

  app.post(
    '/api/identity/consents',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'answerConsent',
        summary: 'Answers a text, for oneself or for a child; the former answers are kept',
        body: z.object({ textId: z.uuid(), childId: z.uuid().nullable(), accepted: z.boolean() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) => answerQuestion(tx, actor, request.body, services.now()))
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/identity/welcome',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'finishWelcome',
        summary: 'Ends the first journey, once every text is answered',
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) => finishWelcome(tx, actor, services.now()))
      return reply.status(204).send(null)
    },
  )
}
