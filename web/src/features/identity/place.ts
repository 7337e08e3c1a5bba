/** Where someone signs in: an establishment, or an identity provider chosen among those of a federation. */
export type Place =
  | { establishment: string; name: string; audience: Audience }
  | { provider: string; entity: string; name: string }

export const audiences = ['pupil', 'guardian', 'staff'] as const
export type Audience = (typeof audiences)[number]

const key = 'preau.place'

/** The place this browser remembers. */
export function readPlace(): Place | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    return isPlace(kept) ? kept : undefined
  } catch {
    // Storage closed by the browser, or something else under this name.
    return undefined
  }
}

export function keepPlace(place: Place | undefined): void {
  try {
    if (place) localStorage.setItem(key, JSON.stringify(place))
    else localStorage.removeItem(key)
  } catch {
    // It is asked again next time.
  }
}

function isPlace(kept: unknown): kept is Place {
  if (typeof kept !== 'object' || kept === null) return false
  const { establishment, provider, entity, name, audience } = kept as Record<string, unknown>
  if (typeof name !== 'string') return false
  if (typeof establishment === 'string') return audiences.some((each) => each === audience)
  return typeof provider === 'string' && typeof entity === 'string'
}
