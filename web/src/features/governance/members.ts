import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { useAgreementSlug } from './governance.ts'

const base = '/api/governance/agreements/{slug}/membership'

export type Membership = ApiPaths[typeof base]['get']['responses'][200]['content']['application/json']
export type MembershipAct = Membership['acts'][number]
export type Simulation = ApiPaths[`${typeof base}/simulation`]['get']['responses'][200]['content']['application/json']

export interface Departure {
  kind: 'leaving' | 'termination'
  party: string
  notifiedOn: string
}

export const membershipQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'membership'],
    queryFn: () => read(api.GET(base, { params: { path: { slug } } })),
  })

/** What a departure would bring about; nothing is written. */
export function useSimulation(departure: Departure | undefined) {
  const slug = useAgreementSlug()
  return useQuery({
    queryKey: ['governance', slug, 'membership', 'simulation', departure],
    queryFn: () =>
      read(
        api.GET(`${base}/simulation`, {
          params: { path: { slug }, query: departure ?? { kind: 'leaving', party: '', notifiedOn: '' } },
        }),
      ),
    enabled: departure !== undefined,
    retry: false,
  })
}

/** An act on the membership; everything that shows the agreement is read again. */
export function useMembershipAct<Input, Answer>(act: (slug: string, input: Input) => Promise<Answer>) {
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => act(slug, input),
    onSettled: () => queries.invalidateQueries({ queryKey: ['governance', slug] }),
  })
}
