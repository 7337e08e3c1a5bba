/** The languages of an Accept-Language header, the most wished first (RFC 9110 §12.5.4); those refused are left out. */
export function readLanguages(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((each) => {
      const [range = '', ...parameters] = each.split(';').map((part) => part.trim())
      const quality = parameters.find((part) => /^q\s*=/i.test(part))?.replace(/^q\s*=\s*/i, '')
      return { range, quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ range }) => range)
}
