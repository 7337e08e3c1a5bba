import type { Account, Agent, Group, XapiVersion } from './statement.ts'
import { isDuration, isHexadecimal, isIri, isLanguageTag, isMailto, isUuid } from './text-formats.ts'
import { isTimestamp } from './timestamps.ts'

declare global {
  interface JSON {
    isRawJSON(value: unknown): value is { rawJSON: string }
  }
}

/** What is wrong in a statement or a parameter, and where. */
export class StatementError extends Error {
  /** JSON pointer (RFC 6901) to the value at fault. */
  readonly pointer: string
  /** What is wrong there; the message says both. */
  readonly reason: string

  constructor(pointer: string, reason: string) {
    super(pointer === '' ? reason : `${pointer}: ${reason}`)
    this.name = 'StatementError'
    this.pointer = pointer
    this.reason = reason
  }
}

export type Fields = Record<string, unknown>

// `at`, in every check, is the pointer to the value checked; the names of properties are added to it on failure only.

export function refuse(at: string, reason: string): never {
  throw new StatementError(at, reason)
}

export function pointTo(at: string, key: string): string {
  return `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

export function refuseUnknown(at: string, key: string): never {
  refuse(pointTo(at, key), 'is no property that xAPI knows here')
}

export function asFields(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'must be an object')
  return value as Fields
}

export function asArray(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) refuse(at, 'must be an array')
  return value
}

export function asText(value: unknown, at: string, key: string): string {
  if (typeof value !== 'string') refuse(`${at}/${key}`, 'must be a string')
  return value
}

function checkText(value: unknown, at: string, isRight: (text: string) => boolean, what: string): string {
  if (typeof value !== 'string' || !isRight(value)) refuse(at, `must be ${what}`)
  return value
}

/** @throws StatementError when it is no IRI with a scheme. */
export function checkIri(value: unknown, at: string): string {
  return checkText(value, at, isIri, 'an IRI with its scheme')
}

/** @throws StatementError when it is no UUID in standard form. */
export function checkUuid(value: unknown, at: string): string {
  return checkText(value, at, isUuid, 'a UUID in its standard form')
}

/** @throws StatementError when it is no duration of ISO 8601. */
export function checkDuration(value: unknown, at: string): string {
  return checkText(value, at, isDuration, 'a duration of ISO 8601, such as PT12M5.2S')
}

/** @throws StatementError when it is no language tag of RFC 5646. */
export function checkLanguageTag(value: unknown, at: string): string {
  return checkText(value, at, isLanguageTag, 'a language tag of RFC 5646, such as fr or fr-FR')
}

/** @throws StatementError when it is no timestamp: ISO 8601 in 1.0.3, RFC 3339 in 2.0. */
export function checkTimestamp(value: unknown, version: XapiVersion, at: string): string {
  if (typeof value !== 'string' || !isTimestamp(value, version))
    refuse(at, `must be a timestamp of ${version === '2.0.0' ? 'RFC 3339' : 'ISO 8601'}, such as 2026-11-22T10:00:00Z`)
  return value
}

export function checkLanguageMap(value: unknown, at: string): void {
  const texts = asFields(value, at)
  for (const tag in texts) {
    // An integer too long for a double comes as an object of that property, which looks like a tag.
    if (tag === 'rawJSON' && JSON.isRawJSON(texts)) refuse(at, 'must be an object')
    if (!isLanguageTag(tag)) refuse(pointTo(at, tag), 'is no language tag of RFC 5646, such as fr or fr-FR')
    if (typeof texts[tag] !== 'string') refuse(pointTo(at, tag), 'must be a string')
  }
}

// Deeper ones would exhaust the stack of whatever reads them after us.
const deepest = 100

/** Keys are IRIs; values are any JSON, nested within reason. */
export function checkExtensions(value: unknown, at: string): void {
  const extensions = asFields(value, at)
  for (const key in extensions) {
    if (!isIri(key)) refuse(pointTo(at, key), 'is no IRI with its scheme, which a key of extensions must be')
    const extension = extensions[key]
    if (typeof extension === 'object' && extension !== null && isDeeper(extension, deepest))
      refuse(pointTo(at, key), `must not be nested deeper than ${deepest} levels`)
  }
}

function isDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true
  for (const each of Object.values(value))
    if (typeof each === 'object' && each !== null && isDeeper(each, levels - 1)) return true
  return false
}

function checkAccount(value: unknown, at: string): asserts value is Account {
  const account = asFields(value, at)
  for (const key in account) if (key !== 'homePage' && key !== 'name') refuseUnknown(at, key)
  checkIri(account['homePage'], `${at}/homePage`)
  if (typeof account['name'] !== 'string') refuse(`${at}/name`, 'must be a string')
}

/**
 * The rules that agents and groups share (1.0.3, Data 2.4.2).
 * @returns how many identifiers it bears.
 */
function checkIdentity(agent: Fields, at: string, isGroup: boolean): number {
  let identifiers = 0
  for (const key in agent) {
    const value = agent[key]
    switch (key) {
      case 'objectType':
        break
      case 'name':
        if (typeof value !== 'string') refuse(`${at}/name`, 'must be a string')
        break
      case 'account':
        identifiers++
        checkAccount(value, `${at}/account`)
        break
      case 'mbox':
        identifiers++
        checkText(value, `${at}/mbox`, isMailto, 'a mail address after mailto:')
        break
      case 'mbox_sha1sum':
        identifiers++
        checkText(value, `${at}/mbox_sha1sum`, isSha1, 'a SHA-1 in hexadecimal')
        break
      case 'openid':
        identifiers++
        checkIri(value, `${at}/openid`)
        break
      case 'member':
        if (!isGroup) refuse(`${at}/member`, 'is for groups, which say "objectType": "Group"')
        break
      default:
        refuseUnknown(at, key)
    }
  }
  if (identifiers > 1) refuse(at, 'must have one identifier only, of mbox, mbox_sha1sum, openid and account')
  return identifiers
}

const isSha1 = (text: string) => text.length === 40 && isHexadecimal(text)

/** @throws StatementError when it is no agent. */
export function checkAgent(value: unknown, at: string): asserts value is Agent {
  const agent = asFields(value, at)
  if (agent['objectType'] !== undefined && agent['objectType'] !== 'Agent') refuse(`${at}/objectType`, 'must be Agent')
  if (checkIdentity(agent, at, false) === 0)
    refuse(at, 'must have an identifier, of mbox, mbox_sha1sum, openid and account')
}

/** @throws StatementError when it is no group: an anonymous one names its members. */
export function checkGroup(value: unknown, at: string): asserts value is Group {
  const group = asFields(value, at)
  if (group['objectType'] !== 'Group') refuse(`${at}/objectType`, 'must be Group')
  const identifiers = checkIdentity(group, at, true)
  const members = group['member']
  if (members !== undefined) {
    const each = asArray(members, `${at}/member`)
    for (let index = 0; index < each.length; index++) checkAgent(each[index], `${at}/member/${index}`)
  } else if (identifiers === 0) {
    refuse(at, 'must have an identifier, of mbox, mbox_sha1sum, openid and account, or members')
  }
}

/** @throws StatementError when it is neither an agent nor a group. */
export function checkAgentOrGroup(value: unknown, at: string): asserts value is Agent | Group {
  const isGroup = asFields(value, at)['objectType'] === 'Group'
  if (isGroup) checkGroup(value, at)
  else checkAgent(value, at)
}
