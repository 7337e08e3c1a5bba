import fc from 'fast-check'
import { parse } from 'yaml'
import { beforeAll, describe, expect, it } from 'vitest'
import { compareAgreements, compareTexts } from './agreement-diff.ts'
import { rewriteAgreement } from './agreement-draft.ts'
import { readShippedAgreement, shippedAgreements } from './agreement-versions.ts'
import { checkAgreementText, readAgreement } from './read-agreement.ts'

let source: string

beforeAll(async () => {
  source = await readShippedAgreement('grand-est')
})

function faultsOf(text: string) {
  const read = checkAgreementText(text)
  return 'faults' in read ? read.faults : []
}

/** Line and column, from 1, of the place marked by | in a text that stands there once. */
function placeOf(text: string, marked: string) {
  const [before = '', after = ''] = marked.split('|')
  const lines = text.slice(0, text.indexOf(before + after) + before.length).split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

describe('shipped agreements', () => {
  it.each(shippedAgreements)('%s is valid, and written as the form writes it', async (slug) => {
    const text = await readShippedAgreement(slug)
    const rules = readAgreement(text)
    expect(rules.agreement).toBe(slug)
    const title = { ...rules, title: 'Autre titre' }
    const changed = compareTexts(text, rewriteAgreement(text, title)).filter(({ kind }) => kind !== 'same')
    expect(changed.map(({ kind }) => kind)).toEqual(['removed', 'added'])
  })

  it('grand-est holds the known voices, 15 in all, and the two comparators of the quorum', () => {
    const { bodies, ballots } = readAgreement(source)
    const voices = bodies.find(({ key }) => key === 'cogouv')?.voices
    const tenths =
      typeof voices === 'object' ? Object.values(voices.of).map((each) => Math.round(Number(each) * 10)) : []
    expect(tenths.reduce((sum, each) => sum + each, 0)).toBe(150)
    expect(bodies.find(({ key }) => key === 'ag')?.quorum?.conditions).toEqual([
      { of: 'members', comparator: '>=', share: '1/2' },
      { of: 'pupils', comparator: '>', share: '1/2' },
    ])
    expect(ballots.find(({ key }) => key === 'cogouv-structurante')?.method).toMatchObject({
      base: 'all',
      comparator: '>=',
      share: '4/5',
    })
  })

  it('service-numerique meets each month, and has its dossiers and its list voted', async () => {
    const rules = readAgreement(await readShippedAgreement('service-numerique'))
    const { bodies, ballots, services, deliverables, parties } = rules
    expect(bodies.find(({ key }) => key === services?.followedBy)?.frequency).toMatchObject({
      per: 'month',
      atLeast: 1,
    })
    expect(services?.phases.map(({ key }) => key)).toEqual([
      'investigation',
      'construction',
      'acceleration',
      'transfer',
    ])
    expect(services?.review.everyMonths).toBe(6)
    expect(parties.filter(({ roles }) => roles.includes('pilotInstitution'))).toHaveLength(3)
    // What no known text says is said to be so.
    expect([...ballots, ...bodies, ...parties].every(({ interpretation }) => interpretation)).toBe(true)
    expect(deliverables?.acceptance.interpretation).toBeDefined()
    expect(deliverables?.transfer?.interpretation).toBeDefined()
  })

  it('mark what the known rules leave open', async () => {
    const { ballots, bodies } = readAgreement(await readShippedAgreement('hauts-de-france'))
    expect(ballots.every(({ interpretation }) => interpretation)).toBe(true)
    expect(bodies.every(({ notice }) => notice === null || notice.interpretation)).toBe(true)
    expect(bodies.map(({ composition }) => composition.mostPersonsPerParty)).toEqual([3, 2, null, null])
  })
})

describe('an invalid agreement', () => {
  // What is written in place of what, the code of the refusal, its path, and what it points at.
  it.each([
    ['an unknown key', 'shortName: AG', 'shortName: AG\n    colour: red', 'unknown_key', 'bodies[0].colour', '|colour'],
    ['a wrong word', 'counts: present', 'counts: everyone', 'not_one_of', 'bodies[0].quorum.counts', '|everyone'],
    ['a wrong type', 'atLeast: 1', 'atLeast: one', 'wrong_type', 'bodies[0].frequency.atLeast', 'atLeast: |one'],
    ['voices without quotes', "region: '4.5'", 'region: 4.5', 'unquoted', 'bodies[2].voices.of.region', '|4.5'],
    ['voices in words', "region: '4.5'", "region: 'four'", 'not_voices', 'bodies[2].voices.of.region', "|'four'"],
    ['a percentage', 'share: 4/5', 'share: 80%', 'not_fraction', 'ballots[5].method.share', '|80%'],
    ['a day that is none', 'validFrom: 2025-09-01', 'validFrom: 2025-09-31', 'not_day', 'validFrom', '|2025-09-31'],
    [
      'an article not there',
      "article: '15'",
      "article: '19'",
      'unknown_article',
      'membership.leaving.article',
      "|'19'",
    ],
    ['a party not there', 'heldBy: region', 'heldBy: etat', 'unknown_party', 'money.heldBy', 'heldBy: |etat'],
    ['a body not there', 'costrat, weeks', 'bureau, weeks', 'unknown_body', 'bodies[0].preparedBy[0].body', '|bureau'],
    [
      'a ballot not there',
      'otherBallot: cogouv-ordinaire',
      'otherBallot: vote',
      'unknown_ballot',
      'changes.otherBallot',
      'otherBallot: |vote',
    ],
    [
      'a ballot for something else',
      'votedBy: ag-regularisation',
      'votedBy: ag-ordinaire',
      'ballot_subject',
      'money.regularisation.votedBy',
      'votedBy: |ag-ordinaire',
    ],
    [
      'a party twice',
      'key: meuse',
      'key: marne',
      'twice',
      'parties[6].key',
      'key: |marne, name: Département de la Meuse',
    ],
    ['a voter without voices', "        meuse: '1'\n", '', 'voices_missing', 'bodies[2].voices.of', '|of:\n'],
    [
      'voices without a vote',
      "meuse: '1'\n",
      "meuse: '1'\n        academie-reims: '1'\n",
      'voices_without_vote',
      'bodies[2].voices.of.academie-reims',
      "academie-reims: |'1'",
    ],
    ['no voice at all', "alsace: '2'", "alsace: '0.0'", 'voices_zero', 'bodies[2].voices.of.alsace', "|'0.0'"],
    ['more than the whole', 'share: 4/5', 'share: 6/5', 'share_unreachable', 'ballots[5].method.share', '|6/5'],
    [
      'more than all',
      "of: pupils, comparator: '>', share: 1/2",
      "of: pupils, comparator: '>', share: 1/1",
      'share_unreachable',
      'bodies[0].quorum.conditions[1].share',
      '|1/1',
    ],
    [
      'an end before the beginning',
      'validUntil: null',
      'validUntil: 2024-08-31',
      'dates_order',
      'validUntil',
      '|2024-08-31',
    ],
    ['a day of no year', "beginsOn: '09-01'", "beginsOn: '02-30'", 'no_such_day', 'schoolYear.beginsOn', "|'02-30'"],
    [
      'a day not of every year',
      "beginsOn: '09-01'",
      "beginsOn: '02-29'",
      'no_such_day',
      'schoolYear.beginsOn',
      "|'02-29'",
    ],
    [
      'a body that prepares itself',
      'costrat, weeks',
      'ag, weeks',
      'prepares_itself',
      'bodies[0].preparedBy[0].body',
      '|ag, weeks',
    ],
    [
      'an advisory body that decides',
      'subjects: [ opinion ]',
      'subjects: [ ordinary ]',
      'advisory_decides',
      'ballots[8].subjects',
      'body: cotec\n    |subjects',
    ],
    [
      'a question in two rounds',
      'subjects: [ person ]',
      'subjects: [ ordinary ]',
      'rounds_of_persons',
      'ballots[0].method',
      '|method:',
    ],
    [
      'the eldest question',
      'tie: rejected',
      'tie: eldest',
      'eldest_of_question',
      'ballots[1].tie',
      'share: 1/2 }\n    weights: one\n    tie: |eldest',
    ],
    [
      'a sharing by whose voices',
      '      voicesOf: cogouv\n',
      '',
      'voices_of',
      'money.sharing[0].voicesOf',
      '|key: tous',
    ],
    ['a reference to elsewhere', 'title: Convention', 'title: *other #', 'alias', '', '|*other'],
    [
      'brackets left open',
      'roles: [ member ] }',
      'roles: [ member }',
      'syntax',
      '',
      'Ardennes, kind: department, roles: [ member |}',
    ],
    ['nothing decided for it', '    kind: deciding\n', '', 'missing', 'bodies[0].kind', '- |key: ag\n'],
  ])('%s is refused on its line', (_, from, to, code, path, pointed) => {
    expect(source.includes(from)).toBe(true)
    const text = source.replace(from, to)
    const [fault] = faultsOf(text)
    expect(fault).toMatchObject({ code, path })
    expect(fault?.reason).toMatch(/\.$/)
    expect(fault).toMatchObject(placeOf(text, pointed))
  })

  // Of the agreement that has services and deliverables.
  it.each([
    [
      'a follower not there',
      'followedBy: strategique',
      'followedBy: bureau',
      'unknown_body',
      'services.followedBy',
      'followedBy: |bureau',
    ],
    [
      'a phase twice',
      '{ key: construction, name: Construction }',
      '{ key: investigation, name: Construction }',
      'twice',
      'services.phases[1].key',
      '{ key: |investigation, name: Construction }',
    ],
    [
      'a review by no ballot',
      'ballot: investissement',
      'ballot: vote',
      'unknown_ballot',
      'services.review.ballot',
      'ballot: |vote',
    ],
    [
      'a review by a ballot for something else',
      'ballot: investissement',
      'ballot: ordinaire',
      'ballot_subject',
      'services.review.ballot',
      'ballot: |ordinaire',
    ],
    [
      'a list validated by a ballot for something else',
      'ballot: liste',
      'ballot: avenant',
      'ballot_subject',
      'deliverables.validation.ballot',
      'ballot: |avenant',
    ],
    [
      'a ballot on dossiers in a body that only advises',
      'name: Suite donnée à un service\n    body: investissement',
      'name: Suite donnée à un service\n    body: strategique',
      'advisory_decides',
      'ballots[1].subjects',
      'body: strategique\n    |subjects: [ impactDossier ]',
    ],
    [
      'more institutions than there are',
      'atLeast: 2',
      'atLeast: 4',
      'too_few_institutions',
      'deliverables.acceptance.atLeast',
      'atLeast: |4',
    ],
    [
      'an acceptance by nobody',
      'atLeast: 2',
      'atLeast: 0',
      'too_small',
      'deliverables.acceptance.atLeast',
      'atLeast: |0',
    ],
  ])('%s is refused on its line, in services and deliverables', async (_, from, to, code, path, pointed) => {
    const whole = await readShippedAgreement('service-numerique')
    expect(whole.split(from)).toHaveLength(2)
    const text = whole.replace(from, to)
    const [fault] = faultsOf(text)
    expect(fault).toMatchObject({ code, path })
    expect(fault).toMatchObject(placeOf(text, pointed))
  })

  it('is refused when it is no list of rules, too long or too deep', () => {
    expect(faultsOf('')).toMatchObject([{ line: 1, code: 'wrong_type' }])
    expect(faultsOf('bonjour')).toMatchObject([{ line: 1, code: 'wrong_type' }])
    expect(faultsOf(' '.repeat(500_001))).toMatchObject([{ line: 1, code: 'too_long' }])
    expect(faultsOf('['.repeat(50_000))[0]).toMatchObject({ line: 1, code: 'too_deep' })
  })

  it('never breaks the reader, however it is damaged', () => {
    fc.assert(
      fc.property(fc.nat(source.length - 1), fc.nat(30), fc.string({ maxLength: 8 }), (at, length, text) => {
        const read = checkAgreementText(source.slice(0, at) + text + source.slice(at + length))
        return 'rules' in read || read.faults.every(({ line, reason }) => line >= 1 && reason.length > 0)
      }),
      { numRuns: 40 },
    )
  })
})

describe('the difference between versions', () => {
  it('is nothing between a version and itself', async () => {
    for (const slug of shippedAgreements) {
      const text = await readShippedAgreement(slug)
      expect(compareAgreements(readAgreement(text), readAgreement(text))).toEqual([])
      expect(compareTexts(text, text)).toEqual([])
    }
  })

  it('is told rule by rule, with its article', () => {
    const rules = readAgreement(source)
    const text = source
      .replace('share: 4/5', 'share: 3/4')
      .replace("moselle: '1.5'", "moselle: '2'")
      .replace('tie: eldest', 'tie: newMeeting')
    expect(compareAgreements(rules, readAgreement(text))).toMatchObject([
      {
        kind: 'changed',
        part: 'bodies',
        key: 'cogouv',
        field: ['voices', 'of', 'moselle'],
        from: '1.5',
        to: '2',
        article: '5',
      },
      {
        kind: 'changed',
        part: 'ballots',
        key: 'ag-designation',
        field: ['tie'],
        from: 'eldest',
        to: 'newMeeting',
        article: '3',
      },
      {
        kind: 'changed',
        part: 'ballots',
        key: 'cogouv-structurante',
        field: ['method', 'share'],
        from: '4/5',
        to: '3/4',
        article: '5',
      },
    ])
    expect(compareTexts(source, text).filter(({ kind }) => kind === 'added')).toHaveLength(3)
  })

  it('tells of rules that an agreement may do without', async () => {
    const rules = readAgreement(await readShippedAgreement('service-numerique'))
    const { services, ...without } = rules
    expect(compareAgreements(rules, without)).toMatchObject([
      { kind: 'removed', part: 'services', key: null, field: [], to: null, article: '5' },
    ])
    const acceptance = { ...rules.deliverables?.acceptance, atLeast: 3 }
    const changed = readAgreement(
      rewriteAgreement(await readShippedAgreement('service-numerique'), {
        ...without,
        services,
        deliverables: { ...rules.deliverables, acceptance },
      }),
    )
    expect(compareAgreements(rules, changed)).toMatchObject([
      { kind: 'changed', part: 'deliverables', field: ['acceptance', 'atLeast'], from: '2', to: '3', article: '7' },
    ])
  })

  it('tells of parties that come and go', () => {
    const rules = readAgreement(source)
    const without = { ...rules, parties: rules.parties.filter(({ key }) => key !== 'titulaire') }
    expect(compareAgreements(rules, without)).toMatchObject([
      { kind: 'removed', part: 'parties', key: 'titulaire', to: null },
    ])
    expect(compareAgreements(without, rules)).toMatchObject([
      { kind: 'added', part: 'parties', key: 'titulaire', from: null },
    ])
  })
})

describe('a form written back into the file', () => {
  it('leaves a file alone when nothing was changed', () => {
    expect(rewriteAgreement(source, readAgreement(source))).toBe(source)
  })

  it('says what the form says, and keeps the comments', () => {
    const rules = readAgreement(source)
    const changed = {
      ...rules,
      parties: [
        ...rules.parties,
        { key: 'aisne', name: 'Département de l’Aisne', kind: 'department', roles: ['member'] },
      ],
      bodies: rules.bodies
        .map((body) => (body.key === 'ag' && body.notice ? { ...body, notice: { ...body.notice, days: 21 } } : body))
        .filter(({ key }) => key !== 'coter'),
      ballots: rules.ballots.filter(({ body }) => body !== 'coter'),
    }
    const text = rewriteAgreement(source, changed)
    expect(text.split('\n').slice(0, 2)).toEqual(source.split('\n').slice(0, 2))
    expect(faultsOf(text)).toMatchObject([
      { code: 'voter_not_seated', path: 'bodies[1].voters' },
      { code: 'voices_missing', path: 'bodies[2].voices.of' },
    ])
    const mended = text
      .replace("vosges: '1'", "vosges: '1'\n        aisne: '1'")
      .replace('- region\n', '- region\n        - aisne\n')
    expect(checkAgreementText(mended)).toMatchObject({
      rules: {},
    })
  })

  it('adds and takes away the rules of services and deliverables', async () => {
    const text = await readShippedAgreement('service-numerique')
    const { services, deliverables, ...without } = readAgreement(text)
    const bare = rewriteAgreement(text, without)
    expect(readAgreement(bare).services).toBeUndefined()
    expect(readAgreement(rewriteAgreement(bare, { ...without, services, deliverables }))).toEqual(readAgreement(text))
  })

  it('reads back as it was written, whatever is dropped or put in another order', () => {
    const rules = readAgreement(source)
    fc.assert(
      fc.property(fc.shuffledSubarray(rules.bodies), fc.shuffledSubarray(rules.articles), (bodies, articles) => {
        const content = { ...rules, bodies, articles }
        expect(parse(rewriteAgreement(source, content))).toEqual(content)
      }),
      { numRuns: 20 },
    )
  })
})
