import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from './postgres.ts'

/** One act worth remembering. `detail` holds codes and figures, never names, addresses or secrets. */
export interface AuditEntry {
  /** `<module>.<what was done>`, for example `directory.import_applied`. */
  action: string
  /** Person who did it; null for the system itself. */
  actorPersonId: string | null
  subjectKind: string
  subjectId: string | null
  detail?: Record<string, unknown>
  requestId?: string
}

/** Adds an entry to the tenant's audit trail, in the transaction of the act itself. The trail is append-only. */
export async function recordAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await sql`insert into kernel.audit_entry (id, actor_person_id, action, subject_kind, subject_id, detail, request_id)
    values (${nextId()}, ${entry.actorPersonId}, ${entry.action}, ${entry.subjectKind}, ${entry.subjectId},
      ${JSON.stringify(entry.detail ?? {})}, ${entry.requestId ?? null})`.execute(tx)
}

let last: string = randomUUIDv7()

/** Greater than the one before: those of one millisecond, and of one transaction, are read in the order they were written. */
function nextId(): string {
  const id = randomUUIDv7()
  const after = (BigInt(`0x${last.slice(24)}`) + 1n).toString(16).padStart(12, '0')
  last = id > last ? id : last.slice(0, 24) + after
  return last
}

export interface RecordedAudit {
  id: string
  recordedAt: Date
  actorPersonId: string | null
  action: string
  subjectKind: string
  subjectId: string | null
  detail: Record<string, unknown>
}

/** The newest entries about some subjects, all together. @param limit at most 200. */
export async function listAudit(tx: Tx, limit: number, ...subjectIds: string[]): Promise<RecordedAudit[]> {
  const result = await sql<RecordedAudit>`select id, recorded_at as "recordedAt", actor_person_id as "actorPersonId",
      action, subject_kind as "subjectKind", subject_id as "subjectId", detail
    from kernel.audit_entry
    where subject_id = any(${subjectIds}::uuid[])
    order by recorded_at desc, id desc limit ${Math.min(limit, 200)}`.execute(tx)
  return result.rows
}
