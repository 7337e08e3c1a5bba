import { createHash, randomUUIDv7 } from 'node:crypto'
import canonicalize from 'canonicalize'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { createAgreementVersion, readShippedAgreement } from '../agreements/agreement-versions.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { verifyProof } from '../journal/proofs.ts'
import { parseVerifier } from '../journal/signed-note.ts'
import { isSiret } from './publications.ts'
import { listPublished } from './publications.queries.ts'

let server: TestApp
let consortium: Consortium
beforeAll(async () => {
  server = await openTestApp()
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

const verdict = {
  outcome: 'adopted',
  chosen: 'for',
  secondRound: null,
  threshold: { comparator: '>=', voices: '12' },
  tally: [
    { choice: 'for', label: { fr: 'Pour', en: 'For' }, voices: '12', parties: ['region', 'alsace', 'moselle'] },
    { choice: 'against', label: { fr: 'Contre', en: 'Against' }, voices: '1', parties: ['marne'] },
    { choice: 'abstain', label: { fr: 'Abstention', en: 'Abstention' }, voices: '0', parties: [] },
  ],
  steps: [
    {
      key: 'roll',
      text: { fr: 'Dix membres', en: 'Ten members' },
      figures: { entitled: 10 },
      article: null,
      interpretation: null,
      holds: null,
    },
  ],
}

const decide = (title: string, given: unknown = verdict, agendaItemId: string | null = null) =>
  server.inTenant((tx) =>
    recordDecision(
      tx,
      {
        agreementId: consortium.agreementId,
        versionId: consortium.versionId,
        kind: 'decision',
        body: 'cogouv',
        meetingId: null,
        agendaItemId,
        title,
        text: 'Le comité décide, "entre guillemets", ainsi.',
        outcome: 'adopted',
        verdict: given,
        dueOn: null,
        subjectKind: null,
        subjectId: null,
        actorPersonId: null,
      },
      new Date(),
    ),
  )

/** A closed ballot in which the région changed its mind and the Marne was away. @returns its agenda item. */
async function holdVote(): Promise<string> {
  const [meeting, item, ballot] = [randomUUIDv7(), randomUUIDv7(), randomUUIDv7()]
  const person = consortium.manager.personId
  const owner = server.services.owner
  await owner.query(
    `insert into governance.meeting (tenant_id, id, agreement_id, body, title, starts_at, ends_at, created_at)
     values ($1, $2, $3, 'cogouv', 'Comité', now(), now() + interval '1 hour', now())`,
    [server.tenant.id, meeting, consortium.agreementId],
  )
  await owner.query(
    `insert into governance.agenda_item (tenant_id, id, meeting_id, position, title, kind, created_at)
     values ($1, $2, $3, 1, 'Point', 'decision', now())`,
    [server.tenant.id, item, meeting],
  )
  await owner.query(
    `insert into governance.ballot (tenant_id, id, agreement_id, version_id, meeting_id, agenda_item_id, rule, round, options,
       opening, roll_digest, opened_at, opened_by)
     values ($1, $2, $3, $4, $5, $6, 'cogouv-structurante', 1, '[]', '[]', '', now(), $7)`,
    [server.tenant.id, ballot, consortium.agreementId, consortium.versionId, meeting, item, person],
  )
  await owner.query(
    `insert into governance.ballot_voter (tenant_id, ballot_id, position, party, voices, state, voter_rank, person_id)
     values ($1, $2, 0, 'region', '4.5', 'present', 'holder', $3), ($1, $2, 1, 'marne', '1', 'absent', null, null)`,
    [server.tenant.id, ballot, person],
  )
  await owner.query(
    `insert into governance.ballot_vote (tenant_id, ballot_id, party, version, choice, cast_at, cast_by, recorded)
     values ($1, $2, 'region', 1, 'against', now(), $3, false), ($1, $2, 'region', 2, 'for', now(), $3, false)`,
    [server.tenant.id, ballot, person],
  )
  await owner.query(`update governance.ballot set closed_at = now(), closed_by = $2, verdict = '{}' where id = $1`, [
    ballot,
    person,
  ])
  return item
}

const call = (method: 'GET' | 'PUT' | 'POST', path: string, payload?: object, headers = consortium.manager.headers) =>
  server.app.inject({
    method,
    url: `/api/governance/agreements/${consortium.slug}/${path}`,
    headers,
    ...(payload && { payload }),
  })
const read = (path: string) => server.app.inject({ url: `/api/governance/public${path}` })
const matter = { matterCode: '8.1', matterName: 'Enseignement' }
// Of no one: 14 digits whose check digit holds.
const publisher = { name: 'Groupement d’essai', siret: '00000000000018' }

test('nothing is public before the consortium says who publishes, and each decision only once it is published', async () => {
  const first = await decide('Première')
  await decide('Gardée')
  expect((await read(`/${consortium.slug}`)).statusCode).toBe(404)
  expect((await call('POST', `decisions/${first.number}/publication`, matter)).json().code).toBe('publisher_missing')
  expect((await call('PUT', 'publisher', { ...publisher, siret: '00000000000017' })).json().code).toBe('siret_invalid')
  expect((await call('PUT', 'publisher', publisher)).statusCode).toBe(200)
  const member = await consortium.seatOf('marne', 'cogouv')
  expect((await call('PUT', 'publisher', publisher, member.headers)).statusCode).toBe(403)
  expect((await call('POST', `decisions/${first.number}/publication`, matter, member.headers)).statusCode).toBe(403)

  const both = await Promise.all([1, 2].map(() => call('POST', `decisions/${first.number}/publication`, matter)))
  expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409])
  expect((await call('POST', 'decisions/1999-001/publication', matter)).statusCode).toBe(404)

  const list = (await read(`/${consortium.slug}/decisions`)).json()
  expect(list.decisions.map(({ title }: { title: string }) => title)).toEqual(['Première'])
  const seen = (await call('GET', 'decisions', undefined, member.headers)).json()
  expect(seen.decisions.map(({ title }: { title: string }) => title)).toEqual(['Gardée', 'Première'])
})

test('a published decision is proven by its file, the key of the journal, and its words', async () => {
  const { number } = await decide('Prouvée')
  expect((await read(`/${consortium.slug}/decisions/${number}/proof`)).statusCode).toBe(404)
  await call('POST', `decisions/${number}/publication`, matter)
  const { journal } = (await read(`/${consortium.slug}`)).json()
  const proof = await read(`/${consortium.slug}/decisions/${number}/proof`)
  expect(proof.headers['content-disposition']).toContain(`${number}.tlog-proof`)
  const event = JSON.parse(verifyProof(proof.body, parseVerifier(journal.key)!).content)
  expect(event).toMatchObject({ kind: 'decision', number, outcome: 'adopted' })

  const { words, salt } = (await read(`/${consortium.slug}/decisions/${number}`)).json()
  const digest = createHash('sha256').update(Buffer.from(salt, 'hex')).update(canonicalize(words)!).digest('hex')
  expect(digest).toBe(event.digest)
})

test('open data: SCDL counts heads, the companion table voices, and a decision without a vote leaves them empty', async () => {
  const { number } = await decide('Sans vote, avec "guillemets"', null)
  await call('POST', `decisions/${number}/publication`, matter)
  const scdl = (await read(`/${consortium.slug}/deliberations.csv`)).body
  const [head, newest, ...others] = scdl.trimEnd().split('\r\n')
  expect(head).toMatch(/^COLL_NOM,COLL_SIRET,DELIB_ID,.*,VOTE_ABSTENTION,DELIB_URL$/)
  expect(newest).toContain('"Sans vote, avec ""guillemets""",,,,,,,,,,')
  expect(others.at(-1)).toMatch(/8\.1,Enseignement,Première,,,,,10,4,3,1,0,http/)
  const voted = await decide('Votée', verdict, await holdVote())
  await call('POST', `decisions/${voted.number}/publication`, matter)
  const [, ...votes] = (await read(`/${consortium.slug}/votes.csv`)).body.trimEnd().split('\r\n')
  expect(votes.map((row) => row.split(',').slice(3, 9).join(','))).toEqual([
    '1,region,Région Grand Est,4.5,present,for',
    '1,marne,Département de la Marne,1,absent,',
  ])
  expect((await read(`/${consortium.slug}/agreement.yaml`)).body).toContain('agreement: grand-est')

  const catalogue = (await read('/catalogue.jsonld')).json()
  expect(catalogue['@type']).toBe('dcat:Catalog')
  expect(catalogue['dcat:dataset'][0]['dcat:distribution']).toHaveLength(3)
})

test('open data are written page by page, each decision once and in order, however many there are', async () => {
  const { owner, db } = server.services
  const ids = [consortium.agreementId, consortium.versionId, server.tenant.id]
  const many = 450
  // Two a second: the page ends within an instant too.
  await owner.query(
    `with made as (
       insert into governance.decision (tenant_id, id, agreement_id, version_id, number, kind, body, title, text, outcome,
         decided_at)
       select $3, gen_random_uuid(), $1, $2, '1901-' || n, 'decision', 'cogouv', 'Ancienne ' || n, '', 'adopted',
         timestamptz '1901-01-01' + (n / 2) * interval '1 second'
       from generate_series(1, ${many}) as n returning tenant_id, id)
     insert into governance.publication (tenant_id, decision_id, matter_code, matter_name, published_at)
     select tenant_id, id, '8.1', 'Enseignement', now() from made`,
    ids,
  )
  const all = await inTenant(db, server.tenant.id, (tx) =>
    listPublished(tx, consortium.agreementId, { before: undefined, limit: 1_000 }),
  )
  const answer = await server.app.inject({
    url: `/api/governance/public/${consortium.slug}/deliberations.csv`,
    payloadAsStream: true,
  })
  const pieces: string[] = []
  for await (const piece of answer.stream()) pieces.push(String(piece))
  expect(pieces.length).toBeGreaterThan(2)
  const numbers = pieces
    .join('')
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((row) => row.split(',')[2])
  expect(numbers).toEqual(all.map(({ number }) => number))
  expect(new Set(numbers).size).toBeGreaterThan(many)
})

test('a contractor reads the decisions of its bodies and those that are public, and no journal', async () => {
  const { headers } = await consortium.seatOf('titulaire', 'cst')
  await decide('Gardée entre membres')
  const { number } = await decide('Rendue publique')
  await call('POST', `decisions/${number}/publication`, matter)
  const titles = (await call('GET', 'decisions', undefined, headers))
    .json()
    .decisions.map(({ title }: { title: string }) => title)
  expect(titles).toContain('Rendue publique')
  expect(titles).not.toContain('Gardée entre membres')
  for (const path of ['journal', 'journal/0/proof', 'journal/consistency?former=1&size=2'])
    expect((await call('GET', path, undefined, headers)).statusCode).toBe(403)
})

test('members read the journal and prove its events; others do not know it is there', async () => {
  const member = await consortium.seatOf('aube', 'cogouv')
  const { entries, checkpoints, key } = (await call('GET', 'journal', undefined, member.headers)).json()
  expect(entries[0].kind).toBe('publication')
  const proof = await call('GET', `journal/${entries.at(-1).seq}/proof`, undefined, member.headers)
  expect(verifyProof(proof.body, parseVerifier(key)!).content).toBe(entries.at(-1).content)
  const sizes = checkpoints.map(({ size }: { size: number }) => size)
  const path = `journal/consistency?former=${sizes.at(-1)}&size=${sizes[0]}`
  expect((await call('GET', path, undefined, member.headers)).statusCode).toBe(200)
  const stranger = await server.signIn(await server.inTenant((tx) => makePerson(tx)))
  expect((await call('GET', 'journal', undefined, stranger)).statusCode).toBe(404)
})

test('check digits of SIRET numbers', () => {
  expect(['73282932000074', '00000000000018'].map(isSiret)).toEqual([true, true])
  expect(['73282932000075', '7328293200007', ''].map(isSiret)).toEqual([false, false, false])
})

test('a decision leads to the version of the agreement that it made, and the others to none', async () => {
  const adopting = await decide('Avenant')
  const source = (await readShippedAgreement('grand-est')).replace('share: 4/5', 'share: 5/6')
  const { version } = await server.inTenant((tx) =>
    createAgreementVersion(tx, { source, reason: 'Avenant', recordedBy: null, decisionId: adopting.id }, new Date()),
  )
  const { decisions } = (await call('GET', 'decisions')).json<{
    decisions: { number: string; adoptedVersion: number | null }[]
  }>()
  expect(decisions.filter(({ adoptedVersion }) => adoptedVersion !== null)).toMatchObject([
    { number: adopting.number, adoptedVersion: version },
  ])
})
