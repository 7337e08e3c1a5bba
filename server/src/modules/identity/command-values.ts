import { z } from 'zod'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'

/** What was given to a command by name. */
export type Values = Parameters<Command['run']>[2]
export const text = { type: 'string' } as const

/** Works in a transaction of the tenant chosen. */
export async function inTenantOf<T>(
  context: CommandContext,
  work: (tx: Tx, tenantId: string) => Promise<T>,
): Promise<T> {
  const { id } = await context.tenant()
  return inTenant(context.db, id, (tx) => work(tx, id))
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

export const invalid = (detail: string) => new Problem(400, 'invalid_request', detail)
