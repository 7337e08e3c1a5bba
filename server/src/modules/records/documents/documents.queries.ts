import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { identifyAgent } from '../model/agents.ts'
import type { Agent } from '../model/statement.ts'
import { keyOf } from '../model/statement-keys.ts'
import { type DocumentKind, tables } from '../tables.ts'

/** What documents are of: the resource they are under, and its parameters. */
export type DocumentPlace =
  | { kind: 'state'; activityId: string; agent: Agent; registration?: string | undefined }
  | { kind: 'activity_profile'; activityId: string }
  | { kind: 'agent_profile'; agent: Agent }

/** A document: any bytes, under a type. */
export interface Document {
  contentType: string
  content: Buffer
  /** Hexadecimal, without its quotes. */
  etag: string
  updatedAt: Date
}

/** A place as columns. */
export interface PlaceColumns {
  kind: DocumentKind
  activity: string | null
  activity_iri: string | null
  agent: string | null
  agent_identifier: string | null
  registration: string | null
}

export function toColumns(tenantId: string, place: DocumentPlace): PlaceColumns {
  const activity = 'activityId' in place ? place.activityId : null
  // A place has an agent with one identifier: a group without one has no documents.
  const agent = 'agent' in place ? identifyAgent(place.agent)! : null
  return {
    kind: place.kind,
    activity: activity === null ? null : keyOf(tenantId, 'activity', activity),
    activity_iri: activity,
    agent: agent === null ? null : keyOf(tenantId, 'agent', agent),
    agent_identifier: agent,
    registration: place.kind === 'state' ? (place.registration?.toLowerCase() ?? null) : null,
  }
}

/** Lets one transaction at a time change the document of that name, whether there is one or not. */
export async function lockDocument(tx: Tx, place: PlaceColumns, name: string): Promise<void> {
  const { kind, activity, agent, registration } = place
  const what = JSON.stringify([kind, activity, agent, registration, name])
  await sql`select pg_advisory_xact_lock(hashtext('records.document'), hashtext(${what}))`.execute(tx)
}

export function findDocumentAt(tx: Tx, place: PlaceColumns, name: string): Promise<Document | undefined> {
  return within(tx, place)
    .select(['content_type as contentType', 'content', 'etag', 'updated_at as updatedAt'])
    .where(sql<boolean>`registration is not distinct from ${place.registration}::uuid`)
    .where('name', '=', name)
    .modifyEnd(keepPlan)
    .executeTakeFirst()
}

export async function saveDocument(tx: Tx, place: PlaceColumns, name: string, document: Document): Promise<void> {
  await tables(tx)
    .insertInto('records.document')
    .values({
      id: randomUUIDv7(),
      ...place,
      name,
      content_type: document.contentType,
      content: document.content,
      etag: document.etag,
      updated_at: document.updatedAt,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'kind', 'activity', 'agent', 'registration', 'name']).doUpdateSet((row) => ({
        content_type: row.ref('excluded.content_type'),
        content: row.ref('excluded.content'),
        etag: row.ref('excluded.etag'),
        updated_at: row.ref('excluded.updated_at'),
      })),
    )
    .execute()
}

export async function deleteDocumentAt(tx: Tx, place: PlaceColumns, name: string): Promise<void> {
  await tables(tx)
    .deleteFrom('records.document')
    .where('kind', '=', place.kind)
    .where(sql<boolean>`activity is not distinct from ${place.activity}::bigint`)
    .where(sql<boolean>`agent is not distinct from ${place.agent}::bigint`)
    .where(sql<boolean>`registration is not distinct from ${place.registration}::uuid`)
    .where('name', '=', name)
    .execute()
}

/**
 * Deletes every document of a place; where it names no registration, those of any (xAPI 1.0.3, Communication 2.3: "all
 * state data for this context (Activity + Agent [+ registration if specified])").
 */
export async function deleteDocuments(tx: Tx, tenantId: string, at: DocumentPlace): Promise<void> {
  const place = toColumns(tenantId, at)
  let query = tables(tx)
    .deleteFrom('records.document')
    .where('kind', '=', place.kind)
    .where(sql<boolean>`activity is not distinct from ${place.activity}::bigint`)
    .where(sql<boolean>`agent is not distinct from ${place.agent}::bigint`)
  if (place.registration !== null) query = query.where('registration', '=', place.registration)
  await query.execute()
}

/**
 * The names of the documents of a place, with when the last of them changed; null when there is none. Where the place
 * names no registration, those of any.
 * @param since only those that changed after it.
 */
export async function listDocumentNames(
  tx: Tx,
  tenantId: string,
  at: DocumentPlace,
  since?: Date,
): Promise<{ names: string[]; updatedAt: Date | null }> {
  const place = toColumns(tenantId, at)
  let query = within(tx, place)
    .select((row) => ['name', row.fn.max('updated_at').as('updatedAt')])
    .groupBy('name')
    .orderBy('name')
  if (place.registration !== null) query = query.where('registration', '=', place.registration)
  if (since) query = query.where('updated_at', '>', since)
  const rows = await query.execute()
  const latest = Math.max(...rows.map((row) => row.updatedAt.getTime()))
  return { names: rows.map((row) => row.name), updatedAt: rows.length === 0 ? null : new Date(latest) }
}

function within(tx: Tx, { kind, activity, agent }: PlaceColumns) {
  return tables(tx)
    .selectFrom('records.document')
    .where('kind', '=', kind)
    .where(sql<boolean>`activity is not distinct from ${activity}::bigint`)
    .where(sql<boolean>`agent is not distinct from ${agent}::bigint`)
}
