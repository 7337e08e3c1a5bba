import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { readShippedAgreement } from './agreement-versions.ts'

let server: TestApp
let consortium: Consortium
let seat: Seat
let source: string

beforeAll(async () => {
  server = await openTestApp()
  source = await readShippedAgreement('grand-est')
  consortium = await makeConsortium(server)
  seat = await consortium.seatOf('alsace', 'cogouv')
})
afterAll(() => server?.close())

const base = '/api/governance/agreements/grand-est'
const post = (url: string, payload: object, headers = consortium.manager.headers) =>
  server.app.inject({ method: 'POST', url, headers, payload })

describe('a draft', () => {
  it('says the file it makes and what would change, and changes nothing', async () => {
    const { rules } = (await server.app.inject({ url: `${base}/versions/1`, headers: seat.headers })).json()
    const content = { ...rules, title: 'Convention amendée' }
    const answer = await post(`${base}/drafts`, { content })
    expect(answer.json()).toMatchObject({
      basedOn: 1,
      faults: [],
      source: source.replace(
        'title: Convention de l’espace numérique de travail du Grand Est',
        'title: Convention amendée',
      ),
      changes: [{ part: 'agreement', field: ['title'], to: 'Convention amendée' }],
    })
    const { versions } = (await server.app.inject({ url: `${base}/versions`, headers: seat.headers })).json()
    expect(versions).toHaveLength(1)
  })

  it('shows what is wrong, and where', async () => {
    const { rules } = (await server.app.inject({ url: `${base}/versions/1`, headers: seat.headers })).json()
    const content = { ...rules, money: { ...rules.money, heldBy: 'etat' } }
    const { faults, source: text } = (await post(`${base}/drafts`, { content })).json()
    const line = text.split('\n').indexOf('  heldBy: etat') + 1
    expect(faults).toEqual([expect.objectContaining({ path: 'money.heldBy', line, column: 11, code: 'unknown_party' })])
  })

  it('is for who manages', async () => {
    expect((await post(`${base}/drafts`, {}, seat.headers)).statusCode).toBe(403)
  })
})

describe('an amendment', () => {
  const amended = () => source.replace('days: 15\n      urgentDays: 2', 'days: 21\n      urgentDays: 3')

  it('is refused with line and reason, and leaves everything as it was', async () => {
    const broken = amended().replace('heldBy: region', 'heldBy: [')
    const answer = await post(`${base}/versions`, { source: broken, reason: 'Essai', basedOn: 1 })
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toMatchObject({
      code: 'agreement_invalid',
      faults: [{ code: 'syntax', line: expect.any(Number) }],
    })
    const other = await post(`${base}/versions`, {
      source: await readShippedAgreement('hauts-de-france'),
      reason: 'Essai',
      basedOn: 1,
    })
    expect(other.json().faults).toMatchObject([{ code: 'other_agreement', path: 'agreement', line: 3 }])
    const refused = await post(`${base}/versions`, { source: amended(), reason: 'Essai', basedOn: 1 }, seat.headers)
    expect(refused.statusCode).toBe(403)
  })

  it('sent twice at once makes one version', async () => {
    const body = { source: amended(), reason: 'Délais', basedOn: 1 }
    const answers = await Promise.all([1, 2].map(() => post(`${base}/versions`, body)))
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409])
    const { versions } = (await server.app.inject({ url: `${base}/versions`, headers: seat.headers })).json()
    expect(versions).toMatchObject([{ number: 2, reason: 'Délais' }, { number: 1 }])
  })

  it('is read beside what it amends', async () => {
    const answer = await server.app.inject({ url: `${base}/versions/2/changes?since=1`, headers: seat.headers })
    const { changes, lines } = answer.json()
    expect(changes).toMatchObject([
      { part: 'bodies', key: 'cogouv', field: ['notice', 'days'], from: '15', to: '21', article: '5' },
      { part: 'bodies', key: 'cogouv', field: ['notice', 'urgentDays'], from: '2', to: '3' },
    ])
    expect(lines.filter(({ kind }: { kind: string }) => kind !== 'same')).toHaveLength(4)
    const missing = await server.app.inject({ url: `${base}/versions/9`, headers: seat.headers })
    expect(missing.json()).toMatchObject({ code: 'version_not_found' })
  })
})

describe('another agreement', () => {
  it('is added by who manages, once', async () => {
    const payload = { source: await readShippedAgreement('hauts-de-france'), reason: 'Premier chargement' }
    const url = '/api/governance/agreements'
    expect((await post(url, payload, seat.headers)).statusCode).toBe(403)
    expect((await post(url, payload)).json()).toEqual({ slug: 'hauts-de-france', version: 1 })
    expect((await post(url, payload)).json()).toMatchObject({ status: 409, code: 'agreement_exists' })
  })

  it('is not seen by who takes no part in it', async () => {
    const stranger = await server.signIn(await server.inTenant((tx) => makePerson(tx)))
    const answer = await server.app.inject({ url: `${base}/versions`, headers: stranger })
    expect(answer.json()).toMatchObject({ code: 'agreement_not_found' })
  })
})
