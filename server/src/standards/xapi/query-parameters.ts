import type { FastifyRequest } from 'fastify'
import {
  type Agent,
  checkAgentOrGroup,
  checkIri,
  checkTimestamp,
  checkUuid,
  type Group,
  identifyAgent,
  parseJson,
  type XapiVersion,
} from '#modules/records'
import { Problem } from '#kernel/problem'

/** The parameters of a request: each at most once, and none but those its resource knows. */
export class QueryParameters {
  readonly #values: Record<string, string> = {}
  readonly #version: XapiVersion

  /**
   * @param known names its resource knows: any other is refused, even in another case (1.0.3 Communication 3.2).
   * @throws Problem 400 `parameter_unknown`, `parameter_repeated`.
   */
  constructor(request: FastifyRequest, version: XapiVersion, known: readonly string[]) {
    this.#version = version
    for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
      if (!known.includes(name)) {
        const list = known.length > 0 ? known.join(', ') : 'none'
        throw new Problem(400, 'parameter_unknown', `This resource has no such parameter; it has: ${list}.`, {
          parameter: name,
        })
      }
      if (Array.isArray(value)) throw invalid(name, 'given more than once')
      this.#values[name] = value
    }
  }

  get names(): string[] {
    return Object.keys(this.#values)
  }

  text(name: string): string | undefined {
    return this.#values[name]
  }

  /** One of a few words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.#values[name]
    if (value === undefined) return undefined
    const word = words.find((each) => each === value)
    if (word === undefined) throw invalid(name, `not one of ${words.join(', ')}`)
    return word
  }

  boolean(name: string): boolean {
    return this.word(name, ['true', 'false']) === 'true'
  }

  /** A whole number that is not negative. */
  number(name: string): number | undefined {
    const value = this.#values[name]
    if (value === undefined) return undefined
    if (!/^\d{1,9}$/.test(value)) throw invalid(name, 'no whole number from 0 to 999999999')
    return Number(value)
  }

  uuid(name: string): string | undefined {
    return this.#checked(name, (value) => checkUuid(value, name))?.toLowerCase()
  }

  iri(name: string): string | undefined {
    return this.#checked(name, (value) => checkIri(value, name))
  }

  timestamp(name: string): string | undefined {
    return this.#checked(name, (value) => checkTimestamp(value, this.#version, name))
  }

  /** An agent, or a group that is identified, as JSON. */
  actor(name: string): Agent | Group | undefined {
    const value = this.#values[name]
    if (value === undefined) return undefined
    let json: unknown
    try {
      json = parseJson(value)
    } catch {
      throw invalid(name, 'no JSON')
    }
    checkAgentOrGroup(json, name)
    if (identifyAgent(json) === undefined) throw invalid(name, 'an anonymous group, which is nobody')
    return json
  }

  agent(name: string): Agent | undefined {
    const actor = this.actor(name)
    if (actor?.objectType === 'Group') throw invalid(name, 'a group: only an agent has it')
    return actor
  }

  #checked(name: string, check: (value: string) => string): string | undefined {
    const value = this.#values[name]
    return value === undefined ? undefined : check(value)
  }
}

/** A value that a request must have. */
export function required<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw invalid(name, 'missing')
  return value
}

export const invalid = (name: string, why: string): Problem =>
  new Problem(400, 'parameter_invalid', `The parameter ${name} is ${why}.`, { parameter: name })

/** @throws Problem 400 `parameter_unknown` when a request has any. */
export const refuseParameters = (request: FastifyRequest): void => void new QueryParameters(request, '2.0.0', [])
