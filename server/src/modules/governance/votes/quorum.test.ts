import { describe, expect, it } from 'vitest'
import type { Quorum } from '../agreements/agreement-schema.ts'
import { assessQuorum } from './quorum.ts'
import type { Voter, VoterState } from './roll.ts'

const assembly: Quorum = {
  article: '3',
  conditions: [
    { of: 'members', comparator: '>=', share: '1/2' },
    { of: 'pupils', comparator: '>', share: '1/2' },
  ],
  counts: 'present',
  secondConvening: null,
}
const voter = (index: number, pupils: number, state: VoterState): Voter => ({
  party: `m${index}`,
  name: `Member ${index}`,
  voices: '1',
  pupils,
  state,
})
/** Some members present with some pupils in all, the others away with the rest. */
const members = (present: number, pupils: number, all: number): Voter[] =>
  Array.from({ length: 10 }, (_, index) => {
    const here = index < present
    const count = here ? present : 10 - present
    const share = here ? pupils : all - pupils
    const first = here ? index === 0 : index === present
    return voter(index, Math.floor(share / count) + (first ? share % count : 0), here ? 'present' : 'absent')
  })
const assess = (voters: Voter[], quorum: Quorum | null = assembly, secondConvening = false) =>
  assessQuorum({
    body: { shortName: 'AG', article: '2', quorum },
    voters,
    headCount: { countedOn: '2026-10-01', source: 'rentrée' },
    secondConvening,
  })

describe('The quorum of the assembly', () => {
  it('is not there with 5 of 10 members who stand for exactly half of the pupils', () => {
    expect(assess(members(5, 50_000, 100_000)).reached).toBe(false)
  })

  it('is there with 5 of 10 members and one pupil more', () => {
    expect(assess(members(5, 50_001, 100_000)).reached).toBe(true)
  })

  it('is not there with 4 of 10 members, were they to stand for 80 % of the pupils', () => {
    const { reached, steps } = assess(members(4, 80_000, 100_000))
    expect(reached).toBe(false)
    expect(steps.map(({ key, holds }) => [key, holds])).toEqual([
      ['quorum.members', false],
      ['quorum.pupils', true],
      ['quorum', false],
    ])
  })

  it('says each condition with its figures, its article and the day of its head-count', () => {
    const [byMembers, byPupils] = assess(members(5, 50_000, 100_000)).steps
    expect(byMembers).toMatchObject({
      article: '3',
      figures: { part: '5', whole: '10', needed: '5', comparator: '>=' },
    })
    expect(byMembers?.text.fr).toBe('Membres présents\u00a0: 5 sur 10. Il en faut au moins la moitié, soit au moins 5.')
    expect(byPupils?.text.fr).toBe(
      'Élèves que représentent les membres présents\u00a0: 50\u202f000 sur 100\u202f000. Il en faut plus de la moitié, soit plus de 50\u202f000. Effectifs du 1er octobre 2026.',
    )
    expect(byPupils?.text.en).toContain('50,000 of 100,000. Required: more than half, that is more than 50,000.')
  })

  it('counts a proxy only where the rule says so, and never who steps aside', () => {
    const voters = [
      ...members(4, 60_000, 100_000).slice(0, 4),
      voter(4, 10_000, 'represented'),
      ...Array.from({ length: 5 }, (_, index) => voter(5 + index, 6_000, 'recused')),
    ]
    expect(assess(voters).reached).toBe(false)
    expect(assess(voters, { ...assembly, counts: 'presentOrRepresented' }).reached).toBe(true)
  })

  it('is asked of nobody at a second convening where the text says so, else as at the first', () => {
    const after = (quorum: 'none' | 'same'): Quorum => ({ ...assembly, secondConvening: { afterDays: 3, quorum } })
    expect(assess(members(1, 10, 100_000), after('none'), true).reached).toBe(true)
    expect(assess(members(1, 10, 100_000), after('none'), false).reached).toBe(false)
    expect(assess(members(1, 10, 100_000), after('same'), true).reached).toBe(false)
    expect(assess(members(1, 10, 100_000), null).reached).toBe(true)
  })

  it('counts voices by halves', () => {
    const quorum: Quorum = { ...assembly, conditions: [{ of: 'voices', comparator: '>', share: '1/2' }] }
    const weighted = (here: VoterState): Voter[] => [
      { ...voter(0, 0, 'present'), voices: '4.5' },
      { ...voter(1, 0, here), voices: '0.5' },
      { ...voter(2, 0, 'absent'), voices: '4.5' },
    ]
    expect(assess(weighted('absent'), quorum).reached).toBe(false)
    expect(assess(weighted('present'), quorum).reached).toBe(true)
  })
})
