import type { Statement } from '#modules/records'
import type { Action, LearningEvent, LearningObject } from './learning-event.ts'

/** What a dialect tells of a statement that is in it: action empty when it has no word for it. */
export interface Meaning extends Partial<
  Pick<LearningEvent, 'success' | 'completed' | 'progress' | 'position' | 'positionFrom' | 'positionTo' | 'length'>
> {
  action: Action | ''
  object: LearningObject | null
  parent: LearningObject | null
  course: LearningObject | null
  session: string | null
}

/** @returns undefined for a statement that is not in the dialect. */
export type ReadDialect = (statement: Statement) => Meaning | undefined
