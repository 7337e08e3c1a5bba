import { notifyManager, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, ApiProblem, read } from './client.ts'
import type { paths as ApiPaths } from './schema.d.ts'

/** What the server said is kept half a minute; a refusal is not asked again, a network failure twice. */
export function createQueryClient(): QueryClient {
  // Before the next press: a button pressed twice in a row knows the second time that it is busy.
  notifyManager.setScheduler(queueMicrotask)
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session ended meanwhile: asking who is signed in leads to the sign-in page.
        if (error instanceof ApiProblem && error.status === 401)
          void client.invalidateQueries({ queryKey: ['session'] })
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status < 502),
      },
    },
  })
  return client
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => read(api.GET('/api/identity/session')),
  staleTime: 300_000,
})

export const appearanceQuery = queryOptions({
  queryKey: ['appearance'],
  queryFn: () => read(api.GET('/api/portal/appearance')),
  staleTime: Number.POSITIVE_INFINITY,
})

export type Home = ApiPaths['/api/portal/home']['get']['responses'][200]['content']['application/json']

export const homeQuery = queryOptions({
  queryKey: ['home'],
  queryFn: () => read(api.GET('/api/portal/home')),
})

/** The newest imports of the directory; for holders of `directory.import` only. */
export const latestImportsQuery = queryOptions({
  queryKey: ['imports', 'lately'],
  queryFn: () => read(api.GET('/api/directory/imports', { params: { query: { limit: 5 } } })),
})

/** What is wrong with the feeds and waits for somebody; for holders of `directory.import` only. */
export const feedAlertsQuery = queryOptions({
  queryKey: ['feed-alerts', 'open'],
  queryFn: () => read(api.GET('/api/directory/feed-alerts')),
  refetchInterval: 60_000,
})

/** The school years the directory knows, newest first. */
export const schoolYearsQuery = queryOptions({
  queryKey: ['school-years'],
  queryFn: () => read(api.GET('/api/directory/school-years')),
})

/** As whom somebody signed in may look at dashboards. */
export const audiencesQuery = queryOptions({
  queryKey: ['insight', 'audiences'],
  queryFn: () => read(api.GET('/api/insight/audiences')),
  staleTime: 300_000,
})

/** The agreements that somebody signed in takes part in. */
export const agreementsQuery = queryOptions({
  queryKey: ['governance', 'agreements'],
  queryFn: () => read(api.GET('/api/governance/agreements')),
  staleTime: 300_000,
})
