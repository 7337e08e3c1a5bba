import fc from 'fast-check'

// Any statement of xAPI, as JSON: what of it is optional comes and goes.

const optional = <T extends object, K extends keyof T>(
  shape: { [P in keyof T]: fc.Arbitrary<T[P]> },
  ...requiredKeys: K[]
) => fc.record(shape, { requiredKeys })

const iri = fc.constantFrom(
  'https://lms.example/a',
  'https://lms.example/b?id=1',
  'urn:x:é',
  'course-v1:FUN+1',
  'uuid://1',
)
const uuid = fc.uuid().chain((text) => fc.constantFrom(text, text.toUpperCase()))
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 4 }))
const languageMap = fc.dictionary(fc.constantFrom('fr', 'en-US', 'zh-Hant-TW', 'und'), text, { maxKeys: 3 })
const extensions = fc.dictionary(iri, fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>, { maxKeys: 3 })
const duration = fc.constantFrom('PT0S', 'P1DT12H36M0.12567S', 'P4W', 'PT0.5H')

const timestamp = fc
  .tuple(
    fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
    fc.constantFrom('Z', '+00:00', '+01:00', '-11:30'),
  )
  .map(([date, zone]) => date.toISOString().replace('Z', zone))

const identifier = fc.oneof(
  fc.record({ account: fc.record({ homePage: iri, name: text }) }),
  fc.record({ mbox: fc.constantFrom('mailto:ana@lycee.example', 'mailto:Bob@Lycee.example') }),
  fc.record({ mbox_sha1sum: fc.constantFrom('ebd31e95054c018b10727ccffd2ef2ec3a016ee9') }),
  fc.record({ openid: iri }),
)
const agent = fc
  .tuple(identifier, optional({ objectType: fc.constant('Agent'), name: text }))
  .map(([identity, rest]) => ({ ...rest, ...identity }))
const members = fc.array(agent, { maxLength: 3 })
const group = fc.oneof(
  fc
    .tuple(identifier, optional({ name: text, member: members }))
    .map(([identity, rest]) => ({ objectType: 'Group', ...rest, ...identity })),
  optional({ objectType: fc.constant('Group'), name: text, member: members }, 'objectType', 'member'),
)
const anyone = fc.oneof(agent, group)

const definition = fc.oneof(
  optional({ name: languageMap, description: languageMap, type: iri, moreInfo: iri, extensions }),
  optional(
    {
      name: languageMap,
      interactionType: fc.constantFrom('choice', 'other'),
      correctResponsesPattern: fc.array(text, { maxLength: 2 }),
      choices: fc.uniqueArray(optional({ id: text, description: languageMap }, 'id'), {
        selector: ({ id }) => id,
        maxLength: 3,
      }),
    },
    'interactionType',
  ),
)
const activity = optional({ objectType: fc.constant('Activity'), id: iri, definition }, 'id')
const activities = fc.oneof(activity, fc.array(activity, { maxLength: 2 }))
const reference = fc.record({ objectType: fc.constant('StatementRef'), id: uuid })

const score = fc
  .double({ min: -100, max: 100, noNaN: true })
  .map((raw) => ({ raw, min: -100, max: 100, scaled: raw / 100 }))
const result = optional({
  score,
  success: fc.boolean(),
  completion: fc.boolean(),
  response: text,
  duration,
  extensions,
})

const contextActivities = optional({
  parent: activities,
  grouping: activities,
  category: activities,
  other: activities,
})
const context = {
  registration: uuid,
  instructor: anyone,
  team: group,
  contextActivities,
  language: fc.constantFrom('fr', 'en-GB'),
  statement: reference,
  extensions,
}
const relevantTypes = fc.array(iri, { minLength: 1, maxLength: 2 })
const context2 = {
  ...context,
  contextAgents: fc.array(
    optional({ objectType: fc.constant('contextAgent'), agent, relevantTypes }, 'objectType', 'agent'),
    { maxLength: 2 },
  ),
  contextGroups: fc.array(
    optional({ objectType: fc.constant('contextGroup'), group, relevantTypes }, 'objectType', 'group'),
    { maxLength: 2 },
  ),
}

const attachment = optional(
  {
    usageType: iri,
    display: languageMap,
    description: languageMap,
    contentType: fc.constantFrom('text/plain', 'image/png; q=1'),
    length: fc.nat(),
    sha2: fc.constant('495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a'),
    fileUrl: iri,
  },
  'usageType',
  'display',
  'contentType',
  'length',
  'sha2',
)

/** Statements that are valid in a version. */
export function anyStatement(version: '1.0.3' | '2.0.0') {
  const told = {
    actor: anyone,
    verb: optional({ id: iri, display: languageMap }, 'id'),
    result,
    context: optional(version === '2.0.0' ? context2 : context),
    timestamp,
    attachments: fc.array(attachment, { maxLength: 2 }),
  }
  const person = anyone.map((each) => ({ ...each, objectType: each.objectType ?? 'Agent' }))
  const subStatement = optional(
    { objectType: fc.constant('SubStatement'), ...told, object: fc.oneof(activity, person, reference) },
    'objectType',
    'actor',
    'verb',
    'object',
  )
  const statement = {
    id: uuid,
    ...told,
    object: fc.oneof(activity, person, reference, subStatement),
    stored: timestamp,
    authority: agent,
    version: fc.constantFrom('1.0', '1.0.0', ...(version === '2.0.0' ? ['2.0.0'] : [])),
  }
  return optional(statement, 'actor', 'verb', 'object').map((value): unknown => JSON.parse(JSON.stringify(value)))
}
