import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'

/**
 * Deletes statements stored before a moment, the oldest first, with what finds them. Their attachments stay: others may
 * speak of them.
 * @param moment microseconds since 1970.
 * @returns how many; fewer than the limit when there are no more.
 */
export async function deleteStatementsBefore(tx: Tx, moment: number, limit: number): Promise<number> {
  const { rows } = await sql<{ deleted: number }>`
    with old as (
      select id, seq from records.statement
      where tenant_id = (select kernel.current_tenant()) and seq < ${moment} order by seq limit ${limit}
    ), gone as (
      delete from records.statement s using old where s.tenant_id = (select kernel.current_tenant()) and s.id = old.id
    ), referring as (
      delete from records.reference r using old where r.tenant_id = (select kernel.current_tenant()) and r.id = old.id
    )
    select count(*) as deleted from old`.execute(tx)
  const deleted = rows[0]?.deleted ?? 0
  // No index tells them by time: once, when the rest is gone.
  if (deleted < limit) {
    await sql`delete from records.mention where tenant_id = (select kernel.current_tenant()) and seq < ${moment}`.execute(
      tx,
    )
  }
  return deleted
}
