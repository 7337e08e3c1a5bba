import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

const base = '/api/governance/agreements/{slug}/amendments'
export type Amendment = ApiPaths[`${typeof base}/{number}`]['get']['responses'][200]['content']['application/json']

export type CarryingOver =
  ApiPaths[`${typeof base}/{number}/carrying-over`]['get']['responses'][200]['content']['application/json']

export const amendmentsQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'amendments'],
    queryFn: () => read(api.GET(base, { params: { path: { slug } } })),
  })

export const amendmentQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: ['governance', slug, 'amendments', number],
    queryFn: () => read(api.GET(`${base}/{number}`, { params: { path: { slug, number } } })),
  })

export const carryingOverQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: ['governance', slug, 'amendments', number, 'carrying-over'],
    queryFn: () => read(api.GET(`${base}/{number}/carrying-over`, { params: { path: { slug, number } } })),
  })
