import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { readMoment, writeMoment } from '../model/moments.ts'
import type { Agent, Context, Group, Statement, SubStatement } from '../model/statement.ts'
import { createStatementWriter, type StatementWriter } from './statement-writer.ts'
import { listStatements, type StatementFilter } from './statements.queries.ts'
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

const authority: Agent = { mbox: 'mailto:moodle@a.example' }
const store = (statements: Statement[], by = authority) =>
  writer.store({
    tenantId: test.tenant.id,
    credentialId: null,
    authority: by,
    version: '1.0.3',
    statements,
    attachments: [],
  })
const list = (filter: Partial<StatementFilter>) =>
  test.inTenant((tx) => listStatements(tx, { tenantId: test.tenant.id, limit: 100, ...filter }))

// A small world, so that filters meet what they look for: the same few agents, verbs and activities everywhere.
const mailbox = (name: string): Agent => ({ mbox: `mailto:${name}@a.example` })
const agents = ['awa', 'ben', 'chloe'].map(mailbox)
const registrations = [randomUUID(), randomUUID()]
const agent = fc.constantFrom(...agents)
const verb = fc.constantFrom('https://v.example/saw', 'https://v.example/did').map((id) => ({ id }))
const activity = fc.constantFrom('https://a.example/1', 'https://a.example/2').map((id) => ({ id }))
const group = fc.record({
  objectType: fc.constant('Group' as const),
  member: fc.array(agent, { minLength: 1, maxLength: 2 }),
})
const actor = fc.oneof({ weight: 3, arbitrary: agent }, group)
const context: fc.Arbitrary<Context> = fc.record(
  {
    registration: fc.constantFrom(...registrations),
    instructor: agent,
    contextActivities: fc.record({ parent: fc.array(activity, { minLength: 1, maxLength: 1 }) }),
  },
  { requiredKeys: [] },
)
const object = fc.oneof(
  { weight: 4, arbitrary: activity },
  agent.map((each) => ({ ...each, objectType: 'Agent' as const })),
  fc.record({ objectType: fc.constant('SubStatement' as const), actor, verb, object: activity, context }),
)
const told = fc.record({ actor, verb, object, context })
// What each refers to, as a place in the list: sometimes itself, sometimes one that comes later.
const world = fc.array(fc.record({ told, refersTo: fc.option(fc.nat(29), { freq: 2 }), voids: fc.boolean() }), {
  minLength: 30,
  maxLength: 30,
})
const filter = fc.record(
  {
    agent: fc.oneof({ weight: 5, arbitrary: agent }, fc.constant(authority)),
    relatedAgents: fc.boolean(),
    verb: fc.oneof(
      verb.map(({ id }) => id),
      fc.constant(voidedVerb),
    ),
    activity: activity.map(({ id }) => id),
    relatedActivities: fc.boolean(),
    registration: fc.constantFrom(...registrations),
    sinceAt: fc.nat(29),
    untilAt: fc.nat(29),
    ascending: fc.boolean(),
  },
  { requiredKeys: [] },
)

type Asked = Omit<Partial<StatementFilter>, 'limit'>

/** What the specification says of one statement, whatever it refers to. */
function meets(statement: Statement, asked: Asked): boolean {
  const { actor: whom, object: what } = statement
  const same = (one: unknown) => (one as Agent | undefined)?.mbox === asked.agent?.mbox
  const isOrHas = (one: Agent | Group | undefined) =>
    same(one) || (one as Group | undefined)?.member?.some(same) === true
  const parts: (Statement | SubStatement)[] = [statement]
  if (what.objectType === 'SubStatement') parts.push(what)
  if (asked.agent !== undefined) {
    const own = isOrHas(whom) || isOrHas(what as Agent)
    const anywhere =
      same(authority) ||
      parts.some((part) => isOrHas(part.actor) || isOrHas(part.object as Agent) || isOrHas(part.context?.instructor))
    if (!(own || (asked.relatedAgents && anywhere))) return false
  }
  if (asked.verb !== undefined && statement.verb.id !== asked.verb) return false
  if (asked.registration !== undefined && statement.context?.registration !== asked.registration) return false
  if (asked.activity !== undefined) {
    const isIt = (one: unknown) => (one as { id?: string }).id === asked.activity
    const anywhere = parts.some(
      (part) => isIt(part.object) || [part.context?.contextActivities?.parent ?? []].flat().some(isIt),
    )
    if (!(isIt(what) || (asked.relatedActivities && anywhere))) return false
  }
  return true
}

const targetOf = ({ object: what }: Statement) => (what.objectType === 'StatementRef' ? what.id : undefined)
const isVoiding = (statement: Statement) => statement.verb.id === voidedVerb

/** What the specification says of a list, the slow way. */
function expectList(all: Statement[], asked: Asked): string[] {
  const byId = new Map(all.map((each) => [each.id, each]))
  const isVoided = (one: Statement) =>
    !isVoiding(one) && all.some((each) => isVoiding(each) && targetOf(each) === one.id)
  const meetsByReference = (one: Statement | undefined, seen = new Set<Statement>()): boolean => {
    if (one === undefined || seen.has(one)) return false
    return meets(one, asked) || meetsByReference(byId.get(targetOf(one)), seen.add(one))
  }
  const found = all.filter((each) => {
    const moment = readMoment(each.stored ?? '')
    if (asked.since !== undefined && moment <= readMoment(asked.since)) return false
    if (asked.until !== undefined && moment > readMoment(asked.until)) return false
    return !isVoided(each) && meetsByReference(each)
  })
  const ids = found.map(({ id = '' }) => id)
  return asked.ascending ? ids : ids.toReversed()
}

it('a list is what the specification says, for any statements, filter and page size', async () => {
  await fc.assert(
    fc.asyncProperty(
      world,
      fc.array(filter, { minLength: 12, maxLength: 12 }),
      fc.integer({ min: 1, max: 9 }),
      async (given, filters, limit) => {
        await test.services.owner.query(
          'truncate records.statement, records.mention, records.reference, records.voiding',
        )
        const ids = given.map(() => randomUUID())
        const sent = given.map((each, at): Statement => {
          const id = ids[at] ?? ''
          const target = each.refersTo === null ? undefined : ids[each.refersTo]
          if (target === undefined) return { id, ...each.told }
          const wording = each.voids ? { id: voidedVerb } : each.told.verb
          return { id, ...each.told, verb: wording, object: { objectType: 'StatementRef', id: target } }
        })
        const refused = new Set<string>()
        for (const each of sent) await store([each]).catch(() => refused.add(each.id ?? ''))
        expect(sent.filter((each) => refused.has(each.id ?? '')).every(isVoiding)).toBe(true)

        const everything = await test.services.owner.query<{ body: string }>(
          'select body from records.statement order by seq',
        )
        const all = everything.rows.map(({ body }) => JSON.parse(body) as Statement)
        expect(all).toHaveLength(given.length - refused.size)
        const momentAt = (at: number | undefined) => (at === undefined ? undefined : all[at % all.length]?.stored)
        for (const { sinceAt, untilAt, ...rest } of filters) {
          const asked: Asked = { ...rest, since: momentAt(sinceAt), until: momentAt(untilAt) }
          const found: string[] = []
          let cursor: string | undefined
          do {
            const page = await list({ ...asked, limit, cursor })
            expect(page.statements.length).toBeLessThanOrEqual(limit)
            found.push(...page.statements.map(({ id }) => id))
            cursor = page.next
          } while (cursor !== undefined)
          expect(found, JSON.stringify(asked)).toEqual(expectList(all, asked))
        }
      },
    ),
    { numRuns: 12 },
  )
}, 120_000)

describe('a list', () => {
  it('of one authority holds what it vouches for, nothing else', async () => {
    const one: Statement = {
      actor: agents[0]!,
      verb: { id: 'https://v.example/saw' },
      object: { id: 'https://a.example/9' },
    }
    const [own = ''] = await store([one], agents[1])
    await store([one], agents[2])
    const { statements } = await list({ authority: agents[1], activity: 'https://a.example/9' })
    expect(statements.map(({ id }) => id)).toEqual([own])
  })

  it('follows references that several processes stored at once, whatever came first', async () => {
    const writers = Array.from({ length: 4 }, () => createStatementWriter(test.services))
    for (let round = 0; round < 5; round++) {
      const told: Statement = {
        actor: agents[0]!,
        verb: { id: 'https://v.example/saw' },
        object: { id: `https://a.example/chain/${round}` },
      }
      const ids = Array.from({ length: 12 }, () => randomUUID())
      const chain = ids.map((id, at): Statement => {
        const target = ids[at - 1]
        return target === undefined
          ? { ...told, id }
          : { ...told, id, object: { objectType: 'StatementRef', id: target } }
      })
      const own = {
        tenantId: test.tenant.id,
        credentialId: null,
        authority,
        version: '1.0.3' as const,
        attachments: [],
      }
      await Promise.all(chain.map((each, at) => writers[at % writers.length]!.store({ ...own, statements: [each] })))
      const { statements } = await list({ activity: `https://a.example/chain/${round}` })
      expect(statements.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    }
    await Promise.all(writers.map((each) => each.close()))
  })

  it('of an anonymous group is empty: nobody can tell whether two are the same', async () => {
    const anonymous: Group = { objectType: 'Group', member: [agents[0]!] }
    await store([{ actor: anonymous, verb: { id: 'https://v.example/saw' }, object: { id: 'https://a.example/9' } }])
    expect(await list({ agent: anonymous })).toEqual({ statements: [], next: undefined })
  })

  it('refuses a cursor it did not write', async () => {
    for (const cursor of ['', 'é', '-1', '1'.repeat(40)]) {
      await expect(list({ cursor })).rejects.toMatchObject({ status: 400, code: 'cursor_invalid' })
    }
  })
})

it.each([
  ['2026-11-22T10:00:00.123456Z', 1_795_341_600_123_456],
  ['2026-11-22T11:00:00.1234567+01:00', 1_795_341_600_123_456],
  ['2026-11-22T10:00:00Z', 1_795_341_600_000_000],
  ['1970-01-01T00:00:00.000001Z', 1],
])('%s is %d microseconds', (timestamp, moment) => {
  expect(readMoment(timestamp)).toBe(moment)
  expect(readMoment(writeMoment(moment))).toBe(moment)
})
