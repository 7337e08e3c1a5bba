import { checkActivity } from './activity-validation.ts'
import type { Statement, XapiVersion } from './statement.ts'
import { isHexadecimal, isMediaType } from './text-formats.ts'
import {
  asArray,
  asFields,
  asText,
  checkAgent,
  checkAgentOrGroup,
  checkDuration,
  checkExtensions,
  checkGroup,
  checkIri,
  checkLanguageMap,
  checkLanguageTag,
  checkTimestamp,
  checkUuid,
  type Fields,
  refuse,
  refuseUnknown,
} from './value-validation.ts'
import { isVoiding } from './voiding.ts'

/**
 * Checks a statement against the rules of its version (1.0.3: Data 2.2 and 2.4; 2.0: IEEE 9274.1.1, 4.2), in one pass:
 * nothing is changed, nothing is copied.
 * @param at pointer to it in what was sent, such as `/3` in a batch.
 * @throws StatementError at the first fault.
 */
export function checkStatement(value: unknown, version: XapiVersion, at = ''): Statement {
  const statement = asFields(value, at)
  for (const key in statement) {
    switch (key) {
      case 'actor':
      case 'verb':
      case 'object':
      case 'result':
      case 'context':
      case 'timestamp':
      case 'attachments':
        break
      case 'id':
        checkUuid(statement[key], `${at}/id`)
        break
      case 'stored':
        checkTimestamp(statement[key], version, `${at}/stored`)
        break
      case 'authority':
        checkAuthority(statement[key], `${at}/authority`)
        break
      case 'version':
        checkVersion(statement[key], version, `${at}/version`)
        break
      default:
        refuseUnknown(at, key)
    }
  }
  checkTold(statement, version, at, false)
  const checked = value as Statement
  // Of statements only: in a substatement the verb voids nothing (1.0.3, Data 2.3.2).
  if (isVoiding(checked) && checked.object.objectType !== 'StatementRef')
    refuse(`${at}/object`, 'must be a StatementRef, since the verb is voided')
  return checked
}

/** What statements and substatements have in common. */
function checkTold(statement: Fields, version: XapiVersion, at: string, isWithin: boolean): void {
  if (statement['actor'] === undefined) refuse(`${at}/actor`, 'is missing')
  checkAgentOrGroup(statement['actor'], `${at}/actor`)
  if (statement['verb'] === undefined) refuse(`${at}/verb`, 'is missing')
  checkVerb(statement['verb'], `${at}/verb`)
  if (statement['object'] === undefined) refuse(`${at}/object`, 'is missing')
  const isOnActivity = checkObject(statement['object'], version, `${at}/object`, isWithin)
  if (statement['result'] !== undefined) checkResult(statement['result'], `${at}/result`)
  if (statement['context'] !== undefined) checkContext(statement['context'], version, `${at}/context`, isOnActivity)
  if (statement['timestamp'] !== undefined) checkTimestamp(statement['timestamp'], version, `${at}/timestamp`)
  if (statement['attachments'] !== undefined) {
    const attachments = asArray(statement['attachments'], `${at}/attachments`)
    for (let index = 0; index < attachments.length; index++)
      checkAttachment(attachments[index], `${at}/attachments/${index}`)
  }
}

function checkVerb(value: unknown, at: string): void {
  const verb = asFields(value, at)
  for (const key in verb) {
    if (key === 'display') checkLanguageMap(verb['display'], `${at}/display`)
    else if (key !== 'id') refuseUnknown(at, key)
  }
  checkIri(verb['id'], `${at}/id`)
}

/** @returns whether the object is an activity. */
function checkObject(value: unknown, version: XapiVersion, at: string, isWithin: boolean): boolean {
  const object = asFields(value, at)
  switch (object['objectType']) {
    case undefined:
    case 'Activity':
      checkActivity(object, at)
      return true
    case 'Agent':
      checkAgent(object, at)
      return false
    case 'Group':
      checkGroup(object, at)
      return false
    case 'StatementRef':
      checkReference(object, at)
      return false
    case 'SubStatement':
      if (isWithin) refuse(at, 'must not be a substatement within another')
      checkSubStatement(object, version, at)
      return false
    default:
      return refuse(`${at}/objectType`, 'must be Activity, Agent, Group, StatementRef or SubStatement')
  }
}

function checkReference(value: unknown, at: string): void {
  const reference = asFields(value, at)
  if (reference['objectType'] !== 'StatementRef') refuse(`${at}/objectType`, 'must be StatementRef')
  for (const key in reference) if (key !== 'objectType' && key !== 'id') refuseUnknown(at, key)
  checkUuid(reference['id'], `${at}/id`)
}

function checkSubStatement(statement: Fields, version: XapiVersion, at: string): void {
  for (const key in statement) {
    switch (key) {
      case 'objectType':
      case 'actor':
      case 'verb':
      case 'object':
      case 'result':
      case 'context':
      case 'timestamp':
      case 'attachments':
        break
      default:
        // id, stored, version and authority among others (1.0.3, Data 2.4.4.3)
        refuseUnknown(at, key)
    }
  }
  checkTold(statement, version, at, true)
}

function checkResult(value: unknown, at: string): void {
  const result = asFields(value, at)
  for (const key in result) {
    const part = result[key]
    switch (key) {
      case 'score':
        checkScore(part, `${at}/score`)
        break
      case 'success':
      case 'completion':
        if (typeof part !== 'boolean') refuse(`${at}/${key}`, 'must be true or false')
        break
      case 'response':
        asText(part, at, key)
        break
      case 'duration':
        checkDuration(part, `${at}/duration`)
        break
      case 'extensions':
        checkExtensions(part, `${at}/extensions`)
        break
      default:
        refuseUnknown(at, key)
    }
  }
}

/** A number of a score, or the given one where there is none. An integer too long for a double comes as raw JSON. */
function numberOf(score: Fields, key: string, otherwise: number, at: string): number {
  const value = score[key]
  if (value === undefined) return otherwise
  if (typeof value === 'number') return value
  if (!JSON.isRawJSON(value)) refuse(`${at}/${key}`, 'must be a number')
  return Number(value.rawJSON)
}

function checkScore(value: unknown, at: string): void {
  const score = asFields(value, at)
  for (const key in score)
    if (key !== 'scaled' && key !== 'raw' && key !== 'min' && key !== 'max') refuseUnknown(at, key)
  const scaled = numberOf(score, 'scaled', 0, at)
  if (scaled < -1 || scaled > 1) refuse(`${at}/scaled`, 'must be between -1 and 1')
  const min = numberOf(score, 'min', -Infinity, at)
  const max = numberOf(score, 'max', Infinity, at)
  if (min >= max) refuse(`${at}/min`, 'must be less than max')
  const raw = numberOf(score, 'raw', Math.max(min, -Number.MAX_VALUE), at)
  if (raw < min) refuse(`${at}/raw`, 'must not be less than min')
  if (raw > max) refuse(`${at}/raw`, 'must not be more than max')
}

function checkContext(value: unknown, version: XapiVersion, at: string, isOnActivity: boolean): void {
  const context = asFields(value, at)
  for (const key in context) {
    const part = context[key]
    switch (key) {
      case 'registration':
        checkUuid(part, `${at}/registration`)
        break
      case 'instructor':
        checkAgentOrGroup(part, `${at}/instructor`)
        break
      case 'team':
        checkGroup(part, `${at}/team`)
        break
      case 'contextActivities':
        checkContextActivities(part, `${at}/contextActivities`)
        break
      case 'revision':
      case 'platform':
        asText(part, at, key)
        if (!isOnActivity) refuse(`${at}/${key}`, 'must not be there, since the object is no activity')
        break
      case 'language':
        checkLanguageTag(part, `${at}/language`)
        break
      case 'statement':
        checkReference(part, `${at}/statement`)
        break
      case 'extensions':
        checkExtensions(part, `${at}/extensions`)
        break
      case 'contextAgents':
      case 'contextGroups':
        if (version === '1.0.3') refuse(`${at}/${key}`, 'is of xAPI 2.0, and this request is of 1.0.3')
        checkParticipants(part, `${at}/${key}`, key === 'contextGroups')
        break
      default:
        refuseUnknown(at, key)
    }
  }
}

function checkContextActivities(value: unknown, at: string): void {
  const kinds = asFields(value, at)
  for (const kind in kinds) {
    if (kind !== 'parent' && kind !== 'grouping' && kind !== 'category' && kind !== 'other') refuseUnknown(at, kind)
    const activities = kinds[kind]
    // One activity alone is as good as an array (1.0.3, Data 2.4.6.2).
    if (!Array.isArray(activities)) checkActivity(activities, `${at}/${kind}`)
    else
      for (let index = 0; index < activities.length; index++) checkActivity(activities[index], `${at}/${kind}/${index}`)
  }
}

/** contextAgents and contextGroups (2.0, 4.2.2.5). */
function checkParticipants(value: unknown, at: string, areGroups: boolean): void {
  const participants = asArray(value, at)
  const objectType = areGroups ? 'contextGroup' : 'contextAgent'
  const who = areGroups ? 'group' : 'agent'
  for (let index = 0; index < participants.length; index++) {
    const here = `${at}/${index}`
    const participant = asFields(participants[index], here)
    for (const key in participant)
      if (key !== 'objectType' && key !== who && key !== 'relevantTypes') refuseUnknown(here, key)
    if (participant['objectType'] !== objectType) refuse(`${here}/objectType`, `must be ${objectType}`)
    if (areGroups) checkGroup(participant[who], `${here}/${who}`)
    else checkAgent(participant[who], `${here}/${who}`)
    if (participant['relevantTypes'] === undefined) continue
    const types = asArray(participant['relevantTypes'], `${here}/relevantTypes`)
    if (types.length === 0) refuse(`${here}/relevantTypes`, 'must not be empty')
    for (let each = 0; each < types.length; each++) checkIri(types[each], `${here}/relevantTypes/${each}`)
  }
}

/** What a client says of who vouches for a statement: the store sets its own, but a wrong one is refused. */
function checkAuthority(value: unknown, at: string): void {
  checkAgentOrGroup(value, at)
  if (value.objectType !== 'Group') return
  // An application and its user, as three-legged OAuth gives (1.0.3, Data 2.4.9).
  const { mbox, mbox_sha1sum: sha1, openid, account, member } = value
  if (mbox !== undefined || sha1 !== undefined || openid !== undefined || account !== undefined || member?.length !== 2)
    refuse(at, 'must be an agent, or an anonymous group of two agents')
}

function checkVersion(value: unknown, version: XapiVersion, at: string): void {
  if (typeof value === 'string' && /^1\.0(?:\.\d+)?$/.test(value)) return
  if (version === '2.0.0' && typeof value === 'string' && /^2\.0(?:\.\d+)?$/.test(value)) return
  refuse(
    at,
    version === '2.0.0' ? 'must be a version 2.0 or 1.0, such as 2.0.0' : 'must be a version 1.0, such as 1.0.0',
  )
}

function checkAttachment(value: unknown, at: string): void {
  const attachment = asFields(value, at)
  for (const key in attachment) {
    const part = attachment[key]
    switch (key) {
      case 'usageType':
      case 'contentType':
      case 'length':
      case 'sha2':
      case 'display':
        break
      case 'description':
        checkLanguageMap(part, `${at}/description`)
        break
      case 'fileUrl':
        checkIri(part, `${at}/fileUrl`)
        break
      default:
        refuseUnknown(at, key)
    }
  }
  checkIri(attachment['usageType'], `${at}/usageType`)
  checkLanguageMap(attachment['display'], `${at}/display`)
  if (!isMediaType(asText(attachment['contentType'], at, 'contentType')))
    refuse(`${at}/contentType`, 'must be a media type, such as image/png')
  const length = attachment['length']
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    refuse(`${at}/length`, 'must be a number of bytes')
  if (!isSha2(asText(attachment['sha2'], at, 'sha2'))) refuse(`${at}/sha2`, 'must be a SHA-2 in hexadecimal')
}

// SHA-224, 256, 384 and 512
const isSha2 = (text: string) => [56, 64, 96, 128].includes(text.length) && isHexadecimal(text)
