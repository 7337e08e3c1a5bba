declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

// An integer long enough to lose digits as a double, or a power that may be beyond it, where a value may begin. It may match
// inside a text: then the slower reading gives the same result. Decimals of 17 digits are common, and not looked at.
const longNumber = /[:[,]\s*-?(?:\d{16,}(?![\d.])|\d[\d.]*[eE][+-]?\d{3})/

/**
 * Reads JSON without rounding integers: one that a double cannot hold (an identifier of 20 digits in an extension, say)
 * becomes a raw JSON value, which `JSON.stringify` writes as it came. Decimals keep a double's 15 to 17 digits, which is
 * what JSON promises (RFC 8259 §6).
 * @throws SyntaxError when the text is no JSON.
 */
export function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text) as unknown
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && isRounded(value, source) ? JSON.rawJSON(source) : value,
  )
}

// Infinite first: reading an integer of a million digits takes long, and a double holds none beyond 309.
const isRounded = (value: number, source: string): boolean =>
  !Number.isFinite(value) || (/^-?\d+$/.test(source) && BigInt(source) !== BigInt(value))
