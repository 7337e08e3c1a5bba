import { z } from 'zod'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import { type App, actorOf, viewerOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { deleteDashboard, findDashboard, updateDashboard } from './dashboards.queries.ts'
import { audiences, dashboardItem, defaultDashboards } from './default-dashboards.ts'

const audienceParams = z.object({ audience: z.enum(audiences) })
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
      const items = await inTenant(services.db, viewer.tenantId, (tx) => findDashboard(tx, audience))
      return { items: items ?? defaultDashboards[audience], custom: items !== undefined }
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
      const { tenantId } = administratorOf(actorOf(request))
      return inTenant(services.db, tenantId, async (tx) => {
        const dashboards = []
        for (const audience of audiences) {
          const items = await findDashboard(tx, audience)
          dashboards.push({ audience, items: items ?? defaultDashboards[audience], custom: items !== undefined })
        }
        return { dashboards }
      })
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
        body: z.object({ items: z.array(dashboardItem).max(40) }),
        response: { 200: dashboard },
      },
    },
    async (request) => {
      const { tenantId, personId } = administratorOf(actorOf(request))
      const { audience } = request.params
      const { items } = request.body
      await inTenant(services.db, tenantId, async (tx) => {
        await updateDashboard(tx, { audience, items, updatedBy: personId }, services.now())
        await recordAudit(tx, {
          action: 'insight.dashboard_changed',
          actorPersonId: personId,
          subjectKind: 'dashboard',
          subjectId: null,
          detail: { audience, indicators: items.map(({ indicator }) => indicator) },
        })
      })
      return { items, custom: true }
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
      const { tenantId, personId } = administratorOf(actorOf(request))
      const { audience } = request.params
      await inTenant(services.db, tenantId, async (tx) => {
        await deleteDashboard(tx, audience)
        await recordAudit(tx, {
          action: 'insight.dashboard_reset',
          actorPersonId: personId,
          subjectKind: 'dashboard',
          subjectId: null,
          detail: { audience },
        })
      })
      return { items: defaultDashboards[audience], custom: false }
    },
  )
}

/**
 * Dashboards are of no establishment: whoever administers them does so over the whole workspace.
 * @throws Problem 403 `not_allowed`
 */
export function administratorOf(actor: Actor): Actor {
  const whole = actor.rights.some(
    ({ right, organisationId }) => right === 'insight.administer' && organisationId === null,
  )
  if (!whole) throw new Problem(403, 'not_allowed', 'Your rights do not include this.')
  return actor
}
