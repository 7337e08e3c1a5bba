import { paths } from '../../paths.ts'

/** The page to come back to: one of ours, whatever the address says. */
export function toReturnPath(asked: string | null): string {
  // Browsers read "\" as "/" and drop tabs and line ends, so the address is judged as a browser would resolve it.
  const base = 'http://site.invalid'
  if (!asked?.startsWith('/') || !URL.canParse(asked, base)) return paths.home()
  const { origin, pathname, search } = new URL(asked, base)
  // "/.//elsewhere" is a path of this site that, resolved once more, is another site.
  return origin === base && !pathname.startsWith('//') ? pathname + search : paths.home()
}
