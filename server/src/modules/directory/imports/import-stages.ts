import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams'
import { Problem } from '#kernel/problem'
import { stagedColumns } from '../feeds/staged-rows.ts'

// The partitions of directory.staged_record, one an import. COPY and the making of tables are not for the role that
// serves requests: they go through the owner, who reaches a partition by its own name.

const prefix = 'staged_'
const tableOf = (importId: string) => `directory.${prefix}${importId.replaceAll('-', '')}`

/**
 * Makes the partition of an import, empty. Both ids are UUIDs: they go into the statement as text.
 * @throws Problem 409 `stage_busy` when someone keeps an eye on a former one.
 */
export async function createStage(client: pg.ClientBase, tenantId: string, importId: string): Promise<void> {
  const table = tableOf(importId)
  for (let left = 10; !(await dropTable(client, table)); left--) {
    if (left === 0) throw new Problem(409, 'stage_busy', 'Its former reading is being looked at: run it again.')
    await wait(500)
  }
  await client.query(`create unlogged table ${table} (like directory.staged_record including defaults)
    with (autovacuum_enabled = false)`)
  // COPY then writes neither on each row.
  await client.query(`alter table ${table} alter tenant_id set default '${tenantId}',
    alter import_id set default '${importId}'`)
  await client.query(`alter table ${table} enable row level security`)
  await client.query(`alter table directory.staged_record attach partition ${table} for values in ('${importId}')`)
}

/** Opens a COPY of rows made by `rowOf`. */
export function openStageCopy(client: pg.ClientBase, importId: string): CopyStreamQuery {
  return client.query(copyFrom(`copy ${tableOf(importId)} (${stagedColumns}) from stdin`))
}

/**
 * Tells the planner what the partition holds, but for its bodies, which are never searched. A few rows tell enough: they
 * are all read in one way or another.
 */
export async function analyzeStage(client: pg.ClientBase, importId: string): Promise<void> {
  await client.query(`set local default_statistics_target = 10;
    analyze ${tableOf(importId)} (kind, external_id, change, known, subject_id, establishment_ref)`)
}

/**
 * Tells the planner what a first load put in: until it knows, it takes the tables for empty, and the home page for a
 * thing of seconds. Later imports change little enough for the database to follow by itself.
 */
export async function analyzeDirectory(owner: pg.Pool): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class
     where relnamespace = 'directory'::regnamespace and relkind = 'r' and not relispartition
     order by pg_relation_size(oid) desc`,
  )
  // Two at once, of the same size more or less.
  const halves = [0, 1].map((half) => rows.filter((_, place) => place % 2 === half))
  await Promise.all(halves.map((half) => owner.query(`analyze ${half.map((row) => row.name).join(', ')}`)))
}

/** Prepares the partition for people who turn its pages. */
export async function indexStage(client: pg.ClientBase, importId: string): Promise<void> {
  await client.query(`create index on ${tableOf(importId)} (subject_id)`)
  await client.query(`create index on ${tableOf(importId)} (kind, external_id)`)
  await client.query(`create index on ${tableOf(importId)} (establishment_ref, kind, external_id)`)
}

/** The imports, of all tenants, that have a partition. */
export async function listStages(owner: pg.Pool): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>(
    `select substr(relname, ${prefix.length + 1})::uuid::text as id from pg_class
     where relnamespace = 'directory'::regnamespace and relkind = 'r' and relname ~ '^${prefix}[0-9a-f]{32}$'`,
  )
  return rows.map((row) => row.id)
}

/** Drops the partitions of some imports. One in use by someone is left to the next time. */
export async function dropStages(owner: pg.Pool, importIds: string[]): Promise<void> {
  for (const importId of importIds) {
    // Dropping a partition waits for all readers of the parent, and makes new ones wait: not for long.
    const client = await owner.connect()
    try {
      await dropTable(client, tableOf(importId))
    } finally {
      client.release()
    }
  }
}

async function dropTable(client: pg.ClientBase, table: string): Promise<boolean> {
  try {
    await client.query('begin')
    await client.query(`set local lock_timeout = '2s'`)
    await client.query(`drop table if exists ${table}`)
    await client.query('commit')
    return true
  } catch (error) {
    await client.query('rollback')
    if ((error as { code?: string }).code !== '55P03') throw error
    return false
  }
}
