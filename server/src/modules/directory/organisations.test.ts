import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeClass, makeEstablishment, makeGuardianship, makePerson } from '../../../test/make.ts'
import { organisationCommands } from './organisation-commands.ts'
import { assignEstablishments, createPartner, createTerritory } from './organisations.queries.ts'

const now = new Date('2026-11-22T10:00:00Z')
const startYear = 2026

let app: TestApp
let a: string
let lycee: string
let classA: string
let territory: string
const id: Record<string, string> = {}
const cookies: Record<string, { cookie: string }> = {}

beforeAll(async () => {
  app = await openTestApp({ now: () => now })
  await app.inTenant(async (tx) => {
    const partner = await createPartner(tx, { name: 'Département', partnerKind: 'department', code: '80' })
    territory = (await createTerritory(tx, { name: 'Collèges', code: '80', partnerId: partner.id })).id
    a = await makeEstablishment(tx, territory)
    lycee = await makeEstablishment(tx)
    await sql`update directory.organisation set name = 'Rosa Bonheur', town = 'Crèvecœur', uai = '0801234A'
      where id = ${a}`.execute(tx)
    await sql`update directory.organisation set name = 'Sophie Germain', level = 'upperSecondary', uai = '0809999Z'
      where id = ${lycee}`.execute(tx)
    for (const [name, profile, place] of [
      ['pupil', 'pupil', a],
      ['mate', 'pupil', a],
      ['mother', 'guardian', a],
      ['teacher', 'teacher', a],
      ['head', 'head', a],
      ['agent', 'localAuthority', partner.id],
      ['brother', 'pupil', lycee],
    ] as const) {
      id[name] = await makePerson(tx, { familyName: name, profile, in: place })
    }
    await sql`insert into directory.affiliation (person_id, organisation_id, profile)
      values (${id['mother']}, ${lycee}, 'guardian')`.execute(tx)
    const members = { establishment: a, startYear }
    classA = await makeClass(tx, {
      ...members,
      pupils: [id['pupil']!, id['mate']!],
      teachers: [id['teacher']!],
      mainTeachers: [id['teacher']!],
    })
    await makeClass(tx, { ...members, pupils: [], teachers: [] })
    await makeClass(tx, { establishment: lycee, pupils: [id['brother']!], teachers: [], startYear })
    await makeGuardianship(tx, { pupil: id['pupil']!, guardian: id['mother']! })
    await makeGuardianship(tx, { pupil: id['brother']!, guardian: id['mother']!, legalStatus: 'inCharge' })
    await sql`insert into directory.enrolment
        (person_id, establishment_id, school_year_id, source_id, level_label)
      select person_id, ${a}, (select id from directory.school_year), gen_random_uuid(),
        case person_id when ${id['mate']}::uuid then null else '5EME' end
      from directory.affiliation where organisation_id = ${a} and profile = 'pupil'`.execute(tx)
    id['operator'] = await makePerson(tx, { familyName: 'operator' })
  })
  for (const [name, personId] of Object.entries(id)) {
    cookies[name] = await app.signIn(personId, name === 'operator' ? [{ right: 'directory.import' }] : [])
  }
})
afterAll(() => app.close())

async function get(viewer: string, url: string) {
  const answer = await app.app.inject({ url, headers: cookies[viewer]! })
  return { status: answer.statusCode, body: answer.json() }
}

describe('establishments', () => {
  test.each([
    ['pupil', ['Rosa Bonheur']],
    ['mother', ['Rosa Bonheur', 'Sophie Germain']],
    ['teacher', ['Rosa Bonheur']],
    ['agent', ['Rosa Bonheur']],
    ['operator', ['Rosa Bonheur', 'Sophie Germain']],
  ])('%s sees %j', async (viewer, expected) => {
    const { body } = await get(viewer, '/api/directory/establishments')
    expect(body.establishments.map(({ name }: { name: string }) => name)).toEqual(expected)
    for (const [establishment, name] of [
      [a, 'Rosa Bonheur'],
      [lycee, 'Sophie Germain'],
    ] as const) {
      const { status } = await get(viewer, `/api/directory/establishments/${establishment}`)
      expect([name, status]).toEqual([name, expected.includes(name) ? 200 : 404])
    }
  })

  test.each([
    ['bonh', ['Rosa Bonheur']],
    ['CREVECOEUR', ['Rosa Bonheur']],
    ['0809999', ['Sophie Germain']],
    ['germ soph', ['Sophie Germain']],
    ['onheur', []],
  ])('are found by "%s"', async (q, expected) => {
    const { body } = await get('operator', `/api/directory/establishments?q=${q}`)
    expect(body.establishments.map(({ name }: { name: string }) => name)).toEqual(expected)
  })

  test('come page by page', async () => {
    const first = (await get('operator', '/api/directory/establishments?limit=1')).body
    const second = (await get('operator', `/api/directory/establishments?limit=1&after=${first.next}`)).body
    expect([first.establishments[0].name, second.establishments[0].name]).toEqual(['Rosa Bonheur', 'Sophie Germain'])
    expect(second.next).toBeNull()
  })

  test('show figures to agents and staff, and only their own class to pupils and guardians', async () => {
    for (const viewer of ['agent', 'head', 'operator']) {
      const { body } = await get(viewer, `/api/directory/establishments/${a}`)
      expect(body.counts).toEqual([
        { profile: 'head', people: 1 },
        { profile: 'teacher', people: 1 },
        { profile: 'pupil', people: 2 },
        { profile: 'guardian', people: 1 },
      ])
      expect(body.levels).toEqual([
        { name: '5EME', pupils: 1 },
        { name: null, pupils: 1 },
      ])
      expect(body.classes.map(({ pupils }: { pupils: number }) => pupils)).toEqual([2, 0])
      expect(body.heads.map((head: { id: string }) => head.id)).toEqual([id['head']])
      expect(body.withheld).toEqual([])
      expect(body.partner.name).toBe('Département')
    }
    for (const viewer of ['pupil', 'mother']) {
      const { body } = await get(viewer, `/api/directory/establishments/${a}`)
      expect(body).toMatchObject({ counts: [], levels: [], withheld: ['counts', 'otherClasses'] })
      expect(body.classes).toMatchObject([{ id: classA, pupils: null }])
    }
  })
})

describe('classes', () => {
  const members = async (viewer: string) => {
    const { status, body } = await get(viewer, `/api/directory/classes/${classA}`)
    if (status !== 200) return status
    const list = (people: { familyName: string }[]) => people.map(({ familyName }) => familyName)
    return [list(body.pupils), list(body.teachers), body.count, body.withheld]
  }
  test.each([
    ['pupil', [['mate', 'pupil'], ['teacher'], 2, []]],
    ['teacher', [['mate', 'pupil'], ['teacher'], 2, []]],
    ['head', [['mate', 'pupil'], ['teacher'], 2, []]],
    ['mother', [['pupil'], ['teacher'], null, ['count', 'members']]],
    ['agent', [[], [], 2, ['members']]],
    ['brother', 404],
  ])('%s sees %j', async (viewer, expected) => {
    expect(await members(viewer)).toEqual(expected)
  })
})

describe('territories', () => {
  test('take the establishments of their level and département', async () => {
    await app.inTenant(async (tx) => {
      const region = await createPartner(tx, { name: 'Région', partnerKind: 'region', code: '32' })
      const lycees = await createTerritory(tx, { name: 'Lycées', code: '32', partnerId: region.id })
      expect(await assignEstablishments(tx, { territoryId: lycees.id, departments: ['02', '60'] })).toBe(0)
      expect(await assignEstablishments(tx, { territoryId: lycees.id, departments: ['80'] })).toBe(1)
      expect(await assignEstablishments(tx, { territoryId: lycees.id, departments: ['80'] })).toBe(0)
      const { rows } = await sql<{ id: string }>`select id from directory.organisation
        where parent_id = ${lycees.id}`.execute(tx)
      expect(rows).toEqual([{ id: lycee }])
    })
  })

  test('need a partner that answers for a level, or a level', async () => {
    await app.inTenant(async (tx) => {
      const agency = await createPartner(tx, { name: 'Agence', partnerKind: 'agency', code: 'x' })
      const { id: territoryId } = await createTerritory(tx, { name: 'Tout', code: 'x', partnerId: agency.id })
      await expect(assignEstablishments(tx, { territoryId, departments: ['80'] })).rejects.toMatchObject({
        code: 'level_unknown',
      })
      await expect(
        createPartner(tx, { name: 'Département bis', partnerKind: 'department', code: '80' }),
      ).rejects.toMatchObject({ code: 'partner_exists' })
    })
  })
})

describe('commands', () => {
  async function run(name: string, positionals: string[], values: Record<string, string | string[]> = {}) {
    const lines: string[] = []
    const command = organisationCommands.find((each) => each.name === name)!
    const result = await command.run(
      {
        ...app.services,
        tenant: async () => app.tenant,
        print: (line) => lines.push(line),
        progress() {},
        signal: new AbortController().signal,
      },
      positionals,
      values,
    )
    return { result, lines }
  }

  test('create an agent of a partner, who then sees the heads of its territory', async () => {
    await run('partner create', [], { name: 'Commune', kind: 'municipality', code: 'c' })
    await run('territory create', [], { name: 'Écoles', code: 'e', partner: 'c' })
    await run('territory assign', ['e'], { department: ['80'], level: 'lowerSecondary' })
    const { result } = await run('person create', [], {
      'family-name': 'Agente',
      'given-name': 'Ana',
      partner: 'c',
      function: 'Chargée de mission',
    })
    const { cookie } = await app.signIn((result as { id: string }).id)
    const answer = await app.app.inject({ url: `/api/directory/people/${id['head']}`, headers: { cookie } })
    expect(answer.json().because).toEqual(['headInYourTerritory'])
    await app.inTenant((tx) =>
      sql`update directory.organisation set parent_id = ${territory} where id = ${a}`.execute(tx),
    )
  })

  test('list and show', async () => {
    expect((await run('person search', ['mat'])).lines[0]).toMatch(/\tmate Camille\tpupil Rosa Bonheur$/)
    expect((await run('person show', [id['mate']!])).result).toMatchObject({ familyName: 'mate' })
    expect((await run('establishment list', ['bonheur'])).result).toMatchObject([{ uai: '0801234A' }])
    expect((await run('establishment show', ['0801234A'])).result).toMatchObject({ name: 'Rosa Bonheur' })
    expect((await run('school-year list', [])).lines).toEqual(['2026-2027\t2026-09-01\t2027-08-31\tcurrent'])
    expect((await run('territory list', [])).result).toHaveLength(4)
    expect((await run('partner list', [])).result).toHaveLength(4)
  })

  test('say what is wrong, and change nothing', async () => {
    await expect(run('partner create', [], { name: 'X', kind: 'club', code: 'y' })).rejects.toThrow(/kind/)
    await expect(run('territory create', [], { name: 'X', code: 'y', partner: 'none' })).rejects.toMatchObject({
      code: 'partner_not_found',
    })
    await expect(
      run('person create', [], { 'family-name': 'X', 'given-name': 'Y', uai: '0801234A', profile: 'localAuthority' }),
    ).rejects.toMatchObject({ code: 'profile_unfit' })
    await expect(run('person show', ['x'])).rejects.toMatchObject({ code: 'invalid_request' })
    expect((await run('partner list', [])).result).toHaveLength(4)
    expect((await run('person search', ['X Y'])).result).toEqual([])
  })

  test('a code that two partners bear chooses neither of them; an identifier does', async () => {
    await run('partner create', [], { name: 'Agence', kind: 'agency', code: 'c' })
    const { result } = await run('partner list', [])
    const agency = (result as { id: string; partnerKind: string }[]).find((each) => each.partnerKind === 'agency')!
    const input = { name: 'Réseau', code: 'r' }
    await expect(run('territory create', [], { ...input, partner: 'c' })).rejects.toMatchObject({
      code: 'code_ambiguous',
    })
    const created = await run('territory create', [], { ...input, partner: agency.id })
    expect((await run('territory list', [])).result).toContainEqual(
      expect.objectContaining({ ...(created.result as object), partner: { id: agency.id, name: 'Agence' } }),
    )
  })
})

describe('home', () => {
  const home = async (viewer: string) => (await get(viewer, '/api/portal/home')).body.directory

  test('of a pupil: the class and its main teacher', async () => {
    expect(await home('pupil')).toMatchObject({
      person: { id: id['pupil'] },
      profiles: ['pupil'],
      schoolYear: { startYear, startsOn: '2026-09-01', endsOn: '2027-08-31' },
      classes: [{ id: classA, establishment: { id: a }, mainTeachers: [{ id: id['teacher'] }] }],
      children: [],
      teachings: [],
      headed: [],
      territories: [],
      administered: [],
    })
  })

  test('of a mother of two: each child with school and class', async () => {
    const { profiles, children, affiliations } = await home('mother')
    expect(profiles).toEqual(['guardian'])
    expect(affiliations).toHaveLength(2)
    expect(
      children.map(
        (child: { id: string; establishments: { id: string }[]; classes: { mainTeachers: unknown[] }[] }) => [
          child.id,
          child.establishments.map((each) => each.id),
          child.classes.map((each) => each.mainTeachers.length),
        ],
      ),
    ).toEqual(
      expect.arrayContaining([
        [id['pupil'], [a], [1]],
        [id['brother'], [lycee], [0]],
      ]),
    )
  })

  test('of a teacher: what they teach to how many', async () => {
    expect((await home('teacher')).teachings).toMatchObject([
      { group: { id: classA, establishment: { id: a } }, mainTeacher: true, pupils: 2, subjects: [] },
    ])
  })

  test('of a head: the establishment and its figures', async () => {
    expect((await home('head')).headed).toMatchObject([
      {
        organisation: { id: a },
        classes: 2,
        counts: [
          { profile: 'head', people: 1 },
          { profile: 'teacher', people: 1 },
          { profile: 'pupil', people: 2 },
          { profile: 'guardian', people: 1 },
        ],
      },
    ])
  })

  test('of an agent: the territories of their partner', async () => {
    expect(await home('agent')).toMatchObject({
      profiles: ['localAuthority'],
      territories: [{ id: territory, code: '80', establishments: 1 }],
    })
  })

  test('of a delegated administrator: what they administer', async () => {
    const personId = await app.inTenant((tx) => makePerson(tx))
    cookies['administrator'] = await app.signIn(personId, [{ right: 'directory.administer', organisationId: a }])
    expect((await home('administrator')).administered).toMatchObject([{ id: a }])
  })
})
