import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'

let server: TestApp
let consortium: Consortium
let vosges: Seat
let marne: Seat
let academy: Seat
let contractor: Seat
beforeAll(async () => {
  server = await openTestApp()
  consortium = await makeConsortium(server)
  vosges = await consortium.seatOf('vosges', 'ag')
  marne = await consortium.seatOf('marne', 'ag')
  academy = await consortium.seatOf('academie-reims', 'costrat')
  contractor = await consortium.seatOf('titulaire', 'cotec')
})
afterAll(() => server.close())

type Headers = Seat['headers']

async function call(method: 'GET' | 'POST' | 'DELETE', path: string, headers: Headers, payload?: object) {
  const url = `/api/governance/agreements/${consortium.slug}/${path}`
  const answer = await server.app.inject({ method, url, headers, ...(payload && { payload }) })
  return { status: answer.statusCode, json: answer.body === '' ? {} : answer.json() }
}

const ask = (headers: Headers, party: string, title = 'Contrat du titulaire', requestKey: string = randomUUID()) =>
  call('POST', 'document-requests', headers, { requestKey, party, kind: 'administrative', title })

const upload = (request: string, name: string, headers = consortium.manager.headers) =>
  server.app.inject({
    method: 'POST',
    url: `/api/governance/agreements/${consortium.slug}/document-requests/${request}/files`,
    headers: { ...headers, 'content-type': 'multipart/form-data; boundary=limit' },
    payload: `--limit\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\n\r\n%PDF\r\n--limit--\r\n`,
  })

const answer = (id: string, outcome: string, headers = consortium.manager.headers) =>
  call('POST', `document-requests/${id}/answer`, headers, { outcome, text: 'Voici.' })

const download = (id: string, headers: Headers) =>
  server.app.inject({ url: `/api/governance/agreements/${consortium.slug}/documents/${id}`, headers })

test('what one member was given, every member reads, and nobody else', async () => {
  const { json: made, status } = await ask(vosges.headers, 'vosges')
  expect([status, made.number]).toEqual([201, 1])
  const file = (await upload(made.id, 'contrat.pdf')).json<{ id: string }>()

  // Not before the answer is sent.
  const waiting = (await call('GET', 'document-requests', vosges.headers)).json
  expect(waiting).toMatchObject({ manages: false, asksFor: ['vosges'], more: false })
  expect(waiting.requests[0]).toMatchObject({ number: 1, outcome: null, files: [] })
  expect((await download(file.id, vosges.headers)).statusCode).toBe(404)

  expect((await answer(made.id, 'given')).status).toBe(204)
  for (const { headers } of [vosges, marne]) {
    const { requests } = (await call('GET', 'document-requests', headers)).json
    expect(requests[0]).toMatchObject({ outcome: 'given', answer: 'Voici.', files: [{ name: 'contrat.pdf', size: 4 }] })
    const read = await download(file.id, headers)
    expect([read.statusCode, read.body]).toEqual([200, '%PDF'])
  }
  for (const { headers } of [academy, contractor]) {
    expect((await call('GET', 'document-requests', headers)).json.code).toBe('documents_of_members')
    expect((await download(file.id, headers)).statusCode).toBe(403)
  }
})

test('a request is made by who sits for the member, and answered once by who manages', async () => {
  expect((await ask(vosges.headers, 'marne')).json.code).toBe('seat_of_party_required')
  expect((await ask(academy.headers, 'academie-reims')).json.code).toBe('seat_of_party_required')
  expect((await ask(consortium.manager.headers, 'vosges')).json.code).toBe('seat_of_party_required')

  const { id } = (await ask(marne.headers, 'marne', 'Comptes 2024')).json
  expect((await upload(id, 'a.pdf', marne.headers)).statusCode).toBe(403)
  expect((await answer(id, 'notHeld', marne.headers)).status).toBe(403)
  expect((await answer(id, 'given')).json.code).toBe('document_missing')
  const { id: file } = (await upload(id, 'a.pdf')).json<{ id: string }>()
  expect((await upload(id, 'a.pdf')).json<{ code: string }>().code).toBe('document_twice')
  expect((await upload(id, 'a.html')).json<{ code: string }>().code).toBe('paper_kind')
  expect((await answer(id, 'notHeld')).json.code).toBe('document_not_held')
  expect((await call('DELETE', `document-requests/${id}/files/${file}`, consortium.manager.headers)).status).toBe(204)
  const both = await Promise.all([answer(id, 'notHeld'), answer(id, 'notHeld')])
  expect(both.map(({ status }) => status).toSorted()).toEqual([204, 409])
  expect((await upload(id, 'b.pdf')).json<{ code: string }>().code).toBe('document_request_answered')
  expect((await answer(randomUUID(), 'notHeld')).json.code).toBe('document_request_not_found')
})

test('a request is taken back by its member alone, until it is answered', async () => {
  const { id } = (await ask(vosges.headers, 'vosges', 'Plan de charge')).json
  const withdraw = (headers: Headers) => call('POST', `document-requests/${id}/withdrawal`, headers)
  expect((await withdraw(marne.headers)).json.code).toBe('seat_of_party_required')
  expect((await withdraw(consortium.manager.headers)).json.code).toBe('seat_of_party_required')
  expect((await withdraw(vosges.headers)).status).toBe(204)
  expect((await withdraw(vosges.headers)).json.code).toBe('document_request_answered')
  expect((await answer(id, 'notHeld')).json.code).toBe('document_request_answered')
})

test('a request that is sent again is made once', async () => {
  const key = randomUUID()
  const made = await Promise.all([1, 2].map(() => ask(marne.headers, 'marne', 'Relevés', key)))
  expect(made.map(({ status }) => status)).toEqual([201, 201])
  expect(made[1]!.json).toEqual(made[0]!.json)
  expect((await ask(marne.headers, 'marne', 'Autres relevés', key)).json.code).toBe('request_key_reused')
})

test('requests made at once each have a number of their own, and no member asks without end', async () => {
  const made = await Promise.all(Array.from({ length: 49 }, (_, at) => ask(vosges.headers, 'vosges', `Pièce ${at}`)))
  const numbers = made.map(({ json }) => json.number as number).toSorted((a, b) => a - b)
  expect(new Set(numbers).size).toBe(49)
  expect((await ask(vosges.headers, 'vosges')).status).toBe(201)
  expect((await ask(vosges.headers, 'vosges')).json.code).toBe('document_requests_waiting')
  const { requests, more } = (await call('GET', 'document-requests', marne.headers)).json
  expect([requests.length, more]).toEqual([50, true])
  const last = requests.at(-1).number
  const rest = (await call('GET', `document-requests?below=${last}`, marne.headers)).json
  expect([rest.requests[0].number, rest.more]).toEqual([last - 1, false])
})
