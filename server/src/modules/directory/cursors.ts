import type { z } from 'zod'
import { Problem } from '#kernel/problem'

/** A place in a list as the text a client gives back to read on. It is opaque to clients, not secret. */
export function writeCursor(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** @throws Problem 400 `cursor_invalid` when the text was not written by `writeCursor` for that list. */
export function readCursor<Place>(schema: z.ZodType<Place>, text: string): Place {
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch {
    throw cursorInvalid()
  }
}

export function cursorInvalid(): Problem {
  return new Problem(400, 'cursor_invalid', 'The value of `after` is not the `next` of a page.')
}
