import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../../api/client.ts'
import { moneyKey } from './money.ts'

export const headCountsQuery = (slug: string) =>
  queryOptions({
    queryKey: [...moneyKey(slug), 'head-counts'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}/head-counts', { params: { path: { slug } } })),
  })

/** Establishments of a head-count; of one party when it is given. */
export const establishmentsQuery = (slug: string, id: string, party: string) =>
  queryOptions({
    queryKey: [...moneyKey(slug), 'head-counts', id, party],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/head-counts/{id}', {
          params: { path: { slug, id }, query: party === '' ? {} : { party } },
        }),
      ),
    enabled: id !== '',
  })
