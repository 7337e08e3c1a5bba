import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareDays,
  decideMatch,
  defaultThresholds,
  type MatchedPerson,
  type PersonKind,
  scoreMatch,
} from './matching-rule.ts'

const someone: MatchedPerson = {
  id: '1',
  kinds: ['guardian'],
  records: ['amiens guardian'],
  familyName: 'Dubœuf',
  birthFamilyName: null,
  givenName: 'Claire',
  otherGivenNames: null,
  title: null,
  bornOn: null,
  ines: [],
  email: null,
  phones: [],
  street: null,
  postalCode: null,
  town: null,
  relatives: [],
  places: [],
}
const other = { ...someone, id: '2', records: ['lille guardian'] }
const pupil: MatchedPerson = { ...someone, kinds: ['pupil'], records: ['amiens pupil'] }
const otherPupil: MatchedPerson = { ...pupil, id: '2', records: ['lille pupil'] }

const email = { email: 'claire@example.org' }
const phones = { phones: ['+33 6 39 98 00 03'] }
const home = { street: '14 RUE DES ŒILLETS', postalCode: '80000', town: 'AMIENS' }
const born = { bornOn: '1981-11-27' }

type Case = [string, Partial<MatchedPerson>, Partial<MatchedPerson>, string, number]

describe('guardians', () => {
  it.each<Case>([
    ['a name alone', {}, {}, 'none', 45],
    ['a name and an e-mail', email, { email: ' Claire@Example.org' }, 'review', 75],
    ['a name, an e-mail and a mobile', { ...email, ...phones }, { ...email, phones: ['0639980003'] }, 'review', 95],
    ['with the address too', { ...email, ...phones, ...home }, { ...email, ...phones, ...home }, 'automatic', 110],
    [
      'an address written otherwise',
      { ...email, ...phones, ...home },
      { ...email, ...phones, ...home, street: '14 r. des Oeillets' },
      'automatic',
      110,
    ],
    ['a name and a birth date', born, born, 'review', 80],
    ['with an e-mail', { ...born, ...email }, { ...born, ...email }, 'automatic', 110],
    [
      'a day and a month exchanged',
      { ...email, bornOn: '1981-03-07' },
      { ...email, bornOn: '1981-07-03' },
      'review',
      95,
    ],
    ['one digit mistyped', { ...email, bornOn: '1981-03-07' }, { ...email, bornOn: '1981-03-01' }, 'review', 90],
    [
      'a name as heard',
      { ...email, ...home, familyName: 'Dubœuf' },
      { ...email, ...home, familyName: 'Dubeufs' },
      'review',
      83,
    ],
    [
      'a particle left out',
      { ...email, familyName: 'de La Fontenelle' },
      { ...email, familyName: 'FONTENELLE' },
      'review',
      72,
    ],
    ['a birth name', { ...email, birthFamilyName: 'Petit' }, { ...email, familyName: 'Petit' }, 'review', 70],
    [
      'married, known by all else',
      { ...email, ...phones, ...home, ...born },
      { ...email, ...phones, ...home, ...born, familyName: 'Roy' },
      'review',
      90,
    ],
    ['a child in common', { relatives: ['9'] }, { relatives: ['8', '9'] }, 'review', 70],
    [
      'two children in common and an e-mail',
      { ...email, relatives: ['8', '9'] },
      { ...email, relatives: ['8', '9'] },
      'automatic',
      110,
    ],
    [
      'a couple under one address and e-mail',
      { ...email, ...home },
      { ...email, ...home, givenName: 'Thomas' },
      'none',
      0,
    ],
    [
      'a father and a son of one name',
      { ...home, bornOn: '1951-02-03' },
      { ...home, bornOn: '1983-09-21' },
      'none',
      30,
    ],
    [
      'Madame and Monsieur',
      { ...email, title: 'M.', givenName: 'Camille' },
      { ...email, title: 'Mme', givenName: 'Camille' },
      'none',
      50,
    ],
    ['a teacher who is a parent', { ...email, ...born, kinds: ['staff'] }, { ...email, ...born }, 'review', 110],
    ['twice in one source', { ...email, ...born }, { ...email, ...born, records: someone.records }, 'review', 110],
  ])('%s', (_, a, b, verdict, points) => {
    const score = scoreMatch({ ...someone, ...a }, { ...other, ...b })
    expect([decideMatch(score, defaultThresholds), score.points]).toEqual([verdict, points])
  })
})

describe('pupils', () => {
  const child = { bornOn: '2014-01-23' }
  it.each<Case>([
    ['a national identifier', { ines: ['120000001AA'] }, { ines: ['120000001AA'] }, 'automatic', 125],
    ['two national identifiers', { ...child, ines: ['120000001AA'] }, { ...child, ines: ['120000002BB'] }, 'none', 80],
    [
      'one identifier, two birth dates',
      { ...child, ines: ['120000001AA'] },
      { bornOn: '2011-09-30', ines: ['120000001AA'] },
      'review',
      95,
    ],
    ['a guardian in common', { ...child, relatives: ['9'] }, { ...child, relatives: ['9'] }, 'automatic', 105],
    [
      'twins',
      { ...child, ...home, relatives: ['9'] },
      { ...child, ...home, relatives: ['9'], givenName: 'Louise' },
      'none',
      24,
    ],
    [
      'twins called Jean and Jean-Baptiste',
      { ...child, ...home, relatives: ['9'], givenName: 'Jean' },
      { ...child, ...home, relatives: ['9'], givenName: 'Jean-Baptiste' },
      'review',
      112,
    ],
    [
      'two of one class',
      { ...child, ...home, places: ['amiens 6A'] },
      { ...child, ...home, places: ['amiens 6A'] },
      'none',
      95,
    ],
    [
      'a second name in use',
      { ...child, ...home, otherGivenNames: 'Marie Louise' },
      { ...child, ...home, givenName: 'Louise' },
      'review',
      87,
    ],
    ['brothers', { ...home, bornOn: '2014-01-23' }, { ...home, bornOn: '2012-05-02', givenName: 'Hugo' }, 'none', 0],
    ['mother and daughter of one name', { relatives: ['2'] }, {}, 'none', 45],
  ])('%s', (_, a, b, verdict, points) => {
    const score = scoreMatch({ ...pupil, ...a }, { ...otherPupil, ...b })
    expect([decideMatch(score, defaultThresholds), score.points]).toEqual([verdict, points])
  })
})

it.each([
  ['2014-01-23', '2014-01-23', 'bornOn'],
  ['2014-01-03', '2014-03-01', 'bornOnSwapped'],
  ['2014-01-23', '2014-01-28', 'bornOnTyping'],
  ['2014-01-23', '2014-01-32', 'bornOnTyping'],
  ['2014-01-23', '2041-01-23', 'bornOnTyping'],
  ['2014-01-23', '2014-11-24', 'bornOnDiffers'],
  [null, '2014-01-23', 'unknown'],
] as const)('%s and %s: %s', (a, b, expected) => {
  expect(compareDays(a, b)).toBe(expected)
  expect(compareDays(b, a)).toBe(expected)
})

const text = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: null })
const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 2 })
const person: fc.Arbitrary<MatchedPerson> = fc.record({
  id: fc.constantFrom('1', '2', '3'),
  kinds: fc.uniqueArray(fc.constantFrom<PersonKind>('pupil', 'guardian', 'staff'), { minLength: 1 }),
  records: some('amiens pupil', 'lille pupil', 'lille guardian'),
  familyName: fc.constantFrom('Dubœuf', 'Dubeuf', 'Martin', 'de Martin', 'Martin-Dubœuf', 'Roy'),
  birthFamilyName: text('Martin', 'Roy'),
  givenName: fc.constantFrom('Jean', 'Jean-Pierre', 'Jeanne', 'Pierre'),
  otherGivenNames: text('Pierre', 'Marie Jeanne'),
  title: text('M.', 'Mme'),
  bornOn: text('2014-01-03', '2014-03-01', '2014-01-08', '1981-11-27'),
  ines: some('1A', '2B'),
  email: text('a@example.org', 'b@example.org'),
  phones: some('0639980001', '0322000001', '12'),
  street: text('1 rue A', '2 rue B'),
  postalCode: text('80000', '59000'),
  town: text('Amiens', 'Lille'),
  relatives: some('1', '2', '8', '9'),
  places: some('a 1', 'b 2'),
})

it('scores a pair alike from either side', () => {
  fc.assert(
    fc.property(person, person, (a, b) => {
      const one = scoreMatch(a, b)
      const turned = scoreMatch(b, a)
      expect(turned.points).toBe(one.points)
      expect(turned.blocks).toEqual(one.blocks)
      expect(turned.cautions).toEqual(one.cautions)
      expect(turned.parts.map(({ code, points }) => [code, points])).toEqual(
        one.parts.map(({ code, points }) => [code, points]),
      )
    }),
    { numRuns: 2_000 },
  )
})

it('never gives less for one more agreement, nor more for one more difference', () => {
  const agreements: Partial<MatchedPerson>[] = [
    { email: 'new@example.org' },
    { street: '9 rue neuve', postalCode: '75001', town: 'Paris' },
    { bornOn: '1999-09-09' },
  ]
  fc.assert(
    fc.property(person, person, fc.constantFrom(...agreements), (a, b, more) => {
      const before = scoreMatch(a, b).points
      const unknown = Object.fromEntries(Object.keys(more).map((key) => [key, null]))
      const without = scoreMatch({ ...a, ...unknown }, { ...b, ...unknown }).points
      expect(scoreMatch({ ...a, ...more }, { ...b, ...more }).points).toBeGreaterThanOrEqual(without)
      for (const list of ['phones', 'relatives', 'ines'] as const) {
        const longer = scoreMatch(
          { ...a, [list]: [...a[list], '0600000009'] },
          { ...b, [list]: [...b[list], '0600000009'] },
        )
        expect(longer.points).toBeGreaterThanOrEqual(before)
      }
      expect(scoreMatch(a, { ...b, givenName: 'Zoé', otherGivenNames: null }).points).toBeLessThanOrEqual(
        scoreMatch({ ...a, givenName: 'Zoé', otherGivenNames: null }, { ...b, givenName: 'Zoé', otherGivenNames: null })
          .points,
      )
    }),
    { numRuns: 2_000 },
  )
})

it('never merges without asking two people whom something tells apart, nor a member of staff', () => {
  fc.assert(
    fc.property(person, person, (a, b) => {
      const score = scoreMatch(a, b)
      if (decideMatch(score, { automatic: 0, review: 0 }) !== 'automatic') return
      expect(a.kinds.includes('staff') || b.kinds.includes('staff')).toBe(false)
      expect(score.parts.every(({ points }) => points > 0)).toBe(true)
      expect(a.bornOn !== null && b.bornOn !== null && a.bornOn !== b.bornOn).toBe(false)
    }),
    { numRuns: 2_000 },
  )
})
