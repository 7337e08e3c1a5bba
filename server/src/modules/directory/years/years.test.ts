import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makePerson } from '../../../../test/make.ts'
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
import { listSchoolYears } from '../school-years.ts'
import { proposeSuccessions } from './years-successions.ts'
import { listSuccessors } from './years-successions.queries.ts'
import { planSwitch, prepareYear, switchDueYears, switchYear } from './years.ts'

describe('which class goes on in which', () => {
  const pair = (predecessorId: string, successorId: string, common: number, pupils: number, sameCode = false) => ({
    kind: /^\d/.test(predecessorId) ? ('class' as const) : ('group' as const),
    predecessorId,
    successorId,
    common,
    pupils,
    sameCode,
  })

  test.for([
    {
      name: 'pupils went up together, though another class bears the code now',
      candidates: [pair('6A', '5A', 24, 25), pair('6A', '6A', 0, 25, true)],
      wanted: ['6A>5A pupils 9600'],
    },
    {
      name: 'a class is split in two',
      candidates: [pair('6A', '5A', 13, 25), pair('6A', '5B', 11, 25), pair('6A', '5C', 1, 25)],
      wanted: ['6A>5A pupils 5200', '6A>5B pupils 4400'],
    },
    {
      name: 'a group keeps its code and changes its pupils',
      candidates: [pair('CHORALE', 'CHORALE', 2, 40, true), pair('CHORALE', 'LATIN', 5, 40)],
      wanted: ['CHORALE>CHORALE sameCode 500'],
    },
    {
      name: 'pupils of a group who share other groups too',
      candidates: [pair('LATIN', 'LATIN', 8, 20, true), pair('LATIN', 'LV2', 14, 20)],
      wanted: ['LATIN>LATIN pupils 4000'],
    },
    { name: 'an empty class', candidates: [pair('6A', '6A', 0, 0, true)], wanted: ['6A>6A sameCode 0'] },
    { name: 'pupils scattered', candidates: [pair('6A', '5A', 5, 25), pair('6A', '5B', 5, 25)], wanted: [] },
  ])('$name', ({ candidates, wanted }) => {
    const told = proposeSuccessions(candidates).map(
      ({ predecessorId, successorId, reason, share }) => `${predecessorId}>${successorId} ${reason} ${share}`,
    )
    expect(told).toEqual(wanted)
  })
})

describe('a year beside another', () => {
  let app: TestApp
  let folder: string
  let folders = 0
  let clock = new Date('2027-08-20T10:00:00Z')
  let operator: string
  let headers: { cookie: string }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'preau-years-'))
    app = await openTestApp({ now: () => clock })
    operator = await app.inTenant((tx) => makePerson(tx, {}))
    headers = await app.signIn(operator, [{ right: 'directory.administer' }])
  })
  afterAll(async () => {
    await app.close()
    await rm(folder, { recursive: true })
  })

  const tenantId = () => app.tenant.id
  const load = async (feed: SmallFeed) => {
    const path = await writeSmallFeed(join(folder, String(++folders)), feed)
    const staged = await stageImport(app.services, { tenantId: tenantId(), folder: path, actorPersonId: null })
    if (staged.nothingToDo) return
    const applied = await applyImport(app.services, {
      tenantId: tenantId(),
      id: staged.id,
      acceptAlerts: true,
      actorPersonId: null,
    })
    expect(applied.state).toBe('applied')
  }
  const list = <T>(query: ReturnType<typeof sql<T>>) => app.inTenant(async (tx) => (await query.execute(tx)).rows)
  const affiliations = async () =>
    (
      await list(sql<{ text: string }>`select p.given_name || ' ' || a.profile || ' ' || right(o.uai, 3) as text
        from directory.affiliation a join directory.person p on p.id = a.person_id
        join directory.organisation o on o.id = a.organisation_id order by 1`)
    ).map(({ text }) => text)
  const gone = async () =>
    (
      await list(sql<{ name: string }>`select given_name as name from directory.person where gone_on is not null
        order by 1`)
    ).map(({ name }) => name)
  const year = async (startYear: number) => {
    const found = (await app.inTenant(listSchoolYears)).find((each) => each.startYear === startYear)
    if (!found) throw new Error(`no year ${startYear}`)
    return found
  }

  const establishments = [
    makeEstablishment('52', { ENTStructureClasses: ['6A$6A', '3A$3A'] }),
    makeEstablishment('53', { ENTStructureClasses: ['6A$6A'] }),
  ]
  const guardian = (id: string, name: string) => makeGuardian(id, { givenName: name })
  const pupil = (id: string, name: string, school: string, className: string, guardianId?: string) =>
    makePupil(id, school, {
      givenName: name,
      ENTEleveClasses: `${school}$${className}`,
      ...(guardianId && { ENTElevePersRelEleve: `${guardianId}$10$1$1$1$0` }),
    })
  const teacher = (name: string, school: string, className: string) =>
    makeStaffMember('301', {
      givenName: name,
      ENTPersonStructRattach: school,
      ENTPersonFonctions: `${school}$ENS$ENSEIGNEMENT$L1300$MATHEMATIQUES`,
      ENTAuxEnsClasses: `${school}$${className}`,
    })

  test('the first year that comes is the current one', async () => {
    await load({
      date: '2027-06-01',
      establishments,
      pupils: [
        pupil('101', 'Ali', '52', '6A', '201'),
        pupil('102', 'Bea', '52', '6A'),
        pupil('103', 'Cid', '52', '3A', '202'),
        pupil('104', 'Dan', '53', '6A'),
      ],
      guardians: [guardian('201', 'Gil'), guardian('202', 'Hal')],
      staff: [teacher('Tom', '52', '6A')],
    })
    expect((await year(2026)).state).toBe('current')
    expect(await affiliations()).toEqual([
      'Ali pupil 52A',
      'Bea pupil 52A',
      'Cid pupil 52A',
      'Dan pupil 53A',
      'Gil guardian 52A',
      'Hal guardian 52A',
      'Tom teacher 52A',
    ])
  })

  const next: SmallFeed = {
    date: '2027-09-01',
    establishments: [
      makeEstablishment('52', { ENTStructureClasses: ['5A$5A', '6A$6A'] }),
      makeEstablishment('53', { ENTStructureClasses: '' }),
    ],
    pupils: [
      pupil('101', 'Ali', '52', '5A', '201'),
      pupil('102', 'Bea', '52', '5A'),
      pupil('104', 'Dan', '52', '6A'),
      pupil('105', 'Eve', '52', '6A'),
    ],
    guardians: [guardian('201', 'Gil')],
    staff: [teacher('Tom', '52', '5A')],
  }

  test('a feed of the next year changes nothing that people see', async () => {
    const prepared = await app.inTenant((tx) =>
      prepareYear(tx, { startYear: 2027, switchOn: '2027-09-02', actorPersonId: null }),
    )
    expect(prepared).toMatchObject({ state: 'preparing', switchOn: '2027-09-02' })
    const before = await affiliations()
    await load(next)
    await switchDueYears(app.services, tenantId())
    expect(await affiliations()).toEqual(before)
    expect(await gone()).toEqual([])
    expect((await year(2027)).state).toBe('preparing')
  })

  test('whoever administers sees how far each establishment is, and what is missing', async () => {
    const answer = await app.app.inject({
      url: `/api/directory/school-years/${(await year(2027)).id}/establishments`,
      headers,
    })
    expect(answer.json()).toMatchObject({
      counts: { showing: 0, ready: 1, missing: 1 },
      establishments: [
        {
          uai: '0800052A',
          state: 'ready',
          classes: { shown: 2, next: 2 },
          pupils: { shown: 3, next: 4 },
          undecided: 2,
        },
        { uai: '0800053A', state: 'missing', classes: { shown: 1, next: 0 } },
      ],
    })
  })

  test('the class that pupils leave together for another one is proposed, and a refusal is kept', async () => {
    const [school] = await list(sql<{ id: string }>`select id from directory.organisation where uai = '0800052A'`)
    const url = `/api/directory/establishments/${school!.id}/successions/2027`
    const { predecessors, groups } = (await app.app.inject({ url, headers })).json()
    const sixth = predecessors.find(({ name }: { name: string }) => name === '6A')
    const fifth = groups.find(({ name }: { name: string }) => name === '5A')
    expect(sixth.successors).toEqual([
      { successorId: fifth.id, reason: 'pupils', share: 10_000, state: 'proposed', sure: true },
    ])
    const third = predecessors.find(({ name }: { name: string }) => name === '3A')
    expect(third.successors).toEqual([])
    const refused = await app.app.inject({
      url,
      headers,
      method: 'POST',
      payload: { decisions: [{ predecessorId: third.id, successorId: fifth.id, state: 'refused' }] },
    })
    expect(refused.json().predecessors.find(({ id }: { id: string }) => id === third.id).successors).toMatchObject([
      { reason: 'manual', state: 'refused' },
    ])
    const unfit = await app.app.inject({
      url,
      headers,
      method: 'POST',
      payload: { decisions: [{ predecessorId: fifth.id, successorId: third.id, state: 'confirmed' }] },
    })
    expect(unfit.json()).toMatchObject({ status: 422, code: 'succession_unfit' })
    const stranger = await app.signIn(await app.inTenant((tx) => makePerson(tx, {})))
    expect((await app.app.inject({ url, headers: stranger })).statusCode).toBe(404)

    // By command, both decisions are taken or none is.
    const command = (...words: string[]) => runCommand(app, 'directory', 'succession', ...words)
    const { printed } = await command('list', '0800052A', '2027')
    const [likely] = /^\S+(?= {2}6A \(\d+\) > 5A {2}100 % {2}proposed, confirmed at the switch$)/m.exec(printed) ?? []
    expect(printed).toMatch(/ {2}3A \(\d+\) > 5A {2}0 % {2}refused$/m)
    const unlikely = `${fifth.id}:${third.id}`
    await expect(
      command('settle', '0800052A', '2027', '--refuse', likely!, '--confirm', unlikely),
    ).rejects.toMatchObject({ code: 'succession_unfit' })
    expect((await command('list', '0800052A', '2027')).printed).toBe(printed)
    const decided = `${third.id}:${fifth.id}`
    await command('settle', '0800052A', '2027', '--confirm', decided)
    expect((await command('list', '0800052A', '2027')).printed).toMatch(/ {2}3A \(\d+\) > 5A {2}0 % {2}confirmed$/m)
    await command('settle', '0800052A', '2027', '--refuse', decided)
    expect((await command('list', '0800052A', '2027')).printed).toBe(printed)
  })

  test('on its day the year begins where its classes have come; who left is gone, the late go on as before', async () => {
    clock = new Date('2027-09-02T08:00:00Z')
    await switchDueYears(app.services, tenantId())
    expect((await year(2027)).state).toBe('current')
    expect((await year(2026)).state).toBe('closed')
    // Cid left, and with him his father; Dan changed schools: the late one still shows him where he was, too.
    expect(await gone()).toEqual(['Cid', 'Hal'])
    expect(await affiliations()).toEqual([
      'Ali pupil 52A',
      'Bea pupil 52A',
      'Dan pupil 52A',
      'Dan pupil 53A',
      'Eve pupil 52A',
      'Gil guardian 52A',
      'Tom teacher 52A',
    ])
    const [sixth] = await list(sql<{ id: string }>`select g.id from directory.teaching_group g
      join directory.school_year y on y.id = g.school_year_id join directory.organisation o on o.id = g.establishment_id
      where g.code = '6A' and y.start_year = 2026 and o.uai = '0800052A'`)
    expect(await app.inTenant((tx) => listSuccessors(tx, sixth!.id))).toMatchObject([{ name: '5A', share: 10_000 }])
  })

  test('again, it does nothing', async () => {
    const before = await affiliations()
    const audits = await list(sql`select from kernel.audit_entry where action = 'directory.year_switched'`)
    await switchDueYears(app.services, tenantId())
    expect(await affiliations()).toEqual(before)
    expect(await list(sql`select from kernel.audit_entry where action = 'directory.year_switched'`)).toHaveLength(
      audits.length,
    )
  })

  test('a late establishment follows when its classes come', async () => {
    await load({
      ...next,
      date: '2027-09-05',
      establishments: [next.establishments![0]!, makeEstablishment('53', { ENTStructureClasses: ['6A$6A'] })],
      pupils: [...next.pupils!, pupil('106', 'Fay', '53', '6A')],
    })
    await switchDueYears(app.services, tenantId())
    expect(await affiliations()).toContain('Fay pupil 53A')
    expect(await affiliations()).not.toContain('Dan pupil 53A')
  })

  test('the switch is undone by asking for the year before', async () => {
    const { id } = await year(2026)
    await app.inTenant((tx) => switchYear(app.services, tx, { tenantId: tenantId(), id, actorPersonId: operator }))
    expect((await year(2027)).state).toBe('preparing')
    expect(await affiliations()).toContain('Dan pupil 53A')
    await switchDueYears(app.services, tenantId())
    expect((await year(2027)).state).toBe('current')
    expect(await affiliations()).not.toContain('Dan pupil 53A')
  })

  test('one establishment may begin before the others', async () => {
    await app.inTenant((tx) => prepareYear(tx, { startYear: 2028, actorPersonId: null }))
    await load({ ...next, date: '2028-09-01', staff: [teacher('Tom', '52', '6A')] })
    const { id } = await year(2028)
    const [school] = await list(sql<{ id: string }>`select id from directory.organisation where uai = '0800052A'`)
    const changed = await app.inTenant((tx) =>
      switchYear(app.services, tx, { tenantId: tenantId(), id, establishmentId: school!.id, actorPersonId: operator }),
    )
    expect(changed).toEqual([school!.id])
    await switchDueYears(app.services, tenantId())
    expect(await list(sql`select from directory.organisation where school_year_id = ${id}`)).toHaveLength(1)
    expect((await year(2028)).state).toBe('preparing')
  })

  test('what cannot be is refused by name', async () => {
    const refused = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code })
    const prepare = (startYear: number) => app.inTenant((tx) => prepareYear(tx, { startYear, actorPersonId: null }))
    await refused(prepare(2028), 'school_year_exists')
    await refused(prepare(2040), 'school_year_far')
    const { id } = await prepare(2029)
    const act = { tenantId: tenantId(), id, actorPersonId: null }
    await refused(
      app.inTenant((tx) => switchYear(app.services, tx, act)),
      'school_year_empty',
    )
    const closed = { id: (await year(2026)).id, switchOn: '2027-10-01', actorPersonId: null }
    await refused(
      app.inTenant((tx) => planSwitch(tx, closed)),
      'school_year_state',
    )
    const local = await app.signIn(await app.inTenant((tx) => makePerson(tx, {})))
    const answer = await app.app.inject({ url: `/api/directory/school-years/${id}/establishments`, headers: local })
    expect(answer.statusCode).toBe(403)
  })
})
