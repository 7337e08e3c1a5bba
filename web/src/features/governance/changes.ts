import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { useAgreement, useAgreementSlug } from './governance.ts'

const base = '/api/governance/agreements/{slug}/changes'

/** A change whole: what it is, its steps so far, and those to come. */
export type Change = ApiPaths[`${typeof base}/{id}`]['get']['responses'][200]['content']['application/json']
export type ChangeSheet = Change['sheets'][number]['content']
export type ChangeStep = Change['next'][number]['step']

export const changesQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'changes'],
    queryFn: () => read(api.GET(base, { params: { path: { slug } } })),
  })

export const changeQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'changes', id],
    queryFn: () => read(api.GET(`${base}/{id}`, { params: { path: { slug, id } } })),
  })

/** Takes a step of a change; everything that shows it is read again, whether it was taken or refused. */
export function useStep<Input, Answer>(
  id: string,
  take: (path: { slug: string; id: string }, input: Input) => Promise<Answer>,
) {
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => take({ slug, id }, input),
    onSettled: () => queries.invalidateQueries({ queryKey: ['governance', slug, 'changes'] }),
  })
}

/** Names of parties and bodies by their keys; a key that the agreement does not know any more stands for itself. */
export function useNames() {
  const { data } = useAgreement()
  return {
    party: (key: string) => data?.parties.find((each) => each.key === key)?.name ?? key,
    body: (key: string) => data?.bodies.find((each) => each.key === key)?.shortName ?? key,
  }
}

/** Who would pay, and how much. @param inFavour members taken to vote for it; undefined for what is known, or all. */
export function useParts(id: string, inFavour: string[] | undefined) {
  const slug = useAgreementSlug()
  const query = inFavour === undefined ? {} : { inFavour: inFavour.join(',') }
  return useQuery({
    queryKey: ['governance', slug, 'changes', id, 'parts', inFavour],
    queryFn: () => read(api.GET(`${base}/{id}/parts`, { params: { path: { slug, id }, query } })),
    placeholderData: (before) => before,
  })
}

/**
 * The steps a change waits for: those that may be taken any time, or again, say nothing of it.
 * @returns none while it awaits its vote.
 */
export function listAwaited({ state, next }: Pick<Change, 'state' | 'next'>): Change['next'] {
  if (state === 'scheduled') return []
  return next.filter(
    ({ step }) => step !== 'withdraw' && step !== 'reviseSheet' && !(step === 'qualify' && state === 'qualified'),
  )
}
