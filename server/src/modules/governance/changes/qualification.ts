import type { Agreement, SharingKey } from '../agreements/agreement-schema.ts'
import type { Qualification } from './change-schema.ts'

/** The chapter of an agreement about changes. */
export type ChangeRules = NonNullable<Agreement['changes']>

/**
 * Whether a change is structuring: by the rule of the agreement and the answers alone, never by choice.
 * @returns the answers that make it so, none for one that is not.
 */
export function qualifyChange(
  rules: ChangeRules,
  answers: Qualification,
): { structuring: boolean; because: ChangeRules['alwaysStructuring']; article: string } {
  const because = rules.alwaysStructuring.filter((answer) => answers[answer])
  return { structuring: because.length > 0, because, article: rules.article }
}

/** Key by which the cost of a change is shared; undefined when the agreement says nothing of this kind. */
export function findSharingKey(
  rules: Agreement,
  change: { structuring: boolean; separableTo: string | null },
): SharingKey | undefined {
  const use =
    change.separableTo !== null ? 'separableChange' : change.structuring ? 'structuringChange' : 'electiveChange'
  return rules.money.sharing.find(({ usedFor }) => usedFor.includes(use))
}

/** Ballot rule by which a change is voted; undefined when the pilot decides alone. */
export function findBallotRule(rules: Agreement, structuring: boolean) {
  const key = structuring ? rules.changes?.structuringBallot : rules.changes?.otherBallot
  return rules.ballots.find((each) => each.key === key)
}

/** Parties whose opinion is asked. */
export function listAdvisers(rules: Agreement): string[] {
  const of = rules.changes?.opinionOf ?? []
  if (of !== 'everyAcademicAuthority') return of
  return rules.parties.filter(({ roles }) => roles.includes('academicAuthority')).map(({ key }) => key)
}
