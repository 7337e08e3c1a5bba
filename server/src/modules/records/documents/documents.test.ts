import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTenant } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { deleteDocument, findDocument, mergeDocument, type Preconditions, putDocument } from './documents.ts'
import { deleteDocuments, type DocumentPlace, listDocumentNames } from './documents.queries.ts'

let test: TestApp
beforeAll(async () => {
  test = await openTestApp()
})
afterAll(() => test.close())

const day = (n: number) => new Date(`2026-11-0${n}T08:00:00Z`)
const agent = () => ({ account: { homePage: 'https://lms.example', name: randomUUID() } })
const json = (value: unknown) => ({ contentType: 'application/json', content: Buffer.from(JSON.stringify(value)) })
const makeState = (): DocumentPlace => ({ kind: 'state', activityId: 'https://a.example/1', agent: agent() })

const put = (place: DocumentPlace, name: string, sent = json({}), preconditions: Preconditions = {}, now = day(1)) =>
  test.inTenant((tx) => putDocument(tx, test.tenant.id, place, name, sent, preconditions, now))
const merge = (place: DocumentPlace, name: string, sent = json({}), preconditions: Preconditions = {}, now = day(1)) =>
  test.inTenant((tx) => mergeDocument(tx, test.tenant.id, place, name, sent, preconditions, now))
const remove = (place: DocumentPlace, name: string, preconditions: Preconditions = {}) =>
  test.inTenant((tx) => deleteDocument(tx, test.tenant.id, place, name, preconditions))
const find = (place: DocumentPlace, name: string) =>
  test.inTenant((tx) => findDocument(tx, test.tenant.id, place, name))
const text = async (place: DocumentPlace, name: string) => (await find(place, name))?.content.toString()
const list = (place: DocumentPlace, since?: Date) =>
  test.inTenant((tx) => listDocumentNames(tx, test.tenant.id, place, since))

describe('a document', () => {
  it('comes back byte for byte, with its type, its day and the SHA-1 of its bytes', async () => {
    const content = Buffer.from([0, 255, 13, 10, 128])
    const place = makeState()
    await put(place, 'marque-page', { contentType: 'image/png', content }, {}, day(2))
    expect(await find(place, 'marque-page')).toEqual({
      contentType: 'image/png',
      content,
      etag: createHash('sha1').update(content).digest('hex'),
      updatedAt: day(2),
    })
  })

  it('is of its place only', async () => {
    const who = agent()
    const registration = randomUUID()
    const places: DocumentPlace[] = [
      { kind: 'state', activityId: 'https://a.example/1', agent: who },
      { kind: 'state', activityId: 'https://a.example/2', agent: who },
      { kind: 'state', activityId: 'https://a.example/1', agent: agent() },
      { kind: 'state', activityId: 'https://a.example/1', agent: who, registration },
      { kind: 'agent_profile', agent: who },
      { kind: 'activity_profile', activityId: `https://a.example/${randomUUID()}` },
    ]
    for (const [i, place] of places.entries()) await put(place, 'x', json({ i }))
    for (const [i, place] of places.entries()) expect(await text(place, 'x')).toBe(`{"i":${i}}`)
    await remove(places[0]!, 'x')
    expect(await text(places[0]!, 'x')).toBeUndefined()
    for (const place of places.slice(1)) expect(await text(place, 'x')).toBeDefined()
  })

  it('is of its tenant only', async () => {
    const place: DocumentPlace = { kind: 'activity_profile', activityId: 'https://a.example/of-one' }
    await put(place, 'x')
    const { id } = await createTenant(test.services.owner, { slug: 'other', name: 'Autre', host: 'other.example' })
    expect(await inTenant(test.services.db, id, (tx) => findDocument(tx, id, place, 'x'))).toBeUndefined()
  })
})

describe('preconditions', () => {
  const right = createHash('sha1').update('{}').digest('hex')
  it.for<[string, Preconditions, boolean, number | 'done']>([
    ['none', {}, true, 'done'],
    ['none where needed', { needed: 'to_replace' }, true, 409],
    ['none where needed, nothing there', { needed: 'to_replace' }, false, 'done'],
    ['none where always needed', { needed: 'always' }, true, 409],
    ['none where always needed, nothing there', { needed: 'always' }, false, 400],
    ['the right tag', { needed: 'to_replace', ifMatch: `"${right}"` }, true, 'done'],
    ['the right tag, made weak on its way', { ifMatch: `W/"${right}"` }, true, 'done'],
    ['the right tag among others', { ifMatch: `"abc", "${right}"` }, true, 'done'],
    ['a wrong tag', { ifMatch: '"abc"' }, true, 412],
    ['a tag, nothing there', { ifMatch: `"${right}"` }, false, 412],
    ['any tag, nothing there', { ifMatch: '*' }, false, 412],
    ['any tag', { ifMatch: '*' }, true, 'done'],
    ['nothing may be there', { ifNoneMatch: '*' }, true, 412],
    ['nothing may be there, nothing there', { ifNoneMatch: '*', needed: 'to_replace' }, false, 'done'],
    ['not that tag', { ifNoneMatch: `"${right}"` }, true, 412],
    ['not another tag', { ifNoneMatch: '"abc"' }, true, 'done'],
  ])('%s', async ([, preconditions, there, expected]) => {
    const place = makeState()
    if (there) await put(place, 'x')
    const change = put(place, 'x', json({ changed: 1 }), preconditions)
    if (expected === 'done') await change
    else await expect(change).rejects.toMatchObject({ status: expected })
    const kept = expected === 'done' ? '{"changed":1}' : there ? '{}' : undefined
    expect(await text(place, 'x')).toBe(kept)
  })

  it('hold for merging and deleting too', async () => {
    const place = makeState()
    await put(place, 'x')
    await expect(merge(place, 'x', json({ a: 1 }), { ifMatch: '"no"' })).rejects.toMatchObject({ status: 412 })
    await expect(remove(place, 'x', { ifMatch: '"no"' })).rejects.toMatchObject({ status: 412 })
    expect(await text(place, 'x')).toBe('{}')
    await remove(place, 'x', { ifMatch: `"${right}"` })
    expect(await text(place, 'x')).toBeUndefined()
  })

  it('let one of several at once create it', async () => {
    const place = makeState()
    const tries = Array.from({ length: 8 }, (_, i) => put(place, 'x', json({ i }), { ifNoneMatch: '*' }))
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('let one of several at once replace what all have read', async () => {
    const place = makeState()
    await put(place, 'x')
    const tries = Array.from({ length: 8 }, (_, i) => put(place, 'x', json({ i }), { ifMatch: `"${right}"` }))
    const outcomes = await Promise.allSettled(tries)
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await text(place, 'x')).toBe(`{"i":${winner}}`)
  })
})

describe('merging', () => {
  it('sets properties one level deep, and keeps long numbers as they came', async () => {
    const place = makeState()
    await put(place, 'x', json({ a: { kept: false }, b: 1, __proto: 0 }))
    const content = Buffer.from('{"a":{"new":true},"c":12345678901234567890,"__proto__":{"d":1}}')
    await merge(place, 'x', { contentType: 'application/json; charset=utf-8', content })
    expect(await text(place, 'x')).toBe(
      '{"a":{"new":true},"b":1,"__proto":0,"c":12345678901234567890,"__proto__":{"d":1}}',
    )
  })

  it('loses none of several at once', async () => {
    const place = makeState()
    await Promise.all(Array.from({ length: 10 }, (_, i) => merge(place, 'x', json({ [`p${i}`]: i }))))
    expect(Object.keys(JSON.parse((await text(place, 'x'))!) as object)).toHaveLength(10)
  })

  it('keeps anything where nothing is', async () => {
    const place = makeState()
    await merge(place, 'x', { contentType: 'text/plain', content: Buffer.from('oui') })
    expect(await text(place, 'x')).toBe('oui')
  })

  it.for([
    ['application/json', '{}', 'text/plain', '{}'],
    ['text/plain', '{}', 'application/json', '{}'],
    ['application/json', '[]', 'application/json', '{}'],
    ['application/json', '{}', 'application/json', '[]'],
    ['application/json', '{}', 'application/json', '{"a":1'],
    ['application/json', '{}', 'application/json', '12345678901234567890'],
    ['application/json', '{}', 'application/jsonp', '{}'],
  ])('is refused of %s %s and %s %s', async ([keptType = '', kept = '', type = '', sent = '']) => {
    const place = makeState()
    await put(place, 'x', { contentType: keptType, content: Buffer.from(kept) })
    const merging = merge(place, 'x', { contentType: type, content: Buffer.from(sent) })
    await expect(merging).rejects.toMatchObject({ status: 400, code: 'document_not_mergeable' })
    expect(await text(place, 'x')).toBe(kept)
  })

  it('refuses broken JSON even where nothing is', async () => {
    const place = makeState()
    const broken = { contentType: 'application/json', content: Buffer.from('{') }
    await expect(merge(place, 'x', broken)).rejects.toMatchObject({ status: 400 })
    expect(await find(place, 'x')).toBeUndefined()
  })
})

describe('several documents', () => {
  it('are listed by name, all of them or those that changed since', async () => {
    const place = makeState()
    await put(place, 'b', json({}), {}, day(3))
    await put(place, 'a', json({}), {}, day(1))
    expect(await list(place)).toEqual({ names: ['a', 'b'], updatedAt: day(3) })
    expect(await list(place, day(1))).toEqual({ names: ['b'], updatedAt: day(3) })
    expect(await list(place, day(3))).toEqual({ names: [], updatedAt: null })
  })

  it('of a state are of any registration unless one is named', async () => {
    const who = agent()
    const base = { kind: 'state', activityId: 'https://a.example/r', agent: who } as const
    const registration = randomUUID()
    await put(base, 'of none')
    await put({ ...base, registration }, 'of one')
    await put({ ...base, registration: randomUUID() }, 'of another')
    expect((await list(base)).names).toEqual(['of another', 'of none', 'of one'])
    expect((await list({ ...base, registration: registration.toUpperCase() })).names).toEqual(['of one'])
    await test.inTenant((tx) => deleteDocuments(tx, test.tenant.id, { ...base, registration }))
    expect((await list(base)).names).toEqual(['of another', 'of none'])
    await test.inTenant((tx) => deleteDocuments(tx, test.tenant.id, base))
    expect((await list(base)).names).toEqual([])
  })
})
