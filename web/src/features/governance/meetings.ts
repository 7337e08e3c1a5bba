import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { useAgreementSlug } from './governance.ts'

const base = '/api/governance/agreements/{slug}'
type Get<Path extends keyof ApiPaths> = ApiPaths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Answer } } } }
}
  ? Answer
  : never
export type BodyLine = Get<`${typeof base}/bodies`>['bodies'][number]
export type Body = Get<`${typeof base}/bodies/{body}`>
export type Meeting = Get<`${typeof base}/meetings/{id}`>
export type AgendaItem = Meeting['agenda'][number]
export type Minutes = Get<`${typeof base}/meetings/{id}/minutes`>

/** How often an open meeting is read again, in ms: those in the room see who comes and goes. */
const every = 4_000

export const bodiesQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'bodies'],
    queryFn: () => read(api.GET(`${base}/bodies`, { params: { path: { slug } } })),
  })

export const bodyQuery = (slug: string, body: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'bodies', body],
    queryFn: () => read(api.GET(`${base}/bodies/{body}`, { params: { path: { slug, body } } })),
  })

export const meetingQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'meeting', id],
    queryFn: () => read(api.GET(`${base}/meetings/{id}`, { params: { path: { slug, id } } })),
    refetchInterval: ({ state }) => (state.data?.state === 'open' ? every : false),
  })

export const minutesQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'minutes', id],
    queryFn: () => read(api.GET(`${base}/meetings/{id}/minutes`, { params: { path: { slug, id } } })),
  })

/** An act in the consortium: whatever is shown of it is read again, done or refused (somebody else may have acted). */
export function useAct<Input = void>(act: (input: Input) => Promise<unknown>, done?: () => void) {
  const slug = useAgreementSlug()
  const client = useQueryClient()
  return useMutation({
    mutationFn: act,
    ...(done && { onSuccess: done }),
    onSettled: () => client.invalidateQueries({ queryKey: ['governance', slug] }),
  })
}

/** The moment that a field of date and time holds, in the zone of the browser; null when it is not one. */
export function readMoment(text: string): string | null {
  const at = new Date(text)
  return text === '' || Number.isNaN(at.getTime()) ? null : at.toISOString()
}

/** A moment as a field of date and time writes it. */
export function writeMoment(instant: string): string {
  const at = new Date(instant)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
