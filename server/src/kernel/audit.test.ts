import { randomUUIDv7 } from 'node:crypto'
import { expect, test } from 'vitest'
import { openTestApp } from '../../test/app.ts'
import { listAudit, recordAudit } from './audit.ts'

test('entries of one transaction are read in the order they were written, however soon after each other', async () => {
  const server = await openTestApp()
  const subjectId = randomUUIDv7()
  const written = Array.from({ length: 100 }, (_, at) => `test.done_${at}`)
  const read = await server.inTenant(async (tx) => {
    // At once, so that many are of one millisecond.
    await Promise.all(
      written.map((action) => recordAudit(tx, { action, actorPersonId: null, subjectKind: 'test', subjectId })),
    )
    return listAudit(tx, 200, subjectId)
  })
  expect(read.map(({ action }) => action)).toEqual(written.toReversed())
  await server.close()
})
