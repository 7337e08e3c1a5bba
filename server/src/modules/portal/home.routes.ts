import { z } from 'zod'
import { listApplications } from '#modules/applications'
import { getHome, homeSchema } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'

const application = z.object({
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  url: z.string(),
  category: z.string(),
})

/** What the first page needs, in one answer: a home opens at once or not at all on opening day. */
export function registerHome(app: App, services: Services): void {
  app.get(
    '/api/portal/home',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getHome',
        summary: 'The home page of the person signed in',
        response: { 200: z.object({ directory: homeSchema, applications: z.array(application) }) },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const directory = await getHome(tx, actor)
        return { directory, applications: await listApplications(tx, directory.profiles) }
      })
    },
  )

  app.get(
    '/api/portal/appearance',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getAppearance',
        summary: 'Name and colours of the workspace',
        response: {
          200: z.object({ name: z.string(), accent: z.string(), timeZone: z.string(), demonstration: z.boolean() }),
        },
      },
    },
    async ({ tenant }) => ({
      name: tenant.name,
      accent: tenant.accent,
      timeZone: tenant.timeZone,
      demonstration: tenant.demonstration,
    }),
  )
}
