import { describe, expect, test } from 'vitest'
import { isDatabaseAway } from './postgres.ts'

const failed = (message: string, fields: object = {}) => Object.assign(new Error(message), fields)

describe('isDatabaseAway', () => {
  test.for([
    failed('terminating connection due to administrator command', { code: '57P01' }),
    failed('the database system is starting up', { code: '57P03' }),
    failed('sorry, too many clients already', { code: '53300' }),
    failed('connect ECONNREFUSED 127.0.0.1:5432', { code: 'ECONNREFUSED', syscall: 'connect' }),
    failed('connect ENOENT /data/postgres/.s.PGSQL.5432', { code: 'ENOENT', syscall: 'connect' }),
    failed('Connection terminated unexpectedly'),
    failed('timeout exceeded when trying to connect'),
    failed('Client has encountered a connection error and is not queryable'),
  ])('%s', (error) => expect(isDatabaseAway(error)).toBe(true))

  test.for([
    failed('duplicate key value', { code: '23505' }),
    failed('canceling statement due to statement timeout', { code: '57014' }),
    failed('no such file', { code: 'ENOENT', syscall: 'open' }),
    failed('something else'),
  ])('not: %s', (error) => expect(isDatabaseAway(error)).toBe(false))
})
