import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inStanding } from '../standing.ts'
import { listAnswer, serviceAnswer } from './service-answers.ts'
import { describeService, describeServices } from './service-view.ts'
import { registerService } from './services.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const text = z.string().trim().min(1).max(20_000)
/** What is told of a service, by a page or by a command. */
export const newService = z.strictObject({
  name: z.string().trim().min(1).max(150),
  purpose: text.describe('the problem it solves'),
  audience: text.describe('for whom'),
  owner: z.string().max(80).describe('key of the party'),
  beganOn: z.iso.date(),
  phase: z.string().max(80).describe('key of the phase'),
})
const base = '/api/governance/agreements/:slug/services'

/** Public digital services under an agreement, and the course of each. */
export function registerServices(app: App, services: Services): void {
  app.get(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listDigitalServices',
        summary: 'The services of an agreement that the reader may read of, and what it asks of them',
        params: bySlug,
        response: { 200: listAnswer },
      },
    },
    (request) => inStanding(services, request, describeServices),
  )

  app.post(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'registerDigitalService',
        summary: 'Registers a service, in the phase in which it is',
        params: bySlug,
        body: newService,
        response: { 201: z.object({ number: z.int() }) },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => registerService(tx, standing, request.body, now)),
        ),
  )

  app.get(
    `${base}/:number`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getDigitalService',
        summary: 'A service, its course, who hears of it, its dossiers and their measures',
        params: bySlug.extend({ number: z.coerce.number().int().min(1).max(1_000_000) }),
        response: { 200: serviceAnswer },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => describeService(tx, standing, request.params.number)),
  )
}
