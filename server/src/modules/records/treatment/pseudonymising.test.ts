import { expect, test } from 'vitest'
import { pseudonymise } from './pseudonymising.ts'

const pseudonyms = { homePage: 'https://ent.example', key: Buffer.alloc(32, 7) }
const lms = 'https://lms.example'
const agent = (name: string) => ({ name: 'Zoé Blanc', account: { homePage: lms, name } })
const named = { account: { homePage: 'https://ent.example', name: expect.stringMatching(/^p-[0-9a-f]{32}$/) } }
const treat = (value: object) => pseudonymise(value, pseudonyms) as Record<string, Record<string, unknown>>

const statement = {
  id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bee',
  actor: agent('zoe'),
  verb: { id: 'http://id.tincanapi.com/verb/replied', display: { fr: 'a répondu' } },
  object: {
    id: `${lms}/mod/forum/discuss.php?d=5#p9`,
    definition: {
      type: 'http://id.tincanapi.com/activitytype/forum-reply',
      name: { fr: 'Re: je suis perdue' },
      description: { fr: 'Appelle-moi au 06 12 34 56 78' },
    },
  },
  result: { response: 'Moi non plus', score: { raw: 3, max: 20 }, success: true },
  context: {
    instructor: agent('paul'),
    team: { objectType: 'Group', name: '2de B', member: [agent('zoe'), agent('tom')] },
    platform: 'Moodle',
    contextActivities: {
      parent: [
        { id: `${lms}/course/view.php?id=3`, definition: { name: { fr: 'Mathématiques' }, description: { fr: '…' } } },
      ],
      other: {
        id: `${lms}/user/profile.php?id=5`,
        definition: { type: 'http://id.tincanapi.com/activitytype/user-profile', name: { fr: 'Zoé' } },
      },
    },
    extensions: {
      'https://w3id.org/xapi/video/extensions/session-id': 's-1',
      'http://lrs.learninglocker.net/define/extensions/info': {
        'http://moodle.org': '4.5',
        event_name: '\\mod_forum\\event\\post_created',
        ip: '192.0.2.7',
      },
      'https://lms.example/ip': '192.0.2.7',
    },
  },
  attachments: [{ usageType: lms, display: {}, contentType: 'text/plain', length: 1, sha2: 'ab', fileUrl: lms }],
  timestamp: '2026-11-02T08:30:00Z',
}

test('who acts, teaches and is with them is told by pseudonyms; what was written is not told', () => {
  const { id, verb, timestamp } = statement
  const treated = treat(statement)
  expect(treated).toEqual({
    id,
    actor: named,
    verb,
    object: { id: statement.object.id, definition: { type: statement.object.definition.type } },
    result: { score: { raw: 3, max: 20 }, success: true },
    context: {
      instructor: named,
      team: { objectType: 'Group', member: [named, named] },
      platform: 'Moodle',
      contextActivities: {
        parent: [{ id: `${lms}/course/view.php?id=3`, definition: { name: { fr: 'Mathématiques' } } }],
        other: {
          id: expect.stringMatching(/^urn:x-preau:p-/),
          definition: { type: 'http://id.tincanapi.com/activitytype/user-profile' },
        },
      },
      extensions: {
        'https://w3id.org/xapi/video/extensions/session-id': 's-1',
        'http://lrs.learninglocker.net/define/extensions/info': {
          'http://moodle.org': '4.5',
          event_name: '\\mod_forum\\event\\post_created',
        },
      },
    },
    timestamp,
  })
  const team = treated['context']?.['team'] as { member: unknown[] } | undefined
  expect(team?.member[0]).toEqual(treated['actor'])
  expect(team?.member[1]).not.toEqual(treated['actor'])
})

test('the same person has the same pseudonym with one key, and another with another', () => {
  const one = treat({ actor: { mbox: 'mailto:ana@lycee.example' } })
  expect(treat({ actor: { mbox: 'mailto:ana@lycee.example', name: 'Ana' } })).toEqual(one)
  expect(treat({ actor: { mbox: 'mailto:bob@lycee.example' } })).not.toEqual(one)
  const other = { ...pseudonyms, key: Buffer.alloc(32, 8) }
  expect(pseudonymise({ actor: { mbox: 'mailto:ana@lycee.example' } }, other)).not.toEqual(one)
})

test('addresses of mail go, wherever they are', () => {
  const object = {
    id: `${lms}/mail?to=Ana@lycee.example&x=1`,
    definition: { name: { fr: 'Écrire à ana@lycee.example' } },
  }
  const { object: treated } = treat({ object, context: { platform: 'ana%40lycee.example' } })
  expect(treated).toEqual({
    id: expect.stringMatching(/mail\?to=p-[0-9a-f]{32}&x=1$/),
    definition: { name: { fr: 'Écrire à …' } },
  })
})

test('an agent that breaks a rule stays faulty, and nobody’s', () => {
  expect(treat({ actor: { objectType: 'Agent', mbox: 'ana at lycee', name: 'Ana' } })).toEqual({
    actor: { objectType: 'Agent' },
  })
})

test('a substatement and agents that are objects are treated too', () => {
  const { object } = treat({
    object: {
      objectType: 'SubStatement',
      actor: agent('zoe'),
      object: { objectType: 'Agent', ...agent('tom') },
      result: { response: 'x' },
    },
  })
  expect(object).toEqual({
    objectType: 'SubStatement',
    actor: named,
    object: { objectType: 'Agent', ...named },
    result: {},
  })
})
