import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { callGovernance, makeMeeting } from '../../../../test/make-meeting.ts'
import { tables as changeTables } from '../changes/tables.ts'
import { createMembershipAct } from '../membership/membership.queries.ts'
import { tables as membershipTables } from '../membership/tables.ts'

let server: TestApp
let consortium: Consortium
const now = new Date('2026-11-04T09:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  consortium = await makeConsortium(server)
})
afterAll(() => server?.close())

/** A change whose opinions are all given, that awaits its vote. */
function makeAdvisedChange(structuring: boolean): Promise<string> {
  return server.inTenant(async (tx) => {
    const id = randomUUIDv7()
    const numbers = await changeTables(tx).selectFrom('governance.change').select('id').execute()
    await changeTables(tx)
      .insertInto('governance.change')
      .values({
        id,
        agreement_id: consortium.agreementId,
        number: numbers.length + 1,
        title: 'Évolution',
        need: 'Besoin',
        requested_by: 'region',
        requester_id: consortium.manager.personId,
        requested_at: now,
        structuring,
        state: 'advised',
      })
      .execute()
    return id
  })
}

const stateOfChange = (id: string) =>
  server.inTenant((tx) =>
    changeTables(tx).selectFrom('governance.change').select('state').where('id', '=', id).executeTakeFirstOrThrow(),
  )

/** A request to join that was examined. */
const makeJoining = () =>
  server.inTenant((tx) =>
    createMembershipAct(
      tx,
      consortium.agreementId,
      {
        kind: 'joining',
        party: `haute-saone-${randomUUIDv7()}`,
        name: 'Haute-Saône',
        partyKind: 'department',
        reason: '',
        state: 'examination',
        notifiedOn: '2026-11-02',
        noticeEndsOn: null,
        lastDay: null,
        article: '14',
        versionId: null,
      },
      consortium.manager.personId,
      now,
    ),
  )

/** Puts an item on the agenda of an open meeting where two members sit, and opens its vote. */
async function open(body: string, item: object) {
  const meeting = await makeMeeting(server, consortium, { body, items: [{ title: 'Question', ...item }] })
  for (const party of ['aube', 'marne']) {
    const { representativeId } = await consortium.seatOf(party, body)
    await callGovernance(server, consortium, 'POST', `/meetings/${meeting.id}/attendance`, { representativeId })
  }
  return callGovernance(server, consortium, 'POST', `/agenda-items/${meeting.itemIds[0]}/ballots`, {})
}

async function adopt(ballotId: string) {
  await callGovernance(server, consortium, 'PUT', `/ballots/${ballotId}/votes/aube`, { choice: 'for', aloud: true })
  return callGovernance(server, consortium, 'POST', `/ballots/${ballotId}/closing`)
}

describe('A vote on a matter that has its own course', () => {
  it('leaves a change as it is when it was but an opinion', async () => {
    const subjectId = await makeAdvisedChange(false)
    const item = { kind: 'opinion', ballotRule: 'cotec-avis', subjectKind: 'change', subjectId }
    const ballot = await open('cotec', item)
    expect(ballot.status).toBe(201)
    expect((await adopt(ballot.json.id)).json).toMatchObject({ outcome: 'adopted' })
    expect(await stateOfChange(subjectId)).toEqual({ state: 'advised' })
  })

  it('is opened by the rule that the agreement has for it only', async () => {
    const structuring = await makeAdvisedChange(true)
    const joining = await makeJoining()
    for (const [body, ballotRule, subjectKind, subjectId] of [
      ['cogouv', 'cogouv-ordinaire', 'change', structuring],
      ['costrat', 'costrat-ordinaire', 'change', await makeAdvisedChange(false)],
      ['cogouv', 'cogouv-ordinaire', 'joining', joining],
      ['costrat', 'costrat-ordinaire', 'joining', joining],
      ['costrat', 'costrat-ordinaire', 'regularisation', randomUUIDv7()],
    ]) {
      const refused = await open(body!, { kind: 'decision', ballotRule, subjectKind, subjectId })
      expect(refused, `${ballotRule} ${subjectKind}`).toMatchObject({
        status: 409,
        json: { code: 'requirement_missing' },
      })
    }
    const allowed = await open('costrat', {
      kind: 'decision',
      ballotRule: 'costrat-adhesion',
      subjectKind: 'joining',
      subjectId: joining,
    })
    expect(allowed.status).toBe(201)
    await adopt(allowed.json.id)
    const act = await server.inTenant((tx) =>
      membershipTables(tx)
        .selectFrom('governance.membership_act')
        .select('state')
        .where('id', '=', joining)
        .executeTakeFirst(),
    )
    expect(act).toEqual({ state: 'approval' })
  })

  it('is not opened on what is not there: it could never be closed', async () => {
    for (const [body, ballotRule, subjectKind] of [
      ['cogouv', 'cogouv-ordinaire', 'change'],
      ['costrat', 'costrat-adhesion', 'joining'],
    ]) {
      const refused = await open(body!, {
        kind: 'decision',
        ballotRule,
        subjectKind,
        subjectId: randomUUIDv7(),
      })
      expect([404, 409], `${subjectKind}: ${refused.status}`).toContain(refused.status)
    }
  })
})
