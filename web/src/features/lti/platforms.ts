import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

export type Platforms = ApiPaths['/api/lti/platforms']['get']['responses'][200]['content']['application/json']
export type Platform = Platforms['platforms'][number]
export type PlatformDetails =
  ApiPaths['/api/lti/platforms/{id}']['get']['responses'][200]['content']['application/json']
export type PlatformSettings = NonNullable<
  ApiPaths['/api/lti/platforms']['post']['requestBody']
>['content']['application/json']

export const platformsQuery = queryOptions({
  queryKey: ['lti', 'platforms'],
  queryFn: () => read(api.GET('/api/lti/platforms')),
})

export const platformQuery = (id: string) =>
  queryOptions({
    queryKey: ['lti', 'platforms', id],
    queryFn: () => read(api.GET('/api/lti/platforms/{id}', { params: { path: { id } } })),
    // Launches come while one looks.
    refetchInterval: 15_000,
  })
