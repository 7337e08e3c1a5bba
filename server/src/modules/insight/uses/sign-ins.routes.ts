import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { listDailySignIns } from './sign-ins.queries.ts'

export function registerSignIns(app: App, services: Services): void {
  app.get(
    '/api/insight/sign-ins',
    {
      config: { access: { right: 'instance.operate' } },
      schema: {
        operationId: 'listSignIns',
        summary: 'Sign-ins and different visitors of the last days',
        querystring: z.object({ days: z.coerce.number().int().min(1).max(400).default(14) }),
        response: {
          200: z.object({
            days: z.array(z.object({ day: z.string(), signIns: z.number(), visitors: z.number() })),
          }),
        },
      },
    },
    async (request) => ({
      days: await listDailySignIns(
        await services.clickhouse(),
        actorOf(request).tenantId,
        request.tenant.timeZone,
        request.query.days,
      ),
    }),
  )
}
