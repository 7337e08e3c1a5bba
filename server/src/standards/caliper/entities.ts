import { type Activity, type Agent, checkIri, type Group, StatementError } from '#modules/records'
import { agentTypes, caliper, learnerWritten, toActivityType } from './vocabulary.ts'

export type Fields = Record<string, unknown>

/** Something that an event speaks of. Caliper lets everything but its identifier be left out, and then a bare IRI stand for it. */
export interface Entity {
  id: string
  /** Term of Caliper, such as `Person`; undefined for a bare IRI. */
  type: string | undefined
  /** All that is told of it. */
  fields: Fields
  /** JSON pointer to it. */
  at: string
}

const term = /^[A-Z][A-Za-z0-9]{0,99}$/

/** @throws StatementError when it is neither an IRI nor an object with an IRI and a type. */
export function readEntity(value: unknown, at: string): Entity {
  if (typeof value === 'string') return { id: checkIri(value, at), type: undefined, fields: {}, at }
  const fields = readFields(value, at)
  return { id: checkIri(fields['id'], `${at}/id`), type: readTerm(fields['type'], `${at}/type`), fields, at }
}

/** An entity that another one may have; undefined when it has none. */
export function findEntity({ fields, at }: Pick<Entity, 'fields' | 'at'>, name: string): Entity | undefined {
  return isAbsent(fields[name]) ? undefined : readEntity(fields[name], `${at}/${name}`)
}

export function readFields(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StatementError(at, 'must be an object')
  }
  return value as Fields
}

/** A term of Caliper's model, or a word of that form. */
export function readTerm(value: unknown, at: string): string {
  if (typeof value !== 'string' || !term.test(value)) throw new StatementError(at, 'must be a term of Caliper')
  return value
}

/** A text told, if any. */
export function readText({ fields, at }: Pick<Entity, 'fields' | 'at'>, name: string): string | undefined {
  const value = fields[name]
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string') throw new StatementError(`${at}/${name}`, 'must be a string')
  return value
}

/** A number told, if any. */
export function readNumber({ fields, at }: Pick<Entity, 'fields' | 'at'>, name: string): number | undefined {
  const value = fields[name]
  if (isAbsent(value)) return undefined
  if (typeof value !== 'number') throw new StatementError(`${at}/${name}`, 'must be a number')
  return value
}

/** What Caliper advises to leave out, and many send. */
const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === ''

/** Links followed upwards from an entity: what holds more is a loop. */
const mostLinks = 10

/** What an entity is part of, the nearest first. */
export function listUpwards(entity: Entity, link: 'isPartOf' | 'subOrganizationOf'): Entity[] {
  const found: Entity[] = []
  let next = findEntity(entity, link)
  while (next !== undefined && found.length < mostLinks) {
    found.push(next)
    next = findEntity(next, link)
  }
  return found
}

/** The activity that an entity is. */
export function toActivity(entity: Entity): Activity {
  const { id, type } = entity
  if (type === undefined) return { objectType: 'Activity', id }
  // Caliper says no language.
  const name = learnerWritten.has(type) ? undefined : readText(entity, 'name')
  return {
    objectType: 'Activity',
    id,
    definition: { type: toActivityType(type), ...(name === undefined ? {} : { name: { und: name } }) },
  }
}

/**
 * Who an entity is: an account by its IRI, at the site the IRI is of. The IRI of a type stands for somebody who is not to be
 * known (Caliper 1.2, anonymity): a group without members, which is nobody in particular.
 */
export function toAgent(entity: Entity): Agent | Group {
  const { id, type } = entity
  if (id.startsWith(caliper)) return { objectType: 'Group', member: [] }
  const name = readText(entity, 'name')
  return {
    objectType: type === 'Group' || type === 'Organization' ? 'Group' : 'Agent',
    ...(name === undefined ? {} : { name }),
    account: { homePage: URL.parse(id)?.origin.replace(/^null$/, '') || caliper, name: id },
  }
}

/** The object of a statement: somebody, or an activity. */
export const toObject = (entity: Entity): Activity | Agent | Group =>
  agentTypes.has(entity.type ?? '') ? toAgent(entity) : toActivity(entity)
