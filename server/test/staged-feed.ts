import { Writable } from 'node:stream'
import type { Feed } from '../src/modules/directory/feeds/feed.ts'

/** One row that a feed stages, as the database would get it. */
export interface StagedLine {
  kind: string
  id: string | null
  change: string
  establishment: string | null
  file: number
  line: number
  body: Record<string, unknown>
}

/**
 * Reads a feed without a database.
 * @param accepted bodies of records accepted before, by `kind id`.
 * @param missing whether its establishments are taken for unknown.
 */
export async function stageFeed(
  feed: Feed,
  accepted: Record<string, Record<string, unknown>> = {},
  { missing = false } = {},
) {
  let text = ''
  const rows = (): StagedLine[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [kind, id, change, , establishment, file, number, , body] = line.split('\t').map(unescape)
        return {
          kind: kind!,
          id: id === '\\N' ? null : id!,
          change: change!,
          establishment: establishment === '\\N' ? null : establishment!,
          file: Number(file),
          line: Number(number),
          body: JSON.parse(body!) as Record<string, unknown>,
        }
      })
  const reading = await feed.read({
    openCopy: async () =>
      new Writable({
        write(chunk: Buffer, _, done) {
          text += chunk.toString()
          done()
        },
      }),
    listEstablishments: async () =>
      new Set(
        rows().flatMap(({ kind, id, change }) =>
          !missing && kind === 'establishment' && change === 'added' && id ? [id] : [],
        ),
      ),
    findAccepted: async (kind, ids) =>
      new Map(
        ids.flatMap((id) => {
          const body = accepted[`${kind} ${id}`]
          return body ? [[id, { body, groups: [] }]] : []
        }),
      ),
    onProgress: () => {},
    signal: new AbortController().signal,
  })
  return { rows: rows(), warnings: Object.fromEntries(reading.warnings) }
}

function unescape(value: string): string {
  if (value === '\\N') return value
  return value.replace(/\\([\\tnr])/g, (_, letter: string) => ({ t: '\t', n: '\n', r: '\r' })[letter] ?? letter)
}
