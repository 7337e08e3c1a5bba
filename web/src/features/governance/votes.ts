import { queryOptions } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

const base = '/api/governance/agreements/{slug}'
export type Ballot =
  ApiPaths[`${typeof base}/ballots/{ballotId}`]['get']['responses'][200]['content']['application/json']
export type MeetingVotes =
  ApiPaths[`${typeof base}/meetings/{meetingId}/votes`]['get']['responses'][200]['content']['application/json']
export type WhatIf = ApiPaths[`${typeof base}/what-if`]['get']['responses'][200]['content']['application/json']

/** How often an open vote is read again, in ms: those in the room see each other vote. */
const every = 2_500

export const ballotQuery = (slug: string, ballotId: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'ballot', ballotId],
    queryFn: () => read(api.GET(`${base}/ballots/{ballotId}`, { params: { path: { slug, ballotId } } })),
    refetchInterval: ({ state }) => (state.data?.closedAt === null ? every : false),
  })

export const meetingVotesQuery = (slug: string, meetingId: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'votes', meetingId],
    queryFn: () => read(api.GET(`${base}/meetings/{meetingId}/votes`, { params: { path: { slug, meetingId } } })),
    refetchInterval: ({ state }) => (state.data?.meeting.state === 'open' ? every : false),
  })

/** Picks the words of the reader's language, of those the server tells in both. */
export function useTold(): (told: { fr: string; en: string }) => string {
  const { i18n } = useTranslation()
  return (told) => (i18n.language === 'en' ? told.en : told.fr)
}

/** Writes an exact number of voices, such as `4.5` or `20/3`, in the reader's language. */
export function useVoices(): (exact: string) => string {
  const { i18n } = useTranslation()
  return (exact) => (i18n.language === 'en' ? exact : exact.replace('.', ','))
}

/** An exact number of voices, for drawing only. */
export function readVoices(exact: string): number {
  const [numerator = '0', denominator = '1'] = exact.split('/')
  return Number(numerator) / Number(denominator)
}
