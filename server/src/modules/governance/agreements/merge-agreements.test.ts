import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Agreement } from './agreement-schema.ts'
import { readShippedAgreement } from './agreement-versions.ts'
import { mergeAgreements } from './merge-agreements.ts'
import { readAgreement } from './read-agreement.ts'

const base = readAgreement(await readShippedAgreement('grand-est'))

const withParty = (rules: Agreement, key: string, more: Partial<Agreement['parties'][number]>): Agreement => ({
  ...rules,
  parties: rules.parties.map((each) => (each.key === key ? { ...each, ...more } : each)),
})
const withBody = (rules: Agreement, key: string, change: (body: Agreement['bodies'][number]) => object): Agreement => ({
  ...rules,
  bodies: rules.bodies.map((body) => (body.key === key ? { ...body, ...change(body) } : body)),
})
const withNotice = (rules: Agreement, days: number): Agreement =>
  withBody(rules, 'ag', ({ notice }) => ({ notice: notice && { ...notice, days } }))
const withVoices = (rules: Agreement, of: Record<string, string>): Agreement =>
  withBody(rules, 'cogouv', ({ voices }) => ({
    voices: voices === 'one' ? voices : { ...voices, of: { ...voices.of, ...of } },
  }))
const newcomer = {
  key: 'aisne',
  name: 'Département de l’Aisne',
  kind: 'department' as const,
  roles: ['member' as const],
}
const join = (rules: Agreement, at: number): Agreement => ({
  ...rules,
  parties: rules.parties.toSpliced(at, 0, newcomer),
})
const withBallots = (rules: Agreement, edit: (keys: Agreement['ballots']) => Agreement['ballots']): Agreement => ({
  ...rules,
  ballots: edit(rules.ballots),
})
const [first] = base.ballots

describe('two changes of one agreement', () => {
  it.each<[string, (rules: Agreement) => Agreement, (rules: Agreement) => Agreement]>([
    ['of two rules of one body', (rules) => withNotice(rules, 21), (rules) => withVoices(rules, { alsace: '3' })],
    [
      'of the voices of two members',
      (rules) => withVoices(rules, { meuse: '2' }),
      (rules) => withVoices(rules, { alsace: '3' }),
    ],
    [
      'a party more, and the name of another',
      (rules) => join(rules, 3),
      (rules) => withParty(rules, 'vosges', { name: 'V' }),
    ],
    [
      'the roles of a party, and its SIRET',
      (rules) => withParty(rules, 'vosges', { roles: ['member', 'coordinator'] }),
      (rules) => withParty(rules, 'vosges', { siret: '12345678901234' }),
    ],
    [
      'a ballot less, and another name of another',
      (rules) => withBallots(rules, (ballots) => ballots.slice(1)),
      (rules) => withBallots(rules, (ballots) => [...ballots.slice(0, -1), { ...ballots.at(-1)!, name: 'Autre' }]),
    ],
  ])('are made together: %s', (_, mine, theirs) => {
    const { rules, conflicts } = mergeAgreements(base, mine(base), theirs(base))
    expect(conflicts).toEqual([])
    expect(rules).toEqual(mine(theirs(base)))
    expect(mergeAgreements(base, theirs(base), mine(base)).rules).toEqual(rules)
  })

  it('keeps each word that one of them adds to a list, and none that one takes away', () => {
    const roles = (...all: Agreement['parties'][number]['roles']) => withParty(base, 'region', { roles: all })
    const from = roles('member', 'pilot')
    const { rules, conflicts } = mergeAgreements(
      from,
      roles('member', 'coordinator'),
      roles('member', 'pilot', 'contractor'),
    )
    expect(conflicts).toEqual([])
    expect(rules).toEqual(roles('member', 'contractor', 'coordinator'))
  })

  it('begin on the later of their two days', () => {
    const on = (validFrom: string) => ({ ...base, validFrom })
    for (const [proposed, present] of [
      ['2026-09-01', '2027-01-01'],
      ['2027-01-01', '2026-09-01'],
    ] as const) {
      expect(mergeAgreements(base, on(proposed), on(present))).toEqual({ rules: on('2027-01-01'), conflicts: [] })
    }
  })

  it.each<[string, string[], Agreement, Agreement]>([
    ['one number', ['bodies', 'ag', 'notice', 'days'], withNotice(base, 21), withNotice(base, 30)],
    [
      'a rule changed and one taken away',
      ['ballots', first!.key],
      withBallots(base, (ballots) => [{ ...first!, name: 'Autre' }, ...ballots.slice(1)]),
      withBallots(base, (ballots) => ballots.slice(1)),
    ],
    [
      'a rule taken away and one changed',
      ['ballots', first!.key],
      withBallots(base, (ballots) => ballots.slice(1)),
      withBallots(base, (ballots) => [{ ...first!, name: 'Autre' }, ...ballots.slice(1)]),
    ],
    [
      'two parties under one key',
      ['parties', 'aisne'],
      join(base, 3),
      { ...base, parties: [...base.parties, { ...newcomer, name: 'Aisne' }] },
    ],
    [
      'steps, whose order says something',
      ['membership', 'joining', 'steps'],
      { ...base, membership: { ...base.membership, joining: { ...base.membership.joining, steps: ['request'] } } },
      {
        ...base,
        membership: { ...base.membership, joining: { ...base.membership.joining, steps: ['request', 'approval'] } },
      },
    ],
  ])('that differ on %s are a conflict, and the later version stands', (_, path, mine, theirs) => {
    const { rules, conflicts } = mergeAgreements(base, mine, theirs)
    expect(conflicts.map((each) => each.path)).toEqual([path])
    expect(rules).toEqual(theirs)
  })
})

it('changes nothing that neither changed, and makes all of a change where there is no other', () => {
  const edit = fc.constantFrom(
    (rules: Agreement) => withNotice(rules, 40),
    (rules: Agreement) => withVoices(rules, { meuse: '7' }),
    (rules: Agreement) => join(rules, 2),
    (rules: Agreement) => withParty(rules, 'alsace', { leavesOn: '2027-09-01' }),
    (rules: Agreement) => withBallots(rules, (ballots) => ballots.slice(1)),
    (rules: Agreement) => ({ ...rules, title: 'Autre titre' }),
    (rules: Agreement) => ({ ...rules, changes: null }),
  )
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), fc.array(edit, { maxLength: 4 }), (mine, theirs) => {
      const make = (edits: ((rules: Agreement) => Agreement)[]) =>
        [...new Set(edits)].reduce((rules, each) => each(rules), base)
      const [proposed, present] = [make(mine), make(theirs)]
      expect(mergeAgreements(base, proposed, base)).toEqual({ rules: proposed, conflicts: [] })
      expect(mergeAgreements(base, base, present)).toEqual({ rules: present, conflicts: [] })
      // These edits are of different rules: in whatever order, all of them are made.
      expect(mergeAgreements(base, proposed, present)).toEqual({
        rules: make([...theirs, ...mine]),
        conflicts: [],
      })
    }),
    { numRuns: 50 },
  )
})
