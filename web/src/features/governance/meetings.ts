import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { api, read } from '../../api/client.ts'
import { appearanceQuery } from '../../api/queries.ts'
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

/** The matters that whoever leads a meeting may have it decide on. */
export const subjectsQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'meeting', id, 'subjects'],
    queryFn: () => read(api.GET(`${base}/meetings/{id}/subjects`, { params: { path: { slug, id } } })),
  })

export const minutesQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'minutes', id],
    queryFn: () => read(api.GET(`${base}/meetings/{id}/minutes`, { params: { path: { slug, id } } })),
  })

/** An act in the consortium: whatever is shown of it is read again, done or refused (somebody else may have acted). */
export function useAct<Input = void, Answer = unknown>(act: (input: Input) => Promise<Answer>, done?: () => void) {
  const slug = useAgreementSlug()
  const client = useQueryClient()
  return useMutation({
    mutationFn: act,
    ...(done && { onSuccess: done }),
    onSettled: () => client.invalidateQueries({ queryKey: ['governance', slug] }),
  })
}

/** An act that makes something: sent again after a failure of the network, under the same key, it makes it once. */
export function useMaking<Answer>(make: (requestKey: string) => Promise<Answer>, done?: () => void) {
  const requestKey = useRef(crypto.randomUUID())
  return useAct(async () => {
    const made = await make(requestKey.current)
    requestKey.current = crypto.randomUUID()
    return made
  }, done)
}

/** Reads and writes the moments of date and time fields in the zone of the workspace, whatever that of the browser. */
export function useMoments() {
  const { data: appearance } = useQuery(appearanceQuery)
  const timeZone = appearance?.timeZone ?? 'Europe/Paris'
  const write = (instant: string | number) => writeMoment(instant, timeZone)
  return {
    write,
    /** Null for what is no moment. */
    read: (text: string) => readMoment(text, timeZone),
  }
}

/** A moment as a field of date and time writes it: `2026-11-22T20:38`. */
export function writeMoment(instant: string | number, timeZone: string): string {
  const style = { dateStyle: 'short', timeStyle: 'short', timeZone } as const
  return new Intl.DateTimeFormat('sv-SE', style).format(new Date(instant)).replace(' ', 'T')
}

/** The moment that such a field holds, in a zone; null when it holds none. An hour that the clocks skip is the next. */
export function readMoment(text: string, timeZone: string): string | null {
  const wanted = Date.parse(`${text}Z`)
  if (Number.isNaN(wanted)) return null
  const offsetAt = (instant: number) => Date.parse(`${writeMoment(instant, timeZone)}Z`) - instant
  // The offset of the moment itself, which is that of about the same hour in UTC unless the clocks change in between.
  const near = wanted - offsetAt(wanted)
  return new Date(wanted - offsetAt(near)).toISOString()
}
