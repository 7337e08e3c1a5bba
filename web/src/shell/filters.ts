import { useSearchParams } from 'react-router'

/**
 * The filters of a page, which are in its address: as they are, and what changes some of them (an empty text takes one
 * away). It starts from the address itself, since two changes may come before the page is drawn again.
 */
export function useFilters(): [URLSearchParams, (changes: Record<string, string>) => void] {
  const [filters, setFilters] = useSearchParams()
  const change = (changes: Record<string, string>) => {
    const after = new URLSearchParams(window.location.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value) after.set(name, value)
      else after.delete(name)
    }
    setFilters(after, { replace: true, preventScrollReset: true })
  }
  return [filters, change]
}
