import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

/** What an agreement asks for in a school year. */
export type Calendar =
  ApiPaths['/api/governance/agreements/{slug}/calendar']['get']['responses'][200]['content']['application/json']
export type CalendarEntry = Calendar['entries'][number]

/** @param on a day of the school year; undefined for the one in course */
export const calendarQuery = (slug: string, on: string | undefined) =>
  queryOptions({
    queryKey: ['governance', slug, 'calendar', on],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/calendar', {
          params: { path: { slug }, query: on === undefined ? {} : { on } },
        }),
      ),
  })

/** Months of a school year, `YYYY-MM`. */
export function listMonths(from: string): string[] {
  const [year = 0, month = 1] = from.split('-').map(Number)
  return Array.from({ length: 12 }, (_, index) =>
    new Date(Date.UTC(year, month - 1 + index, 1)).toISOString().slice(0, 7),
  )
}
