import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, read } from '../../api/client.ts'
import type { Content } from './agreement-shape.ts'

/** What was written: a text, and over it the rules of the form; neither where nothing was changed. */
export interface Written {
  source?: string
  content?: Content
}

const nothing: Written = {}

interface Kept {
  /** Version that the amendment was begun from. */
  begun: number
  written: Written
}

const storageOf = (slug: string) => `preau.amendment.${slug}`

/** Whether an amendment is being written on this device. */
export const hasDraft = (slug: string): boolean => restore(storageOf(slug)) !== undefined

/** Begins an amendment with something written, in the place of the one that was being written here. */
export function beginDraft(slug: string, begun: number, written: Written): void {
  keep(storageOf(slug), { begun, written })
}

/** An amendment being written: kept on this device until it is recorded, and checked by the server as it goes. */
export function useAgreementDraft(slug: string, enabled: boolean) {
  const storage = storageOf(slug)
  const [kept, setKept] = useState<Kept | undefined>(() => restore(storage))
  const [restored] = useState(kept !== undefined)
  const written = kept?.written ?? nothing
  const asked = useSettled(written, 500)
  const check = useQuery({
    queryKey: ['governance', slug, 'draft', asked],
    queryFn: () =>
      read(api.POST('/api/governance/agreements/{slug}/drafts', { params: { path: { slug } }, body: asked })),
    placeholderData: keepPreviousData,
    enabled,
    gcTime: 60_000,
  })
  const begun = kept?.begun ?? check.data?.basedOn
  return {
    written,
    check,
    begun,
    restored,
    /** Whether the check is not yet of what is written now. */
    behind: asked !== written || check.isPlaceholderData || check.isFetching,
    changed: kept !== undefined,
    write(next: Written) {
      if (begun === undefined) return
      const keeping = { begun, written: next }
      setKept(keeping)
      keep(storage, keeping)
    },
    discard() {
      setKept(undefined)
      keep(storage, undefined)
    },
  }
}

/** A value once it has not changed for a while. */
function useSettled<Value>(value: Value, milliseconds: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}

function restore(storage: string): Kept | undefined {
  try {
    const text = localStorage.getItem(storage)
    return text === null ? undefined : (JSON.parse(text) as Kept)
  } catch {
    return undefined
  }
}

function keep(storage: string, kept: Kept | undefined): void {
  try {
    if (kept) localStorage.setItem(storage, JSON.stringify(kept))
    else localStorage.removeItem(storage)
  } catch {
    // Storage is refused: what is written lasts as long as the page.
  }
}
