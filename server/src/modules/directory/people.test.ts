import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordAudit } from '#kernel/audit'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeClass, makeEstablishment, makeGuardianship, makePerson, makeReference } from '../../../test/make.ts'
import { createPartner, createTerritory } from './organisations.queries.ts'
import { searchPeople } from './people-search.ts'
import { findPersonCard } from './people.ts'
import { cardFields } from './visibility.ts'

const startYear = 2026
const now = new Date('2026-11-22T10:00:00Z')

// Collège A is in the partner's territory, collège B is not. Class A1: pupil and mate; A2: other; B1: pupilB.
// The second teacher of A is also the mother of the mate.
const names = [
  'pupil',
  'mate',
  'other',
  'guardian',
  'otherGuardian',
  'contact',
  'guardianOfOther',
  'mainTeacher',
  'secondTeacher',
  'head',
  'supervisor',
  'secretary',
  'agent',
  'administrator',
  'operator',
  'pupilB',
  'teacherB',
  'headB',
] as const
type Name = (typeof names)[number]

let app: TestApp
const id = {} as Record<Name, string>
const cookies = {} as Record<Name, { cookie: string }>
let a: string
let b: string
let classA1: string
let classA2: string

const places: Partial<Record<Name, [string, 'A' | 'B'][]>> = {
  pupil: [['pupil', 'A']],
  mate: [['pupil', 'A']],
  other: [['pupil', 'A']],
  guardian: [['guardian', 'A']],
  otherGuardian: [['guardian', 'A']],
  contact: [['guardian', 'A']],
  guardianOfOther: [['guardian', 'A']],
  mainTeacher: [['teacher', 'A']],
  secondTeacher: [
    ['teacher', 'A'],
    ['guardian', 'A'],
  ],
  head: [['head', 'A']],
  supervisor: [['schoolLife', 'A']],
  secretary: [['staff', 'A']],
  administrator: [['staff', 'B']],
  pupilB: [['pupil', 'B']],
  teacherB: [['teacher', 'B']],
  headB: [['head', 'B']],
}

beforeAll(async () => {
  app = await openTestApp({ now: () => now })
  await app.inTenant(async (tx) => {
    const partner = await createPartner(tx, { name: 'Département', partnerKind: 'department', code: '80' })
    const territory = await createTerritory(tx, { name: 'Collèges', code: '80', partnerId: partner.id })
    a = await makeEstablishment(tx, territory.id)
    b = await makeEstablishment(tx)
    for (const name of names) {
      id[name] = await makePerson(tx, { familyName: `Visible ${name}`, givenName: 'Alix' })
      for (const [profile, where] of places[name] ?? []) {
        await sql`insert into directory.affiliation (person_id, organisation_id, profile)
          values (${id[name]}, ${where === 'A' ? a : b}, ${profile})`.execute(tx)
        await sql`insert into directory.staff_function (person_id, organisation_id, source_id, code, profile)
          select ${id[name]}, ${where === 'A' ? a : b}, id, 'X', ${profile} from directory.source
          where kind = 'manual' and ${profile} not in ('pupil', 'guardian')`.execute(tx)
      }
    }
    await sql`insert into directory.affiliation (person_id, organisation_id, profile)
      values (${id.agent}, ${partner.id}, 'localAuthority')`.execute(tx)
    await sql`update directory.person set email = 'mail', phone = 'phone', mobile = 'mobile', work_phone = 'work',
      street = 'street', born_on = '2014-03-18', other_given_names = 'Lou'`.execute(tx)
    classA1 = await makeClass(tx, {
      establishment: a,
      pupils: [id.pupil, id.mate],
      teachers: [id.mainTeacher],
      mainTeachers: [id.mainTeacher],
      startYear,
    })
    classA2 = await makeClass(tx, { establishment: a, pupils: [id.other], teachers: [id.secondTeacher], startYear })
    await makeClass(tx, { establishment: b, pupils: [id.pupilB], teachers: [id.teacherB], startYear })
    await makeGuardianship(tx, { pupil: id.pupil, guardian: id.guardian })
    await makeGuardianship(tx, { pupil: id.pupil, guardian: id.otherGuardian, legalStatus: 'inCharge' })
    await makeGuardianship(tx, { pupil: id.pupil, guardian: id.contact, legalStatus: 'none' })
    await makeGuardianship(tx, { pupil: id.other, guardian: id.guardianOfOther })
    await makeGuardianship(tx, { pupil: id.mate, guardian: id.secondTeacher })
    await makeReference(tx, id.pupil, { academyCode: '20', externalId: '123', record: 'pupil' })
  })
  for (const name of names) {
    cookies[name] = await app.signIn(
      id[name],
      name === 'operator'
        ? [{ right: 'directory.import' }]
        : name === 'administrator'
          ? [{ right: 'directory.administer', organisationId: a }]
          : [],
    )
  }
})
afterAll(() => app.close())

async function get(viewer: Name, url: string) {
  const answer = await app.app.inject({ url, headers: cookies[viewer] })
  return { status: answer.statusCode, body: answer.json() }
}

const card = async (viewer: Name, target: Name) => (await get(viewer, `/api/directory/people/${id[target]}`)).body

const allOfA = [
  'pupil',
  'mate',
  'other',
  'guardian',
  'otherGuardian',
  'contact',
  'guardianOfOther',
  'mainTeacher',
  'secondTeacher',
  'head',
  'supervisor',
  'secretary',
] as const
const staffOfA = ['mainTeacher', 'secondTeacher', 'head', 'supervisor', 'secretary'] as const

function all(people: readonly Name[], ...because: string[]): Partial<Record<Name, string[]>> {
  return Object.fromEntries(people.map((name) => [name, because]))
}

/** Who sees whom and why; whoever is not named is not seen. */
const matrix: Partial<Record<Name, Partial<Record<Name, string[]>>>> = {
  pupil: {
    ...all(staffOfA, 'staffOfYourSchool'),
    ...all(['guardian', 'otherGuardian', 'contact'], 'yourGuardian'),
    pupil: ['self', 'sameClass'],
    mate: ['sameClass'],
    mainTeacher: ['teachesYou', 'staffOfYourSchool'],
  },
  guardian: {
    ...all(staffOfA, 'staffOfYourChildsSchool'),
    guardian: ['self'],
    pupil: ['yourChild'],
    otherGuardian: ['guardianOfYourChild'],
    mainTeacher: ['teachesYourChild', 'staffOfYourChildsSchool'],
  },
  contact: { contact: ['self'] },
  mainTeacher: {
    ...all(staffOfA, 'yourEstablishment'),
    ...all(['guardian', 'otherGuardian', 'contact'], 'guardianOfYourMainClass', 'guardianOfYourPupil'),
    ...all(['pupil', 'mate'], 'youTeach', 'yourEstablishment'),
    mainTeacher: ['self', 'yourEstablishment'],
    other: ['yourEstablishment'],
    secondTeacher: ['guardianOfYourMainClass', 'guardianOfYourPupil', 'yourEstablishment'],
  },
  secondTeacher: {
    ...all(staffOfA, 'staffOfYourChildsSchool', 'yourEstablishment'),
    secondTeacher: ['self', 'staffOfYourChildsSchool', 'yourEstablishment'],
    mainTeacher: ['teachesYourChild', 'staffOfYourChildsSchool', 'yourEstablishment'],
    mate: ['yourChild', 'yourEstablishment'],
    other: ['youTeach', 'yourEstablishment'],
    guardianOfOther: ['guardianOfYourPupil'],
    pupil: ['yourEstablishment'],
  },
  head: { ...all(allOfA, 'youSupervise'), head: ['self', 'youSupervise'] },
  supervisor: { ...all(allOfA, 'youSupervise'), supervisor: ['self', 'youSupervise'] },
  secretary: { ...all(allOfA, 'yourEstablishment'), secretary: ['self', 'yourEstablishment'] },
  agent: { agent: ['self'], head: ['headInYourTerritory'] },
  administrator: {
    ...all(allOfA, 'youAdminister'),
    ...all(['pupilB', 'teacherB', 'headB'], 'yourEstablishment'),
    administrator: ['self', 'yourEstablishment'],
  },
  operator: { ...all(names, 'youOperate'), operator: ['self', 'youOperate'] },
  pupilB: {
    ...all(['headB', 'administrator'], 'staffOfYourSchool'),
    pupilB: ['self', 'sameClass'],
    teacherB: ['teachesYou', 'staffOfYourSchool'],
  },
}

describe('visibility', () => {
  for (const [viewer, expected] of Object.entries(matrix)) {
    test(`${viewer} finds the people in reach, and why`, async () => {
      const { body } = await get(viewer as Name, '/api/directory/people?q=visible&limit=50')
      const found = Object.fromEntries(
        body.people.map((person: { id: string; because: string[] }) => [
          names.find((name) => id[name] === person.id),
          person.because,
        ]),
      )
      expect(found).toEqual(expected)
    })

    test(`${viewer} opens the cards of the people in reach and of nobody else`, async () => {
      for (const target of names) {
        const { status, body } = await get(viewer as Name, `/api/directory/people/${id[target]}`)
        const because = expected[target]
        expect([target, status, because && body.because]).toEqual([target, because ? 200 : 404, because])
      }
    })
  }

  test('nobody without a session finds or opens anything', async () => {
    expect((await app.app.inject({ url: '/api/directory/people?q=visible' })).statusCode).toBe(401)
    expect((await app.app.inject({ url: `/api/directory/people/${id.pupil}` })).statusCode).toBe(401)
  })

  test('someone unseen is answered like someone who does not exist', async () => {
    const unseen = await get('pupil', `/api/directory/people/${id.other}`)
    const absent = await get('pupil', '/api/directory/people/01890000-0000-7000-8000-000000000000')
    expect({ ...unseen.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' })
  })

  test('last year’s class gives no sight of its pupils', async () => {
    await app.inTenant((tx) =>
      makeClass(tx, { establishment: a, pupils: [id.pupil, id.other], teachers: [], startYear: startYear - 1 }),
    )
    expect((await get('pupil', `/api/directory/people/${id.other}`)).status).toBe(404)
  })

  test('another tenant’s people are out of an operator’s reach', async () => {
    const other = await createTenant(app.services.owner, { slug: 'other', name: 'Autre', host: 'other.test' })
    const foreign = await inTenant(app.services.db, other.id, (tx) =>
      makePerson(tx, { familyName: 'Visible ailleurs' }),
    )
    const operator = { personId: id.operator, rights: [{ right: 'directory.import' as const, organisationId: null }] }
    const found = await app.inTenant((tx) => searchPeople(tx, operator, { q: 'visible', limit: 50 }))
    expect(found.people).toHaveLength(names.length)
    expect(await app.inTenant((tx) => findPersonCard(tx, operator, foreign))).toBeUndefined()
    const there = await inTenant(app.services.db, other.id, (tx) =>
      searchPeople(tx, operator, { q: 'visible', limit: 50 }),
    )
    expect(there.people.map((person) => person.id)).toEqual([foreign])
    await app.services.owner.query('update kernel.tenant set host = $1 where id <> $2', ['test.test', other.id])
    await app.services.owner.query('update kernel.tenant set host = $1 where id = $2', ['localhost', app.tenant.id])
  })
})

describe('cards', () => {
  test.each<[Name, Name, (typeof cardFields)[number][]]>([
    ['pupil', 'pupil', ['email', 'phone', 'mobile', 'workPhone', 'address', 'bornOn', 'otherNames', 'relations']],
    ['pupil', 'mate', []],
    ['pupil', 'guardian', ['relations']],
    ['guardian', 'pupil', ['email', 'mobile', 'bornOn', 'otherNames', 'relations']],
    ['guardian', 'otherGuardian', ['relations']],
    ['mainTeacher', 'guardian', ['email', 'phone', 'mobile', 'workPhone', 'address', 'relations']],
    ['mainTeacher', 'pupil', ['relations']],
    ['mainTeacher', 'other', []],
    ['secondTeacher', 'guardianOfOther', ['relations']],
    [
      'supervisor',
      'guardian',
      ['email', 'phone', 'mobile', 'workPhone', 'address', 'bornOn', 'otherNames', 'relations'],
    ],
    ['secretary', 'guardian', []],
    ['agent', 'head', ['email', 'workPhone']],
    ['administrator', 'pupil', [...cardFields]],
    ['operator', 'pupilB', [...cardFields]],
  ])('%s sees of %s: %j', async (viewer, target, granted) => {
    const body = await card(viewer, target)
    expect(body.withheld).toEqual(cardFields.filter((field) => !granted.includes(field)))
    const values = {
      email: body.email,
      phone: body.phone,
      mobile: body.mobile,
      workPhone: body.workPhone,
      address: body.address?.street ?? null,
      bornOn: body.bornOn,
      otherNames: body.otherGivenNames,
    }
    for (const [field, value] of Object.entries(values)) {
      expect([field, value !== null]).toEqual([field, granted.includes(field as keyof typeof values)])
    }
  })

  test('a guardian sees the other guardian only as the guardian of their child', async () => {
    const body = await card('guardian', 'otherGuardian')
    expect(body.affiliations).toEqual([{ profile: 'guardian', organisation: null }])
    expect(body.children.map((relation: { person: { id: string } }) => relation.person.id)).toEqual([id.pupil])
  })

  test('neither children nor functions elsewhere are disclosed by a card seen for another reason', async () => {
    await app.inTenant(async (tx) => {
      await makeGuardianship(tx, { pupil: id.pupilB, guardian: id.otherGuardian })
      await sql`insert into directory.staff_function (person_id, organisation_id, source_id, code, profile)
        select ${id.head}, ${b}, id, 'Y', 'teacher' from directory.source where kind = 'manual'`.execute(tx)
    })
    for (const viewer of ['guardian', 'mainTeacher', 'head'] as const) {
      const { children } = await card(viewer, 'otherGuardian')
      expect(children.map((relation: { person: { id: string } }) => relation.person.id)).toEqual([id.pupil])
    }
    for (const viewer of ['pupil', 'agent', 'secretary'] as const) {
      expect((await card(viewer, 'head')).functions.map((each: { code: string }) => each.code)).toEqual(['X'])
    }
    expect((await card('head', 'head')).functions).toHaveLength(1)
    expect((await card('operator', 'otherGuardian')).children).toHaveLength(2)
    await app.inTenant(async (tx) => {
      await sql`delete from directory.guardianship where pupil_id = ${id.pupilB}`.execute(tx)
      await sql`delete from directory.staff_function where code = 'Y'`.execute(tx)
    })
  })

  test('a teacher’s own child in the school stays unknown to pupils', async () => {
    const body = await card('pupil', 'secondTeacher')
    expect(body.affiliations.map((each: { profile: string }) => each.profile)).toEqual(['teacher'])
    expect(body.children).toEqual([])
    const asGuardians = await get('pupil', '/api/directory/people?q=visible&profile=guardian')
    expect(asGuardians.body.people.map((person: { id: string }) => person.id).sort()).toEqual(
      [id.guardian, id.otherGuardian, id.contact].sort(),
    )
  })

  test('a head sees relations with their legal status, a secretary none', async () => {
    const seen = await card('head', 'pupil')
    expect(
      seen.guardians.map((relation: { person: { id: string }; legalStatus: string }) => [
        names.find((name) => id[name] === relation.person.id),
        relation.legalStatus,
      ]),
    ).toEqual([
      ['contact', 'none'],
      ['guardian', 'legal'],
      ['otherGuardian', 'inCharge'],
    ])
    expect((await card('secretary', 'pupil')).guardians).toEqual([])
  })

  test('a child’s card gives class and establishment, with the teacher’s functions and teachings limited to it', async () => {
    const child = await card('guardian', 'pupil')
    expect(child.classes.map((group: { id: string }) => group.id)).toEqual([classA1])
    expect(child.affiliations[0].organisation.id).toBe(a)
    const teacher = await card('guardian', 'mainTeacher')
    expect(teacher.teachings.map((each: { group: { id: string } }) => each.group.id)).toEqual([classA1])
    expect(teacher.functions).toHaveLength(1)
    expect((await card('guardian', 'secondTeacher')).teachings).toEqual([])
  })

  test('administrators see where a record comes from', async () => {
    expect((await card('administrator', 'pupil')).sources).toMatchObject([
      { kind: 'aaf2d', academyCode: '20', externalId: '123', record: 'pupil' },
      { kind: 'manual' },
    ])
    expect((await card('head', 'pupil')).sources).toEqual([])
  })

  test('people who are gone are shown to operators only', async () => {
    const gone = await app.inTenant(async (tx) => {
      const person = await makePerson(tx, { familyName: 'Partie', profile: 'pupil', in: a })
      await sql`update directory.person set gone_on = '2026-10-01' where id = ${person}`.execute(tx)
      return person
    })
    expect((await get('head', `/api/directory/people/${gone}`)).status).toBe(404)
    expect((await get('operator', `/api/directory/people/${gone}`)).body.goneOn).toBe('2026-10-01')
    expect((await get('operator', '/api/directory/people?q=partie')).body.people).toEqual([])
    expect((await get('head', '/api/directory/people?q=partie')).body.people).toEqual([])
  })
})

describe('what was done to a person', () => {
  test('before they were found to be another stays in the file of who they are', async () => {
    const { merged, kept } = await app.inTenant(async (tx) => {
      const kept = await makePerson(tx, { familyName: 'Gardée', profile: 'pupil', in: a })
      const merged = await makePerson(tx, { familyName: 'Doublon' })
      await sql`update directory.person set merged_into = ${kept}, gone_on = '2026-10-01' where id = ${merged}`.execute(
        tx,
      )
      const act = { actorPersonId: id.administrator, subjectKind: 'person' }
      await recordAudit(tx, { ...act, action: 'identity.right_granted', subjectId: merged })
      for (const subjectId of [merged, kept])
        await recordAudit(tx, { ...act, action: 'directory.people_merged', subjectId })
      return { merged, kept }
    })
    const acts = async (url: string) =>
      (await get('administrator', url)).body.entries.map(({ action }: { action: string }) => action)
    expect(await acts(`/api/directory/people/${kept}/audit`)).toEqual([
      'directory.people_merged',
      'identity.right_granted',
    ])
    expect(await acts(`/api/directory/audit?person=${kept}`)).toHaveLength(3)
    await app.inTenant((tx) => sql`update directory.person set merged_into = null where id = ${merged}`.execute(tx))
    expect(await acts(`/api/directory/people/${kept}/audit`)).toEqual(['directory.people_merged'])
  })

  test('is told to who administers them and to themself', async () => {
    await app.inTenant((tx) =>
      recordAudit(tx, {
        action: 'identity.code_issued',
        actorPersonId: id.administrator,
        subjectKind: 'person',
        subjectId: id.pupil,
      }),
    )
    const url = `/api/directory/people/${id.pupil}/audit`
    expect((await get('administrator', url)).body.entries).toMatchObject([
      { action: 'identity.code_issued', by: 'person', actor: { id: id.administrator } },
    ])
    // The pupil does not see the staff of collège B.
    expect((await get('pupil', url)).body.entries).toMatchObject([{ by: 'person', actor: null }])
    expect((await get('head', url)).body.entries).toMatchObject([{ by: 'person', actor: { id: expect.any(String) } }])
    expect((await get('mainTeacher', url)).status).toBe(404)
    expect((await get('administrator', `/api/directory/people/${id.pupilB}/audit`)).status).toBe(404)
  })
})

describe('search', () => {
  const crowd = [
    ['Dupont', 'Marie'],
    ['Dupond', 'Marcel'],
    ['Martin', 'Dupré'],
    ['Durand', 'Jean-Pierre'],
    ['De La Fontaine', 'Jeanne'],
    ["D'Œuvre-Lefèvre", 'Zoé'],
    ['Fontaine', 'Delphine-Laure'],
    ['Marin', 'Marie-Claire'],
  ]
  beforeAll(async () => {
    await app.inTenant(async (tx) => {
      for (const [familyName, givenName] of crowd) {
        await makePerson(tx, { familyName: familyName!, givenName: givenName!, profile: 'pupil', in: a })
      }
    })
  })

  const searches: [string, string[]][] = [
    ['dup mar', ['Dupond Marcel', 'Dupont Marie', 'Martin Dupré']],
    ['marie DUP', ['Dupont Marie']],
    ['de la font', ['Fontaine Delphine-Laure', 'De La Fontaine Jeanne']],
    ['claire', ['Marin Marie-Claire']],
    ['jean-pierre', ['Durand Jean-Pierre']],
    ['lefevre', ["D'Œuvre-Lefèvre Zoé"]],
    ['oeuvre zoe', ["D'Œuvre-Lefèvre Zoé"]],
    ['marin mar', ['Marin Marie-Claire']],
    ['zzyzx', []],
    ['%', []],
    ['_ont', []],
    ["' - '", []],
  ]
  for (const viewer of ['head', 'operator'] as const) {
    test.each(searches)(`${viewer} looks for "%s"`, async (q, expected) => {
      const { body } = await get(viewer, `/api/directory/people?q=${encodeURIComponent(q)}`)
      // Several words may be ranked by another one for a viewer of everyone: the rarest instead of the longest.
      expect(
        body.people
          .map((person: { familyName: string; givenName: string }) => `${person.familyName} ${person.givenName}`)
          .sort(),
      ).toEqual(expected.toSorted())
    })
  }

  test('narrows to a class, an establishment, a profile', async () => {
    const ids = async (viewer: Name, query: string) =>
      (await get(viewer, `/api/directory/people?limit=50&${query}`)).body.people.map(({ id: found }: { id: string }) =>
        names.find((name) => id[name] === found),
      )
    expect(await ids('head', `class=${classA1}`)).toEqual(['mainTeacher', 'mate', 'pupil'])
    expect(await ids('guardian', `class=${classA1}`)).toEqual(['mainTeacher', 'pupil'])
    expect(await ids('guardian', `class=${classA2}`)).toEqual([])
    expect(await ids('operator', `establishment=${b}&profile=teacher`)).toEqual(['teacherB'])
    expect(await ids('operator', 'profile=head')).toEqual(['head', 'headB'])
    expect(await ids('agent', `establishment=${b}`)).toEqual([])
  })

  test('pages give everyone once, in the same order whichever way they are found', async () => {
    await app.inTenant(async (tx) => {
      for (let i = 0; i < 30; i++) {
        await makePerson(tx, { familyName: `Paginé ${i % 7}`, givenName: `Ida ${i % 3}`, profile: 'pupil', in: a })
        await makePerson(tx, { familyName: `Zed ${i % 5}`, givenName: 'Paginé', profile: 'pupil', in: a })
        await makePerson(tx, { familyName: `Du Paginé`, givenName: `Jo ${i % 2}`, profile: 'pupil', in: a })
      }
    })
    const walk = async (viewer: Name) => {
      const found: string[] = []
      let after = ''
      for (;;) {
        const { body } = await get(viewer, `/api/directory/people?q=pagine&limit=7${after}`)
        found.push(...body.people.map((person: { id: string }) => person.id))
        if (body.next === null) return found
        expect(body.people).toHaveLength(7)
        after = `&after=${body.next}`
      }
    }
    const byRank = await walk('operator')
    expect(byRank).toHaveLength(90)
    expect(new Set(byRank).size).toBe(90)
    expect(await walk('head')).toEqual(byRank)
  })

  test('refuses a place that is no page’s', async () => {
    for (const after of ['x', Buffer.from('[9,"a","b","c"]').toString('base64url')]) {
      expect((await get('operator', `/api/directory/people?q=a&after=${after}`)).body.code).toBe('cursor_invalid')
    }
  })
})
