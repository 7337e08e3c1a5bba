import { queryOptions, useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { holds, type Right } from '../../shell/session.ts'

/** Whether the pages stand in a frame of a learning platform: no session, no navigation of their own. */
export const EmbeddedContext = createContext(false)

export type Viewer = ApiPaths['/api/insight/viewer']['get']['responses'][200]['content']['application/json']
export type Audience = Viewer['audience']

export const viewerQuery = (as: Audience | undefined) =>
  queryOptions({
    queryKey: ['insight', 'viewer', as],
    queryFn: () => read(api.GET('/api/insight/viewer', { params: { query: as ? { as } : {} } })),
    staleTime: 300_000,
  })

/** As whom the reader wants to look, as the address says. */
export function useWantedAudience(): Audience | undefined {
  const [parameters] = useSearchParams()
  const wanted = parameters.get('as')
  return audienceNames.find((each) => each === wanted)
}

export const audienceNames = ['student', 'teacher', 'programme', 'institution'] as const satisfies Audience[]

/** Whether the reader holds a right; nobody does in a frame, where there is no session. */
export function useMay(): (right: Right) => boolean {
  const embedded = useContext(EmbeddedContext)
  const { data: session } = useQuery({ ...sessionQuery, enabled: !embedded })
  return (right) => session?.signedIn === true && holds(session, right)
}
