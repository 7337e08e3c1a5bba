import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { openCommands } from '../../../test/module-commands.ts'
import { makePerson } from '../../../test/make.ts'
import { type Consortium, makeConsortium } from '../../../test/make-governance.ts'
import { recordDecision } from './bodies/decisions.ts'
import { findAgreementInForce } from './agreements/agreements.queries.ts'
import { listPeriods, schoolYearOf } from './agreements/calendar.ts'

let server: TestApp
let consortium: Consortium
beforeAll(async () => {
  server = await openTestApp()
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

async function getAgreement({ slug }: Consortium) {
  const found = await server.inTenant((tx) => findAgreementInForce(tx, slug, toDay(server.services.now())))
  if (!found) throw new Error('no agreement')
  return found
}
const toDay = (date: Date) => date.toISOString().slice(0, 10)
const { run, refusal } = openCommands(() => server, 'governance')

test('an operator names who sits, under the rules of the agreement, and ends it; the trail says nobody did', async () => {
  const person = await server.inTenant((tx) => makePerson(tx, { familyName: 'Nouvelle', profile: 'localAuthority' }))
  const words = [consortium.slug, 'cotec', 'vosges']
  expect(await refusal('representative appoint', words)).toBe('invalid_request')
  expect(await refusal('representative appoint', words, { person, from: 'demain' })).toBe('invalid_request')
  expect(await refusal('representative appoint', ['nowhere', 'cotec', 'vosges'], { person })).toBe(
    'agreement_not_found',
  )
  expect(await refusal('representative appoint', [consortium.slug, 'cotec', 'nobody'], { person })).toBe(
    'party_not_in_body',
  )
  expect(await refusal('representative appoint', words, { person: 'Nouvelle' })).toBe('invalid_request')
  expect(await refusal('representative end', [consortium.slug, 'Nouvelle'])).toBe('invalid_request')
  const { id } = await run<{ id: string }>('representative appoint', words, { person, deputy: true })
  expect(await run('representative list', [consortium.slug, 'cotec'])).toContainEqual(
    expect.objectContaining({ id, party: 'vosges', rank: 'deputy', personId: person }),
  )
  const [entry] = await server.inTenant((tx) => listAudit(tx, 10, id))
  expect(entry).toMatchObject({ action: 'governance.representative_named', actorPersonId: null })
  expect(await refusal('representative end', [consortium.slug, id], { on: '2020-01-01' })).not.toBe('accepted')
  expect(await run('representative end', [consortium.slug, id])).toMatchObject({ id, party: 'vosges' })
})

test('a head-count comes from its file, once for a day, and a wrong line is named', async () => {
  const file = join(server.config.dataDirectory, 'effectifs.csv')
  await writeFile(file, 'UAI;nom;collectivité;effectif\n0880001A;Collège;vosges;412\n0880002B;Lycée;vosges;1003\n')
  const load = (values: Record<string, string>) => refusal('head-count load', [consortium.slug, file], values)
  expect(await load({})).toBe('invalid_request')
  expect(await run('head-count load', [consortium.slug, file], { 'counted-on': '2025-10-01' })).toMatchObject({
    establishments: 2,
    pupils: 1415,
  })
  expect(await load({ 'counted-on': '2025-10-01' })).toBe('head_count_exists')
  await writeFile(file, 'UAI;nom;collectivité;effectif\n0880001A;Collège;atlantide;412\n')
  expect(await load({ 'counted-on': '2025-10-02' })).toBe('head_count_unreadable')
  expect(await refusal('head-count load', [consortium.slug, '/nowhere.csv'], { 'counted-on': '2025-10-02' })).toBe(
    'file_not_found',
  )
})

test('a head-count is taken back while nothing rests on it, and only one of this agreement', async () => {
  const file = join(server.config.dataDirectory, 'reprise.csv')
  await writeFile(file, 'UAI;nom;collectivité;effectif\n0880001A;Collège;vosges;300\n')
  const { id } = await run<{ id: string }>('head-count load', [consortium.slug, file], { 'counted-on': '2025-11-01' })
  const listed = () => run<{ id: string; pupils: number }[]>('head-count list', [consortium.slug])
  expect(await listed()).toContainEqual(expect.objectContaining({ id, countedOn: '2025-11-01', pupils: 300 }))
  expect(await refusal('head-count delete', [consortium.slug, 'reprise'])).toBe('invalid_request')
  expect(await refusal('head-count delete', [consortium.slug, consortium.agreementId])).toBe('head_count_not_found')
  expect(await run('head-count delete', [consortium.slug, id])).toEqual({ id })
  expect((await listed()).map((each) => each.id)).not.toContain(id)
  const trail = await server.inTenant((tx) => listAudit(tx, 10, id))
  expect(trail.map(({ action, actorPersonId }) => [action, actorPersonId])).toEqual([
    ['governance.head_count_deleted', null],
    ['governance.head_count_imported', null],
  ])
  expect(await refusal('head-count delete', [consortium.slug, id])).toBe('head_count_not_found')
})

test('the publisher is said once its SIRET holds', async () => {
  const name = 'Groupement d’essai'
  expect(await refusal('publisher set', [consortium.slug], { name, siret: '00000000000019' })).toBe('siret_invalid')
  expect(await run('publisher set', [consortium.slug], { name, siret: '000 000 000 00018' })).toEqual({
    name,
    siret: '00000000000018',
  })
})

test('a decision is made public once, under a code, and everybody reads it', async () => {
  const slug = consortium.slug
  const decided = await server.inTenant((tx) =>
    recordDecision(
      tx,
      {
        agreementId: consortium.agreementId,
        versionId: consortium.versionId,
        kind: 'decision',
        body: 'cogouv',
        meetingId: null,
        agendaItemId: null,
        title: 'Budget',
        text: 'Le budget est adopté.',
        outcome: 'adopted',
        verdict: null,
        dueOn: null,
        subjectKind: null,
        subjectId: null,
        actorPersonId: null,
      },
      server.services.now(),
    ),
  )
  const { number } = decided
  const matter = { matter: '7.1', 'matter-name': 'Décisions budgétaires' }
  expect(await refusal('decision publish', [slug, number])).toBe('invalid_request')
  expect(await refusal('decision publish', [slug, number], { ...matter, matter: 'budget' })).toBe('invalid_request')
  expect(await refusal('decision publish', [slug, '1999-001'], matter)).toBe('decision_not_found')
  await run('publisher set', [slug], { name: 'Groupement d’essai', siret: '00000000000018' })
  const path = `/api/governance/public/${slug}/decisions/${number}`
  expect((await server.app.inject({ url: path })).statusCode).toBe(404)
  expect(await run('decision list', [slug])).toEqual([expect.objectContaining({ number, publishedAt: null })])

  const made = await run<{ seq: number }>('decision publish', [slug, number], matter)
  expect(made).toMatchObject({ number, matterCode: '7.1' })
  expect((await server.app.inject({ url: path })).json()).toMatchObject({ number, title: 'Budget' })
  const [told] = await run<object[]>('decision list', [slug])
  expect(told).toMatchObject({ number, publishedAt: expect.any(Date) })
  // What the journal's digest is salted with stays inside.
  expect(Object.keys(told!)).not.toContain('salt')
  const [entry] = await server.inTenant((tx) => listAudit(tx, 10, decided.id))
  expect(entry).toMatchObject({ action: 'governance.decision_published', actorPersonId: null })
  expect(await refusal('decision publish', [slug, number], matter)).toBe('already_published')
})

test('a review is recorded for a period that the agreement asks it of, once', async () => {
  const { rules } = await getAgreement(consortium)
  const [review] = rules.review
  const from = schoolYearOf(rules, '2025-11-01').from
  const [period] = listPeriods(schoolYearOf(rules, from), review!.per)
  const words = [consortium.slug, review!.key, period!.from]
  expect(await refusal('review record', [consortium.slug, 'other', period!.from])).toBe('review_not_found')
  expect(await refusal('review record', [consortium.slug, review!.key, '2025'])).toBe('invalid_request')
  expect(await refusal('review record', words, { 'done-on': '2999-01-01' })).toBe('review_to_come')
  expect(await run('review record', words, { 'done-on': '2026-01-15' })).toMatchObject({ doneOn: '2026-01-15' })
  expect(await refusal('review record', words)).toBe('review_done')
})

test('a digital service is registered in a phase of the agreement', async () => {
  const numeric = await makeConsortium(server, { agreement: 'service-numerique' })
  const { rules } = await getAgreement(numeric)
  const phase = rules.services!.phases[0]!.key
  const said = {
    name: 'Bourses',
    purpose: 'Savoir à quoi on a droit.',
    audience: 'Familles',
    owner: 'universite-1',
    phase,
  }
  expect(await refusal('service register', [numeric.slug], { ...said, phase: 'rêve' })).toBe('phase_unknown')
  expect(await refusal('service register', [numeric.slug], { ...said, owner: 'personne' })).toBe('party_unknown')
  expect(await refusal('service register', [numeric.slug], { name: 'Bourses' })).toBe('invalid_request')
  expect(await refusal('service register', [consortium.slug], said)).toBe('services_not_agreed')
  expect(await run('service register', [numeric.slug], said)).toEqual({ number: 1 })
  expect(await run('service list', [numeric.slug])).toEqual([
    expect.objectContaining({ number: 1, name: 'Bourses', owner: 'universite-1', phase, stopped: false }),
  ])
  const shown = await server.app.inject({
    url: `/api/governance/agreements/${numeric.slug}/services/1`,
    headers: numeric.manager.headers,
  })
  expect(shown.statusCode, shown.body).toBe(200)
})
