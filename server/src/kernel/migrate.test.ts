import { randomUUIDv7 } from 'node:crypto'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { migratePostgres } from './migrate.ts'
import { openPostgres } from './postgres.ts'

test.each([
  [
    'may not make the one of requests',
    (name: string) => `owner ${name}`,
    (name: string) => `grant preau_app to ${name};`,
  ],
  ['may make nothing in its base', () => '', (name: string) => `alter database ${name} owner to ${name};`],
  [
    'has a base that cannot hold every name',
    (name: string) =>
      `owner ${name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' locale_provider libc template template0`,
    () => `must be in UTF8`,
  ],
])('a role that %s is told what an administrator has to do', async (_, options, told) => {
  const connection = inject('postgres')
  const name = `test_${randomUUIDv7().replaceAll('-', '')}`
  const administrator = new pg.Client(connection)
  await administrator.connect()
  await administrator.query(`create role ${name} login; grant ${name} to current_user`)
  await administrator.query(`create database ${name} ${options(name)}`)
  const postgres = openPostgres({ ...connection, user: name, database: name }, () => {})
  try {
    await expect(migratePostgres(postgres.owner)).rejects.toThrow(told(name))
  } finally {
    await postgres.close()
    await administrator.query(`drop database ${name} with (force)`)
    await administrator.query(`drop role ${name}`)
    await administrator.end()
  }
})
