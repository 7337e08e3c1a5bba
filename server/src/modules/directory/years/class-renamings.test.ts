import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makePerson } from '../../../../test/make.ts'
import {
  makeEstablishment,
  makePupil,
  modify,
  remove,
  type SmallFeed,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport, stageRollback } from '../imports/imports.ts'
import { listSuccessors } from './years-successions.queries.ts'
import type { RenamedClass } from './years-successions.ts'

let test: TestApp
let folder: string
let headers: { cookie: string }
let day = 10
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date(`2026-10-10T08:${day}:00Z`) })
  folder = await mkdtemp(join(tmpdir(), 'preau-renamed-'))
  const head = await test.inTenant((tx) => makePerson(tx))
  headers = await test.signIn(head, [{ right: 'directory.administer' }])
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const by = () => ({ tenantId: test.tenant.id, actorPersonId: null })

async function importFeed(feed: SmallFeed): Promise<string> {
  day++
  const path = await writeSmallFeed(join(folder, String(day)), { date: `2026-10-${day}`, ...feed })
  const { id, refusal } = await stageImport(test.services, { ...by(), folder: path })
  expect(refusal).toBeNull()
  await applyImport(test.services, { ...by(), id, acceptAlerts: true })
  return id
}

/** A school of these classes, whose pupils are numbered. */
const school = (classes: Record<string, number[]>): SmallFeed => ({
  establishments: [
    makeEstablishment('52', { ENTStructureClasses: Object.keys(classes).map((code) => `${code}$${code}`) }),
  ],
  pupils: Object.entries(classes).flatMap(([code, pupils]) =>
    pupils.map((id) => makePupil(String(100 + id), '52', { ENTEleveClasses: `52$${code}` })),
  ),
})

async function ask(decisions?: object[]) {
  const { rows } = await test.inTenant((tx) =>
    sql<{ id: string }>`select id from directory.organisation where uai is not null`.execute(tx),
  )
  const response = await test.app.inject({
    url: `/api/directory/establishments/${rows[0]!.id}/successions/2026`,
    headers,
    ...(decisions && { method: 'POST', payload: { decisions } }),
  })
  expect(response.statusCode).toBe(200)
  return response.json<{ renamed: RenamedClass[] }>().renamed
}

const told = (renamed: RenamedClass[]) =>
  renamed.flatMap(({ name, pupils, successors }) =>
    successors.map((each) => `${name} (${pupils}) > ${each.name} ${each.share} ${each.state}`),
  )
it('a class that comes back under another code within the year is proposed, and confirmed by a person', async () => {
  await importFeed(school({ '6A': [1, 2, 3, 4], '6B': [5, 6, 7] }))
  expect(await ask()).toEqual([])
  // 6A is renamed, but for a pupil who goes to a class that is new; 6B stays.
  const second = await importFeed(school({ '6ALPHA': [1, 2, 3], '6C': [4, 8], '6B': [5, 6, 7] }))
  const proposed = await ask()
  expect(told(proposed)).toEqual(['6A (4) > 6ALPHA 7500 proposed'])
  const [{ id: predecessorId, successors }] = proposed as [RenamedClass]
  const { successorId } = successors[0]!
  expect(await test.inTenant((tx) => listSuccessors(tx, predecessorId))).toEqual([])

  expect(told(await ask([{ predecessorId, successorId, state: 'refused' }]))).toEqual(['6A (4) > 6ALPHA 7500 refused'])
  expect(told(await ask([{ predecessorId, successorId, state: 'confirmed' }]))).toEqual([
    '6A (4) > 6ALPHA 7500 confirmed',
  ])
  expect(await test.inTenant((tx) => listSuccessors(tx, predecessorId))).toEqual([
    { id: successorId, name: '6ALPHA', share: 7500 },
  ])
  const row = await test.inTenant((tx) =>
    sql`select announced_at is not null as announced from directory.class_renaming`.execute(tx),
  )
  expect(row.rows).toEqual([{ announced: true }])

  // Undone, the class is there again: nothing takes it up.
  const undo = await stageRollback(test.services, { ...by(), id: second })
  await applyImport(test.services, { ...by(), id: undo.id, acceptAlerts: true })
  expect(await ask()).toEqual([])
})

it('a delta renames too; pupils who move to a class that was there rename nothing', async () => {
  await importFeed({
    delta: true,
    establishments: [modify('52', { ENTStructureClasses: ['6BETA$6BETA', '6A$6A'] })],
    pupils: [5, 6, 7].map((id) => modify(String(100 + id), { ENTEleveClasses: '52$6BETA' })),
  })
  expect(told(await ask())).toEqual(['6B (3) > 6BETA 10000 proposed'])
  await importFeed({
    delta: true,
    establishments: [modify('52', { ENTStructureClasses: ['6A$6A'] })],
    pupils: [5, 6].map((id) => modify(String(100 + id), { ENTEleveClasses: '52$6A' })).concat(remove('107')),
  })
  // Its successor is gone in turn.
  expect(told(await ask())).toEqual([])
})

it('an operator sees and settles it by command, naming the school by its UAI', async () => {
  await importFeed(school({ '6A': [1, 2, 3, 4] }))
  await importFeed(school({ '6GAMMA': [1, 2, 3, 4] }))
  const { rows } = await test.inTenant((tx) =>
    sql<{ id: string; uai: string }>`select id, uai from directory.organisation where uai is not null`.execute(tx),
  )
  const [{ id, uai }] = rows as [{ id: string; uai: string }]
  const command = (...words: string[]) => runCommand(test, 'directory', 'succession', ...words)
  const { printed } = await command('list', uai.toLowerCase(), '2026')
  const [pair] = /^\S+:\S+(?=  6A \(4\) > 6GAMMA  100 %  renamed, proposed$)/m.exec(printed) ?? []

  for (const words of [
    [uai, '2026'],
    [uai, '2026', '--confirm', 'of 6A'],
    [uai, '2026', '--confirm', pair!, '--refuse', pair!],
  ]) {
    await expect(command('settle', ...words)).rejects.toMatchObject({ status: 400, code: 'invalid_request' })
  }
  await expect(command('list', '0000000Z', '2026')).rejects.toMatchObject({ code: 'establishment_not_found' })
  await expect(command('list', uai, '2031')).rejects.toMatchObject({ code: 'school_year_unknown' })
  await expect(command('settle', uai, '2026', '--confirm', `${id}:${id}`)).rejects.toMatchObject({
    code: 'succession_unfit',
  })
  expect((await command('list', uai, '2026')).printed).toBe(printed)

  await command('settle', uai, '2026', '--confirm', pair!)
  expect((await command('list', uai, '2026')).printed).toContain('6A (4) > 6GAMMA  100 %  renamed, confirmed')
  const [predecessorId] = pair!.split(':')
  expect(await test.inTenant((tx) => listSuccessors(tx, predecessorId!))).toMatchObject([{ name: '6GAMMA' }])
  expect(await test.inTenant((tx) => listAudit(tx, 1, id))).toMatchObject([
    { action: 'directory.succession_decided', actorPersonId: null, detail: { startYear: 2026, decisions: 1 } },
  ])
})
