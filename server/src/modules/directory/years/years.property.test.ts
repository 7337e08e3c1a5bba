import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePupil, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport } from '../imports/imports.ts'
import { runLeavers } from './people-lifecycle.ts'
import { listSchoolYears } from '../school-years.ts'
import { switchDueYears, switchYear } from './years.ts'

let app: TestApp
let folder: string
let folders = 0
let clock = new Date('2027-05-01T10:00:00Z')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-year-orders-'))
  app = await openTestApp({ now: () => clock })
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})

const ids = ['101', '102', '103', '104']

type Act =
  | { act: 'import'; year: number; where: Record<string, '52' | '53' | 'none'> }
  | { act: 'switch'; year: number }
  | { act: 'night' }
  | { act: 'wait'; days: number }

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('import' as const),
      year: fc.constantFrom(2026, 2027),
      where: fc.record(Object.fromEntries(ids.map((id) => [id, fc.constantFrom('52', '53', 'none')]))) as fc.Arbitrary<
        Record<string, '52' | '53' | 'none'>
      >,
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('switch' as const), year: fc.constantFrom(2026, 2027) }) },
  { weight: 2, arbitrary: fc.constant({ act: 'night' as const }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('wait' as const), days: fc.constantFrom(30, 120, 400) }) },
)

async function perform(tenantId: string, act: Act): Promise<void> {
  if (act.act === 'wait') clock = new Date(clock.getTime() + act.days * 86_400_000)
  else if (act.act === 'night') {
    await switchDueYears(app.services, tenantId)
    await runLeavers(app.services, { tenantId, actorPersonId: null, insist: true })
  } else if (act.act === 'switch') {
    const years = await inTenant(app.services.db, tenantId, listSchoolYears)
    const id = years.find(({ startYear }) => startYear === act.year)?.id
    if (id === undefined) return
    await inTenant(app.services.db, tenantId, (tx) =>
      switchYear(app.services, tx, { tenantId, id, actorPersonId: null }),
    ).catch((error: { code?: string }) => expect(error.code).toBe('school_year_empty'))
  } else {
    const path = await writeSmallFeed(join(folder, String(++folders)), {
      date: `${act.year}-10-0${1 + (folders % 9)}`,
      establishments: ['52', '53'].map((school) =>
        makeEstablishment(school, {
          ENTStructureClasses: Object.values(act.where).includes(school as '52') ? 'C$C' : '',
        }),
      ),
      pupils: Object.entries(act.where).flatMap(([id, school]) =>
        school === 'none' ? [] : [makePupil(id, school, { ENTEleveClasses: `${school}$C` })],
      ),
    })
    const staged = await stageImport(app.services, { tenantId, folder: path, actorPersonId: null })
    if (staged.state === 'refused') return expect(staged.refusal?.code).toBe('school_year_over')
    await applyImport(app.services, { tenantId, id: staged.id, acceptAlerts: true, actorPersonId: null })
  }
}

interface Snapshot {
  wrong: { rule: string; count: number }[]
  people: { ref: string; id: string; gone: boolean; seen: boolean }[]
}

/** What must always hold, and who is who. */
function look(tenantId: string): Promise<Snapshot> {
  return inTenant(app.services.db, tenantId, async (tx) => {
    const { rows: wrong } = await sql<{ rule: string; count: number }>`
      select * from (
        select 'one current year' as rule, abs(count(*) - 1) as count from directory.school_year where state = 'current'
        union all select 'a year shown is current or was, unless shown early', count(*) from directory.organisation o
          join directory.school_year y on y.id = o.school_year_id and y.state = 'current'
        union all select 'nobody gone is seen', count(*) from directory.affiliation a
          join directory.person p on p.id = a.person_id where p.gone_on is not null
        union all select 'affiliations are those of the year shown', count(*) from directory.affiliation a
          where a.profile = 'pupil' and not exists (select from directory.enrolment e
            join directory.shown_year y using (establishment_id, school_year_id)
            where e.person_id = a.person_id and e.establishment_id = a.organisation_id)
        union all select 'who is enrolled in the year shown is affiliated', count(*) from directory.enrolment e
          join directory.shown_year y using (establishment_id, school_year_id)
          join directory.person p on p.id = e.person_id and p.gone_on is null
          where not exists (select from directory.affiliation a
            where e.person_id = a.person_id and e.establishment_id = a.organisation_id)
        union all select 'archived after gone', count(*) from directory.person
          where archived_on is not null and (gone_on is null or archived_on < gone_on)
        union all select 'no relation of nobody', count(*) from directory.enrolment e
          where not exists (select from directory.person p where p.id = e.person_id)
        union all select 'no record of nobody', count(*) from directory.source_record r
          where r.kind = 'pupil' and not exists (select from directory.person p where p.id = r.subject_id)
        union all select 'whom a source knows is not gone', count(*) from directory.source_record r
          join directory.person p on p.id = r.subject_id where r.gone_on is null and p.gone_on is not null
      ) rules where count > 0`.execute(tx)
    const { rows: people } = await sql<Snapshot['people'][number]>`
      select r.external_id as ref, r.subject_id as id, r.gone_on is not null as gone,
        exists (select from directory.affiliation a where a.person_id = r.subject_id) as seen
      from directory.source_record r where r.kind = 'pupil' order by 1`.execute(tx)
    return { wrong, people }
  })
}

const at52 = { '101': '52', '102': '52', '103': '52', '104': '52' } as const
// A file of the old year left in the folder, after the night that began the new one.
const lateFeed: Act[] = [
  { act: 'import', year: 2027, where: at52 },
  { act: 'wait', days: 400 },
  { act: 'night' },
  { act: 'import', year: 2026, where: { ...at52, '104': 'none' } },
]

// Someone leaves whose former school still shows the old year: nothing of the new one has come to it.
const lateSchool: Act[] = [
  { act: 'import', year: 2027, where: at52 },
  { act: 'wait', days: 150 },
  { act: 'night' },
  { act: 'import', year: 2027, where: { ...at52, '104': 'none' } },
]

it('whatever the order of imports, switches, nights and returns', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 3, maxLength: 8 }), async (sequence) => {
      clock = new Date('2027-05-01T10:00:00Z')
      const slug = `t${randomUUIDv7().slice(-12)}`
      const { id: tenantId } = await createTenant(app.services.owner, { slug, name: slug, host: `${slug}.test` })
      const everyone = Object.fromEntries(ids.map((id, index) => [id, index % 2 === 0 ? '52' : '53'] as const))
      await perform(tenantId, { act: 'import', year: 2026, where: everyone })
      let before = (await look(tenantId)).people
      for (const act of sequence) {
        await perform(tenantId, act)
        const { wrong, people } = await look(tenantId)
        expect(wrong, JSON.stringify(sequence)).toEqual([])
        for (const { ref, id } of before) {
          const now = people.find((each) => each.ref === ref)
          // The same person as long as anything of them is kept; only a night takes that away.
          if (now) expect(now.id).toBe(id)
          else expect(act.act).toBe('night')
        }
        before = people
      }
    }),
    {
      numRuns: 8,
      interruptAfterTimeLimit: 60_000,
      examples: [[lateFeed], [lateSchool]],
    },
  )
})
