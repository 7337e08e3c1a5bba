import { randomUUIDv7 } from 'node:crypto'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { migratePostgres } from './migrate.ts'
import { openPostgres } from './postgres.ts'

test('a role that may not make the one of requests is told what an administrator has to write', async () => {
  const connection = inject('postgres')
  const name = `test_${randomUUIDv7().replaceAll('-', '')}`
  const administrator = new pg.Client(connection)
  await administrator.connect()
  await administrator.query(`create role ${name} login; grant ${name} to current_user`)
  await administrator.query(`create database ${name} owner ${name}`)
  const postgres = openPostgres({ ...connection, user: name, database: name }, () => {})
  try {
    await expect(migratePostgres(postgres.owner)).rejects.toThrow(`grant preau_app to ${name};`)
  } finally {
    await postgres.close()
    await administrator.query(`drop database ${name} with (force)`)
    await administrator.query(`drop role ${name}`)
    await administrator.end()
  }
})
