import { queryOptions, useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

export type Agreement =
  ApiPaths['/api/governance/agreements/{slug}']['get']['responses'][200]['content']['application/json']

export const agreementQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'card'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}', { params: { path: { slug } } })),
    staleTime: 60_000,
  })

/** Name of the agreement in the address. */
export function useAgreementSlug(): string {
  const { agreement } = useParams()
  if (agreement === undefined) throw new Error('This page stands under the address of an agreement.')
  return agreement
}

/** The agreement in the address. */
export function useAgreement() {
  return useQuery(agreementQuery(useAgreementSlug()))
}
