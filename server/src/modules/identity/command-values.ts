import { z } from 'zod'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type Day, isDay } from '#kernel/time'
import { findEstablishment } from '#modules/directory'

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

/** The day given under a name. @throws Problem 400 `invalid_request` when it is none. */
export function findDay(values: Values, name: string): Day | undefined {
  const value = findText(values, name)
  if (value !== undefined && !isDay(value)) throw invalid(`--${name} is a day, YYYY-MM-DD.`)
  return value
}

/** @throws Problem 400 `invalid_request` without a UAI; 404 `establishment_not_found`. */
export async function getEstablishmentId(tx: Tx, uai: string | undefined): Promise<string> {
  if (uai === undefined) throw invalid('Name the establishment by its UAI.')
  const establishment = await findEstablishment(tx, { uai: uai.toUpperCase() })
  if (!establishment) throw new Problem(404, 'establishment_not_found', `No establishment has the UAI ${uai}.`)
  return establishment.id
}

export const invalid = (detail: string) => new Problem(400, 'invalid_request', detail)
