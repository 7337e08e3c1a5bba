import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { StatementKeys } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

/** A statement that speaks of somebody, with what says to whom it may have been sent on. */
export interface StatementAbout {
  id: string
  seq: number
  body: string
  /** Whether they did it; else they are only spoken of. */
  own: boolean
  verb: string
  activity: string | null
  sourceId: string | null
}

/** Statements of which one of some agents is the actor, the object, or mentioned, after a moment, in order. */
export async function listStatementsAbout(
  tx: Tx,
  agentKeys: string[],
  mentionKeys: string[],
  after: number,
  limit: number,
): Promise<StatementAbout[]> {
  const agents = sql`any(${agentKeys}::bigint[])`
  const { rows } = await sql<StatementAbout>`
    select s.id, s.seq, s.body, s.actor = ${agents} as own, s.verb::text as verb, s.activity::text as activity,
      c.source_id as "sourceId"
    from records.statement s left join records.credential c on c.id = s.credential_id
    where s.tenant_id = (select kernel.current_tenant()) and s.seq in (
      select seq from records.statement where actor = ${agents} and seq > ${after}
      union select seq from records.statement where object_agent = ${agents} and seq > ${after}
      union select seq from records.statement where authority = ${agents} and seq > ${after}
      union select seq from records.mention where key = any(${mentionKeys}::bigint[]) and seq > ${after})
    order by s.seq limit ${limit}`.execute(tx)
  return rows
}

/** Takes statements out of the store, with what finds them. What they voided stays voided. */
export async function deleteStatements(tx: Tx, statements: { id: string; seq: number }[]): Promise<void> {
  const ids = statements.map(({ id }) => id)
  await tables(tx).deleteFrom('records.statement').where('id', 'in', ids).execute()
  await tables(tx).deleteFrom('records.reference').where('id', 'in', ids).execute()
}

/** Forgets what some statements mention. */
export async function deleteMentions(tx: Tx, mentions: { seq: number; keys: string[] }[]): Promise<void> {
  const pairs = mentions.flatMap(({ seq, keys }) => keys.map((key) => ({ seq, key })))
  if (pairs.length === 0) return
  await sql`delete from records.mention m using unnest(${pairs.map(({ key }) => key)}::bigint[],
      ${pairs.map(({ seq }) => seq)}::bigint[]) given (key, seq)
    where m.key = given.key and m.seq = given.seq`.execute(tx)
}

/** Replaces what a statement says; when it was stored, and its identifier, stay. */
export async function updateStatement(tx: Tx, seq: number, body: string, keys: StatementKeys): Promise<void> {
  await tables(tx)
    .updateTable('records.statement')
    .set({ body, actor: keys.actor, object_agent: keys.objectAgent, authority: keys.authority })
    .where('seq', '=', seq)
    .where('tenant_id', '=', sql<string>`(select kernel.current_tenant())`)
    .execute()
  if (keys.related.length === 0) return
  await sql`insert into records.mention (tenant_id, key, seq)
    select (select kernel.current_tenant()), key, ${seq} from unnest(${keys.related}::bigint[]) given (key)
    on conflict do nothing`.execute(tx)
}

/** Deletes the documents kept about some agents. @returns how many. */
export async function deleteDocumentsOf(tx: Tx, agentKeys: string[]): Promise<number> {
  const deleted = await tables(tx)
    .deleteFrom('records.document')
    .where(sql<boolean>`agent = any(${agentKeys}::bigint[])`)
    .executeTakeFirst()
  return Number(deleted.numDeletedRows)
}

/** Documents kept about some agents, the oldest first. */
export function listDocumentsOf(tx: Tx, agentKeys: string[]) {
  return tables(tx)
    .selectFrom('records.document')
    .select([
      'kind',
      'activity_iri as activity',
      'registration',
      'name',
      'content_type as contentType',
      'content',
      'updated_at as updatedAt',
    ])
    .where(sql<boolean>`agent = any(${agentKeys}::bigint[])`)
    .orderBy('updated_at')
    .execute()
}

/** Deletes attachments that no statement speaks of any more. @returns how many. */
export async function deleteUnused(tx: Tx, sha2s: string[]): Promise<number> {
  if (sha2s.length === 0) return 0
  // No index finds statements by their attachments: few have any, and fewer are erased.
  const { numAffectedRows } = await sql`
    delete from records.attachment a
    where a.sha2 = any(${sha2s}::text[]) and not exists (
      select from records.statement s
      where s.tenant_id = a.tenant_id and position(a.sha2 in lower(s.body)) > 0)`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** Drops what was set aside and holds one of some texts. @returns how many. */
export async function dropFaulty(
  tx: Tx,
  texts: string[],
  { decidedBy, note, now }: { decidedBy: string | null; note: string; now: Date },
): Promise<number> {
  const dropped = await tables(tx)
    .updateTable('records.quarantined_statement')
    .set({ body: null, state: 'dropped', decided_at: now, decided_by: decidedBy, note, reason: '', pointer: '' })
    .where('body', 'is not', null)
    .where(sql<boolean>`exists (select from unnest(${texts}::text[]) given (told) where position(told in body) > 0)`)
    .executeTakeFirst()
  return Number(dropped.numUpdatedRows)
}

/** How many statements that were set aside hold one of some texts. */
export async function countFaulty(tx: Tx, texts: string[]): Promise<number> {
  const row = await tables(tx)
    .selectFrom('records.quarantined_statement')
    .select(sql<number>`count(*)::integer`.as('count'))
    .where(sql<boolean>`exists (select from unnest(${texts}::text[]) given (told) where position(told in body) > 0)`)
    .executeTakeFirst()
  return row?.count ?? 0
}
