import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readShippedAgreement } from '../agreements/agreement-versions.ts'
import { readAgreement } from '../agreements/read-agreement.ts'
import { listDossierEntries } from './dossier-calendar.ts'
import { type Dossier, dossierSchema, listDossierGaps } from './dossier-schema.ts'
import { summariseDossier, titleDossier } from './dossier-summary.ts'
import { findDueDay, findPhaseFault, listFollowMonths } from './service-course.ts'

const phases = ['investigation', 'construction', 'acceleration', 'transfer']

describe('the phase in which a service goes on', () => {
  it.each([
    ['construction', 'construction', '', null],
    ['construction', 'acceleration', '', null],
    ['construction', 'transfer', '', 'phase_skipped'],
    ['construction', 'transfer', 'Pressés', 'phase_skipped'],
    ['construction', 'investigation', '', 'phase_back_unexplained'],
    ['construction', 'investigation', '  ', 'phase_back_unexplained'],
    ['transfer', 'investigation', 'Le besoin a changé', null],
    ['transfer', 'nulle-part', 'Pourquoi', 'phase_unknown'],
    // An amendment did away with the phase it was in.
    ['ancienne', 'transfer', '', null],
  ])('from %s to %s, because « %s » : %s', (from, to, why, fault) => {
    expect(findPhaseFault(phases, from, to, why)).toBe(fault)
  })
})

describe('the day on which the next dossier is due', () => {
  it.each([
    ['2026-09-01', [], 6, '2027-03-01'],
    ['2026-08-31', [], 6, '2027-02-28'],
    ['2026-09-01', ['2027-02-10'], 6, '2027-08-10'],
    ['2026-09-01', ['2027-02-10', '2026-12-01'], 6, '2027-08-10'],
  ])('begun on %s, decided on %j, every %i months: %s', (beganOn, decidedOn, months, day) => {
    expect(findDueDay(beganOn, decidedOn, months)).toBe(day)
  })
})

describe('the months since the last dossier', () => {
  const meeting = (day: string, held = true) => ({ id: day, title: '', day, held })

  it('tell where the body met, will meet, or did not, and asks nothing of months begun or not over', () => {
    const months = listFollowMonths('2026-08-20', '2026-12-10', [
      meeting('2026-08-20'),
      meeting('2026-10-05'),
      meeting('2026-10-19'),
      meeting('2026-12-17', false),
    ])
    expect(months.map(({ month, state, meetings }) => [month, state, meetings.length])).toEqual([
      ['2026-08', 'open', 0],
      ['2026-09', 'missed', 0],
      ['2026-10', 'held', 2],
      ['2026-11', 'missed', 0],
      ['2026-12', 'planned', 1],
    ])
  })

  it('follow one another without a gap, and each meeting is in one of them at most', () => {
    const day = fc
      .date({ min: new Date('2025-01-01'), max: new Date('2026-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10))
    fc.assert(
      fc.property(day, day, fc.uniqueArray(day, { maxLength: 20 }), (one, other, days) => {
        const [since, today] = one < other ? [one, other] : [other, one]
        const months = listFollowMonths(
          since,
          today,
          days.map((each) => meeting(each, each <= today)),
        )
        expect(months.at(-1)?.month).toBe(today.slice(0, 7))
        expect(new Set(months.map(({ month }) => month)).size).toBe(months.length)
        const told = months.flatMap(({ meetings }) => meetings.map(({ id }) => id))
        expect(new Set(told).size).toBe(told.length)
        expect(told.every((each) => each > since)).toBe(true)
      }),
    )
  })
})

const complete: Dossier = {
  problem: 'Les familles ne savent pas à quelles aides elles ont droit.',
  audience: 'Familles d’élèves boursiers.',
  measures: [
    {
      name: 'Demandes abouties',
      unit: '%',
      startingPoint: '41,5',
      target: '60',
      value: '52.25',
      measuredOn: '2026-10-31',
      source: 'Tableau de bord',
    },
    {
      name: 'Temps passé',
      unit: 'min',
      startingPoint: null,
      target: '10',
      value: null,
      measuredOn: null,
      source: '',
    },
  ],
  users: { value: '1200', measuredOn: '2026-10-31', source: 'Comptes ouverts' },
  orders: [],
  learned: 'Les familles appellent quand même.',
  notReached: 'Les familles sans ordinateur.',
  budgetCents: '4000000',
  proposal: { kind: 'continue', phase: 'construction', why: '' },
}

describe('what a dossier lacks', () => {
  const [measure] = complete.measures
  it.each<[string, Partial<Dossier>, string[]]>([
    ['nothing', {}, []],
    ['texts', { problem: '', learned: '' }, ['problem', 'learned']],
    ['measures', { measures: [] }, ['measures']],
    [
      'a day and a source',
      { users: { value: '3', measuredOn: null, source: '' } },
      ['users.measuredOn', 'users.source'],
    ],
    ['a day that is past', { users: { value: '3', measuredOn: '2026-11-03', source: 'x' } }, ['users.measuredOn']],
    ['a value on a day', { users: { value: null, measuredOn: '2026-11-01', source: '' } }, ['users.value']],
    ['nothing where nothing was measured', { users: { value: null, measuredOn: null, source: '' } }, []],
    ['names that differ', { measures: [measure!, measure!] }, ['measures.1.name']],
    ['a budget', { budgetCents: null }, ['budgetCents']],
    ['what changes', { proposal: { kind: 'change', what: '', dueOn: null } }, ['proposal.what', 'proposal.dueOn']],
    ['a day to come', { proposal: { kind: 'change', what: 'x', dueOn: '2026-11-01' } }, ['proposal.dueOn']],
    [
      'what becomes of users, data and code',
      { proposal: { kind: 'stop', users: '', data: 'x', code: '' } },
      ['proposal.users', 'proposal.code'],
    ],
  ])('%s', (_, over, fields) => {
    const dossier = dossierSchema.parse({ ...complete, ...over })
    expect(listDossierGaps(dossier, '2026-11-02')).toEqual(fields)
  })

  it.each<[string, unknown]>([
    ['a figure that is none', { users: { value: 'beaucoup', measuredOn: null, source: '' } }],
    ['a figure in disguise', { users: { value: 1200, measuredOn: null, source: '' } }],
    ['half a cent', { budgetCents: '100.5' }],
    ['a debt', { budgetCents: '-1' }],
    ['an unknown field', { amount: '1' }],
    ['another proposal', { proposal: { kind: 'postpone' } }],
    ['an order that is none', { orders: ['1 or 1=1'] }],
  ])('is refused with %s', (_, over) => {
    expect(dossierSchema.safeParse({ ...complete, ...(over as object) }).success).toBe(false)
  })
})

const rules = { phases: phases.map((key) => ({ key, name: key.toUpperCase() })) }

describe('the summary of a dossier', () => {
  it('tells figures with their day and source, says what was not measured, and no amount', () => {
    const text = summariseDossier(rules, { name: 'Aides', phase: 'investigation' }, { number: 2, content: complete })
    expect(text.replaceAll('\u00a0', ' ').split('\n')).toEqual([
      'Dossier d’impact n° 2 du service « Aides », en phase : INVESTIGATION.',
      'Problème traité : Les familles ne savent pas à quelles aides elles ont droit.',
      'Public : Familles d’élèves boursiers.',
      'Utilisateurs : 1\u202f200 (le 31 octobre 2026, source : Comptes ouverts).',
      'Demandes abouties : 52,25 % (le 31 octobre 2026, source : Tableau de bord) ; départ 41,5 %, cible 60 %.',
      'Temps passé : non mesuré ; départ non mesuré, cible 10 min.',
      'Ce qui a été appris : Les familles appellent quand même.',
      'Ce qui n’a pas été atteint : Les familles sans ordinateur.',
      'Proposition : poursuivre, et passer en phase : CONSTRUCTION.',
    ])
    expect(text).not.toContain('40')
  })

  it.each<[Dossier['proposal'], string]>([
    [{ kind: 'continue', phase: 'construction', why: '' }, 'poursuivre en phase : CONSTRUCTION'],
    [{ kind: 'change', what: 'x', dueOn: '2027-05-01' }, 'changer, d’ici au 1er mai 2027'],
    [{ kind: 'stop', users: 'x', data: 'x', code: 'x' }, 'arrêter'],
  ])('has a title for %j', (proposal, told) => {
    const title = titleDossier(rules, { name: 'Aides', phase: 'construction' }, { content: { ...complete, proposal } })
    expect(title.replaceAll('\u00a0', ' ')).toBe(`Service « Aides » : ${told}`)
  })
})

describe('dossiers in the calendar', async () => {
  const agreement = readAgreement(await readShippedAgreement('service-numerique'))
  const service = { number: 1, name: 'Aides', beganOn: '2026-09-01', decidedOn: [] }
  const year = { from: '2026-09-01', until: '2027-08-31' }
  const list = (today: string, schoolYear = year, over = {}) =>
    listDossierEntries(agreement, [{ ...service, ...over }], { schoolYear, today })

  it.each([
    ['2026-11-02', year, {}, ['due 2027-03-01']],
    ['2027-03-01', year, {}, ['due 2027-03-01']],
    ['2027-03-02', year, {}, ['late 2027-03-01']],
    ['2027-03-02', year, { decidedOn: ['2027-02-20'] }, ['due 2027-08-20']],
    ['2027-03-02', year, { decidedOn: ['2027-03-20'] }, []],
    // What is late is asked for in the year in course, and in no other that it does not fall in.
    ['2027-09-15', { from: '2027-09-01', until: '2028-08-31' }, {}, ['late 2027-03-01']],
    ['2027-03-02', { from: '2027-09-01', until: '2028-08-31' }, {}, []],
  ])('on %s', (today, schoolYear, over, told) => {
    expect(list(today, schoolYear, over).map(({ state, lastSafeDay }) => `${state} ${lastSafeDay}`)).toEqual(told)
  })

  it('cite the article, and are none where the agreement has no such rules', () => {
    expect(list('2026-11-02')).toMatchObject([{ kind: 'dossier', body: 'investissement', article: '4', name: 'Aides' }])
    const { services: _, ...without } = agreement
    expect(listDossierEntries(without, [service], { schoolYear: year, today: '2026-11-02' })).toEqual([])
  })
})
