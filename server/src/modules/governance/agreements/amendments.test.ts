import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { callGovernance, makeMeeting } from '../../../../test/make-meeting.ts'
import { tables } from '../tables.ts'
import { readShippedAgreement } from './agreement-versions.ts'

let server: TestApp
let consortium: Consortium
let source: string
let seats: Seat[]

beforeAll(async () => {
  server = await openTestApp({ now: () => new Date('2026-11-04T09:00:00Z') })
  source = await readShippedAgreement('service-numerique')
  consortium = await makeConsortium(server, { agreement: 'service-numerique' })
  seats = await Promise.all([1, 2, 3].map((each) => consortium.seatOf(`universite-${each}`, 'copil')))
})
afterAll(() => server?.close())

const call = (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object, headers?: { cookie: string }) =>
  callGovernance(server, consortium, method, path, payload, headers)

const versions = async () => (await call('GET', '/versions')).json['versions'] as { number: number }[]
const lastVersion = async () => (await versions())[0]?.number ?? 0

/** Proposes the last version with another notice of the steering committee. */
async function propose(days: number) {
  const basedOn = await lastVersion()
  const last = (await call('GET', `/versions/${basedOn}`)).json['source'] as string
  const text = last.replace(/(article: '2'\n {6}days: )\d+/, `$1${days}`)
  const made = await call('POST', '/amendments', { source: text, reason: `Préavis de ${days} jours`, basedOn })
  expect(made.status).toBe(201)
  const { json } = await call('GET', `/amendments/${String(made.json['number'])}`)
  return { id: json.id, number: Number(json['number']), basedOn }
}

const itemOf = (subjectId: string, ballotRule = 'avenant') => ({
  title: 'Avenant',
  kind: 'decision',
  ballotRule,
  subjectKind: 'amendment',
  subjectId,
})

/** A steering committee at which the three universities sit, with votes open on amendments. */
async function openVotes(...ids: string[]) {
  const meeting = await makeMeeting(server, consortium, {
    body: 'copil',
    chairId: seats[0]!.representativeId,
    items: ids.map((id) => itemOf(id)),
  })
  for (const { representativeId } of seats) {
    await call('POST', `/meetings/${meeting.id}/attendance`, { representativeId })
  }
  const ballots = []
  for (const itemId of meeting.itemIds) {
    const opened = await call('POST', `/agenda-items/${itemId}/ballots`, {})
    expect(opened.status).toBe(201)
    ballots.push(opened.json.id)
  }
  return ballots
}

async function vote(ballotId: string, choice: 'for' | 'against') {
  for (const each of [1, 2, 3]) {
    await call('PUT', `/ballots/${ballotId}/votes/universite-${each}`, { choice, aloud: true })
  }
  return call('POST', `/ballots/${ballotId}/closing`)
}

const amendment = async (number: number) => (await call('GET', `/amendments/${number}`)).json

describe('a proposed amendment', () => {
  it('is kept with its text and what it changes, and changes nothing', async () => {
    const { number, basedOn } = await propose(20)
    expect(await amendment(number)).toMatchObject({
      state: 'proposed',
      basedOn,
      reason: 'Préavis de 20 jours',
      changes: [{ part: 'bodies', key: 'copil', field: ['notice', 'days'], from: '15', to: '20', article: '2' }],
      decision: null,
      version: null,
      agenda: [],
    })
    expect(await lastVersion()).toBe(basedOn)
    const entry = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.journal_entry')
        .select(['kind', 'content'])
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow(),
    )
    expect(entry.kind).toBe('amendment')
    expect(JSON.parse(entry.content)).toMatchObject({ act: 'proposed', number, basedOn })
    expect(entry.content).not.toContain(consortium.manager.personId)
  })

  it('is refused when it could not be recorded', async () => {
    const basedOn = await lastVersion()
    const reason = 'Essai'
    const changed = source.replace('days: 5', 'days: 6')
    const of = async (payload: object, headers?: { cookie: string }) => {
      const { status, json } = await call('POST', '/amendments', { reason, basedOn, ...payload }, headers)
      return [status, json.code]
    }
    expect(await of({ source: changed.replace('heldBy: universite-1', 'heldBy: [') })).toEqual([
      422,
      'agreement_invalid',
    ])
    expect(await of({ source: await readShippedAgreement('grand-est') })).toEqual([422, 'agreement_invalid'])
    expect(await of({ source: changed.replace('2025-09-01', '2024-09-01') })).toEqual([422, 'agreement_invalid'])
    expect(await of({ source })).toEqual([409, 'agreement_unchanged'])
    expect(await of({ source: changed, basedOn: basedOn + 1 })).toEqual([409, 'agreement_amended_meanwhile'])
    expect(await of({ source: changed }, seats[0]!.headers)).toEqual([403, 'not_allowed'])
    expect(await lastVersion()).toBe(basedOn)
  })

  it('has a number of its own when two are proposed at once', async () => {
    const basedOn = await lastVersion()
    const made = await Promise.all(
      [31, 32].map((days) =>
        call('POST', '/amendments', {
          source: source.replace(/(article: '2'\n {6}days: )\d+/, `$1${days}`),
          reason: 'À deux',
          basedOn,
        }),
      ),
    )
    expect(made.map(({ status }) => status)).toEqual([201, 201])
    expect(new Set(made.map(({ json }) => json['number'])).size).toBe(2)
    const text = source.replace(/(article: '2'\n {6}days: )\d+/, '$131')
    expect(await call('POST', '/amendments', { source: text, reason: 'Encore', basedOn })).toMatchObject({
      status: 409,
      json: { code: 'amendment_proposed', number: made[0]!.json['number'] },
    })
  })

  it('is read by members, and by no contractor that sits elsewhere', async () => {
    const { number } = await propose(17)
    expect((await call('GET', `/amendments/${number}`, undefined, seats[1]!.headers)).status).toBe(200)
    const { headers } = await consortium.seatOf('titulaire', 'strategique')
    expect((await call('GET', '/amendments', undefined, headers)).json['amendments']).toEqual([])
    expect((await call('GET', `/amendments/${number}`, undefined, headers)).json.code).toBe('amendment_not_found')
  })
})

describe('on an agenda', () => {
  it('it is chosen among what awaits a vote, once, under a rule for amendments', async () => {
    const { id } = await propose(18)
    const draft = await call('POST', '/bodies/copil/meetings', {
      requestKey: randomUUID(),
      title: 'Suivante',
      startsAt: '2026-12-14T09:00:00Z',
      endsAt: '2026-12-14T11:00:00Z',
      place: '',
    })
    const subjects = async (headers?: { cookie: string }) => {
      const { json } = await call('GET', `/meetings/${draft.json.id}/subjects`, undefined, headers)
      return (json['subjects'] as { id: string }[] | undefined)?.find((each) => each.id === id)
    }
    expect(await subjects()).toEqual({
      kind: 'amendment',
      id,
      title: 'Préavis de 18 jours',
      ballotRule: 'avenant',
    })
    const add = async (item: object) => {
      const { status, json } = await call('POST', `/meetings/${draft.json.id}/agenda`, {
        requestKey: randomUUID(),
        ...item,
      })
      return status === 201 ? json.id : json.code
    }
    expect(await add(itemOf(id, 'ordinaire'))).toBe('ballot_rule_refused')
    expect(await add(itemOf(randomUUID()))).toBe('amendment_not_found')
    const itemId = await add(itemOf(id))
    expect(await add(itemOf(id))).toBe('already_on_agenda')
    expect(await subjects()).toBeUndefined()
    // The item itself may be written again.
    const same = await call('PUT', `/agenda-items/${itemId}`, { ...itemOf(id), title: 'Autre titre', text: '' })
    expect(same.status).toBe(204)
  })
})

describe('the vote on an amendment', () => {
  it('adopts it: the next version cites the decision, in the same act', async () => {
    const { id, number, basedOn } = await propose(21)
    const [ballot = ''] = await openVotes(id)
    expect((await call('POST', `/amendments/${number}/withdrawal`)).json.code).toBe('amendment_voted')
    expect((await vote(ballot, 'for')).json).toMatchObject({ outcome: 'adopted' })
    const { state, version, decision } = await amendment(number)
    expect({ state, version }).toEqual({ state: 'adopted', version: basedOn + 1 })
    expect((await versions())[0]).toMatchObject({
      number: basedOn + 1,
      reason: 'Préavis de 21 jours',
      decision,
      decisionId: expect.any(String),
    })
    expect((await call('GET', `/versions/${basedOn}`)).json['source']).toBe(source)
    expect((await call('POST', `/amendments/${number}/withdrawal`)).json.code).toBe('amendment_settled')
  })

  it('rejects it, and keeps it as rejected', async () => {
    const { id, number, basedOn } = await propose(22)
    const [ballot = ''] = await openVotes(id)
    expect((await vote(ballot, 'against')).json).toMatchObject({ outcome: 'rejected' })
    expect(await amendment(number)).toMatchObject({ state: 'rejected', version: null, decision: expect.any(String) })
    expect(await lastVersion()).toBe(basedOn)
  })

  it('can always be closed: one overtaken by another version is stale, and makes none', async () => {
    const [first, second] = [await propose(23), await propose(24)]
    const [one = '', two = ''] = await openVotes(first.id, second.id)
    await vote(one, 'for')
    expect((await vote(two, 'for')).json).toMatchObject({ outcome: 'adopted' })
    expect(await amendment(first.number)).toMatchObject({ state: 'adopted', version: first.basedOn + 1 })
    expect(await amendment(second.number)).toMatchObject({
      state: 'stale',
      version: null,
      decision: expect.any(String),
    })
    expect(await lastVersion()).toBe(first.basedOn + 1)
  })

  it('is not opened on one that was overtaken', async () => {
    const overtaken = await propose(25)
    const other = await propose(26)
    const [ballot = ''] = await openVotes(other.id)
    await vote(ballot, 'for')
    const meeting = await makeMeeting(server, consortium, {
      body: 'copil',
      chairId: seats[0]!.representativeId,
      items: [itemOf(overtaken.id)],
    })
    for (const { representativeId } of seats) {
      await call('POST', `/meetings/${meeting.id}/attendance`, { representativeId })
    }
    expect(await call('POST', `/agenda-items/${meeting.itemIds[0]}/ballots`, {})).toMatchObject({
      status: 409,
      json: { code: 'requirement_missing' },
    })
  })

  it('closed twice at once makes one version', async () => {
    const { id, basedOn } = await propose(27)
    const [ballot = ''] = await openVotes(id)
    for (const each of [1, 2, 3]) {
      await call('PUT', `/ballots/${ballot}/votes/universite-${each}`, { choice: 'for', aloud: true })
    }
    const closed = await Promise.all([1, 2].map(() => call('POST', `/ballots/${ballot}/closing`)))
    expect(closed.map(({ status }) => status).toSorted()).toEqual([200, 409])
    expect(await lastVersion()).toBe(basedOn + 1)
  })
})

describe('an amendment that nobody votes', () => {
  it('is withdrawn, once, and then put on no agenda', async () => {
    const { id, number } = await propose(28)
    const withdraw = () => call('POST', `/amendments/${number}/withdrawal`)
    const twice = await Promise.all([withdraw(), withdraw()])
    expect(twice.map(({ status }) => status).toSorted()).toEqual([204, 409])
    expect(await amendment(number)).toMatchObject({ state: 'withdrawn', settledAt: expect.any(String) })
    expect((await call('POST', '/amendments/999/withdrawal')).json.code).toBe('amendment_not_found')
    await expect(openVotes(id)).rejects.toThrow()
  })

  it('is not even proposed where no rule is for amendments', async () => {
    const basedOn = await lastVersion()
    const last = (await call('GET', `/versions/${basedOn}`)).json['source'] as string
    const without = last.replace('subjects: [ amendment ]', 'subjects: [ ordinary ]')
    await call('POST', '/versions', { source: without, reason: 'Sans vote', basedOn })
    const proposed = await call('POST', '/amendments', {
      source: last,
      reason: 'Avec vote',
      basedOn: basedOn + 1,
    })
    expect(proposed).toMatchObject({ status: 422, json: { code: 'amendment_not_votable' } })
  })

  it('has its text kept as it is', async () => {
    const rewrite = server.inTenant((tx) =>
      tables(tx)
        .withTables<{ 'governance.amendment': { source: string } }>()
        .updateTable('governance.amendment')
        .set({ source: 'autre' })
        .execute(),
    )
    await expect(rewrite).rejects.toThrow(/permission denied/)
  })
})
