import { useQuery } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'

/** What this browser, back from an identity provider, has to answer. */
export function useArrival() {
  return useQuery({ queryKey: ['arrival'], queryFn: () => read(api.GET('/api/identity/arrival')), staleTime: 0 })
}
