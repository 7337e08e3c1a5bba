import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyStatement } from '../../../../test/statements.ts'
import { repairStatement } from './statement-repairs.ts'
import { checkStatement } from '../model/statement-validation.ts'

const sourceId = '0192aaaa-0000-7000-8000-00000000000a'
const context = { version: '1.0.3' as const, sourceId }
const account = { homePage: 'https://marsha.example', name: '42' }
const statement = { actor: { account }, verb: { id: 'urn:v' }, object: { id: 'urn:o' } }
const local = (name: string) => `urn:x-preau:${sourceId}:${name}`

describe('a statement is repaired', () => {
  it.each<[string, object, object]>([
    ['account_mail', { actor: { account: { ...account, mbox: 'mailto:ana@lycee.example' } } }, { actor: { account } }],
    [
      'local_identifier',
      { context: { contextActivities: { parent: [{ id: 12 }, { id: 'course 7/é' }], grouping: { id: '3' } } } },
      {
        context: {
          contextActivities: {
            parent: [{ id: local('12') }, { id: local('course%207%2F%C3%A9') }],
            grouping: { id: local('3') },
          },
        },
      },
    ],
    ['local_identifier', { object: { id: 'a\ud83d' } }, { object: { id: local('a%EF%BF%BD') } }],
    ['local_identifier', { object: { id: 7 } }, { object: { id: local('7') } }],
    ['local_identifier', { result: { extensions: { speed: 2 } } }, { result: { extensions: { [local('speed')]: 2 } } }],
    [
      'iri_encoded',
      { object: { id: 'https://lms.example/a b|c' } },
      { object: { id: 'https://lms.example/a%20b%7Cc' } },
    ],
    ['iri_encoded', { verb: { id: ' urn:v' } }, { verb: { id: 'urn:v' } }],
    ['null_removed', { result: { score: null, response: null } }, { result: {} }],
    ['mail_scheme', { actor: { mbox: ' ana@lycee.example' } }, { actor: { mbox: 'mailto:ana@lycee.example' } }],
    [
      'language_tag',
      { verb: { id: 'urn:v', display: { fr_FR: 'a vu' } } },
      { verb: { id: 'urn:v', display: { 'fr-FR': 'a vu' } } },
    ],
    ['language_tag', { context: { language: 'fr_CA' } }, { context: { language: 'fr-CA' } }],
    [
      'object_type',
      { object: { objectType: 'activity', id: 'urn:o' } },
      { object: { objectType: 'Activity', id: 'urn:o' } },
    ],
    [
      'object_type',
      { context: { contextActivities: { parent: [{ objectType: 'GroupActivity', id: 'urn:o' }] } } },
      { context: { contextActivities: { parent: [{ objectType: 'Activity', id: 'urn:o' }] } } },
    ],
    ['number_in_text', { result: { score: { raw: '8.5', max: '10' } } }, { result: { score: { raw: 8.5, max: 10 } } }],
    [
      'boolean_in_text',
      { result: { success: 'true', completion: 'false' } },
      { result: { success: true, completion: false } },
    ],
    ['timestamp_form', { timestamp: '2026-11-22 10:00:00Z' }, { timestamp: '2026-11-22T10:00:00Z' }],
    ['timestamp_form', { timestamp: '2026-11-22T10:00:00-00:00' }, { timestamp: '2026-11-22T10:00:00Z' }],
    [
      'numbered_list',
      {
        object: { id: 'urn:o', definition: { interactionType: 'choice', choices: { 2: { id: 'b' }, 1: { id: 'a' } } } },
      },
      { object: { id: 'urn:o', definition: { interactionType: 'choice', choices: [{ id: 'a' }, { id: 'b' }] } } },
    ],
    ['statement_id', { id: '12' }, {}],
  ])('by %s: %j', (name, wrong, right) => {
    const sent = { ...statement, ...wrong }
    const before = JSON.stringify(sent)
    expect(() => checkStatement(sent, '1.0.3')).toThrow()
    expect(repairStatement(sent, context)).toEqual({ statement: { ...statement, ...right }, repairs: [name] })
    expect(JSON.stringify(sent)).toBe(before)
  })

  it('by several at once', () => {
    const sent = { ...statement, id: null, object: { objectType: 'activity', id: 3 }, result: { score: { raw: '1' } } }
    expect(repairStatement(sent, context)).toEqual({
      statement: { ...statement, object: { objectType: 'Activity', id: local('3') }, result: { score: { raw: 1 } } },
      repairs: ['null_removed', 'object_type', 'local_identifier', 'number_in_text'],
    })
  })
})

describe('a statement is refused with what remains wrong', () => {
  it.each<[string, unknown]>([
    ['', 'text'],
    ['/actor', { ...statement, actor: null }],
    ['/verb/id', { ...statement, verb: { id: 'played' } }],
    ['/object/id', { ...statement, object: { id: '' } }],
    ['/actor/account/homePage', { ...statement, actor: { account: { name: '1', mbox: 'mailto:a@b' } } }],
    ['/result/score/raw', { ...statement, result: { score: { raw: 'much' } } }],
    ['/result/score/scaled', { ...statement, result: { score: { scaled: 85 } } }],
    ['/timestamp', { ...statement, timestamp: 'yesterday' }],
    ['/verb/display/fr_FR', { ...statement, verb: { id: 'urn:v', display: { fr_FR: 'a', 'fr-FR': 'b' } } }],
    [
      '/context/extensions/__proto__',
      JSON.parse(
        `{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"urn:v"},"object":{"id":"urn:o"},"context":{"extensions":{"__proto__":1,"${local('__proto__')}":2}}}`,
      ),
    ],
  ])('at %s: %j', (pointer, sent) => {
    expect(repairStatement(sent, context)).toMatchObject({ refusal: { pointer } })
  })
})

it('a sound statement is left as it is', () => {
  fc.assert(
    fc.property(anyStatement('2.0.0'), (value) => {
      const mending = repairStatement(value, { version: '2.0.0', sourceId })
      expect(JSON.stringify(mending)).toBe(JSON.stringify({ statement: value, repairs: [] }))
    }),
  )
})

it('any JSON in the place of a part is repaired or refused, never worse', () => {
  const part = fc.tuple(
    fc.constantFrom('id', 'actor', 'verb', 'object', 'result', 'context', 'timestamp', '__proto__'),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(part, ([key, value]) => {
      const sent: unknown = JSON.parse(
        `${JSON.stringify(statement).slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(value)}}`,
      )
      const mending = repairStatement(sent, context)
      if ('statement' in mending) expect(() => checkStatement(mending.statement, '1.0.3')).not.toThrow()
      else expect(mending.refusal.pointer).toBeTypeOf('string')
    }),
  )
})
