import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inTenant, type Tx } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  type SmallFeed,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport } from '../imports/imports.ts'
import { mergePeople, undoMerge } from './merges.ts'

// Two territories receive the same exports. In one of them people are merged and parted again in between; once all of
// its merges are undone, it is the other one.

let test: TestApp
let folder: string
let number = 0
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-10-01T10:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-merges-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const academies = ['20', '09'] as const
const guardianIds = ['20', '21']
const pupilIds = ['10', '11', '12']

interface Export {
  academy: (typeof academies)[number]
  pupils: { id: string; guardians: string[]; inClass: boolean }[]
  guardians: string[]
  teaches: boolean
  mail: string
}

const exportOf: fc.Arbitrary<Export> = fc.record({
  academy: fc.constantFrom(...academies),
  pupils: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...pupilIds),
      guardians: fc.uniqueArray(fc.constantFrom(...guardianIds)),
      inClass: fc.boolean(),
    }),
    { selector: ({ id }) => id, maxLength: 3 },
  ),
  guardians: fc.uniqueArray(fc.constantFrom(...guardianIds)),
  teaches: fc.boolean(),
  mail: fc.constantFrom('', 'one@example.org', 'two@example.org'),
})

type Step = { do: 'import'; of: Export } | { do: 'merge'; one: number; other: number } | { do: 'undo'; which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('import' as const), of: exportOf }),
  fc.record({ do: fc.constant('merge' as const), one: fc.nat(20), other: fc.nat(20) }),
  fc.record({ do: fc.constant('undo' as const), which: fc.nat(5) }),
)

function toFeed({ academy, pupils, guardians, teaches, mail }: Export): SmallFeed {
  const establishment = `5${academy}`
  return {
    academy,
    establishments: [makeEstablishment(establishment, { ENTStructureClasses: 'A$CLASSE A' })],
    guardians: guardians.map((id) => makeGuardian(id, { mail })),
    pupils: pupils.map(({ id, guardians: links, inClass }) =>
      makePupil(id, establishment, {
        ENTEleveClasses: inClass ? [`${establishment}$A`] : '',
        ENTElevePersRelEleve: links.map((guardian) => `${guardian}$10$1$1$1$1`),
      }),
    ),
    staff: [
      makeStaffMember('30', {
        ENTPersonFonctions: `${establishment}$ENS$E$-$-`,
        ENTAuxEnsClasses: teaches ? [`${establishment}$A`] : '',
      }),
    ],
  }
}

/** All of a territory, people and places named by what their sources call them. */
async function readAll(tx: Tx): Promise<unknown> {
  const name = (
    column: string,
  ) => sql`(select string_agg(s.key || ' ' || r.kind || ' ' || r.external_id, ', ' order by 1)
    from directory.source_record r join directory.source s on s.id = r.source_id
    where r.subject_id = ${sql.ref(column)})`
  const queries = {
    people: sql`select ${name('p.id')} as name, family_name, given_name, email, born_on, gone_on, merged_into
      from directory.person p`,
    enrolments: sql`select ${name('person_id')} as name, ${name('establishment_id')} as place from directory.enrolment`,
    memberships: sql`select ${name('person_id')} as name, ${name('teaching_group_id')} as place
      from directory.membership`,
    teachings: sql`select ${name('person_id')} as name, ${name('teaching_group_id')} as place from directory.teaching`,
    functions: sql`select ${name('person_id')} as name, ${name('organisation_id')} as place, code
      from directory.staff_function`,
    guardianships: sql`select ${name('pupil_id')} as name, ${name('guardian_id')} as place, legal_status
      from directory.guardianship`,
    affiliations: sql`select ${name('person_id')} as name, ${name('organisation_id')} as place, profile
      from directory.affiliation`,
  }
  const all: Record<string, unknown[]> = {}
  for (const [key, query] of Object.entries(queries)) {
    const { rows } = await sql`select * from (${query}) q order by to_jsonb(q)::text`.execute(tx)
    all[key] = rows
  }
  return all
}

/** What must hold whatever was merged. */
async function countBroken(tx: Tx): Promise<number> {
  const { rows } = await sql<{ number: number }>`select
    (select count(*) from directory.source_record r join directory.person p on p.id = r.subject_id
      where p.merged_into is not null)
    + (select count(*) from directory.person p where p.merged_into is not null and (p.gone_on is null
      or exists (select from directory.affiliation where person_id = p.id)
      or exists (select from directory.enrolment where person_id = p.id)
      or exists (select from directory.guardianship where p.id in (pupil_id, guardian_id))))
    + (select count(*) from directory.person p where p.merged_into is null and (p.gone_on is null) <> exists (
      select from directory.source_record r where r.subject_id = p.id and r.gone_on is null))
    + (select count(*) from directory.guardianship where pupil_id = guardian_id) as number`.execute(tx)
  return rows[0]!.number
}

it('merges and partings among imports leave, once undone, what the imports alone would', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(exportOf, { minLength: 1, maxLength: 2 }),
      fc.array(step, { minLength: 3, maxLength: 7 }),
      async (first, steps) => {
        number += 1
        const tenants: string[] = []
        for (const side of ['plain', 'merged']) {
          tenants.push(
            (await createTenant(test.services.owner, { slug: `merges-${number}-${side}`, name: 'Merges' })).id,
          )
        }
        const [plain, merged] = tenants as [string, string]
        const inMerged = <T>(work: (tx: Tx) => Promise<T>) => inTenant(test.services.db, merged, work)
        const standing: string[] = []
        let turn = 0
        for (const each of [...first.map((of): Step => ({ do: 'import', of })), ...steps]) {
          turn += 1
          if (each.do === 'import') {
            const path = await writeSmallFeed(join(folder, `${number}-${turn}`), {
              ...toFeed(each.of),
              date: `2026-09-${String(10 + turn)}`,
            })
            for (const tenantId of [plain, merged]) {
              const staged = await stageImport(test.services, { tenantId, folder: path, actorPersonId: null })
              const input = { tenantId, id: staged.id, actorPersonId: null, acceptAlerts: true }
              expect((await applyImport(test.services, input)).state).toBe('applied')
            }
          } else if (each.do === 'merge') {
            const done = await inMerged(async (tx) => {
              const { rows } = await sql<{ id: string }>`select p.id from directory.person p
                where p.merged_into is null order by p.family_key, p.id`.execute(tx)
              const [leftId, rightId] = [rows[each.one % rows.length]?.id, rows[each.other % rows.length]?.id]
              if (!leftId || !rightId) return []
              const pairs = [{ leftId, rightId, points: null, parts: [] }]
              return mergePeople(test.services, tx, merged, { pairs, by: null })
            })
            standing.push(...done.map(({ mergeId }) => mergeId))
          } else if (standing.length > 0) {
            const [id] = standing.splice(each.which % standing.length, 1)
            await inMerged((tx) => undoMerge(test.services, tx, merged, { id: id!, by: null }))
          }
          expect(await inMerged(countBroken)).toBe(0)
        }
        // Not in the order they were made.
        for (const id of standing.toSorted((a, b) => (a.slice(-4) < b.slice(-4) ? -1 : 1))) {
          await inMerged((tx) => undoMerge(test.services, tx, merged, { id, by: null }))
        }
        expect(await inMerged(readAll)).toEqual(await inTenant(test.services.db, plain, readAll))
      },
    ),
    { numRuns: 8, endOnFailure: true },
  )
}, 300_000)
