import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import type { Audience } from './place.ts'

/** An identity provider as the sign-in pages show it. */
export type OfferedProvider =
  ApiPaths['/api/federation/providers']['get']['responses'][200]['content']['application/json']['providers'][number]

/** Providers of an establishment, or all of them; their state is read again every minute. */
export const providersQuery = (where: { establishment?: string; audience?: Audience } = {}) =>
  queryOptions({
    queryKey: ['providers', where],
    queryFn: () => read(api.GET('/api/federation/providers', { params: { query: where } })),
    staleTime: 60_000,
    refetchInterval: 60_000,
  })
