import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { findDefinitions } from './activities.queries.ts'
import { listAttachments } from './attachments.queries.ts'
import { readMoment } from '../model/moments.ts'
import type { Agent, Statement, StatementRef } from '../model/statement.ts'
import { createStatementWriter, type StatementBatch, type StatementWriter } from './statement-writer.ts'
import { openStoring } from './statement-storing.queries.ts'
import { findStatement, listStatements } from './statements.queries.ts'
import { voidedVerb } from '../model/voiding.ts'

let test: TestApp
let writer: StatementWriter
beforeAll(async () => {
  test = await openTestApp()
  writer = createStatementWriter(test.services)
})
afterAll(async () => {
  await writer.close()
  await test.close()
})

const authority: Agent = { objectType: 'Agent', account: { homePage: 'https://ent.example', name: 'moodle' } }
function statement(rest: Partial<Statement> = {}): Statement {
  const actor = { mbox: 'mailto:awa@a.example' }
  return { actor, verb: { id: 'https://v.example/seen' }, object: { id: 'https://a.example/1' }, ...rest }
}
const voiding = (id: string, rest: Partial<Statement> = {}): Statement =>
  statement({ verb: { id: voidedVerb }, object: { objectType: 'StatementRef', id } satisfies StatementRef, ...rest })

function store(statements: Statement[], rest: Partial<StatementBatch> = {}): Promise<string[]> {
  const own = { tenantId: test.tenant.id, credentialId: null, authority, version: '1.0.3' as const, attachments: [] }
  return writer.store({ ...own, statements, ...rest })
}
const find = (id: string, voided = false) =>
  test.inTenant((tx) => findStatement(tx, id, { tenantId: test.tenant.id, voided }))
async function read(id: string): Promise<Statement> {
  const found = await find(id)
  return JSON.parse(found?.body ?? 'null') as Statement
}
const count = async () => {
  const { rows } = await test.services.owner.query<{ count: number }>('select count(*) from records.statement')
  return rows[0]?.count
}

describe('a request', () => {
  it('is answered with its identifiers in order, and can be read at once', async () => {
    const own = randomUUID()
    const [made = '', given = ''] = await store([statement(), statement({ id: own })])
    expect(given).toBe(own)
    const kept = await find(made)
    const body = await read(made)
    expect(body).toMatchObject({ ...statement(), id: made, authority })
    expect(kept?.seq).toBe(readMoment(body.stored ?? ''))
    expect((await read(own)).id).toBe(own)
  })

  it('comes before the ones after it', async () => {
    const ids = (
      await Promise.all(Array.from({ length: 30 }, () => store([statement(), statement(), statement()])))
    ).flat()
    const { statements } = await test.inTenant((tx) =>
      listStatements(tx, { tenantId: test.tenant.id, ascending: true, limit: 1000 }),
    )
    const moments = statements.map(({ seq }) => seq)
    expect(moments).toEqual([...new Set(moments)].toSorted((a, b) => a - b))
    expect(statements.slice(-90).map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  })

  it('with an identifier twice is refused whole', async () => {
    const id = randomUUID()
    const before = await count()
    const twice = [statement({ id }), statement(), statement({ id: id.toUpperCase() })]
    await expect(store(twice)).rejects.toMatchObject({ status: 400, code: 'statement_id_repeated' })
    expect(await count()).toBe(before)
  })

  it('does not reach another tenant', async () => {
    const other = await createTenant(test.services.owner, { slug: 'other', name: 'Autre', host: 'other.example' })
    const id = randomUUID()
    await store([statement({ id })], { tenantId: other.id })
    expect(await find(id)).toBeUndefined()
    await store([statement({ id, object: { id: 'https://a.example/2' } })])
    expect((await read(id)).object).toMatchObject({ id: 'https://a.example/2' })
  })
})

describe('a statement sent again', () => {
  it('is kept once', async () => {
    const id = randomUUID()
    await store([statement({ id })])
    const first = await find(id)
    expect(await store([statement({ id: id.toUpperCase() }), statement()])).toHaveLength(2)
    expect(await find(id)).toEqual(first)
  })

  it('is refused with its whole request when it is another one, and only that request', async () => {
    const id = randomUUID()
    const sibling = randomUUID()
    await store([statement({ id })])
    const other = statement({ id, verb: { id: 'https://v.example/left' } })
    const requests = [
      store([statement()]),
      store([statement({ id: sibling }), other]),
      store([statement({ id })]),
      store([statement()]),
    ]
    const answers = await Promise.allSettled(requests)
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(answers[1]).toMatchObject({ reason: { status: 409, code: 'statement_conflict' } })
    expect(await find(sibling)).toBeUndefined()
    expect((await read(id)).verb).toEqual(statement().verb)
  })

  it('by several requests at once, through several processes, is kept once', async () => {
    const others = [createStatementWriter(test.services), createStatementWriter(test.services)]
    const ids = Array.from({ length: 20 }, () => randomUUID())
    const before = Number(await count())
    const batch = {
      tenantId: test.tenant.id,
      credentialId: null,
      authority,
      version: '1.0.3' as const,
      attachments: [],
    }
    const orders = [ids, ids.toReversed(), ids.toSorted()]
    await Promise.all(
      [writer, ...others].flatMap((each) =>
        orders.map((order) => each.store({ ...batch, statements: order.map((id) => statement({ id })) })),
      ),
    )
    expect(await count()).toBe(before + ids.length)
    await Promise.all(others.map((each) => each.close()))
  })

  it('differently by two requests at once is the first to come', async () => {
    const id = randomUUID()
    const verbs = Array.from({ length: 6 }, (_, i) => `https://v.example/${i}`)
    const answers = await Promise.allSettled(verbs.map((verb) => store([statement({ id, verb: { id: verb } })])))
    const kept = verbs.filter((_, i) => answers[i]?.status === 'fulfilled')
    expect(kept).toEqual([(await read(id)).verb.id])
  })
})

describe('voiding', () => {
  it('hides a statement, not the one that voids it', async () => {
    const [id = ''] = await store([statement()])
    const [by = ''] = await store([voiding(id)])
    expect(await find(id)).toBeUndefined()
    expect(await find(id, true)).toMatchObject({ id })
    expect(await find(by)).toMatchObject({ id: by })
    expect(await find(by, true)).toBeUndefined()
  })

  it('works before what it voids has come, and for both in one request', async () => {
    const id = randomUUID()
    await store([voiding(id)])
    await store([statement({ id })])
    expect(await find(id)).toBeUndefined()
    const other = randomUUID()
    await store([statement({ id: other }), voiding(other)])
    expect(await find(other)).toBeUndefined()
  })

  it('of a voiding statement is refused, whatever order they come in', async () => {
    const [id = ''] = await store([statement()])
    const [by = ''] = await store([voiding(id)])
    await expect(store([voiding(by)])).rejects.toMatchObject({ status: 400, code: 'statement_not_voidable' })
    const later = randomUUID()
    await expect(store([voiding(later), voiding(randomUUID(), { id: later })])).rejects.toMatchObject({ status: 400 })
    // Nobody could tell: it then voids nothing.
    await store([voiding(later)])
    await store([voiding(id, { id: later })])
    expect(await find(later)).toMatchObject({ id: later })
  })
})

it('a statement that voids is not voided by one that another process stores at the same time', async () => {
  const other = createStatementWriter(test.services)
  const batch = { tenantId: test.tenant.id, credentialId: null, authority, version: '1.0.3' as const, attachments: [] }
  for (let round = 0; round < 10; round++) {
    const [id = ''] = await store([statement()])
    const by = randomUUID()
    await Promise.allSettled([store([voiding(id, { id: by })]), other.store({ ...batch, statements: [voiding(by)] })])
    expect(await find(by)).toMatchObject({ id: by })
    expect(await find(id)).toBeUndefined()
  }
  await other.close()
})

describe('definitions', () => {
  const iri = () => `https://a.example/${randomUUID()}`
  const known = async (id: string) => {
    const found = await test.inTenant((tx) => findDefinitions(tx, test.tenant.id, [id]))
    return found.get(id)
  }
  const name = (text: string) => ({ name: { fr: text } })

  it('are merged from wherever a statement tells them', async () => {
    const [one, two, three] = [iri(), iri(), iri()]
    const sub = {
      objectType: 'SubStatement' as const,
      actor: statement().actor,
      verb: statement().verb,
      object: { id: three, definition: name('Trois') },
    }
    await Promise.all([
      store([statement({ object: { id: one, definition: name('Un') } })]),
      store([statement({ context: { contextActivities: { parent: [{ id: two, definition: name('Deux') }] } } })]),
      store([statement({ object: sub })]),
    ])
    expect(await known(one)).toMatchObject(name('Un'))
    expect(await known(two)).toMatchObject(name('Deux'))
    expect(await known(three)).toMatchObject(name('Trois'))
  })

  it('change when something new is told, back and forth', async () => {
    const id = iri()
    for (const text of ['A', 'A', 'B', 'A']) {
      await store([statement({ object: { id, definition: name(text) } })])
      expect(await known(id)).toMatchObject(name(text))
    }
  })

  it('stay as they are when what is told would make them longer than a million characters', async () => {
    const [id, other] = [iri(), iri()]
    const extensions = (key: string) => ({ extensions: { [`https://e.example/${key}`]: 'x'.repeat(600_000) } })
    for (const key of ['a', 'b']) await store([statement({ object: { id, definition: extensions(key) } })])
    expect(await known(id)).toEqual(extensions('a'))
    await store([statement({ object: { id, definition: name('Court') } })])
    expect(await known(id)).toEqual({ ...name('Court'), ...extensions('a') })
    await store([statement({ object: { id: other, definition: name('x'.repeat(1_000_001)) } })])
    expect(await known(other)).toBeUndefined()
  })

  it('told to several processes at once keep what each was told', async () => {
    const id = iri()
    const others = [createStatementWriter(test.services), createStatementWriter(test.services)]
    const batch = {
      tenantId: test.tenant.id,
      credentialId: null,
      authority,
      version: '1.0.3' as const,
      attachments: [],
    }
    const tell = (each: StatementWriter, language: string) =>
      each.store({ ...batch, statements: [statement({ object: { id, definition: { name: { [language]: 'x' } } } })] })
    await Promise.all([writer, ...others].map((each, i) => tell(each, ['fr', 'en', 'br'][i] ?? '')))
    expect(await known(id)).toEqual({ name: { fr: 'x', en: 'x', br: 'x' } })
    await Promise.all(others.map((each) => each.close()))
  })

  it('stay as they are when the credential may not define', async () => {
    const id = iri()
    await store([statement({ object: { id, definition: name('Un') } })], { defines: false })
    expect(await known(id)).toBeUndefined()
  })

  it('may hold whatever JSON allows', async () => {
    const id = iri()
    await store([statement({ object: { id, definition: name('a\0b\ud800') } })])
    expect(await known(id)).toMatchObject(name('a\0b\ud800'))
  })
})

it('contents of attachments are kept once', async () => {
  const content = Buffer.from('une copie')
  const sha2 = createHash('sha256').update(content).digest('hex')
  const attachments = [{ sha2, contentType: 'text/plain', content }]
  await Promise.all([1, 2, 3].map(() => store([statement()], { attachments })))
  await store([statement()], { attachments: [{ sha2: sha2.toUpperCase(), contentType: 'text/html', content }] })
  expect(await test.inTenant((tx) => listAttachments(tx, [sha2, sha2.toUpperCase(), 'absent']))).toEqual(attachments)
})

describe('what is consistent', () => {
  it('holds back while something is being stored, in whatever process', async () => {
    let opened = 0
    let finish: (() => void) | undefined
    const storing = test.inTenant(async (tx) => {
      opened = await openStoring(tx)
      await new Promise<void>((resolve) => (finish = resolve))
    })
    while (finish === undefined) await wait(5)
    await wait(60)
    expect((await writer.consistentThrough(test.tenant.id)).getTime()).toBeLessThan(opened / 1000)
    finish()
    await storing
    await wait(60)
    expect((await writer.consistentThrough(test.tenant.id)).getTime()).toBeGreaterThan(opened / 1000)
  })

  it('is never said of a time at which something appears later', async () => {
    let going = true
    const seen: { through: number; latest: number }[] = []
    const work = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (going) await store([statement(), statement()])
      }),
    )
    const latest = async (through: number) => {
      const { rows } = await test.services.owner.query<{ count: number }>(
        'select count(*) from records.statement where seq <= $1',
        [through * 1000],
      )
      return rows[0]?.count ?? 0
    }
    for (let i = 0; i < 20; i++) {
      const through = (await writer.consistentThrough(test.tenant.id)).getTime()
      seen.push({ through, latest: await latest(through) })
      await wait(10)
    }
    going = false
    await work
    for (const each of seen) expect(await latest(each.through)).toBe(each.latest)
    expect(new Set(seen.map(({ latest }) => latest)).size).toBeGreaterThan(3)
  })
})

it('a row the base cannot take fails its own request only', async () => {
  const wrong = { ...statement(), context: { registration: 'not-a-uuid' } }
  const answers = await Promise.allSettled([store([statement()]), store([wrong]), store([statement()])])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

it('beyond what may wait, sources are asked to come back', async () => {
  const small = createStatementWriter(test.services, 10)
  const batch = { tenantId: test.tenant.id, credentialId: null, authority, version: '1.0.3' as const, attachments: [] }
  const statements = Array.from({ length: 6 }, () => statement())
  const answers = await Promise.allSettled([1, 2, 3, 4].map(() => small.store({ ...batch, statements })))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
  expect(answers[3]).toMatchObject({ reason: { status: 503, code: 'store_busy' } })
  expect(await small.store({ ...batch, statements })).toHaveLength(6)
  await small.close()
})

it('a writer being closed ends what it has begun, and begins nothing', async () => {
  const other = createStatementWriter(test.services)
  const batch = { tenantId: test.tenant.id, credentialId: null, authority, version: '1.0.3' as const, attachments: [] }
  const stored = Array.from({ length: 5 }, () => other.store({ ...batch, statements: [statement()] }))
  await wait(0)
  await other.close()
  expect((await Promise.all(stored)).flat()).toHaveLength(5)
  await expect(other.store({ ...batch, statements: [statement()] })).rejects.toMatchObject({ status: 503 })
})
