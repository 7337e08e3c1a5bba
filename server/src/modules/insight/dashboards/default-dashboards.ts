import { z } from 'zod'
import type { Audience } from '#kernel/access'

export const audiences = ['student', 'teacher', 'programme', 'institution'] as const satisfies Audience[]

/** One card of a dashboard: an indicator, as it is asked. */
export const dashboardItem = z.object({
  indicator: z.string().regex(/^[a-z][a-z0-9-]{0,79}$/),
  scope: z.enum(['group', 'person', 'named']),
  parameters: z.record(z.string().max(40), z.union([z.string().max(200), z.number()])),
  width: z.enum(['half', 'full']),
})
export type DashboardItem = z.infer<typeof dashboardItem>

const card = (indicator: string, scope: DashboardItem['scope'], width: DashboardItem['width']): DashboardItem => ({
  indicator,
  scope,
  parameters: {},
  width,
})

/** What comes with the product: few questions each, those of the moment first. */
export const defaultDashboards: Record<Audience, DashboardItem[]> = {
  student: [card('activity-over-time', 'person', 'full')],
  teacher: [card('activity-over-time', 'group', 'full')],
  programme: [card('activity-over-time', 'group', 'full')],
  institution: [card('activity-over-time', 'group', 'full')],
}
