import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { api, read } from '../api/client.ts'
import { sessionQuery } from '../api/queries.ts'
import type { paths as ApiPaths } from '../api/schema.d.ts'
import { paths } from '../paths.ts'

type SessionAnswer = ApiPaths['/api/identity/session']['get']['responses'][200]['content']['application/json']
/** Who is signed in. */
export type Session = Extract<SessionAnswer, { signedIn: true }>
export type Right = Session['rights'][number]['right']

/** Who is signed in, on pages that only signed-in people reach. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data?.signedIn) throw new Error('No session: this page is shown to signed-in people only.')
  return data
}

export function holds(session: Session, right: Right): boolean {
  return session.rights.some((held) => held.right === right)
}

/** Forgets everything read so far and opens a page with the new session. */
export function useEnter(): (to: string) => Promise<void> {
  const client = useQueryClient()
  const navigate = useNavigate()
  return async (to) => {
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'appearance' && queryKey[0] !== 'session' })
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
    await navigate(to, { replace: true })
  }
}

/** Signs out here (or on every device), then at the identity provider when it opened the session. */
export function useSignOut(): (everywhere?: boolean) => Promise<void> {
  const client = useQueryClient()
  const navigate = useNavigate()
  return async (everywhere = false) => {
    const { redirect } = await read(
      everywhere ? api.POST('/api/identity/sign-out-everywhere') : api.POST('/api/identity/sign-out'),
    )
    if (redirect) {
      window.location.assign(redirect)
      return
    }
    await navigate(paths.signIn(), { replace: true })
    client.setQueryData(sessionQuery.queryKey, { signedIn: false })
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'appearance' && queryKey[0] !== 'session' })
  }
}
