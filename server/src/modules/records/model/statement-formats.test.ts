import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyStatement } from '../../../../test/statements.ts'
import { mergeDefinitions } from './activity-definitions.ts'
import { identifyAgent } from './agents.ts'
import type { Statement, XapiVersion } from './statement.ts'
import { completeStatement } from './statement-completion.ts'
import { mayNeedVersion, toCanonical, toIds, toVersion } from './statement-formats.ts'
import { keysOf } from './statement-keys.ts'
import { checkStatement } from './statement-validation.ts'

const tenant = '0192aaaa-0000-7000-8000-000000000001'
const ana = { objectType: 'Agent' as const, name: 'Ana', mbox: 'mailto:ana@lycee.example' }
const statement: Statement = {
  actor: { objectType: 'Group', name: 'Pairs', member: [ana] },
  verb: { id: 'urn:v', display: { 'en-US': 'did', fr: 'a fait', 'fr-CA': 'a ben fait' } },
  object: {
    objectType: 'SubStatement',
    actor: { objectType: 'Group', name: 'Class', mbox: 'mailto:class@lycee.example', member: [ana] },
    verb: { id: 'urn:w', display: {} },
    object: {
      objectType: 'Activity',
      id: 'urn:o',
      definition: { name: { fr: 'Devoir', en: 'Homework' }, type: 'urn:t' },
    },
  },
  context: { instructor: ana, contextActivities: { parent: [{ id: 'urn:p' }] } },
  authority: ana,
}

describe('ids', () => {
  it('leaves what identifies', () => {
    const mailed = { objectType: 'Agent', mbox: ana.mbox }
    expect(toIds(statement)).toEqual({
      actor: { objectType: 'Group', member: [mailed] },
      verb: { id: 'urn:v' },
      object: {
        objectType: 'SubStatement',
        actor: { objectType: 'Group', mbox: 'mailto:class@lycee.example' },
        verb: { id: 'urn:w' },
        object: { id: 'urn:o' },
      },
      context: { instructor: mailed, contextActivities: { parent: [{ id: 'urn:p' }] } },
      authority: mailed,
    })
  })

  it('of any statement is a valid statement of the same actor, verb and activity', () => {
    fc.assert(
      fc.property(anyStatement('2.0.0'), (value) => {
        const sent = checkStatement(value, '2.0.0')
        const ids = toIds(sent)
        expect(toIds(checkStatement(JSON.parse(JSON.stringify(ids)), '2.0.0'))).toEqual(ids)
        expect(identifyAgent(ids.actor)).toBe(identifyAgent(sent.actor))
        const { related: _, ...keys } = keysOf(tenant, sent)
        expect(keysOf(tenant, ids)).toMatchObject(keys)
      }),
    )
  })
})

describe('canonical', () => {
  it.each<[string[], string]>([
    [[], 'en-US'],
    [['*'], 'en-US'],
    [['fr'], 'fr'],
    [['fr-FR'], 'fr'],
    [['FR-ca'], 'fr-CA'],
    [['en'], 'en-US'],
    [['de', 'fr'], 'fr'],
    [['de'], 'en-US'],
  ])('keeps, for who wishes %j, %s', (languages, tag) => {
    expect(Object.keys(toCanonical(statement, new Map(), languages).verb.display ?? {})).toEqual([tag])
  })

  it('tells activities as the store knows them, agents as they were sent', () => {
    const known = new Map([
      ['urn:p', { name: { fr: 'Chapitre' }, choices: [{ id: 'a', description: { en: 'A', fr: 'À' } }, { id: 'b' }] }],
    ])
    const { object, context, actor } = toCanonical(statement, known, ['fr'])
    expect(actor).toEqual(statement.actor)
    expect(object).toMatchObject({ verb: { id: 'urn:w', display: {} } })
    expect(object).toMatchObject({
      object: { objectType: 'Activity', definition: { name: { fr: 'Devoir' }, type: 'urn:t' } },
    })
    expect(context?.contextActivities?.parent).toEqual([
      {
        id: 'urn:p',
        definition: { name: { fr: 'Chapitre' }, choices: [{ id: 'a', description: { fr: 'À' } }, { id: 'b' }] },
      },
    ])
  })
})

describe('a version', () => {
  it('gives any statement of 2.0 to who speaks 1.0.3, valid there', () => {
    fc.assert(
      fc.property(anyStatement('2.0.0'), fc.constantFrom<XapiVersion>('1.0.3', '2.0.0'), (value, version) => {
        const completion = {
          id: '9dc99b37-e920-4a68-a066-917faca28949',
          stored: '2026-11-22T10:00:00Z',
          authority: ana,
        }
        const kept = completeStatement(checkStatement(value, '2.0.0'), { ...completion, version: '2.0.0' })
        const told = toVersion(kept, version)
        expect(() => checkStatement(JSON.parse(JSON.stringify(told)), version)).not.toThrow()
        expect(told.version).toBe(version === '1.0.3' && kept.version === '2.0.0' ? '1.0.0' : kept.version)
        if (!mayNeedVersion(JSON.stringify(kept), version)) expect(told).toBe(kept)
      }),
    )
  })

  it('leaves statements of 1.0 as they are', () => {
    const kept = { ...statement, version: '1.0.2' }
    expect(toVersion(kept, '1.0.3')).toBe(kept)
    expect(toVersion(kept, '2.0.0')).toBe(kept)
  })
})

it('definitions are merged, the latest word counting', () => {
  const known = {
    name: { fr: 'Devoir', en: 'Homework' },
    type: 'urn:a',
    moreInfo: 'urn:more',
    extensions: { 'urn:e': 1, 'urn:f': { a: 1 } },
    choices: [{ id: 'a' }, { id: 'b' }],
  }
  const told = {
    name: { fr: 'Devoirs' },
    description: { fr: '…' },
    type: 'urn:b',
    extensions: { 'urn:f': { b: 2 } },
    choices: [{ id: 'c' }],
  }
  expect(mergeDefinitions(known, told)).toEqual({
    name: { fr: 'Devoirs', en: 'Homework' },
    description: { fr: '…' },
    type: 'urn:b',
    moreInfo: 'urn:more',
    extensions: { 'urn:e': 1, 'urn:f': { b: 2 } },
    choices: [{ id: 'c' }],
  })
  expect(mergeDefinitions({}, told)).toEqual(told)
  expect(mergeDefinitions(known, {})).toEqual(known)
})
