import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

type Answer<Path extends keyof ApiPaths> = ApiPaths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Content } } } }
}
  ? Content
  : never

export type Trace = Answer<'/api/insight/own/traces'>['traces'][number]
export type Register = Answer<'/api/insight/register'>
export type Erasure = Answer<'/api/insight/erasures'>['erasures'][number]

export const looksQuery = queryOptions({
  queryKey: ['insight', 'own', 'looks'],
  queryFn: () => read(api.GET('/api/insight/own/looks')),
})
export const followUpsQuery = queryOptions({
  queryKey: ['insight', 'own', 'follow-ups'],
  queryFn: () => read(api.GET('/api/insight/own/follow-ups')),
})
export const objectionQuery = queryOptions({
  queryKey: ['insight', 'own', 'objection'],
  queryFn: () => read(api.GET('/api/insight/own/objection')),
})
export const plansQuery = queryOptions({
  queryKey: ['insight', 'own', 'plans'],
  queryFn: () => read(api.GET('/api/insight/own/plans')),
})
export const registerQuery = queryOptions({
  queryKey: ['insight', 'register'],
  queryFn: () => read(api.GET('/api/insight/register')),
})
export const erasuresQuery = queryOptions({
  queryKey: ['insight', 'erasures'],
  queryFn: () => read(api.GET('/api/insight/erasures')),
})

/** What was typed into a field of a form. */
export function readField(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value.trim() : ''
}
