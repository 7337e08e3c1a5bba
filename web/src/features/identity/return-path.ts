import { paths } from '../../paths.ts'

/** The page to come back to: one of ours, whatever the address says. */
export function toReturnPath(asked: string | null): string {
  if (!asked?.startsWith('/') || !URL.canParse(asked, window.location.origin)) return paths.home()
  const { origin, pathname, search } = new URL(asked, window.location.origin)
  return origin === window.location.origin ? pathname + search : paths.home()
}
