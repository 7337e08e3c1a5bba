import type { Statement } from './statement.ts'

/** The verb that voids the statement its own one refers to (xAPI 1.0.3, Data 2.3.2). */
export const voidedVerb = 'http://adlnet.gov/expapi/verbs/voided'

/** Whether a statement voids another, which its object refers to. */
export function isVoiding(statement: Statement): boolean {
  return statement.verb.id === voidedVerb
}
