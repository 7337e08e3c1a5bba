import { sql, type Updateable } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type DirectoryTables, type Refusal, tables, type ToldOfFeed } from '../tables.ts'

// The rows of imports, as whoever reads, applies or sweeps them changes them.

/** An import that a job works on. */
export interface ImportJob {
  tenantId: string
  importId: string
}

/** An import someone asks something of. */
export interface ImportRequest {
  tenantId: string
  id: string
  actorPersonId: string | null
}

export function createImport(
  tx: Tx,
  input: {
    id: string
    actorPersonId: string | null
    uploaded: boolean
    unattended?: boolean
    given?: ToldOfFeed
    now: Date
  },
) {
  return tables(tx)
    .insertInto('directory.import')
    .values({
      id: input.id,
      state: 'staging',
      created_by: input.actorPersonId,
      uploaded: input.uploaded,
      unattended: input.unattended ?? false,
      given: JSON.stringify(input.given ?? {}),
      progress: waiting(input.now),
      created_at: input.now,
    })
    .execute()
}

export const waiting = (now: Date) =>
  JSON.stringify({ phase: 'waiting', done: 0, total: 1, unit: 'steps', startedAt: now.toISOString() })

export const isWaiting = sql<boolean>`progress->>'phase' is not distinct from 'waiting'`

export const startUpdate = (tx: Tx) => tables(tx).updateTable('directory.import')

export function updateImport(tx: Tx, id: string, values: Updateable<DirectoryTables['directory.import']>) {
  return startUpdate(tx).set(values).where('id', '=', id).execute()
}

export function lockImport(tx: Tx, id: string) {
  return tables(tx)
    .selectFrom('directory.import')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
    .then((row) => {
      if (!row) throw new Problem(404, 'import_unknown', 'There is no such import.')
      return row
    })
}

/** Whether its files can be read once somebody has said what they hold. */
export function needsDescription(refusal: Pick<Refusal, 'code'> | null): boolean {
  return /^csv_(mapping|uai)_needed$/.test(refusal?.code ?? '')
}

/** What people read about an error that was not foreseen: what happened, never what the records held. */
export function toRefusal(error: unknown): Refusal {
  const known = error instanceof Problem
  return {
    code: known ? error.code : 'failed',
    detail: known ? error.message : 'It stopped before the end, nothing was changed: run it again.',
    file: null,
    line: null,
    column: null,
  }
}

export const nothing = (code: string, detail: string) =>
  JSON.stringify({ code, detail, file: null, line: null, column: null })

export const interruptedDetail = 'The program stopped in the middle, nothing was changed: run it again.'
