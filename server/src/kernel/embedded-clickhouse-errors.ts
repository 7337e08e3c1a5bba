/** An error as ClickHouse words it: `Code: 62. DB::Exception: … (SYNTAX_ERROR)`. */
export class ClickhouseError extends Error {
  readonly code: number

  constructor(code: number, name: string, text: string) {
    super(`Code: ${code}. DB::Exception: ${text} (${name})`)
    this.code = code
  }
}

/** What a server has and this one has not. */
export const refuse = (what: string) =>
  new ClickhouseError(48, 'NOT_IMPLEMENTED', `The embedded ClickHouse has no ${what}.`)

/** Code and text of any error, its own as ClickHouse words it. */
export function toClickhouseError(error: unknown): { code: number; text: string } {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof ClickhouseError) return { code: error.code, text }
  const code = /Code: (\d+)/.exec(text)?.[1]
  if (code !== undefined) return { code: Number(code), text: text.slice(text.indexOf('Code: ')).trim() }
  return { code: 1002, text: `Code: 1002. DB::Exception: ${text} (UNKNOWN_EXCEPTION)` }
}

/** HTTP status of a code, after ClickHouse's own table (exceptionCodeToHTTPStatus.cpp); 500 for the others. */
export const statusOfCode = new Map([
  ...[6, 26, 27, 36, 38, 41, 43, 53, 62, 72, 117, 131, 386, 456, 457].map((code) => [code, 400] as const),
  ...[16, 46, 47, 50, 56, 60, 63, 73, 81, 82, 115].map((code) => [code, 404] as const),
  ...[48].map((code) => [code, 501] as const),
  ...[159].map((code) => [code, 408] as const),
  ...[202].map((code) => [code, 503] as const),
  ...[307].map((code) => [code, 413] as const),
])
