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
  student: [
    card('pace', 'person', 'full'),
    card('activity-over-time', 'person', 'half'),
    card('regularity', 'person', 'half'),
    card('completion', 'person', 'half'),
    card('grades', 'person', 'half'),
    card('attempts', 'person', 'half'),
    card('video-rewatched', 'person', 'half'),
  ],
  teacher: [
    card('help-needed', 'named', 'full'),
    card('unique-learners', 'group', 'half'),
    card('activity-over-time', 'group', 'half'),
    card('completion', 'group', 'full'),
    card('grades', 'group', 'half'),
    card('attempts', 'group', 'half'),
    card('item-difficulty', 'group', 'full'),
    card('video-views', 'group', 'half'),
    card('video-retention', 'group', 'half'),
    card('documents', 'group', 'half'),
    card('forum', 'group', 'half'),
    card('last-seen', 'group', 'half'),
    card('regularity', 'group', 'half'),
  ],
  programme: [
    card('courses', 'group', 'full'),
    card('unique-learners', 'group', 'half'),
    card('activity-over-time', 'group', 'half'),
    card('completion', 'group', 'full'),
    card('grades', 'group', 'half'),
    card('documents', 'group', 'half'),
    card('last-seen', 'group', 'half'),
    card('regularity', 'group', 'half'),
  ],
  institution: [
    card('courses', 'group', 'full'),
    card('unique-learners', 'group', 'half'),
    card('activity-over-time', 'group', 'half'),
    card('last-seen', 'group', 'half'),
    card('regularity', 'group', 'half'),
  ],
}
