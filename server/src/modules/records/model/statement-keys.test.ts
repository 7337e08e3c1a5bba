import { describe, expect, it, test } from 'vitest'
import { makeLongTexts, measureKept } from '../../../../test/kept-memory.ts'
import { identifyAgent } from './agents.ts'
import type { Agent, Group, Statement } from './statement.ts'
import { keyOf, keysOf } from './statement-keys.ts'

const tenant = '0192aaaa-0000-7000-8000-000000000001'
const ana: Agent = { account: { homePage: 'https://lms.example', name: 'ana' } }
const bob: Agent = { mbox: 'mailto:bob@lycee.example' }
const verb = { id: 'http://adlnet.gov/expapi/verbs/attended' }
const lesson = { id: 'https://lms.example/lesson/1' }
const agentKey = (agent: Agent | Group) => keyOf(tenant, 'agent', identifyAgent(agent)!)
const memberKey = (agent: Agent) => keyOf(tenant, 'member', identifyAgent(agent)!)
const activityKey = (iri: string) => keyOf(tenant, 'activity', iri)

describe('identity of an agent', () => {
  it.each<[Agent | Group, string | undefined]>([
    [ana, 'account|https://lms.example|ana'],
    [{ objectType: 'Agent', name: 'Ana', ...ana }, 'account|https://lms.example|ana'],
    [bob, 'mbox|mailto:bob@lycee.example'],
    [
      { mbox_sha1sum: 'EBD31E95054C018B10727CCFFD2EF2EC3A016EE9' },
      'mbox_sha1sum|ebd31e95054c018b10727ccffd2ef2ec3a016ee9',
    ],
    [{ openid: 'https://id.example/ana' }, 'openid|https://id.example/ana'],
    [{ objectType: 'Group', member: [ana] }, undefined],
    [{ objectType: 'Group', mbox: 'mailto:class@lycee.example', member: [ana] }, 'mbox|mailto:class@lycee.example'],
  ])('%j is %s', (agent, identity) => {
    expect(identifyAgent(agent)).toBe(identity)
  })
})

describe('keys', () => {
  it('of values as long as requests may be are not remembered: a few would fill the memory', () => {
    const kept = measureKept(() => makeLongTexts(50).forEach((text) => keyOf(tenant, 'verb', text)))
    expect(kept).toBeLessThan(10_000_000)
  })

  it('differ by tenant, kind and value, and fit a bigint', () => {
    const keys = [
      keyOf(tenant, 'agent', 'a'),
      keyOf(tenant, 'member', 'a'),
      keyOf(tenant, 'verb', 'a'),
      keyOf(tenant, 'activity', 'a'),
      keyOf(tenant, 'activity', 'b'),
      keyOf('0192aaaa-0000-7000-8000-000000000002', 'activity', 'b'),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(BigInt.asIntN(64, BigInt(key)).toString()).toBe(key)
  })

  it('stay the same whatever was asked between, since they are stored', () => {
    const first = keyOf(tenant, 'verb', verb.id)
    for (let index = 0; index < 50_000; index++) keyOf(tenant, 'verb', `https://verbs.example/${index}`)
    expect(keyOf(tenant, 'verb', verb.id)).toBe(first)
    expect(first).toBe('-7284430466506323353')
  })
})

describe('keys of a statement', () => {
  it('are those of its parts', () => {
    const statement: Statement = {
      actor: ana,
      verb,
      object: lesson,
      context: {
        registration: 'EC531277-B57B-4C15-8D91-D292C5B2B8F7',
        instructor: bob,
        contextActivities: { parent: lesson, grouping: [{ id: 'https://lms.example/course/1' }, lesson] },
      },
      authority: { mbox: 'mailto:lms@lycee.example' },
    }
    expect(keysOf(tenant, statement)).toEqual({
      actor: agentKey(ana),
      verb: keyOf(tenant, 'verb', verb.id),
      activity: activityKey(lesson.id),
      objectAgent: null,
      registration: 'ec531277-b57b-4c15-8d91-d292c5b2b8f7',
      referredId: null,
      authority: agentKey({ mbox: 'mailto:lms@lycee.example' }),
      related: [agentKey(bob), activityKey('https://lms.example/course/1')],
    })
  })

  it('tell the members of the groups that act or are acted on from agents elsewhere', () => {
    const statement: Statement = {
      actor: { objectType: 'Group', member: [ana] },
      verb,
      object: { objectType: 'Group', mbox: 'mailto:class@lycee.example', member: [bob] },
      context: { team: { objectType: 'Group', member: [{ openid: 'https://id.example/eve' }] } },
    }
    const keys = keysOf(tenant, statement)
    expect(keys.actor).toBe(keyOf(tenant, 'agent', 'anonymous'))
    expect(keys.objectAgent).toBe(agentKey({ mbox: 'mailto:class@lycee.example' }))
    expect(new Set(keys.related)).toEqual(
      new Set([
        agentKey(ana),
        memberKey(ana),
        agentKey(bob),
        memberKey(bob),
        agentKey({ openid: 'https://id.example/eve' }),
      ]),
    )
  })

  it('look inside a substatement, whose reference is not the statement’s own', () => {
    const told = keysOf(tenant, {
      actor: ana,
      verb,
      object: {
        objectType: 'SubStatement',
        actor: bob,
        verb: { id: 'https://verbs.example/other' },
        object: { objectType: 'StatementRef', id: '12345678-1234-4234-8234-123456789012' },
        context: {
          contextActivities: { other: [lesson] },
          contextAgents: [{ objectType: 'contextAgent', agent: { openid: 'https://id.example/eve' } }],
        },
      },
    })
    expect(told.referredId).toBeNull()
    expect(told.verb).toBe(keyOf(tenant, 'verb', verb.id))
    expect(new Set(told.related)).toEqual(
      new Set([agentKey(bob), activityKey(lesson.id), agentKey({ openid: 'https://id.example/eve' })]),
    )
    expect(
      keysOf(tenant, {
        actor: ana,
        verb,
        object: { objectType: 'StatementRef', id: 'ABCDEF78-1234-4234-8234-123456789012' },
      }).referredId,
    ).toBe('abcdef78-1234-4234-8234-123456789012')
  })
})

test('who no base could keep under an index is told by a digest, and stays apart', () => {
  const of = (name: string) => identifyAgent({ account: { homePage: 'https://lms.example', name } })
  const identities = ['a\0', 'a', '\ud83d', '\ud83e', 'x'.repeat(5_000), 'y'.repeat(5_000)].map(of)
  expect(new Set(identities).size).toBe(identities.length)
  expect(identities[1]).toBe('account|https://lms.example|a')
  for (const each of identities.toSpliced(1, 1)) expect(each).toMatch(/^digest\|[0-9a-f]{64}$/)
})
