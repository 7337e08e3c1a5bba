import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, read } from '../../../api/client.ts'
import type { paths as ApiPaths } from '../../../api/schema.d.ts'
import { useFilters } from '../../../shell/filters.ts'
import { useAgreementSlug } from '../governance.ts'

type Answer<Path extends keyof ApiPaths> = ApiPaths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } }
}
  ? Body
  : never

export type Budget = Answer<'/api/governance/agreements/{slug}/money'>
export type Orders = Answer<'/api/governance/agreements/{slug}/money/orders'>
export type Order = Orders['orders'][number]
export type Bill = Answer<'/api/governance/agreements/{slug}/money/bills'>['bills'][number]
export type Advance = Answer<'/api/governance/agreements/{slug}/money/advances'>['advances'][number]
export type Staff = Answer<'/api/governance/agreements/{slug}/money/claims'>

/** Everything about the money of an agreement; an act makes it all be read again. */
export const moneyKey = (slug: string) => ['governance', slug, 'money']

export const budgetQuery = (slug: string, exercise?: string) =>
  queryOptions({
    queryKey: [...moneyKey(slug), 'budget', exercise ?? ''],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/money', {
          params: { path: { slug }, query: exercise ? { exercise } : {} },
        }),
      ),
  })

/** The accounts of the exercise in the address, or of the one of today. */
export function useBudget() {
  const [filters] = useFilters()
  return useQuery(budgetQuery(useAgreementSlug(), filters.get('exercise') ?? undefined))
}

/** How parties are called. */
export function useNames(): (party: string) => string {
  const { data } = useQuery(budgetQuery(useAgreementSlug()))
  return (party) => data?.parties.find(({ key }) => key === party)?.name ?? party
}

/** `1 234,56` is `123456` cents; undefined for what is not an amount. */
export function parseEuros(text: string): string | undefined {
  const match = /^(\d{1,11})(?:[.,](\d{1,2}))?$/.exec(text.replaceAll(/[\s\u00a0\u202f€]/g, ''))
  if (!match) return undefined
  return String(BigInt(match[1]! + (match[2] ?? '').padEnd(2, '0')))
}

/** Sum of cents told as texts. */
export const sumCents = (cents: (string | null)[]): string =>
  String(cents.reduce((so, each) => so + BigInt(each ?? '0'), 0n))
