import { CompiledQuery, sql } from 'kysely'
import { type Db, keepPlan, keepPlanOf, type Tx } from '#kernel/postgres'
import { bigintArray, textArray, uuidArray } from './binary-arrays.ts'
import type { KeptStatement } from './statements.queries.ts'
import type { StatementKeys } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

/** A statement as it is about to be kept. */
export interface NewStatement {
  /** In lower case. */
  id: string
  seq: number
  credentialId: string | null
  keys: StatementKeys
  body: string
}

// Advisory locks that tell since when a transaction has been storing: 16 bits that say so, then 48 of milliseconds.
const storing = 0x5265

/**
 * Opens the time in which this transaction stores, and says so by a shared lock until it ends. Every moment from the
 * answer on is later than what `findSettled` tells anybody until then.
 * @returns microseconds since 1970 by the clock of the base, later than everything its tenant has.
 */
export async function openStoring(tx: Tx): Promise<number> {
  // The clock is read again once the lock is there: between the two, somebody may have been told that all is settled.
  const { rows } = await sql<{ moment: number }>`${keepPlan}
    with opening as materialized (
      select pg_advisory_xact_lock_shared((${sql.lit(storing)}::bigint << 48) | (extract(epoch from clock_timestamp()) * 1000)::bigint)
    )
    select greatest((extract(epoch from clock_timestamp()) * 1000000)::bigint, (
      select max(seq) + 1 from records.statement where tenant_id = (select kernel.current_tenant())
    )) as moment from opening`.execute(tx)
  return rows[0]?.moment ?? 0
}

/**
 * Until when everything stored can be read, by whatever process: nothing will appear that was stored before.
 * @returns milliseconds since 1970.
 */
export async function findSettled(db: Db): Promise<number> {
  // The clock first: what begins after it was read stores later.
  const { rows } = await sql<{ settled: number }>`
    with now as materialized (select (extract(epoch from clock_timestamp()) * 1000)::bigint as moment)
    select least(now.moment, (
      select min(((classid::bigint & 65535) << 32) | objid::bigint) from pg_locks
      where now.moment > 0 and locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = ${sql.lit(storing)}
        and database = (select oid from pg_database where datname = current_database())
    )) - 1 as settled from now`.execute(db)
  return rows[0]?.settled ?? 0
}

// The tenant is given, not left to the column's default, which asks for it again at each row.

const insertion = keepPlanOf(`
  insert into records.statement
    (tenant_id, seq, id, credential_id, actor, verb, activity, object_agent, registration, referred_id, authority, body)
  select (select kernel.current_tenant()), seq, id, credential_id, actor, verb, activity, object_agent, registration, referred_id, authority, body
  from unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::uuid[],
    $9::uuid[], $10::bigint[], $11::text[])
    given (seq, id, credential_id, actor, verb, activity, object_agent, registration, referred_id, authority, body)
  on conflict (tenant_id, id) do nothing`)

/** Keeps statements. @returns how many: those whose identifier was taken are left out. */
export async function insertStatements(tx: Tx, statements: readonly NewStatement[]): Promise<number> {
  const values = [
    bigintArray(statements.map(({ seq }) => seq)),
    uuidArray(statements.map(({ id }) => id)),
    uuidArray(statements.map(({ credentialId }) => credentialId)),
    bigintArray(statements.map(({ keys }) => keys.actor)),
    bigintArray(statements.map(({ keys }) => keys.verb)),
    bigintArray(statements.map(({ keys }) => keys.activity)),
    bigintArray(statements.map(({ keys }) => keys.objectAgent)),
    uuidArray(statements.map(({ keys }) => keys.registration)),
    uuidArray(statements.map(({ keys }) => keys.referredId)),
    bigintArray(statements.map(({ keys }) => keys.authority)),
    textArray(statements.map(({ body }) => body)),
  ]
  const { numAffectedRows } = await tx.executeQuery(CompiledQuery.raw(insertion, values))
  return Number(numAffectedRows)
}

/** Keeps what statements mention, by their moments. */
export async function insertMentions(tx: Tx, statements: readonly NewStatement[]): Promise<void> {
  const keys: string[] = []
  const moments: number[] = []
  for (const { seq, keys: own } of statements) {
    for (const key of own.related) {
      keys.push(key)
      moments.push(seq)
    }
  }
  if (keys.length === 0) return
  const values = [bigintArray(keys), bigintArray(moments)]
  await tx.executeQuery(CompiledQuery.raw(mentioning, values))
}

const mentioning = keepPlanOf(`
  insert into records.mention (tenant_id, key, seq)
  select (select kernel.current_tenant()), key, seq from unnest($1::bigint[], $2::bigint[]) given (key, seq)`)

/**
 * Notes what some new statements void, if they do, and which of them refer to one that refers to another, or are referred to
 * by one. Nobody else does until the transaction ends: of two that come together, one sees the other.
 * @param referring those that refer to a statement.
 * @param voiding those of them that void it. A voiding statement is never voided itself (1.0.3 Data 2.3.2).
 */
export async function insertReferences(
  tx: Tx,
  referring: readonly string[],
  voiding: readonly string[],
): Promise<void> {
  if (referring.length === 0) return
  await sql`select pg_advisory_xact_lock(hashtextextended('records.reference ' || kernel.current_tenant(), 0))`.execute(
    tx,
  )
  if (voiding.length > 0) await insertVoidings(tx, uuidArray(voiding))
  const given = uuidArray(referring)
  await sql`
    insert into records.reference (id, target_id)
    select s.id, s.referred_id from records.statement s
      join records.statement t on t.tenant_id = s.tenant_id and t.id = s.referred_id and t.referred_id is not null
    where s.referred_id is not null and s.id = any(${given}::uuid[])
    union
    select s.id, s.referred_id from records.statement s
    where s.referred_id is not null and s.referred_id = any(${given}::uuid[])
    on conflict do nothing`.execute(tx)
}

/** The statements kept under these identifiers, voided or not. */
export function listKept(tx: Tx, ids: readonly string[]): Promise<KeptStatement[]> {
  return tables(tx)
    .selectFrom('records.statement')
    .select(['id', 'seq', 'body'])
    .where(sql<boolean>`id = any(${uuidArray(ids)}::uuid[])`)
    .execute()
}

/** Those of some statements that void another, which nothing may void. @param verb key of the verb that voids. */
export async function listVoiding(tx: Tx, ids: readonly string[], verb: string): Promise<Set<string>> {
  const rows = await tables(tx)
    .selectFrom('records.statement')
    .select('id')
    .where(sql<boolean>`id = any(${uuidArray(ids)}::uuid[])`)
    .where('verb', '=', verb)
    .where('referred_id', 'is not', null)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** Notes what statements void; whatever was voided already stays so. */
async function insertVoidings(tx: Tx, voiding: Buffer): Promise<void> {
  await sql`
    insert into records.voiding (target_id, statement_id)
    select s.referred_id, s.id from records.statement s where s.id = any(${voiding}::uuid[]) and not exists (
      select from records.statement t
      where t.tenant_id = s.tenant_id and t.id = s.referred_id and t.verb = s.verb and t.referred_id is not null)
    on conflict do nothing`.execute(tx)
  // Those that another one hoped to void before they came.
  await sql`delete from records.voiding where target_id = any(${voiding}::uuid[])`.execute(tx)
}
