import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { callGovernance, makeMeeting } from '../../../../test/make-meeting.ts'
import { tables } from '../tables.ts'
import { digestOf, recordDecision } from './decisions.ts'
import type { Minutes } from './minutes.ts'

let server: TestApp
let consortium: Consortium
let member: Seat
let clock = new Date('2026-05-04T09:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
  consortium = await makeConsortium(server)
  member = await consortium.seatOf('moselle', 'costrat')
})
afterAll(() => server.close())

const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, payload?: object, headers?: { cookie: string }) =>
  callGovernance(server, consortium, method, path, payload, headers)
const correction = (text: string) => ({ requestKey: randomUUID(), text })
const pass = (minutes: number) => (clock = new Date(clock.getTime() + minutes * 60_000))

/** All the words of a document. */
function readWords({ title, blocks }: Minutes): string {
  const words = blocks.map((block) => {
    if (block.kind === 'list') return block.items.join('\n')
    if (block.kind === 'table') return [block.columns, ...block.rows].map((row) => row.join(' | ')).join('\n')
    return block.text
  })
  return [title, ...words].join('\n')
}

describe('minutes', () => {
  it('tell what happened, are written once at the closing, corrected, then approved for good', async () => {
    const { id, itemIds } = await makeMeeting(server, consortium, {
      body: 'costrat',
      items: [
        { title: 'Budget du second semestre', kind: 'decision', ballotRule: 'costrat-ordinaire' },
        { title: 'Calendrier', kind: 'information' },
      ],
    })
    await call('POST', `/meetings/${id}/attendance`, { representativeId: member.representativeId })
    await call('PUT', `/agenda-items/${itemIds[1]}/gist`, { gist: 'Les dates de la rentrée sont rappelées.' })
    const ballot = await call('POST', `/agenda-items/${itemIds[0]}/ballots`, {})
    expect(ballot.status).toBe(201)
    await call('PUT', `/ballots/${ballot.json.id}/votes/moselle`, { choice: 'for' }, member.headers)
    expect((await call('POST', `/meetings/${id}/closing`, {})).json.code).toBe('ballot_open')
    pass(1)
    expect((await call('POST', `/ballots/${ballot.json.id}/closing`, {})).status).toBe(200)
    // A vote relied on who was there: the register does not change behind it.
    const at = new Date(clock.getTime() - 60_000).toISOString()
    const [entry] = (await call('GET', `/meetings/${id}`)).json['attendance'] as { id: string }[]
    expect((await call('POST', `/attendance/${entry?.id}/departure`, { at })).json.code).toBe('vote_since')

    const before = (await call('GET', `/meetings/${id}/minutes`)).json as unknown as Minutes & {
      version: number | null
    }
    expect(before.version).toBeNull()
    pass(59)
    expect((await call('POST', `/meetings/${id}/closing`, {})).json).toMatchObject({ minutes: 'written' })
    const written = (await call('GET', `/meetings/${id}/minutes`, undefined, member.headers)).json
    expect(written).toMatchObject({ version: 1, mayAsk: true, leads: false })
    const words = readWords(written as unknown as Minutes)
    for (const told of [
      'Procès-verbal – Comité stratégique, 4 mai 2026',
      'ouverte le 4 mai 2026 à 11\u00a0h\u00a000, close le 4 mai 2026 à 12\u00a0h\u00a000',
      'Lieu : Metz.',
      'Délai de convocation de 15 jours, jusqu’au 19 avril 2026 : non respecté (article 4).',
      'Absents : ',
      '1. Budget du second semestre (décision)',
      'La convention ne fixe pas de quorum pour cette instance (COSTRAT). (article 4)',
      '| 1 | Pour | ',
      'Débat : Les dates de la rentrée sont rappelées.',
      'Délibération 2026-001 : adopté.',
    ])
      expect(words).toContain(told)

    const ask = (asked: object) => call('POST', `/meetings/${id}/minutes/corrections`, asked, member.headers)
    const text = correction('Lire « Nancy ».')
    const [asked, repeated] = await Promise.all([ask(text), ask(text)])
    expect(asked.status).toBe(201)
    expect(repeated).toEqual(asked)
    expect((await call('GET', `/meetings/${id}/minutes`)).json['corrections']).toHaveLength(1)
    const stranger = await consortium.seatOf('vosges', 'ag')
    expect(
      (await call('POST', `/meetings/${id}/minutes/corrections`, correction('Non'), stranger.headers)).status,
    ).toBe(403)

    const next = await makeMeeting(server, consortium, {
      body: 'costrat',
      items: [{ title: 'Approbation du procès-verbal', kind: 'minutes', subjectKind: 'minutes', subjectId: id }],
    })
    const approve = () => call('POST', `/agenda-items/${next.itemIds[0]}/minutes-approval`)
    expect((await approve()).json.code).toBe('corrections_open')
    // 22.30 UTC: the next day already where the consortium is, and sessions of the morning are over.
    const morning = clock
    clock = new Date('2026-05-04T22:30:00Z')
    const evening = await server.signIn(consortium.manager.personId, [{ right: 'governance.administer' }])
    const answer = { accepted: true, answer: 'Fait.' }
    const answers = await Promise.all([
      call('PUT', `/minutes-corrections/${asked.json.id}/answer`, answer, evening),
      call('PUT', `/minutes-corrections/${asked.json.id}/answer`, answer, evening),
    ])
    clock = morning
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
    const corrected = (await call('GET', `/meetings/${id}/minutes`)).json
    expect(corrected['version']).toBe(2)
    expect(readWords(corrected as unknown as Minutes)).toContain('5 mai 2026 : Lire « Nancy ».')
    const approvals = await Promise.all([approve(), approve()])
    expect(approvals.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
    expect((await call('GET', `/meetings/${id}`)).json['minutes']).toBe('approved')
    expect((await call('POST', `/meetings/${id}/minutes/corrections`, correction('Encore'))).json.code).toBe(
      'minutes_approved',
    )
    // Not even by a statement of our own.
    const forged = server.inTenant((tx) =>
      tables(tx)
        .insertInto('governance.minutes')
        .values({ meeting_id: id, version: 3, content: '{}', digest: Buffer.alloc(32), written_at: clock })
        .execute(),
    )
    await expect(forged).rejects.toThrow('approved minutes never change')

    // What the journal holds is the digest of these very words.
    const rows = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.minutes')
        .innerJoin('governance.meeting', 'governance.meeting.id', 'meeting_id')
        .innerJoin('governance.journal_entry', 'subject_id', 'meeting_id')
        .select([
          'governance.minutes.content as minutes',
          'salt',
          'digest',
          'governance.journal_entry.content as entry',
        ])
        .where('meeting_id', '=', id)
        .where('version', '=', 2)
        .where('governance.journal_entry.kind', '=', 'minutes_approved')
        .execute(),
    )
    const digest = rows[0]?.digest.toString('hex') ?? ''
    expect(digestOf(rows[0]?.salt ?? Buffer.alloc(0), rows[0]?.minutes)).toBe(digest)
    expect(rows[0]?.entry).toContain(digest)
    expect(rows[0]?.entry).not.toContain('Essai')
  })

  it('are the same words as a tagged PDF in French', async () => {
    const { id } = await makeMeeting(server, consortium, {
      body: 'cst',
      items: [{ title: 'Point', kind: 'discussion' }],
    })
    const url = `/api/governance/agreements/grand-est/meetings/${id}/minutes.pdf`
    const response = await server.app.inject({ url, headers: consortium.manager.headers })
    expect(response.headers['content-type']).toBe('application/pdf')
    const pdf = response.rawPayload.toString('latin1')
    for (const part of ['%PDF-1.7', '/Lang (fr)', '/MarkInfo', '/StructTreeRoot', '/S /H1', '/S /LI', '%%EOF'])
      expect(pdf).toContain(part)
  })
})

describe('decisions', () => {
  const decision = (more: object = {}) => ({
    agreementId: consortium.agreementId,
    versionId: consortium.versionId,
    kind: 'decision' as const,
    body: 'cogouv',
    meetingId: null,
    agendaItemId: null,
    title: 'Titre',
    text: 'Texte',
    outcome: 'adopted' as const,
    verdict: null,
    dueOn: '2026-06-30',
    subjectKind: null,
    subjectId: null,
    actorPersonId: null,
    ...more,
  })

  it('are numbered one after the other, however many are recorded at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, () => server.inTenant((tx) => recordDecision(tx, decision(), clock))),
    )
    const numbers = made.map(({ number }) => Number(number.slice(5))).toSorted((a, b) => a - b)
    const first = numbers[0] ?? 0
    expect(numbers).toEqual(Array.from({ length: 8 }, (_, index) => first + index))
  })

  it('are never of an advisory body, nor of the crisis cell unless at once', async () => {
    const record = (more: object) => server.inTenant((tx) => recordDecision(tx, decision(more), clock))
    await expect(record({ body: 'cotec' })).rejects.toMatchObject({ code: 'opinion_only', extra: { article: '7' } })
    await expect(record({ body: 'cotec', kind: 'opinion' })).resolves.toBeDefined()
    await expect(record({ kind: 'crisis' })).rejects.toMatchObject({ code: 'crisis_only' })
    await expect(record({ body: 'senate' })).rejects.toMatchObject({ code: 'body_unknown' })
  })

  it('are followed up until they are done, once', async () => {
    const { id, number } = await server.inTenant((tx) => recordDecision(tx, decision({ body: 'cst' }), clock))
    const url = `/decisions/${id}/follow-up`
    const seat = await consortium.seatOf('vosges', 'cst')
    expect((await call('PATCH', url, { done: true }, seat.headers)).status).toBe(403)
    expect((await call('PATCH', url, { dueOn: '2026-07-14' })).json).toMatchObject({ number, dueOn: '2026-07-14' })
    const answers = await Promise.all([
      call('PATCH', url, { done: true, note: 'Livré' }),
      call('PATCH', url, { done: true, note: 'Livré' }),
    ])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
    const body = (await call('GET', '/bodies/cst')).json
    expect(body['followUps']).toMatchObject([{ number, doneOn: '2026-05-04', doneNote: 'Livré', dueOn: '2026-07-14' }])
  })
})
