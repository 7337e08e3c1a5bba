import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  makeOneRosterSchool,
  type OneRosterCells,
  type ReadRow,
  readSmallOneRoster,
  type SmallOneRoster,
} from '../../../../test/small-oneroster.ts'

let folder: string
let folders = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-oneroster-'))
})
afterAll(() => rm(folder, { recursive: true }))
const newFolder = () => join(folder, String(++folders))

/** What a school's system knows of one person. */
const person = fc.record({
  name: fc.constantFrom('Ada', 'Zoé', "L'Hôte", 'A, "B"'),
  // Whoever has no role is not kept: a delta that gives one without the user's own row sets it aside.
  sides: fc.subarray(['student', 'teacher', 'parent', 'relative', 'principal'] as const, { minLength: 1 }),
  classes: fc.subarray(['6a', '6a-maths'] as const),
  main: fc.boolean(),
  birth: fc.constantFrom('', '2015-03-02', '1980-01-01'),
  agents: fc.subarray(['u1', 'u2', 'u3', 'u4'] as const),
})
type Person = typeof person extends fc.Arbitrary<infer Found> ? Found : never
const ids = ['u1', 'u2', 'u3', 'u4'] as const
const state = fc.record({
  u1: fc.option(person),
  u2: fc.option(person),
  u3: fc.option(person),
  u4: fc.option(person),
})
type State = Record<(typeof ids)[number], Person | null>

/** The rows of a whole package, every relation told from both its sides. */
function toRows(all: State): Required<SmallOneRoster> {
  const { academicSessions, orgs, courses, classes } = makeOneRosterSchool()
  const rows = {
    academicSessions,
    orgs,
    courses,
    classes,
    users: [],
    roles: [],
    enrollments: [],
    demographics: [],
  } as Required<SmallOneRoster>
  for (const id of ids) {
    const each = all[id]
    if (!each) continue
    const named = ids.filter(
      (other) => other !== id && all[other] && (each.agents.includes(other) || all[other].agents.includes(id)),
    )
    rows.users.push({ sourcedId: id, givenName: each.name, familyName: each.name, agentSourcedIds: named.join(',') })
    for (const role of each.sides) {
      rows.roles.push({
        sourcedId: `${id}-${role}`,
        userSourcedId: id,
        role,
        roleType: 'secondary',
        orgSourcedId: 'school-1',
      })
    }
    const role = each.sides.includes('student') ? 'student' : each.sides.includes('teacher') ? 'teacher' : undefined
    for (const classId of role ? each.classes : []) {
      rows.enrollments.push({
        sourcedId: `${id}-${classId}`,
        classSourcedId: classId,
        schoolSourcedId: 'school-1',
        userSourcedId: id,
        role: role ?? '',
        primary: String(each.main),
      })
    }
    if (each.birth !== '') rows.demographics.push({ sourcedId: id, birthDate: each.birth })
  }
  return rows
}

/** The rows that lead from one package to another. */
function toDelta(before: SmallOneRoster, after: SmallOneRoster): SmallOneRoster {
  const delta: SmallOneRoster = {}
  for (const name of ['users', 'roles', 'enrollments', 'demographics'] as const) {
    const old = new Map((before[name] ?? []).map((row) => [row['sourcedId'], row]))
    const rows: OneRosterCells[] = []
    for (const row of after[name] ?? []) {
      if (JSON.stringify(old.get(row['sourcedId'])) !== JSON.stringify(row)) rows.push(row)
      old.delete(row['sourcedId'])
    }
    for (const row of old.values()) rows.push({ ...row, status: 'tobedeleted' })
    if (rows.length > 0) delta[name] = rows
  }
  return delta
}

const people = (rows: ReadRow[]) =>
  new Map(
    rows
      .filter(({ kind, change }) => change === 'added' && ['pupil', 'guardian', 'staff'].includes(kind))
      .map((row) => [`${row.kind} ${row.id}`, row]),
  )

it('a delta leads where the whole package would', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(state, state, async (one, two) => {
      const [before, after] = [toRows(one), toRows(two)]
      const accepted = (await readSmallOneRoster(newFolder(), before)).records.filter(
        ({ change }) => change === 'added',
      )
      const delta = toDelta(before, after)
      fc.pre(Object.keys(delta).length > 0)
      const { records, reading } = await readSmallOneRoster(newFolder(), delta, { mode: 'delta' }, accepted)
      const reached = people(accepted)
      for (const row of records) {
        const key = `${row.kind} ${row.id}`
        if (row.change === 'added') reached.set(key, row)
        if (row.change === 'removed') reached.delete(key)
      }
      const wanted = people((await readSmallOneRoster(newFolder(), after)).records)
      const bodies = (map: Map<string, ReadRow>) =>
        Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { body }]) => [key, body]))
      expect(bodies(reached)).toEqual(bodies(wanted))
      for (const [file, { rows, kept, leftOut }] of reading.rows ?? []) {
        const name = file.replace('.csv', '') as keyof SmallOneRoster
        expect(rows, file).toBe(delta[name]?.length)
        expect(kept + Object.values(leftOut).reduce((sum, number) => sum + number, 0), file).toBe(rows)
      }
    }),
    { numRuns: 60 },
  )
})
