import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { tables } from './tables.ts'

let server: TestApp
let consortium: Consortium
const clock = new Date('2027-06-10T09:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

const members = [
  'region',
  'ardennes',
  'aube',
  'marne',
  'haute-marne',
  'meurthe-et-moselle',
  'meuse',
  'moselle',
  'alsace',
  'vosges',
]

interface Scene {
  meetingId: string
  itemId: string
  seats: Map<string, Seat>
  seat(party: string): Seat
}

/** A meeting that is open, with one item put to the vote, and those of a body present for the parties given. */
async function makeMeeting(input: {
  body: string
  rule: string
  parties: string[]
  kind?: 'decision' | 'opinion'
  state?: 'open' | 'closed' | 'convened'
  startsAt?: string
  chair?: string
}): Promise<Scene> {
  const { body, rule, parties, kind = 'decision', state = 'open', startsAt = '2027-06-10T08:00:00Z' } = input
  const seats = new Map<string, Seat>()
  for (const party of parties) seats.set(party, await consortium.seatOf(party, body))
  const [meetingId, itemId] = [randomUUIDv7(), randomUUIDv7()]
  await server.inTenant(async (tx) => {
    await tables(tx)
      .insertInto('governance.meeting')
      .values({
        id: meetingId,
        agreement_id: consortium.agreementId,
        body,
        title: 'Réunion',
        starts_at: new Date(startsAt),
        ends_at: new Date(Date.parse(startsAt) + 3_600_000),
        state,
        chair_id: seats.get(input.chair ?? 'region')?.representativeId ?? null,
        created_at: clock,
      })
      .execute()
    await tables(tx)
      .insertInto('governance.agenda_item')
      .values({
        id: itemId,
        meeting_id: meetingId,
        position: 1,
        title: 'Question',
        kind,
        ballot_rule: rule,
        created_at: clock,
      })
      .execute()
    for (const [party, { representativeId }] of seats) await arrive(meetingId, party, representativeId, tx)
  })
  const seat = (party: string) => {
    const found = seats.get(party)
    if (!found) throw new Error(`Nobody sits for ${party}`)
    return found
  }
  return { meetingId, itemId, seats, seat }
}

async function arrive(
  meetingId: string,
  party: string,
  representativeId: string,
  tx: Parameters<typeof tables>[0],
): Promise<void> {
  await tables(tx)
    .insertInto('governance.attendance')
    .values({
      id: randomUUIDv7(),
      meeting_id: meetingId,
      party,
      representative_id: representativeId,
      arrived_at: new Date(clock.getTime() - 60_000),
      recorded_at: clock,
    })
    .execute()
}

const base = () => `/api/governance/agreements/${consortium.slug}`
const send = (method: 'GET' | 'POST' | 'PUT', url: string, headers: { cookie: string }, body?: object) =>
  server.app.inject({
    method,
    url: `${base()}${url}`,
    headers,
    ...(body === undefined ? {} : { payload: body }),
  })
const open = (itemId: string, candidates: object[] = [], by: { headers: { cookie: string } } = consortium.manager) =>
  send('POST', `/agenda-items/${itemId}/ballots`, by.headers, { candidates })
const vote = (ballotId: string, party: string, by: { headers: { cookie: string } }, choice: string, aloud = false) =>
  send('PUT', `/ballots/${ballotId}/votes/${party}`, by.headers, { choice, aloud })
const close = (ballotId: string, by: { headers: { cookie: string } } = consortium.manager) =>
  send('POST', `/ballots/${ballotId}/closing`, by.headers)
const journal = (subjectId: string) =>
  server.inTenant(async (tx) => {
    const entries = await tables(tx)
      .selectFrom('governance.journal_entry')
      .select(['kind', 'content'])
      .where('subject_id', '=', subjectId)
      .orderBy('seq')
      .execute()
    return entries
  })

describe('A vote of the governance committee', () => {
  const inFavour = ['region', 'alsace', 'moselle', 'ardennes', 'aube', 'marne', 'haute-marne']

  it('is not opened before anybody who votes is there', async () => {
    const { itemId } = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: [] })
    expect((await open(itemId)).json()).toMatchObject({ status: 409, code: 'nobody_votes' })
  })

  it('is opened, cast by each representative and closed, into a decision explained step by step', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: members })
    const opened = await open(scene.itemId)
    expect(opened.statusCode, opened.body).toBe(201)
    const { id } = opened.json<{ id: string }>()
    for (const party of members) {
      const cast = await vote(id, party, scene.seat(party), inFavour.includes(party) ? 'for' : 'against')
      expect(cast.statusCode, cast.body).toBe(200)
    }
    const own = await send('GET', `/ballots/${id}`, scene.seat('alsace').headers)
    expect(own.statusCode, own.body).toBe(200)
    const seen = own.json<{ roll: { party: string; mine: boolean; voices: string }[]; certain: string }>()
    expect(seen.roll.filter(({ mine }) => mine)).toMatchObject([{ party: 'alsace', voices: '2', choice: 'for' }])
    expect(seen.certain).toBe('adopted')

    const closed = await close(id)
    expect(closed.statusCode, closed.body).toBe(200)
    expect(closed.json()).toMatchObject({ outcome: 'adopted', threshold: { comparator: '>', voices: '7.5' } })
    const after = await send('GET', `/ballots/${id}`, consortium.manager.headers)
    const { verdict, decision } = after.json<{
      verdict: { steps: { key: string }[]; tally: { voices: string }[] }
      decision: { number: string }
    }>()
    expect(verdict.tally.map(({ voices }) => voices)).toEqual(['12', '3', '0'])
    expect(verdict.steps.map(({ key }) => key)).toEqual([
      'quorum.none',
      'rule',
      'roll',
      'votes',
      'base',
      'threshold',
      'outcome',
    ])
    expect(decision.number).toMatch(/^2027-\d{3}$/)
    const kept = await server.inTenant((tx) =>
      tables(tx).selectFrom('governance.decision').selectAll().where('number', '=', decision.number).executeTakeFirst(),
    )
    expect(kept).toMatchObject({ kind: 'decision', outcome: 'adopted', agenda_item_id: scene.itemId })
    expect(kept?.verdict).toEqual(closed.json())

    const entries = await journal(id)
    expect(entries.map(({ kind }) => kind)).toEqual([
      'ballot.opened',
      ...members.map(() => 'ballot.voted'),
      'ballot.closed',
    ])
    // Nobody is named.
    for (const { content } of entries)
      for (const { personId } of scene.seats.values()) expect(content).not.toContain(personId)
  })

  it('lets a vote be replaced until the closing, keeps each version, and counts the same vote sent twice once', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: ['region', 'aube'] })
    const { id } = (await open(scene.itemId)).json<{ id: string }>()
    const twice = await Promise.all([1, 2, 3].map(() => vote(id, 'aube', scene.seat('aube'), 'for')))
    expect(twice.map((answer) => answer.json<{ version: number }>().version)).toEqual([1, 1, 1])
    expect((await vote(id, 'aube', scene.seat('aube'), 'against')).json()).toEqual({ version: 2, choice: 'against' })
    const versions = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.ballot_vote')
        .select('choice')
        .where('ballot_id', '=', id)
        .orderBy('version')
        .execute(),
    )
    expect(versions).toEqual([{ choice: 'for' }, { choice: 'against' }])
    expect((await close(id)).json()).toMatchObject({ outcome: 'rejected' })
  })

  it('refuses what is late, absent, recused, unknown, or for somebody else, and counts none of it', async () => {
    const scene = await makeMeeting({
      body: 'cogouv',
      rule: 'cogouv-ordinaire',
      parties: ['region', 'aube', 'marne', 'meuse'],
    })
    const away = await consortium.seatOf('vosges', 'cogouv')
    const deputy = await consortium.seatOf('aube', 'cogouv', 'deputy')
    await server.inTenant(async (tx) => {
      await arrive(scene.meetingId, 'aube', deputy.representativeId, tx)
      await tables(tx)
        .insertInto('governance.recusal')
        .values({ agenda_item_id: scene.itemId, party: 'meuse', recorded_at: clock })
        .execute()
    })
    const { id } = (await open(scene.itemId)).json<{ id: string }>()
    const refused = async (party: string, by: Seat, code: string, choice = 'against') => {
      const answer = await vote(id, party, by, choice)
      expect([code, answer.json<{ code: string }>().code]).toEqual([code, code])
    }
    await refused('vosges', away, 'voter_absent')
    await refused('meuse', scene.seat('meuse'), 'voter_recused')
    await refused('aube', deputy, 'holder_votes')
    await refused('aube', scene.seat('marne'), 'not_your_vote')
    await refused('nowhere', scene.seat('marne'), 'not_on_roll')
    await refused('marne', scene.seat('marne'), 'choice_unknown', 'perhaps')
    expect((await vote(id, 'vosges', consortium.manager, 'for', true)).json()).toMatchObject({ code: 'voter_absent' })
    expect((await close(id, scene.seat('marne'))).json()).toMatchObject({ code: 'not_allowed' })
    // What is said aloud is written down by who leads, and marked so.
    expect((await vote(id, 'marne', scene.seat('aube'), 'for', true)).json()).toMatchObject({ code: 'not_your_vote' })
    expect((await vote(id, 'marne', consortium.manager, 'for', true)).statusCode).toBe(200)
    expect((await close(id, scene.seat('region'))).json()).toMatchObject({ outcome: 'adopted' })
    await refused('aube', scene.seat('aube'), 'ballot_closed')
    const view = await send('GET', `/ballots/${id}`, consortium.manager.headers)
    const { roll, tally } = view.json<{
      roll: { party: string; aloud: boolean; choice: string | null }[]
      tally: { voices: string }[]
    }>()
    expect(roll.filter(({ choice }) => choice !== null)).toMatchObject([{ party: 'marne', aloud: true, choice: 'for' }])
    expect(tally.map(({ voices }) => voices)).toEqual(['1', '0', '0'])
  })

  it('is noted aloud for who has not voted by their own act, with who noted it in the roll', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: ['region', 'aube', 'marne'] })
    const { id } = (await open(scene.itemId)).json<{ id: string }>()
    await vote(id, 'aube', scene.seat('aube'), 'for')
    const over = await vote(id, 'aube', consortium.manager, 'against', true)
    expect([over.statusCode, over.json<{ code: string }>().code]).toEqual([409, 'voter_has_voted'])
    await vote(id, 'marne', consortium.manager, 'against', true)
    expect((await vote(id, 'marne', consortium.manager, 'for', true)).json()).toMatchObject({ version: 2 })
    const lines = async () => {
      const { roll } = (await send('GET', `/ballots/${id}`, consortium.manager.headers)).json<{
        roll: { party: string; choice: string | null; aloud: boolean; recordedBy: string | null }[]
      }>()
      return roll.filter(({ choice }) => choice !== null)
    }
    const named = expect.stringMatching(/ /)
    expect(await lines()).toMatchObject([
      { party: 'aube', choice: 'for', aloud: false, recordedBy: null },
      { party: 'marne', choice: 'for', aloud: true, recordedBy: named },
    ])
    // Confirmed by its own act, it is the member's own: nobody replaces it any more.
    expect((await vote(id, 'marne', scene.seat('marne'), 'for')).json()).toMatchObject({ version: 3 })
    expect((await vote(id, 'marne', consortium.manager, 'against', true)).statusCode).toBe(409)
    // Who leads votes for its own party like everybody.
    await vote(id, 'region', scene.seat('region'), 'for', true)
    expect((await lines()).map(({ aloud }) => aloud)).toEqual([false, false, false])
  })

  it('is opened once and closed once, by however many at the same time', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: ['region', 'aube'] })
    const openings = await Promise.all([1, 2, 3, 4].map(() => open(scene.itemId)))
    expect(openings.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409, 409, 409])
    const { id } = openings.find(({ statusCode }) => statusCode === 201)!.json<{ id: string }>()
    await vote(id, 'region', scene.seat('region'), 'for')
    const ends = await Promise.all([
      close(id),
      close(id, scene.seat('region')),
      vote(id, 'aube', scene.seat('aube'), 'against'),
      close(id),
    ])
    const closings = [ends[0], ends[1], ends[3]].map((answer) => answer?.statusCode)
    expect(closings.toSorted()).toEqual([200, 409, 409])
    const decisions = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.decision')
        .select('verdict')
        .where('agenda_item_id', '=', scene.itemId)
        .execute(),
    )
    expect(decisions).toHaveLength(1)
    // The vote is in the verdict if it was accepted, and refused if it is not.
    const [against] = JSON.parse(JSON.stringify(decisions[0]?.verdict)).tally.slice(1)
    expect(against.voices).toBe(ends[2]?.statusCode === 200 ? '1' : '0')
    expect((await open(scene.itemId)).json()).toMatchObject({ code: 'already_decided' })
  })

  it('lets a proxy be voted by who represents the party, under a text that knows proxies', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: ['region', 'aube'] })
    await server.inTenant((tx) =>
      tables(tx)
        .insertInto('governance.proxy')
        .values({
          id: randomUUIDv7(),
          meeting_id: scene.meetingId,
          from_party: 'alsace',
          to_party: 'aube',
          starts_at: new Date(clock.getTime() - 60_000),
          recorded_at: clock,
        })
        .execute(),
    )
    const { id } = (await open(scene.itemId)).json<{ id: string }>()
    expect((await vote(id, 'alsace', scene.seat('region'), 'for')).json()).toMatchObject({ code: 'not_your_vote' })
    expect((await vote(id, 'alsace', scene.seat('aube'), 'for')).statusCode).toBe(200)
    expect((await close(id)).json()).toMatchObject({ outcome: 'adopted', tally: [{ voices: '2' }, {}, {}] })
  })

  it('needs the opinions and the sheet of a structuring change, with their article', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-structurante', parties: members })
    const answer = await open(scene.itemId)
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toMatchObject({ code: 'requirement_missing', article: '10' })
    const { steps } = answer.json<{ steps: { key: string }[] }>()
    expect(steps.map(({ key }) => key)).toEqual(['requires.opinion', 'requires.configurationSheet'])
  })

  it('is held while the meeting is open only, by who leads it', async () => {
    const scene = await makeMeeting({
      body: 'cogouv',
      rule: 'cogouv-ordinaire',
      parties: ['region', 'aube'],
      state: 'convened',
    })
    expect((await open(scene.itemId)).json()).toMatchObject({ code: 'meeting_state' })
    expect((await open(scene.itemId, [], scene.seat('aube'))).json()).toMatchObject({ code: 'not_allowed' })
    expect((await open(randomUUIDv7())).json()).toMatchObject({ code: 'agenda_item_not_found' })
  })

  it('shows nothing to who takes no part in the agreement', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: ['region', 'aube'] })
    const stranger = await server.signIn(await server.inTenant((tx) => makePerson(tx)))
    const answer = await send('GET', `/meetings/${scene.meetingId}/votes`, stranger)
    expect(answer.json()).toMatchObject({ code: 'agreement_not_found' })
  })
})

describe('The assembly', () => {
  it('votes only after its strategic committee, three weeks before, and with a quorum', async () => {
    const scene = await makeMeeting({
      body: 'ag',
      rule: 'ag-designation',
      parties: members.slice(0, 5),
    })
    const candidates = [
      { label: 'A', ageRank: 2 },
      { label: 'B', ageRank: 1 },
      { label: 'C', ageRank: 3 },
    ]
    const early = await open(scene.itemId, candidates)
    expect(early.json()).toMatchObject({ code: 'requirement_missing', article: '2' })
    expect(early.json<{ detail: string }>().detail).toContain('20 May 2027')
    // One day too late.
    await makeMeeting({
      body: 'costrat',
      rule: 'costrat-ordinaire',
      parties: [],
      state: 'closed',
      startsAt: '2027-05-21T08:00:00Z',
    })
    expect((await open(scene.itemId, candidates)).json()).toMatchObject({ code: 'requirement_missing' })
    await makeMeeting({
      body: 'costrat',
      rule: 'costrat-ordinaire',
      parties: [],
      state: 'closed',
      startsAt: '2027-05-20T08:00:00Z',
    })

    // 5 of 10 members, exactly half of the pupils.
    const short = await open(scene.itemId, candidates)
    expect(short.json()).toMatchObject({ code: 'no_quorum', article: '3' })
    const live = await send('GET', `/meetings/${scene.meetingId}/votes`, consortium.manager.headers)
    expect(live.json()).toMatchObject({
      leads: true,
      items: [{ openable: true, candidates: true, quorum: { reached: false } }],
    })
    const sixth = await consortium.seatOf('moselle', 'ag')
    await server.inTenant((tx) => arrive(scene.meetingId, 'moselle', sixth.representativeId, tx))

    expect((await open(scene.itemId)).json()).toMatchObject({ code: 'candidates_missing' })
    expect((await open(scene.itemId, [{ label: 'A' }, { label: 'B' }])).json()).toMatchObject({
      code: 'age_ranks_missing',
    })
    expect((await open(scene.itemId, [{ label: 'A' }, { label: 'A' }])).json()).toMatchObject({
      code: 'candidates_alike',
    })
    const first = await open(scene.itemId, candidates)
    expect(first.statusCode, first.body).toBe(201)
    const { id } = first.json<{ id: string }>()
    const voters = [
      ...members.slice(0, 5).map((party) => [party, scene.seat(party)] as const),
      ['moselle', sixth] as const,
    ]
    const cast = async (ballotId: string, choices: string[]) => {
      for (const [index, [party, seat]] of voters.entries())
        await vote(ballotId, party, seat, choices[index] ?? 'abstain')
    }
    await cast(id, ['option-1', 'option-1', 'option-1', 'option-2', 'option-2', 'option-3'])
    const verdict = (await close(id)).json<{ outcome: string; secondRound: { label: string }[] }>()
    expect(verdict).toMatchObject({ outcome: 'none', secondRound: [{ label: 'A' }, { label: 'B' }] })

    const second = await open(scene.itemId)
    expect(second.statusCode, second.body).toBe(201)
    const again = second.json<{ id: string }>().id
    expect((await vote(again, 'region', scene.seat('region'), 'option-3')).json()).toMatchObject({
      code: 'choice_unknown',
    })
    await cast(again, ['option-1', 'option-1', 'option-1', 'option-2', 'option-2', 'option-2'])
    expect((await close(again)).json()).toMatchObject({ outcome: 'adopted', chosen: 'option-2' })
    const decision = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.decision')
        .selectAll()
        .where('agenda_item_id', '=', scene.itemId)
        .executeTakeFirst(),
    )
    expect(decision).toMatchObject({ outcome: 'adopted', text: 'B' })
    // Whoever reads it reads both rounds.
    const { steps } = JSON.parse(JSON.stringify(decision?.verdict))
    expect(steps.filter(({ key }: { key: string }) => key === 'rule')).toHaveLength(2)
  })
})

describe('An advisory body', () => {
  it('gives opinions and decides nothing', async () => {
    const decision = await makeMeeting({ body: 'cotec', rule: 'cotec-avis', parties: ['region', 'aube'] })
    const refused = await open(decision.itemId)
    expect([refused.statusCode, refused.json<{ code: string; article: string }>()]).toMatchObject([
      422,
      { code: 'opinion_only', article: '7' },
    ])
    const advice = await makeMeeting({
      body: 'cotec',
      rule: 'cotec-avis',
      parties: ['region', 'aube'],
      kind: 'opinion',
    })
    const { id } = (await open(advice.itemId)).json<{ id: string }>()
    await vote(id, 'region', advice.seat('region'), 'for')
    expect((await close(id)).json()).toMatchObject({ outcome: 'adopted' })
    const kept = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.decision')
        .select('kind')
        .where('agenda_item_id', '=', advice.itemId)
        .executeTakeFirst(),
    )
    expect(kept).toEqual({ kind: 'opinion' })
  })
})

describe('The database', () => {
  it('changes nothing of what was decided but its follow-up', async () => {
    const set = (values: object) =>
      server.inTenant((tx) => tables(tx).updateTable('governance.decision').set(values).execute())
    for (const values of [{ outcome: 'rejected' }, { verdict: null }, { text: 'autre' }, { number: '2027-999' }])
      await expect(set(values)).rejects.toThrow(/permission denied/)
    await set({ done_note: null })
  })

  it('takes no vote after the closing and no change of a verdict, whoever writes', async () => {
    const scene = await makeMeeting({ body: 'cogouv', rule: 'cogouv-ordinaire', parties: ['region', 'aube'] })
    const { id } = (await open(scene.itemId)).json<{ id: string }>()
    await close(id)
    const late = server.inTenant((tx) =>
      tables(tx)
        .insertInto('governance.ballot_vote')
        .values({
          ballot_id: id,
          party: 'aube',
          version: 1,
          choice: 'for',
          cast_at: clock,
          cast_by: randomUUIDv7(),
          recorded: false,
        })
        .execute(),
    )
    await expect(late).rejects.toThrow('nobody votes after the closing')
    const changed = server.inTenant((tx) =>
      sql`update governance.ballot set closed_at = now() where id = ${id}`.execute(tx),
    )
    await expect(changed).rejects.toThrow('a closed ballot is not changed')
    const erased = server.inTenant((tx) => sql`delete from governance.ballot_vote where ballot_id = ${id}`.execute(tx))
    await expect(erased).rejects.toThrow('permission denied')
  })
})

describe('What if', () => {
  const ask = async (query: string) => {
    const answer = await send('GET', `/what-if?${query}`, consortium.manager.headers)
    expect(answer.statusCode, answer.body).toBe(200)
    return answer.json<{
      quorum: { reached: boolean; minimal: { count: number; patterns: { size: number; groups: number }[] } | null }
      passing: {
        needed: string
        blocking: string[]
        minimal: { count: number; patterns: object[] }
      }
      power: { party: string; decisive: number; of: number }[]
      absences: { party: string; canPass: boolean; quorum: boolean; blocking: string[] }[]
      certain: string | null
      verdict: { outcome: string }
    }>()
  }

  it('finds that the région alone blocks a structuring change, and what each absence does', async () => {
    const found = await ask('ballot=cogouv-structurante')
    expect(found.passing).toMatchObject({ needed: '12', blocking: ['region'] })
    expect(found.passing.minimal.patterns[0]).toMatchObject({
      size: 7,
      groups: 35,
      voices: '12',
      members: ['region', 'moselle', 'alsace'],
      choices: [{ count: 4 }],
    })
    expect(found.absences.find(({ party }) => party === 'region')?.canPass).toBe(false)
    // Without Alsace two of the others may be missing no more.
    const alsace = found.absences.find(({ party }) => party === 'alsace')
    expect(alsace).toMatchObject({ canPass: true, blocking: ['region', 'moselle'] })
    expect(found.power[0]?.of).toBe(512)
    expect(found.certain).toBeNull()
  })

  it('says when the result is certain already', async () => {
    expect((await ask('ballot=cogouv-structurante&against=region')).certain).toBe('rejected')
    expect((await ask('ballot=cogouv-ordinaire&for=region,alsace,moselle')).certain).toBe('adopted')
    expect((await ask('ballot=cogouv-ordinaire&for=region,alsace')).certain).toBeNull()
  })

  it('finds who must come for a quorum of the assembly', async () => {
    const { quorum } = await ask('ballot=ag-ordinaire&absent=region,ardennes,aube,marne,meuse')
    expect(quorum.reached).toBe(false)
    // A thousand pupils each: any six of ten.
    expect(quorum.minimal).toMatchObject({ count: 210, patterns: [{ size: 6, groups: 210 }] })
  })

  it('refuses a rule the agreement does not have', async () => {
    const answer = await send('GET', '/what-if?ballot=nothing', consortium.manager.headers)
    expect(answer.json()).toMatchObject({ code: 'ballot_rule_unknown' })
  })
})
