import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { recordDecision } from '../bodies/decisions.ts'

const now = new Date('2026-06-15T10:00:00Z')
let server: TestApp
let consortium: Consortium
beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

async function read(on = '', headers = consortium.manager.headers) {
  const url = `/api/governance/agreements/${consortium.slug}/yearly-review${on && `?on=${on}`}`
  const answer = await server.app.inject({ url, headers })
  return { status: answer.statusCode, json: answer.json() }
}

async function hold(body: string, day: string, parties: string[]) {
  const owner = server.services.owner
  const id = crypto.randomUUID()
  await owner.query(
    `insert into governance.meeting (tenant_id, id, agreement_id, body, title, starts_at, ends_at, state, created_at)
     values ($1, $2, $3, $4, $5, $6::date + interval '10 hours', $6::date + interval '12 hours', 'closed', $6)`,
    [server.tenant.id, id, consortium.agreementId, body, `${body} du ${day}`, day],
  )
  for (const party of parties) {
    const { representativeId } = await consortium.seatOf(party, body)
    for (const struck of [null, day]) {
      await owner.query(
        `insert into governance.attendance (tenant_id, id, meeting_id, party, representative_id, arrived_at, left_at, struck_at, recorded_at)
         values ($1, gen_random_uuid(), $2, $3, $4, $5, $5, $6, $5)`,
        [server.tenant.id, id, struck === null ? party : 'meuse', representativeId, day, struck],
      )
    }
  }
}

const decide = (kind: 'decision' | 'opinion', outcome: 'adopted' | 'rejected', dueOn: string | null, at: Date) =>
  server.inTenant((tx) =>
    recordDecision(
      tx,
      {
        agreementId: consortium.agreementId,
        versionId: consortium.versionId,
        kind,
        body: kind === 'opinion' ? 'cotec' : 'cogouv',
        meetingId: null,
        agendaItemId: null,
        title: `${kind} ${outcome}`,
        text: 'Texte',
        outcome,
        verdict: null,
        dueOn,
        subjectKind: null,
        subjectId: null,
        actorPersonId: null,
      },
      at,
    ),
  )

test('tells what a school year was, of the right year only', async () => {
  await hold('cogouv', '2025-11-05', ['region', 'marne', 'alsace'])
  await hold('cogouv', '2026-03-05', ['region'])
  await hold('cogouv', '2026-09-05', ['vosges'])
  await decide('decision', 'adopted', '2026-05-01', new Date('2026-03-05T10:00:00Z'))
  await decide('decision', 'adopted', null, new Date('2026-03-05T10:30:00Z'))
  await decide('decision', 'rejected', null, new Date('2026-03-05T11:00:00Z'))
  await decide('opinion', 'adopted', null, new Date('2026-03-06T11:00:00Z'))

  const { json } = await read()
  expect(json).toMatchObject({
    schoolYear: { from: '2025-09-01', until: '2026-08-31' },
    decisions: { adopted: 2, notAdopted: 1, opinions: 1, published: 0 },
    changes: [],
    money: { startsOn: '2025-09-01', committedCents: '0', bankCents: '0' },
  })
  const cogouv = json.bodies.find(({ key }: { key: string }) => key === 'cogouv')
  expect(cogouv.meetings).toMatchObject([
    { day: '2025-11-05', came: 3, of: 10 },
    { day: '2026-03-05', came: 1, of: 10 },
  ])
  expect(json.followUps).toMatchObject([{ title: 'decision adopted', dueOn: '2026-05-01', doneOn: null }])
  // Nobody held the assembly nor wrote the reviews that the year asks for.
  expect(json.asked.done).toBeGreaterThan(0)
  expect(json.asked.due + json.asked.late + json.asked.missing).toBeGreaterThan(0)
  expect(json.reviews.every(({ doneOn }: { doneOn: string | null }) => doneOn === null)).toBe(true)

  const next = (await read('2026-09-10')).json
  expect(next.schoolYear.from).toBe('2026-09-01')
  expect(next.decisions).toEqual({ adopted: 0, notAdopted: 0, opinions: 0, published: 0 })
})

test('is for members and authorities, and for years that the agreement knows', async () => {
  const member = await consortium.seatOf('vosges', 'ag')
  expect((await read('', member.headers)).status).toBe(200)
  const authority = await consortium.seatOf('academie-reims', 'costrat')
  expect((await read('', authority.headers)).status).toBe(200)
  const contractor = await consortium.seatOf('titulaire', 'cotec')
  expect(await read('', contractor.headers)).toMatchObject({ status: 403, json: { code: 'not_allowed' } })
  expect((await read('2001-01-01')).json.code).toBe('no_agreement_then')
  expect((await read('demain')).status).toBe(400)
})
