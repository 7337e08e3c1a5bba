import { z } from 'zod'
import { type App, actorOf, viewerOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { getDashboard, listDashboards, resetDashboard, setDashboard } from './dashboards.ts'
import { audiences, dashboardItem } from './default-dashboards.ts'

const audienceParams = z.object({ audience: z.enum(audiences) })
/** What is told of a dashboard that an institution makes, by a page or by the file of a command. */
export const newDashboard = z.object({ items: z.array(dashboardItem).max(40) })
const dashboard = z.object({
  items: z.array(dashboardItem),
  custom: z.boolean().describe('false: what comes with the product'),
})

/** Of which indicators dashboards are made: read by who looks, changed by who administers them. */
export function registerDashboards(app: App, services: Services): void {
  app.get(
    '/api/insight/dashboards/:audience',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getDashboard',
        summary: 'The indicators shown to those for whom the reader looks',
        params: audienceParams,
        querystring: z.object({ as: z.enum(audiences).optional() }),
        response: { 200: dashboard },
      },
    },
    async (request) => {
      const viewer = viewerOf(request)
      const { audience } = request.params
      if (viewer.audience !== audience) throw new Problem(403, 'not_allowed', 'Your rights do not include this.')
      return inTenant(services.db, viewer.tenantId, (tx) => getDashboard(tx, audience))
    },
  )

  const config = { access: { right: 'insight.administer' } } as const

  app.get(
    '/api/insight/dashboards',
    {
      config,
      schema: {
        operationId: 'listDashboards',
        summary: 'The indicators shown to each audience',
        response: { 200: z.object({ dashboards: z.array(dashboard.extend({ audience: z.enum(audiences) })) }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      return { dashboards: await inTenant(services.db, tenantId, listDashboards) }
    },
  )

  app.put(
    '/api/insight/dashboards/:audience',
    {
      config,
      schema: {
        operationId: 'updateDashboard',
        summary: 'Chooses the indicators shown to an audience, in their order',
        params: audienceParams,
        body: newDashboard,
        response: { 200: dashboard },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      const { audience } = request.params
      const { items } = request.body
      return inTenant(services.db, tenantId, (tx) =>
        setDashboard(tx, { audience, items, by: personId }, services.now()),
      )
    },
  )

  app.delete(
    '/api/insight/dashboards/:audience',
    {
      config,
      schema: {
        operationId: 'deleteDashboard',
        summary: 'Shows an audience what comes with the product again',
        params: audienceParams,
        response: { 200: dashboard },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      const { audience } = request.params
      return inTenant(services.db, tenantId, (tx) => resetDashboard(tx, audience, personId))
    },
  )
}
