import type { Actor } from '#kernel/access'
import { listAudit, type RecordedAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { canAdminister, isHeadOf } from './administration.queries.ts'
import { findKept, listMergedInto } from './matching/merges.queries.ts'
import {
  type Affiliation,
  findPerson,
  type GroupName,
  listClasses,
  listFoundPeople,
  listFunctions,
  listOrganisationNames,
  listPersonSummaries,
  listProvenance,
  listRelations,
  listTeachings,
  type PersonName,
  type PersonRecord,
  type Provenance,
  type Relation,
  type StaffFunction,
  type Teaching,
  toAffiliations,
} from './people.queries.ts'
import { type Because, type CardField, cardFields, findReach, listGrantedFields, sortReasons } from './visibility.ts'
import { listReasons } from './visibility.queries.ts'

type Viewer = Pick<Actor, 'personId' | 'rights'>

/** A person's card; what the viewer may not see is null or empty, and named in `withheld`. */
export interface PersonCard extends Omit<PersonRecord, 'street' | 'postalCode' | 'town' | 'country'> {
  because: Because[]
  withheld: CardField[]
  address: Pick<PersonRecord, 'street' | 'postalCode' | 'town' | 'country'> | null
  affiliations: Affiliation[]
  functions: StaffFunction[]
  classes: GroupName[]
  teachings: Teaching[]
  guardians: Relation[]
  children: Relation[]
  sources: Provenance[]
}

/**
 * Finds the card of a person, or undefined when there is none or the viewer does not see them.
 * @param asked identifier of the person, or of whoever was found to be them.
 */
export async function findPersonCard(tx: Tx, viewer: Viewer, asked: string): Promise<PersonCard | undefined> {
  const id = (await findKept(tx, [asked])).get(asked) ?? asked
  const reach = await findReach(tx, viewer)
  const reasons = await listReasons(tx, reach, [id])
  const because = sortReasons(reasons.map((reason) => reason.because))
  const person = because.length === 0 ? undefined : await findPerson(tx, id)
  // Whoever left is kept for a time, for operators only.
  if (!person || (person.goneOn !== null && !reach.wholeTenant)) return undefined

  const granted = listGrantedFields(because)
  const allow = <T>(field: CardField, value: T): T | null => (granted.has(field) ? value : null)
  const { street, postalCode, town, country, ...rest } = person
  const hasAddress = street !== null || postalCode !== null || town !== null || country !== null
  const disclosed = new Set(reasons.map(({ profile, organisationId }) => `${profile} ${organisationId}`))
  const functions = await listFunctions(tx, id)
  return {
    ...rest,
    because,
    withheld: cardFields.filter((field) => !granted.has(field)),
    affiliations: toAffiliations(reasons, await listOrganisationNames(tx, reasons)),
    functions: functions.filter(({ profile, organisation }) => disclosed.has(`${profile} ${organisation.id}`)),
    classes: await listClasses(tx, reach, id),
    teachings: await listTeachings(tx, reach, id),
    ...(granted.has('relations') ? await listRelations(tx, reach, id) : { guardians: [], children: [] }),
    email: allow('email', person.email),
    phone: allow('phone', person.phone),
    mobile: allow('mobile', person.mobile),
    workPhone: allow('workPhone', person.workPhone),
    address: hasAddress ? allow('address', { street, postalCode, town, country }) : null,
    bornOn: allow('bornOn', person.bornOn),
    otherGivenNames: allow('otherNames', person.otherGivenNames),
    birthFamilyName: allow('otherNames', person.birthFamilyName),
    sources: granted.has('provenance') ? await listProvenance(tx, id) : [],
  }
}

/** Something done to a person's account or record. */
export interface PersonAuditEntry {
  id: string
  recordedAt: Date
  action: string
  by: 'system' | 'self' | 'person'
  /** Null for the system and for someone the viewer does not see. */
  actor: PersonName | null
  detail: Record<string, unknown>
}

/**
 * What was done to a person, newest first, for themself and for who manages them: administrators and heads; undefined
 * for others, as if nobody bore the identifier. Managers are told who acted, wherever that one belongs.
 */
export async function listPersonAudit(tx: Tx, viewer: Viewer, id: string): Promise<PersonAuditEntry[] | undefined> {
  const manages =
    (await canAdminister(tx, viewer.personId, viewer.rights, id)) ||
    (id !== viewer.personId && (await isHeadOf(tx, viewer.personId, id)))
  if (id !== viewer.personId && !manages) return undefined
  if (!(await findPerson(tx, id))) return undefined
  const found = await listAudit(tx, 200, id, ...(await listMergedInto(tx, [id])))
  // A merge is written of both people.
  const entries = found.filter((entry, index) => {
    const same = (each: RecordedAudit) =>
      each.action === entry.action && each.recordedAt.getTime() === entry.recordedAt.getTime()
    return entry.subjectId === id || !found.some((each, at) => at !== index && same(each) && each.subjectId === id)
  })
  const actors = [...new Set(entries.flatMap(({ actorPersonId }) => actorPersonId ?? []))]
  const seen = manages
    ? await listPersonSummaries(tx, actors)
    : await listFoundPeople(tx, await findReach(tx, viewer), actors)
  return entries.map(({ actorPersonId, id: entryId, recordedAt, action, detail }) => {
    const actor = seen.find((person) => person.id === actorPersonId)
    return {
      id: entryId,
      recordedAt,
      action,
      detail,
      by: actorPersonId === null ? 'system' : actorPersonId === id ? 'self' : 'person',
      actor: actor ? { id: actor.id, familyName: actor.familyName, givenName: actor.givenName } : null,
    }
  })
}
