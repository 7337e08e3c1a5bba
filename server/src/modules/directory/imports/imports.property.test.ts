import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { applyImport } from './import-applying.ts'
import { stageImport } from './imports.ts'

// After any sequence of exports, the directory is what a model in a dozen lines says of them.

let test: TestApp
let folder: string
let number = 0
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-10-01T10:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-property-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const establishmentIds = ['50', '51']
const guardianIds = ['20', '21', '22']

interface PupilState {
  establishment: string
  classes: string[]
  guardians: string[]
  bad: boolean
}

const pupilState: fc.Arbitrary<PupilState> = fc.record({
  // 52 is in no feed.
  establishment: fc.constantFrom(...establishmentIds, ...establishmentIds, '52'),
  classes: fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { maxLength: 2 }),
  guardians: fc.uniqueArray(fc.constantFrom(...guardianIds), { maxLength: 2 }),
  bad: fc.nat(3).map((each) => each === 0),
})

interface Export {
  pupils: Map<string, PupilState>
  guardians: Set<string>
  teacherOf: string[]
}

const exportState: fc.Arbitrary<Export> = fc.record({
  pupils: fc
    .dictionary(fc.constantFrom('10', '11', '12', '13'), pupilState, { noNullPrototype: true })
    .map((each) => new Map(Object.entries(each))),
  guardians: fc.uniqueArray(fc.constantFrom(...guardianIds)).map((each) => new Set(each)),
  teacherOf: fc.uniqueArray(fc.constantFrom('50$A', '51$B', '50$D'), { maxLength: 2 }),
})

/** What should be accepted after an export, given what was before: a pupil set aside keeps the former state. */
function follow(before: Map<string, PupilState>, { pupils, guardians }: Export): Map<string, PupilState> {
  const aside = (state: PupilState) => state.bad || !establishmentIds.includes(state.establishment)
  const kept = [...pupils].flatMap(([id, state]) =>
    aside(state) && before.has(id) ? [[id, before.get(id)!] as const] : [],
  )
  // Guardians whom a kept state refers to stay with it.
  const present = new Set([...guardians, ...kept.flatMap(([, state]) => state.guardians)])
  const accepted = [...pupils].flatMap(([id, state]) =>
    aside(state) ? [] : [[id, { ...state, guardians: state.guardians.filter((each) => present.has(each)) }] as const],
  )
  return new Map([...accepted, ...kept])
}

const sorted = (values: string[]) => values.toSorted()

it('any sequence of exports leaves what their records say, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(exportState, { minLength: 2, maxLength: 4 }), async (exports) => {
      const tenant = await createTenant(test.services.owner, { slug: `property-${++number}`, name: 'Property' })
      let expected = new Map<string, PupilState>()
      for (const [turn, each] of exports.entries()) {
        expected = follow(expected, each)
        const path = await writeSmallFeed(join(folder, `${number}-${turn}`), {
          date: `2026-09-${10 + turn}`,
          establishments: establishmentIds.map((id) => makeEstablishment(id, { ENTStructureClasses: 'A$CLASSE A' })),
          guardians: [...each.guardians].map((id) => makeGuardian(id)),
          pupils: [...each.pupils].map(([id, state]) =>
            makePupil(id, state.establishment, {
              ENTEleveClasses: state.classes.map((code) => `${state.establishment}$${code}`),
              ENTElevePersRelEleve: state.guardians.map((guardian) => `${guardian}$10$1$1$1$1`),
              ENTPersonDateNaissance: state.bad ? '31/02/2014' : '01/02/2014',
            }),
          ),
          staff: [makeStaffMember('30', { ENTPersonFonctions: '50$ENS$E$-$', ENTAuxEnsClasses: each.teacherOf })],
        })
        const staged = await stageImport(test.services, { tenantId: tenant.id, folder: path, actorPersonId: null })
        for (const counts of Object.values(staged.counts)) {
          const { read, derived, added, modified, removed, unchanged, quarantined, ignored } = counts
          expect(added + modified + removed + unchanged + quarantined + ignored).toBe(read + derived)
        }
        const input = { tenantId: tenant.id, id: staged.id, actorPersonId: null, acceptAlerts: true }
        expect((await applyImport(test.services, input)).state).toBe('applied')

        const found = await inTenant(test.services.db, tenant.id, async (tx) => {
          const pupils = await sql<{ id: string; establishments: string[]; classes: string[]; guardians: string[] }>`
            select r.external_id as id,
              array(select e.external_id from directory.enrolment n join directory.source_record e
                on e.subject_id = n.establishment_id and e.kind = 'establishment' where n.person_id = p.id) as establishments,
              array(select g.code from directory.membership m join directory.teaching_group g
                on g.id = m.teaching_group_id where m.person_id = p.id order by 1) as classes,
              array(select x.external_id from directory.guardianship g join directory.source_record x
                on x.subject_id = g.guardian_id where g.pupil_id = p.id order by 1) as guardians
            from directory.person p join directory.source_record r on r.subject_id = p.id and r.kind = 'pupil'
            where p.gone_on is null order by 1`.execute(tx)
          // People, classes and affiliations that nothing present explains.
          const orphans = await sql<{ number: number }>`select
            (select count(*) from directory.person p where gone_on is null and (select count(*) from directory.source_record r
              where r.subject_id = p.id and r.gone_on is null) <> 1)
            + (select count(*) from directory.person p where gone_on is not null and exists
              (select from directory.affiliation a where a.person_id = p.id))
            + (select count(*) from directory.teaching_group g where not exists (select from directory.source_record r
              where r.subject_id = g.id and r.gone_on is null))
            + (select count(*) from directory.affiliation a where a.profile = 'guardian' and not exists (
              select from directory.guardianship g join directory.enrolment e on e.person_id = g.pupil_id
              where g.guardian_id = a.person_id and e.establishment_id = a.organisation_id))
            + (select count(*) from directory.affiliation a where a.profile = 'pupil' and not exists (
              select from directory.enrolment e where e.person_id = a.person_id and e.establishment_id = a.organisation_id))
            as number`.execute(tx)
          const guardians = await sql<{ id: string }>`select r.external_id as id from directory.person p
            join directory.source_record r on r.subject_id = p.id and r.kind = 'guardian'
            where p.gone_on is null order by 1`.execute(tx)
          return {
            pupils: pupils.rows,
            orphans: orphans.rows[0]?.number,
            guardians: guardians.rows.map(({ id }) => id),
          }
        })
        const model = [...expected].toSorted(([a], [b]) => (a < b ? -1 : 1))
        expect(found).toEqual({
          pupils: model.map(([id, state]) => ({
            id,
            establishments: [state.establishment],
            classes: sorted(state.classes),
            guardians: sorted(state.guardians),
          })),
          orphans: 0,
          guardians: sorted([...new Set(model.flatMap(([, state]) => state.guardians))]),
        })
      }
    }),
    { numRuns: 10 },
  )
}, 300_000)
