import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, read } from '../../../api/client.ts'
import type { paths as ApiPaths } from '../../../api/schema.d.ts'
import { useAgreementSlug } from '../governance.ts'

const base = '/api/governance/agreements/{slug}/deliverables'

export type Deliverables = ApiPaths[typeof base]['get']['responses'][200]['content']['application/json']
export type DeliverableHead = Deliverables['deliverables'][number]
export type ListContent = NonNullable<Deliverables['pending']>['content']
export type Definition = ListContent['deliverables'][number]
/** A deliverable with its course. */
export type Deliverable = ApiPaths[`${typeof base}/of/{key}`]['get']['responses'][200]['content']['application/json']
export type Trial = Deliverable['deliveries'][number]['trials'][number]
export type ListVersion =
  ApiPaths[`${typeof base}/lists/{number}`]['get']['responses'][200]['content']['application/json']
export type Changes = Deliverable['wording'][number]['changes']
export type DeliverableAct = NonNullable<
  ApiPaths[`${typeof base}/of/{key}/acts`]['post']['requestBody']
>['content']['application/json']

export const states = ['expected', 'delivered', 'onTrial', 'refused', 'accepted', 'transferred'] as const
/** What a list of deliverables did to one of them. */
export const changeTones = { added: 'success', changed: 'accent', removed: 'danger' } as const

export const kinds = ['software', 'documentation', 'data', 'service', 'training'] as const

const key = (slug: string) => ['governance', slug, 'deliverables']

export const deliverablesQuery = (slug: string) =>
  queryOptions({
    queryKey: key(slug),
    queryFn: () => read(api.GET(base, { params: { path: { slug } } })),
  })

export const deliverableQuery = (slug: string, deliverable: string) =>
  queryOptions({
    queryKey: [...key(slug), 'of', deliverable],
    queryFn: () => read(api.GET(`${base}/of/{key}`, { params: { path: { slug, key: deliverable } } })),
  })

export const listVersionQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: [...key(slug), 'lists', number],
    queryFn: () => read(api.GET(`${base}/lists/{number}`, { params: { path: { slug, number } } })),
  })

/** Does something about deliverables; everything that shows them is read again, whether it was done or refused. */
export function useDeliverables<Input, Answer>(
  act: (slug: string, input: Input) => Promise<Answer>,
  onDone?: () => void,
) {
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => act(slug, input),
    // Done once it is read again: the page that follows would act on what was before.
    onSettled: async (_answer, error) => {
      await queries.invalidateQueries({ queryKey: key(slug) })
      if (error === null) onDone?.()
    },
  })
}

/** Records an act in the course of a deliverable. */
export function useTakeAct(deliverable: string) {
  return useDeliverables((slug, body: DeliverableAct) =>
    api.POST(`${base}/of/{key}/acts`, { params: { path: { slug, key: deliverable } }, body }),
  )
}
