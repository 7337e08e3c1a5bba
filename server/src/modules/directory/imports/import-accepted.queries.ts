import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { AcceptedState, StandingGroup } from '../feeds/records.ts'
import type { RecordKind } from '../tables.ts'

/** The last accepted state of some records of a source, those gone left out. */
export async function findAccepted(
  tx: Tx,
  sourceId: string,
  kind: RecordKind,
  externalIds: string[],
): Promise<Map<string, AcceptedState>> {
  const { rows } = await sql<{ external_id: string; body: AcceptedState['body'] }>`
    select external_id, body from directory.source_record
    where source_id = ${sourceId} and kind = ${kind} and external_id = any(${externalIds}::text[])
      and gone_on is null`.execute(tx)
  const found = new Map<string, AcceptedState>(rows.map(({ external_id, body }) => [external_id, { body, groups: [] }]))
  if (kind !== 'establishment') return found
  const groups = await sql<StandingGroup>`
    select kind, establishment_ref as establishment, body->>'code' as code, body->>'name' as name,
      encode(hash, 'hex') as hash
    from directory.source_record
    where source_id = ${sourceId} and kind in ('class', 'group') and establishment_ref = any(${externalIds}::text[])
      and gone_on is null and not body @> '{"declared": false}'`.execute(tx)
  for (const group of groups.rows) found.get(group.establishment)?.groups.push(group)
  return found
}
