import { type Actor, holdsOverAll } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { findReachRow } from './visibility.queries.ts'

/** What a card can hold beside names, profiles, functions and classes, which come with being visible at all. */
export const cardFields = [
  'email',
  'phone',
  'mobile',
  'workPhone',
  'address',
  'bornOn',
  'otherNames',
  'relations',
  'provenance',
] as const
export type CardField = (typeof cardFields)[number]

const contact: CardField[] = ['email', 'phone', 'mobile', 'workPhone', 'address']
const whole: CardField[] = [...contact, 'bornOn', 'otherNames', 'relations']

/**
 * Why one person sees another, strongest first, with what it opens on the card. Someone whom no line reaches is
 * invisible: absent from lists and searches, and a card asked for by its address answers as if nobody bore it.
 *
 * | viewer | sees | because | with |
 * | --- | --- | --- | --- |
 * | anyone | themself | `self` | everything but provenance |
 * | operator: `directory.import` or `directory.administer` without perimeter | everyone | `youOperate` | everything |
 * | delegated administrator: `directory.administer` over an establishment, or a territory's or partner's | its people | `youAdminister` | everything |
 * | head, school life | the people of the establishment | `youSupervise` | everything but provenance |
 * | guardian (legal, or in charge) | own children | `yourChild` | e-mail, mobile, birth, relations; not the home address and telephone, which may be the other guardian's |
 * | | the other guardians of a child | `guardianOfYourChild` | name, the shared child |
 * | | teachers of a child | `teachesYourChild` | name, function, subject |
 * | | staff of a child's establishment | `staffOfYourChildsSchool` | name, function |
 * | pupil | own guardians | `yourGuardian` | name, relation |
 * | | own teachers | `teachesYou` | name, function, subject |
 * | | staff of the establishment | `staffOfYourSchool` | name, function |
 * | | pupils of own classes and groups | `sameClass` | name, the shared classes |
 * | teacher | pupils taught | `youTeach` | class, relations |
 * | | guardians of the class one is main teacher of | `guardianOfYourMainClass` | contact, relations |
 * | | guardians of other pupils taught | `guardianOfYourPupil` | name, relations |
 * | | all of the establishment but guardians | `yourEstablishment` | name, class, function |
 * | other staff | all of the establishment | `yourEstablishment` | name, class, function |
 * | agent of a partner | heads in the partner's territories | `headInYourTerritory` | e-mail and work telephone |
 *
 * An agent of a partner never sees a pupil or a guardian: counts only, on the establishment's card. A relation between
 * a pupil and a guardian is known through the pupil: to see both ends for other reasons does not disclose it.
 */
const grants = {
  self: whole,
  youOperate: [...whole, 'provenance'],
  youAdminister: [...whole, 'provenance'],
  youSupervise: whole,
  yourChild: ['email', 'mobile', 'bornOn', 'otherNames', 'relations'],
  yourGuardian: ['relations'],
  guardianOfYourChild: ['relations'],
  teachesYou: [],
  teachesYourChild: [],
  staffOfYourSchool: [],
  staffOfYourChildsSchool: [],
  sameClass: [],
  youTeach: ['relations'],
  guardianOfYourMainClass: [...contact, 'relations'],
  guardianOfYourPupil: ['relations'],
  yourEstablishment: [],
  headInYourTerritory: ['email', 'workPhone'],
} satisfies Record<string, CardField[]>

export type Because = keyof typeof grants
export const becauseCodes = Object.keys(grants) as [Because, ...Because[]]

/** The reasons given, strongest first, each once. */
export function sortReasons(reasons: Iterable<Because>): Because[] {
  const given = new Set(reasons)
  return becauseCodes.filter((code) => given.has(code))
}

/** The fields of a card that these reasons open together. */
export function listGrantedFields(reasons: Because[]): Set<CardField> {
  return new Set(reasons.flatMap((reason): CardField[] => grants[reason]))
}

/**
 * What a person can see, as data: lists of establishments, classes and children, in the current school year. It is
 * enough to build any query on people and needs no other rule. Lists hold identifiers.
 */
export interface Reach {
  personId: string
  /** Everyone of the tenant. */
  wholeTenant: boolean
  /** Establishments whose people are seen by right `directory.administer`. */
  administered: string[]
  /** Establishments where the person is head or school life. */
  supervised: string[]
  /** Establishments where the person teaches. */
  taughtIn: string[]
  /** Establishments where the person has another function. */
  workedIn: string[]
  /** Classes and groups taught, and among them those of which the person is main teacher. */
  taughtGroups: string[]
  mainGroups: string[]
  /** A pupil's establishments, classes and groups. */
  schools: string[]
  groups: string[]
  /** A guardian's children, their establishments, classes and groups. */
  children: string[]
  childrensSchools: string[]
  childrensGroups: string[]
  /** Establishments of the territories that the person's partners answer for. */
  territoryEstablishments: string[]
}

/** Finds what an actor can see, in one query. */
export async function findReach(tx: Tx, actor: Pick<Actor, 'personId' | 'rights'>): Promise<Reach> {
  const wholeTenant = holdsOverAll(actor, 'directory.import') || holdsOverAll(actor, 'directory.administer')
  const perimeters = actor.rights.flatMap(({ right, organisationId }) =>
    right === 'directory.administer' && organisationId !== null ? [organisationId] : [],
  )
  return { personId: actor.personId, wholeTenant, ...(await findReachRow(tx, actor.personId, perimeters)) }
}
