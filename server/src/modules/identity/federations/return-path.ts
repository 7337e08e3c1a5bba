/**
 * The page of this site to come back to after a sign-in, or `/` when what was asked for is no page of this site: an
 * address elsewhere would let a link to our sign-in lead people, trusting, to another site.
 */
export function toReturnPath(asked: string | undefined): string {
  if (asked === undefined || !asked.startsWith('/')) return '/'
  // Browsers read "\" as "/" and drop tabs and line ends, so the address is judged as a browser would resolve it.
  const base = 'http://site.invalid'
  if (!URL.canParse(asked, base)) return '/'
  const { origin, pathname, search, hash } = new URL(asked, base)
  if (origin !== base || pathname.startsWith('//') || pathname.startsWith('/api/')) return '/'
  return pathname + search + hash
}
