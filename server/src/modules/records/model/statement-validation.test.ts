import { describe, expect, it } from 'vitest'
import { parseJson } from './exact-json.ts'
import type { XapiVersion } from './statement.ts'
import { checkStatement } from './statement-validation.ts'
import { StatementError } from './value-validation.ts'

const agent = { objectType: 'Agent', name: 'Ana', account: { homePage: 'https://lms.example', name: 'ana' } }
const group = { objectType: 'Group', name: 'Team', member: [{ mbox: 'mailto:bob@lycee.example' }] }
const extensions = { 'https://lms.example/ext/info': { any: [null, 'JSON', {}] }, 'urn:x:empty': '' }
const question = {
  objectType: 'Activity',
  id: 'https://lms.example/question/1',
  definition: {
    name: { fr: 'Le mètre', 'en-US': 'The metre' },
    description: { 'zh-Hant-TW': '…' },
    type: 'http://adlnet.gov/expapi/activities/cmi.interaction',
    moreInfo: 'https://lms.example/question/1/more',
    interactionType: 'choice',
    correctResponsesPattern: ['a[,]b'],
    choices: [{ id: 'a', description: { fr: 'Un' } }, { id: 'b' }],
    extensions,
  },
}
const told = {
  actor: agent,
  verb: { id: 'http://adlnet.gov/expapi/verbs/answered', display: { fr: 'a répondu' } },
  object: question,
  result: {
    score: { scaled: 0.5, raw: 5, min: 0, max: 10 },
    success: true,
    completion: false,
    response: '',
    duration: 'PT1H0M0.1S',
    extensions,
  },
  context: {
    registration: 'ec531277-b57b-4c15-8d91-d292c5b2b8f7',
    instructor: agent,
    team: group,
    contextActivities: { parent: question, grouping: [question], category: [], other: [{ id: 'urn:x' }] },
    revision: '2',
    platform: 'lms',
    language: 'fr-FR',
    statement: { objectType: 'StatementRef', id: '12345678-1234-4234-8234-123456789012' },
    extensions,
  },
  timestamp: '2026-11-22T10:00:00.123456+01:00',
  attachments: [
    {
      usageType: 'https://lms.example/usage/copy',
      display: { fr: 'Copie' },
      description: {},
      contentType: 'text/plain; charset=utf-8',
      length: 0,
      sha2: '495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a',
      fileUrl: 'https://lms.example/copy',
    },
  ],
}
const statement = {
  id: '9dc99b37-e920-4a68-a066-917faca28949',
  ...told,
  stored: '2026-11-22T10:00:00Z',
  authority: agent,
  version: '1.0.0',
}

/** The statement with another value at a pointer, or nothing there. */
function change(pointer: string, value: unknown, from: unknown = statement): unknown {
  // By text: structuredClone would keep the parts that are the same object so.
  const changed: unknown = JSON.parse(JSON.stringify(from))
  const keys = pointer.split('/').slice(1)
  const last = keys.pop()!
  let place = changed as Record<string, unknown>
  for (const key of keys) place = place[key.replaceAll('~1', '/')] as Record<string, unknown>
  if (value === undefined) delete place[last]
  else place[last] = value
  return changed
}

/** Where a statement is refused; undefined when it is accepted. */
function refusalOf(value: unknown, version: XapiVersion = '1.0.3'): string | undefined {
  try {
    expect(checkStatement(value, version)).toBe(value)
    return undefined
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return error.pointer
  }
}

const versions: XapiVersion[] = ['1.0.3', '2.0.0']
const reference = { objectType: 'StatementRef', id: '12345678-1234-4234-8234-123456789012' }
const subStatement = { objectType: 'SubStatement', ...told }

describe.each(versions)('a statement of %s', (version) => {
  it('is accepted with everything it may have, and with the least', () => {
    expect(refusalOf(statement, version)).toBeUndefined()
    expect(
      refusalOf(
        change('/object', subStatement, change('/context/revision', undefined, change('/context/platform', undefined))),
        version,
      ),
    ).toBeUndefined()
    expect(
      refusalOf({ actor: { mbox: 'mailto:a@b' }, verb: { id: 'urn:v' }, object: { id: 'urn:o' } }, version),
    ).toBeUndefined()
  })

  it.each([
    'id',
    'actor',
    'verb',
    'object',
    'result',
    'context',
    'timestamp',
    'stored',
    'authority',
    'version',
    'attachments',
  ])('whose %s is null, or of another type, is refused there', (key) => {
    for (const value of [null, 12, true, [null]])
      expect(refusalOf(change(`/${key}`, value), version)).toMatch(new RegExp(`^/${key}`))
  })

  it.each<[string, unknown, string?]>([
    ['/actor', undefined],
    ['/verb', undefined],
    ['/object', undefined],
    ['/Id', 'x'],
    ['/verb/ID', 'x'],
    ['/id', '9dc99b37-e920-4a68-a066-917faca2894'],
    ['/id', '9dc99b37e920-4a68-a066-917faca28949-'],
    ['/id', 'gdc99b37-e920-4a68-a066-917faca28949'],
    ['/actor/account', undefined, '/actor'],
    ['/actor/mbox', 'mailto:a@b', '/actor'],
    ['/actor/mbox', 'a@b'],
    ['/actor/member', []],
    ['/actor/objectType', 'agent'],
    ['/actor/objectType', 'Activity'],
    ['/actor/name', null],
    ['/actor/account/homePage', 'lms.example'],
    ['/actor/account/name', undefined],
    ['/actor/account/mbox', 'mailto:ana@lycee.example'],
    ['/actor', { mbox_sha1sum: 'ebd31e95054c018b10727ccffd2ef2ec3a016ee' }, '/actor/mbox_sha1sum'],
    ['/actor', { openid: 'ana' }, '/actor/openid'],
    ['/actor', { objectType: 'Group' }],
    ['/actor', { objectType: 'Group', member: [group] }, '/actor/member/0/objectType'],
    ['/actor', { objectType: 'Group', member: [{}] }, '/actor/member/0'],
    ['/actor', { objectType: 'Group', member: agent }, '/actor/member'],
    ['/verb/id', undefined],
    ['/verb/id', 'answered'],
    ['/verb/display', 'answered'],
    ['/verb/display/fr', null],
    ['/verb/display/french_text', 'x'],
    ['/object/objectType', 'activity'],
    ['/object/id', '12'],
    ['/object/id', undefined],
    ['/object/definition', []],
    ['/object/definition/name/fr', 1],
    ['/object/definition/type', 'question'],
    ['/object/definition/moreInfo', '/relative'],
    ['/object/definition/interactionType', 'Choice'],
    ['/object/definition/interactionType', undefined],
    ['/object/definition/correctResponsesPattern/0', 1],
    ['/object/definition/choices/1/id', 'a'],
    ['/object/definition/choices/0/id', undefined],
    ['/object/definition/choices/0/value', 'x'],
    ['/object/definition/extensions', { info: 1 }, '/object/definition/extensions/info'],
    ['/object/definition/other', 1],
    ['/object', { mbox: 'mailto:a@b' }, '/object/mbox'],
    ['/object', { objectType: 'StatementRef', id: 'x' }, '/object/id'],
    ['/object', { ...reference, name: 'x' }, '/object/name'],
    ['/object', agent, '/context/revision'],
    ['/result/score', 0.5],
    ['/result/score/scaled', 1.01],
    ['/result/score/scaled', -1.001],
    ['/result/score/raw', '5'],
    ['/result/score/raw', 11],
    ['/result/score/raw', -1],
    ['/result/score/min', 10],
    ['/result/score/max', null],
    ['/result/score/total', 1],
    ['/result/success', 'true'],
    ['/result/completion', 0],
    ['/result/response', 1],
    ['/result/duration', '12 s'],
    ['/result/extensions', null],
    ['/result/progress', 1],
    ['/context/registration', 'x'],
    ['/context/instructor', {}],
    ['/context/team', agent, '/context/team/objectType'],
    ['/context/contextActivities', []],
    ['/context/contextActivities/parents', []],
    ['/context/contextActivities/parent', { id: '12' }, '/context/contextActivities/parent/id'],
    ['/context/contextActivities/other/0', agent, '/context/contextActivities/other/0/objectType'],
    ['/context/language', 'fr_FR'],
    ['/context/statement', { id: reference.id }, '/context/statement/objectType'],
    ['/context/statement/id', 'x'],
    ['/context/extensions', { 'a b:c': 1 }, '/context/extensions/a b:c'],
    ['/context/extensions', { '/a~': 1 }, '/context/extensions/~1a~0'],
    ['/timestamp', '22/11/2026'],
    ['/stored', 'yesterday'],
    ['/authority', { ...group, member: [agent] }],
    ['/authority', { ...group, member: [agent, agent], mbox: 'mailto:a@b' }],
    ['/version', '0.9.5'],
    ['/version', '1.1.0'],
    ['/version', '1.0.x'],
    ['/attachments', {}],
    ['/attachments/0/usageType', 'copy'],
    ['/attachments/0/display', undefined],
    ['/attachments/0/contentType', 'text'],
    ['/attachments/0/length', 1.5],
    ['/attachments/0/length', -1],
    ['/attachments/0/sha2', '4953'],
    ['/attachments/0/fileUrl', 'copy.txt'],
    ['/attachments/0/file', 'x'],
  ])('with %s: %j is refused', (pointer, value, at = pointer) => {
    expect(refusalOf(change(pointer, value), version)).toBe(at)
  })

  it.each(['id', 'stored', 'version', 'authority'])('whose substatement has its own %s is refused', (key) => {
    const within = { ...subStatement, [key]: statement[key as keyof typeof statement] }
    expect(refusalOf({ actor: agent, verb: told.verb, object: within }, version)).toBe(`/object/${key}`)
  })

  it('is refused with a substatement inside another, or a fault inside one', () => {
    const send = (object: unknown) => refusalOf({ actor: agent, verb: told.verb, object }, version)
    expect(send({ ...subStatement, object: subStatement, context: {} })).toBe('/object/object')
    expect(send({ ...subStatement, timestamp: 'x' })).toBe('/object/timestamp')
    expect(send({ ...subStatement, object: reference })).toBe('/object/context/revision')
    expect(send({ ...subStatement, object: reference, context: {} })).toBeUndefined()
  })

  it('voids a statement only', () => {
    const verb = { id: 'http://adlnet.gov/expapi/verbs/voided' }
    expect(refusalOf({ actor: agent, verb, object: reference }, version)).toBeUndefined()
    expect(refusalOf({ actor: agent, verb, object: question }, version)).toBe('/object')
  })

  it('is refused when its extensions are nested so deep that reading them could fail', () => {
    let deep: unknown = 1
    for (let level = 0; level < 5_000; level++) deep = [deep]
    expect(refusalOf(change('/result/extensions', { 'urn:deep': deep }), version)).toBe('/result/extensions/urn:deep')
  })

  it('may bear integers longer than a double holds, where numbers are', () => {
    const text = (score: string, display: string) =>
      `{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"urn:v","display":${display}},"object":{"id":"urn:o"},"result":{"score":{"raw":${score}},"extensions":{"urn:n":12345678901234567890123}}}`
    expect(refusalOf(parseJson(text('12345678901234567890123', '{}')), version)).toBeUndefined()
    expect(refusalOf(parseJson(text('1', '12345678901234567890123')), version)).toBe('/verb/display')
  })
})

describe('what versions do not share', () => {
  const contextAgents = [{ objectType: 'contextAgent', agent, relevantTypes: ['https://lms.example/role/tutor'] }]
  const contextGroups = [{ objectType: 'contextGroup', group }]

  it('contextAgents and contextGroups are of 2.0', () => {
    expect(refusalOf(change('/context/contextAgents', contextAgents), '2.0.0')).toBeUndefined()
    expect(refusalOf(change('/context/contextGroups', contextGroups), '2.0.0')).toBeUndefined()
    expect(refusalOf(change('/context/contextAgents', contextAgents))).toBe('/context/contextAgents')
    expect(refusalOf(change('/context/contextGroups', contextGroups))).toBe('/context/contextGroups')
  })

  it.each<[string, unknown, string]>([
    ['contextAgents', agent, ''],
    ['contextAgents', [agent], '/0/name'],
    ['contextAgents', [{ agent }], '/0/objectType'],
    ['contextAgents', [{ objectType: 'contextAgent' }], '/0/agent'],
    ['contextAgents', [{ ...contextAgents[0], relevantTypes: [] }], '/0/relevantTypes'],
    ['contextAgents', [{ ...contextAgents[0], relevantTypes: ['tutor'] }], '/0/relevantTypes/0'],
    ['contextAgents', [{ objectType: 'contextAgent', agent: group }], '/0/agent/objectType'],
    ['contextGroups', [{ objectType: 'contextGroup', group: agent }], '/0/group/objectType'],
    ['contextGroups', [{ ...contextGroups[0], member: [] }], '/0/member'],
  ])('%s: %j is refused', (key, value, at) => {
    expect(refusalOf(change(`/context/${key}`, value), '2.0.0')).toBe(`/context/${key}${at}`)
  })

  it('a statement says 2.0 in a request of 2.0 only', () => {
    expect(refusalOf(change('/version', '2.0.0'), '2.0.0')).toBeUndefined()
    expect(refusalOf(change('/version', '2.0.0'))).toBe('/version')
  })

  it('timestamps of 2.0 have time and zone', () => {
    for (const timestamp of ['2026-11-22', '2026-11-22T10:00', '20261122T100000Z', '2026-11-22T10:00:00']) {
      expect(refusalOf(change('/timestamp', timestamp))).toBeUndefined()
      expect(refusalOf(change('/timestamp', timestamp), '2.0.0')).toBe('/timestamp')
    }
  })
})

it('tells where in a batch the fault is, and what', () => {
  expect(() => checkStatement(change('/verb/id', 'x'), '1.0.3', '/3')).toThrow(
    '/3/verb/id: must be an IRI with its scheme',
  )
})
