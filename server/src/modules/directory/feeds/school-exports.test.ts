import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeSchoolExports } from '#demonstration'
import { stageFeed } from '../../../../test/staged-feed.ts'
import { inspectFeed } from './formats.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-schools-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('what the applications of a sector’s schools give is read whole, every record accounted for', async () => {
  const exports = await writeSchoolExports(folder)
  expect(new Set(exports.map(({ format }) => format))).toEqual(new Set(['siecle', 'sts', 'onde']))
  for (const school of exports) {
    const feed = await inspectFeed(school.folder, { uai: school.uai, exportedOn: '2026-09-14' })
    expect(feed).toMatchObject({ kind: school.format, key: school.uai, schoolYear: 2026 })
    const { rows, warnings } = await stageFeed(feed)
    const count = (kind: string) => rows.filter((row) => row.kind === kind && row.change === 'added').length
    const told = {
      pupils: count('pupil'),
      guardians: count('guardian'),
      staff: count('staff'),
      classes: count('class'),
    }
    const { pupils, guardians, staff, classes } = school
    expect([school.format, told]).toEqual([school.format, { pupils, guardians, staff, classes }])
    expect(rows.filter(({ change }) => change !== 'added')).toEqual([])
    expect(warnings).toEqual({})
    if (pupils === 0) continue
    // Everybody who answers for a pupil is one of those read.
    const known = new Set(rows.flatMap(({ kind, id }) => (kind === 'guardian' ? [id] : [])))
    const links = rows.flatMap(({ body }) => (body['guardians'] as { id: string }[] | undefined) ?? [])
    expect(links.length).toBeGreaterThan(pupils)
    expect(links.filter(({ id }) => !known.has(id))).toEqual([])
    expect(new Set(links.map(({ id }) => id)).size).toBe(guardians)
  }
})
