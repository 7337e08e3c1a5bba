import { z } from 'zod'
import type { Command, CommandContext } from './module.ts'
import { inTenant, type Tx } from './postgres.ts'
import { Problem } from './problem.ts'
import { type Day, isDay } from './time.ts'

/** What was given to a command by name. */
export type Values = Parameters<Command['run']>[2]

/** An option that takes a text. */
export const text = { type: 'string' } as const

/** Works in a transaction of the tenant chosen. */
export async function inTenantOf<T>(
  context: CommandContext,
  work: (tx: Tx, tenantId: string) => Promise<T>,
): Promise<T> {
  const { id } = await context.tenant()
  return inTenant(context.db, id, (tx) => work(tx, id))
}

/**
 * What a command was given, as a schema says it is.
 * @throws Problem 400 `invalid_request`, or the given code, saying which value cannot be, and why.
 */
export function readValues<T>(schema: z.ZodType<T>, given: unknown, code = 'invalid_request'): T {
  const read = schema.safeParse(given)
  if (!read.success) throw new Problem(400, code, z.prettifyError(read.error))
  return read.data
}

/** The text given under a name; undefined when none or blank. */
export function findText(values: Values, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

/** @throws Problem 400 `invalid_request` when nothing was given under this name. */
export function getText(values: Values, name: string): string {
  const value = findText(values, name)
  if (value === undefined) throw invalid(`--${name} is needed.`)
  return value
}

/** @throws Problem 400 `invalid_request` when no identifier was given under this name. */
export function getId(values: Values, name: string): string {
  return parseId(getText(values, name), `--${name}`)
}

/** @throws Problem 400 `invalid_request` saying what an identifier is needed for. */
export function parseId(value: string | undefined, what: string): string {
  const parsed = z.uuid().safeParse(value)
  if (!parsed.success) throw invalid(`An identifier (UUID) is needed for ${what}.`)
  return parsed.data
}

/** The day given under a name. @throws Problem 400 `invalid_request` when it is none. */
export function findDay(values: Values, name: string): Day | undefined {
  const value = findText(values, name)
  if (value !== undefined && !isDay(value)) throw invalid(`--${name} is a day, YYYY-MM-DD.`)
  return value
}

/** The refusal of what a command was given. */
export const invalid = (detail: string) => new Problem(400, 'invalid_request', detail)
