import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { ClickHouseClient } from '@clickhouse/client'

/** What the runner needs of a store: its journal, and running one file whole. */
interface Target {
  journal(): Promise<{ name: string; checksum: string }[]>
  apply(file: MigrationFile): Promise<void>
}

interface MigrationFile {
  name: string
  text: string
  checksum: string
}

const directory = join(import.meta.dirname, '../../migrations')

/**
 * Brings PostgreSQL to the newest schema: numbered files, each in its own transaction, once. Several programs may call
 * it at once; an advisory lock lets one work while the others wait.
 * @returns the names applied now.
 * @throws Error when an applied file was altered since, or when the base is newer than this program.
 */
export async function migratePostgres(owner: pg.Pool): Promise<string[]> {
  const client = await owner.connect()
  try {
    await checkBase(client)
    await client.query(`select pg_advisory_lock(hashtext('preau migrations'))`)
    await client.query(`create table if not exists public.preau_migration
      (name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
    return await run('postgres', {
      journal: async () => (await client.query('select name, checksum from public.preau_migration')).rows,
      async apply(file) {
        await client.query('begin')
        try {
          await client.query(file.text)
          await client.query('insert into public.preau_migration (name, checksum) values ($1, $2)', [
            file.name,
            file.checksum,
          ])
          await client.query('commit')
        } catch (error) {
          await client.query('rollback')
          throw error
        }
      },
    })
  } finally {
    // Ends the session, and with it the lock, whatever happened.
    client.release(true)
  }
}

/** @throws Error saying what an administrator has to do when the base cannot be used, before anything is made in it. */
async function checkBase(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; advice: string | null }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
       case when to_regclass('public.preau_migration') is null
         and not (has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create'))
       then format('%I may make nothing in the base %I. As administrator: alter database %2$I owner to %1$I;',
         current_user, current_database()) end as advice`,
  )
  const { version, encoding, advice } = rows[0]!
  if (version < 150_000) throw new Error('PostgreSQL 15 or newer is needed.')
  if (encoding !== 'UTF8') {
    throw new Error(`The base is in ${encoding} and must be in UTF8: make another one, encoding 'UTF8'.`)
  }
  if (advice) throw new Error(advice)
}

/**
 * Brings ClickHouse to the newest schema. It has no transaction: a file is run statement by statement and each
 * statement must bear being run again (`create … if not exists`), because a kill in the middle repeats the file.
 */
export async function migrateClickhouse(client: ClickHouseClient): Promise<string[]> {
  await client.command({
    query: `create table if not exists preau_migration (name String, checksum String, applied_at DateTime default now())
            engine = MergeTree order by name`,
  })
  return run('clickhouse', {
    async journal() {
      const result = await client.query({ query: 'select name, checksum from preau_migration', format: 'JSONEachRow' })
      return result.json<{ name: string; checksum: string }>()
    },
    async apply(file) {
      const statements = file.text
        .replaceAll(/^\s*--.*$/gm, '')
        .split(/;\s*$/m)
        .map((each) => each.trim())
        .filter(Boolean)
      for (const query of statements) await client.command({ query })
      await client.insert({
        table: 'preau_migration',
        values: [{ name: file.name, checksum: file.checksum }],
        format: 'JSONEachRow',
      })
    },
  })
}

async function run(store: string, target: Target): Promise<string[]> {
  const names = (await readdir(join(directory, store))).filter((name) => name.endsWith('.sql')).sort()
  const files = await Promise.all(
    names.map(async (name): Promise<MigrationFile> => {
      const text = await readFile(join(directory, store, name), 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
  const journal = await target.journal()
  for (const { name, checksum } of journal) {
    const file = files.find((each) => each.name === name)
    if (!file) throw new Error(`The ${store} base was made by a newer version of Préau (it holds ${name}).`)
    if (file.checksum !== checksum) throw new Error(`Migration ${store}/${name} was altered after it had been applied.`)
  }
  const pending = files.filter((file) => !journal.some((done) => done.name === file.name))
  for (const file of pending) {
    try {
      await target.apply(file)
    } catch (error) {
      // PostgreSQL's own hint tells what an administrator has to do.
      const { message, hint } = error as Error & { hint?: string }
      throw new Error(`Migration ${store}/${file.name} failed: ${[message, hint].filter(Boolean).join('. ')}`, {
        cause: error,
      })
    }
  }
  return pending.map((file) => file.name)
}
