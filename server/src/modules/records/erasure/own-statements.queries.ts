import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { keyOf } from '../model/statement-keys.ts'

/** A statement, and where it came from. */
export interface OwnStatement {
  id: string
  /** Moment it was stored: microseconds since 1970. */
  seq: number
  body: string
  source: string | null
}

/**
 * What somebody did, the latest stored first, those voided left out.
 * @param identities all that the person is called by, as `identifyAgent` says.
 * @param before a moment: what was stored before it; undefined for the first page.
 */
export async function listOwnStatements(
  tx: Tx,
  { tenantId, identities }: { tenantId: string; identities: readonly string[] },
  before: number | undefined,
  limit: number,
): Promise<OwnStatement[]> {
  const keys = identities.map((each) => keyOf(tenantId, 'agent', each))
  const { rows } = await sql<OwnStatement>`
    select s.id, s.seq, s.body, o.name as source
    from records.statement s
      left join records.credential c on c.id = s.credential_id left join records.source o on o.id = c.source_id
    where s.tenant_id = (select kernel.current_tenant()) and s.actor = any(${keys}::bigint[])
      and s.seq < ${before ?? Number.MAX_SAFE_INTEGER}
      and not exists (select from records.voiding v where v.tenant_id = s.tenant_id and v.target_id = s.id)
    order by s.seq desc limit ${limit}`.execute(tx)
  return rows
}
