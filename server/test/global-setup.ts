import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedClickhouse } from '#kernel/embedded-clickhouse'
import { startEmbeddedPostgres } from '#kernel/embedded-postgres'
import { openJobs } from '#kernel/jobs'
import { migratePostgres } from '#kernel/migrate'
import { queues } from '../src/app.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; user: string; database: string; port: number }
    clickhouseDirectory: string
  }
}

/** Starts both stores once for all test files, with a migrated database that each file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'preau-test-'))
  // For root: PostgreSQL then runs as another user, who must be able to enter.
  await chmod(directory, 0o711)
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres') })
  const clickhouseDirectory = join(directory, 'clickhouse')
  const clickhouse = await startEmbeddedClickhouse({ directory: clickhouseDirectory })

  const admin = new pg.Client(postgres.connection)
  await admin.connect()
  await admin.query('create database preau_template')
  await admin.end()
  const owner = new pg.Pool({ ...postgres.connection, database: 'preau_template' })
  await migratePostgres(owner)
  const jobs = await openJobs(owner, queues, { supervise: false, onError: () => {} })
  await jobs.stop()
  await owner.end()

  project.provide('postgres', postgres.connection)
  project.provide('clickhouseDirectory', clickhouseDirectory)
  return async () => {
    await clickhouse.stop()
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
