/** Whether a text has a form that xAPI asks for. Each is asked many times a statement: plain loops where they are the quickest. */

// What RFC 3987 lets nowhere in an IRI: spaces, controls, and these. A stray percent sign is let through (xAPI 1.0.3, Data
// 2.2: best-effort validation), since links in use hold some.
const forbidden = new Uint8Array(128)
for (let code = 0; code <= 0x20; code++) forbidden[code] = 1
for (const character of '"<>\\^`{|}\u007f') forbidden[character.charCodeAt(0)] = 1

const isLetter = (code: number) => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
const isDigit = (code: number) => code >= 0x30 && code <= 0x39
const isHexDigit = (code: number) => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)

/** An IRI with its scheme (RFC 3987); http and https ones name a host. */
export function isIri(text: string): boolean {
  const length = text.length
  if (length === 0 || !isLetter(text.charCodeAt(0))) return false
  let at = 1
  for (; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3a) break
    if (!isLetter(code) && !isDigit(code) && code !== 0x2b && code !== 0x2d && code !== 0x2e) return false
  }
  // Something follows the colon.
  if (at >= length - 1) return false
  if (isWeb(text, at) && !hasHost(text, at + 1)) return false
  for (at++; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code < 128 ? forbidden[code] === 1 : code < 0xa0 || (code >= 0xd800 && code <= 0xdfff && !isPaired(text, at)))
      return false
  }
  return true
}

/** Whether what is before a place is http or https. */
function isWeb(text: string, end: number): boolean {
  if (end !== 4 && (end !== 5 || (text.charCodeAt(4) | 0x20) !== 0x73)) return false
  if ((text.charCodeAt(0) | 0x20) !== 0x68 || (text.charCodeAt(1) | 0x20) !== 0x74) return false
  return (text.charCodeAt(2) | 0x20) === 0x74 && (text.charCodeAt(3) | 0x20) === 0x70
}

/** Whether // and something other than a path, a query or a fragment are at a place. */
function hasHost(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 0x2f || text.charCodeAt(at + 1) !== 0x2f || at + 2 >= text.length) return false
  const code = text.charCodeAt(at + 2)
  return code !== 0x2f && code !== 0x3f && code !== 0x23
}

/** Whether the surrogate at a place has its other half: texts with halves alone have no UTF-8. */
function isPaired(text: string, at: number): boolean {
  const isFirst = text.charCodeAt(at) < 0xdc00
  const other = text.charCodeAt(isFirst ? at + 1 : at - 1)
  return isFirst ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other <= 0xdbff
}

/** A UUID in its standard form (RFC 4122), of any variant and version. */
export function isUuid(text: string): boolean {
  if (text.length !== 36) return false
  for (let at = 0; at < 36; at++) {
    const code = text.charCodeAt(at)
    if (at === 8 || at === 13 || at === 18 || at === 23 ? code !== 0x2d : !isHexDigit(code)) return false
  }
  return true
}

export function isHexadecimal(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isHexDigit(text.charCodeAt(at))) return false
  return text.length > 0
}

/** `mailto:` and an address. */
export function isMailto(text: string): boolean {
  return /^mailto:[^@\s"<>\\]+@[^@\s"<>\\]+$/.test(text)
}

const language = new RegExp(
  '^(?:' +
    '(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})' + // language
    '(?:-[a-z]{4})?' + // script
    '(?:-(?:[a-z]{2}|[0-9]{3}))?' + // region
    '(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*' + // variants
    '(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*' + // extensions
    '(?:-x(?:-[a-z0-9]{1,8})+)?' + // private use
    '|x(?:-[a-z0-9]{1,8})+' +
    '|i-[a-z]{3,8}|en-gb-oed|sgn-be-fr|sgn-be-nl|sgn-ch-de|zh-min-nan|zh-hakka|zh-min|zh-xiang' + // grandfathered
    ')$',
  'i',
)

/** A language tag (RFC 5646). */
export function isLanguageTag(text: string): boolean {
  // fr and fr-FR, as nearly all are
  if (text.length === 2 || (text.length === 5 && text.charCodeAt(2) === 0x2d)) {
    if (!isLetter(text.charCodeAt(0)) || !isLetter(text.charCodeAt(1))) return false
    if (text.length === 2 || (isLetter(text.charCodeAt(3)) && isLetter(text.charCodeAt(4)))) return true
  }
  return language.test(text)
}

const duration =
  /^P(?:\d+(?:[.,]\d+)?W|(?=\d|T\d)(?:\d+(?:[.,]\d+)?Y)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?D)?(?:T(?=\d)(?:\d+(?:[.,]\d+)?H)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?S)?)?)$/

/** A duration of ISO 8601:2004, 4.4.3.2: weeks stand alone, and only the smallest part has a fraction. */
export function isDuration(text: string): boolean {
  return duration.test(text) && !/[.,]\d+[A-Z]./.test(text)
}

/** Type and subtype of RFC 2046, with its parameters if any. */
export function isMediaType(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;.*)?$/.test(text)
}
