import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Problem } from './problem.ts'

/**
 * Reads the text file that a command was given.
 * @throws Problem 400 `file_needed` when none was; 404 `file_not_found`.
 */
export async function readTextFile(path: string | undefined): Promise<string> {
  if (path === undefined || path === '') throw new Problem(400, 'file_needed', 'Name the file to read.')
  return readFile(path, 'utf8').catch(() => {
    throw new Problem(404, 'file_not_found', `There is no file ${path} that can be read.`)
  })
}

/**
 * Reads the secret that a command was given in a file, so that neither the list of processes nor a history of commands
 * tells it.
 * @throws Problem 400 `secret_missing` when there is no such file, or nothing in it.
 */
export async function readSecretFile(path: unknown): Promise<string> {
  const secret = typeof path === 'string' ? (await readFile(path, 'utf8').catch(() => '')).trim() : ''
  if (secret === '') throw new Problem(400, 'secret_missing', 'Give a file that holds the secret, and nothing else.')
  return secret
}

/**
 * Reads the JSON file that a command was given, as a schema says it is.
 * @throws Problem as `readTextFile`; 400 `json_invalid` saying where it stops being JSON, `invalid_request` saying which
 *   of its values cannot be, and why.
 */
export async function readJsonFile<T>(path: string | undefined, schema: z.ZodType<T>): Promise<T> {
  const read = schema.safeParse(parseJson(path, await readTextFile(path)))
  if (!read.success) throw new Problem(400, 'invalid_request', `${path}:\n${z.prettifyError(read.error)}`)
  return read.data
}

function parseJson(path: string | undefined, content: string): unknown {
  try {
    return JSON.parse(content)
  } catch (error) {
    throw new Problem(400, 'json_invalid', `${path} is no JSON: ${(error as Error).message}`)
  }
}
