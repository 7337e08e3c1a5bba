import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyStatement } from '../../../../test/statements.ts'
import type { Statement, XapiVersion } from './statement.ts'
import { completeStatement } from './statement-completion.ts'
import { areSame } from './statement-equality.ts'
import { checkStatement } from './statement-validation.ts'

const authority = { account: { homePage: 'https://preau.example', name: 'key' } }
const ana = { mbox: 'mailto:ana@lycee.example' }
const bob = { account: { homePage: 'https://lms.example', name: 'bob' } }
const statement: Statement = {
  actor: ana,
  verb: { id: 'urn:v' },
  object: { id: 'urn:o' },
  timestamp: '2026-11-22T10:00:00Z',
}
const registration = '9dc99b37-e920-4a68-a066-917faca28949'

/** The same JSON with the keys of every object in the opposite order. */
function turn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(turn)
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, turn(each)]),
  )
}

describe.each<XapiVersion>(['1.0.3', '2.0.0'])('statements of %s', (version) => {
  it('are the same when one was stored, came back, and is sent again in another order', () => {
    fc.assert(
      fc.property(anyStatement(version), (value) => {
        const sent = checkStatement(value, version)
        const complete = (stored: string) =>
          completeStatement(sent, { id: sent.id ?? registration, stored, authority, version })
        const kept = complete('2026-11-22T10:00:00.123456Z')
        const turned = turn(JSON.parse(JSON.stringify(sent))) as Statement
        expect(areSame(kept, sent)).toBe(true)
        expect(areSame(kept, turned)).toBe(true)
        expect(areSame(turned, kept)).toBe(true)
        expect(areSame(kept, complete('2026-11-22T11:00:00Z'))).toBe(true)
      }),
    )
  })
})

describe('two statements', () => {
  it.each<[string, Partial<Statement>, Partial<Statement>]>([
    ['the zone of their timestamp', {}, { timestamp: '2026-11-22T11:00:00.000+01:00' }],
    ['the name of verbs', {}, { verb: { id: 'urn:v', display: { fr: 'a fait' } } }],
    [
      'what they say of activities',
      {},
      { object: { id: 'urn:o', objectType: 'Activity', definition: { type: 'urn:t' } } },
    ],
    ['case of identifiers', { context: { registration } }, { context: { registration: registration.toUpperCase() } }],
    ['the case of mail domains', {}, { actor: { objectType: 'Agent', mbox: 'mailto:ana@LYCEE.example' } }],
    [
      'the order of members',
      { actor: { objectType: 'Group', member: [ana, bob] } },
      { actor: { objectType: 'Group', member: [bob, ana] } },
    ],
    ['thousandths of seconds', { result: { duration: 'PT1.23S' } }, { result: { duration: 'PT1.239S' } }],
    ['who vouches, when and under which version', { version: '1.0.0', stored: '2026-01-01T00:00:00Z' }, { authority }],
  ])('are the same but for %s', (_what, one, other) => {
    expect(areSame({ ...statement, ...one }, { ...statement, ...other })).toBe(true)
  })

  it.each<[string, Partial<Statement>, Partial<Statement>]>([
    ['who', {}, { actor: bob }],
    ['the name of who', {}, { actor: { ...ana, name: 'Ana' } }],
    ['the local part of who', {}, { actor: { mbox: 'mailto:ANA@lycee.example' } }],
    ['what', {}, { verb: { id: 'urn:w' } }],
    ['on what', {}, { object: { id: 'urn:p' } }],
    ['on what sort of thing', {}, { object: { objectType: 'StatementRef', id: registration } }],
    ['when', {}, { timestamp: '2026-11-22T10:00:00.001Z' }],
    ['a result', {}, { result: {} }],
    ['how long', { result: { duration: 'PT60S' } }, { result: { duration: 'PT1M' } }],
    ['an extension', { result: { extensions: { 'urn:e': [1, 2] } } }, { result: { extensions: { 'urn:e': [2, 1] } } }],
    ['a null', { result: { extensions: { 'urn:e': null } } }, { result: { extensions: {} } }],
    ['their context', { context: { platform: 'a' } }, { context: { platform: 'b' } }],
    [
      'a member',
      { actor: { objectType: 'Group', member: [ana] } },
      { actor: { objectType: 'Group', member: [ana, ana] } },
    ],
    ['attachments', {}, { attachments: [] }],
  ])('differ by %s', (_what, one, other) => {
    expect(areSame({ ...statement, ...one }, { ...statement, ...other })).toBe(false)
    expect(areSame({ ...statement, ...other }, { ...statement, ...one })).toBe(false)
  })

  it('differ by what their substatements say', () => {
    const of = (part: object): Statement => ({
      ...statement,
      object: { objectType: 'SubStatement', actor: ana, verb: { id: 'urn:v' }, object: { id: 'urn:o' }, ...part },
    })
    expect(areSame(of({}), of({ verb: { id: 'urn:v', display: {} } }))).toBe(true)
    expect(areSame(of({}), of({ actor: bob }))).toBe(false)
    expect(areSame(of({}), of({ timestamp: '2026-11-22T10:00:00Z' }))).toBe(false)
    expect(areSame(of({}), statement)).toBe(false)
    expect(areSame(statement, of({}))).toBe(false)
  })
})
