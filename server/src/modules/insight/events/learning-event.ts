/** What a statement means, in few words that are the same for all tools: docs/standards/learning-events.md says each. */

/** The rules by which statements are understood: one more whenever a statement may give another event, or
 * events may add up to something else, than before. Projections are then made anew. */
export const rulesVersion = 3

export const actions = [
  'viewed',
  'launched',
  'completed',
  'passed',
  'failed',
  'scored',
  'submitted',
  'attempted',
  'answered',
  'posted',
  'replied',
  'played',
  'paused',
  'seeked',
  'watched',
  'progressed',
  'downloaded',
  'uploaded',
  'enrolled',
  'unenrolled',
  'signed-in',
  'interacted',
  'ended',
  'managed',
] as const
export type Action = (typeof actions)[number]

/** What others did, or machines, or nobody understood: no day of learning is made of it. */
export const otherActions = ['', 'managed', 'enrolled', 'unenrolled', 'scored'] as const satisfies readonly (
  | Action
  | ''
)[]

export const kinds = [
  'course',
  'section',
  'page',
  'file',
  'video',
  'audio',
  'document',
  'quiz',
  'question',
  'assignment',
  'forum',
  'discussion',
  'chat',
  'glossary',
  'wiki',
  'survey',
  'package',
  'live',
  'link',
  'message',
  'site',
  'other',
] as const
export type Kind = (typeof kinds)[number]

export const dialects = [
  'moodle',
  'moodle-legacy',
  'open-edx',
  'video',
  'cmi5',
  'french-lms',
  'caliper',
  'general',
] as const
export type Dialect = (typeof dialects)[number]

/** An activity that an event speaks of. */
export interface LearningObject {
  iri: string
  kind: Kind
  /** By language; empty for what a learner may have written, such as a discussion. */
  name: Record<string, string>
}

/**
 * What somebody did, as one statement tells it. Nothing in it was written by a person but the names of activities; who it
 * was is in `learner` and `learnerName`, which are for the identity map and never for the analytics.
 */
export interface LearningEvent {
  /** UUID, lower case. */
  statementId: string
  /** Milliseconds since 1970: told by the statement when it is within 2000 to 2099, else the moment of storing. */
  occurredAt: number
  /** As `identifyAgent` says; null when the actor is not one person. */
  learner: string | null
  learnerName: string | null
  /** Empty when no dialect knows the statement. */
  dialect: Dialect | ''
  /** IRI, cut at 200 characters. */
  verb: string
  /** Empty when the statement is not understood. */
  action: Action | ''
  object: LearningObject | null
  /** What holds the object, below its course: the quiz of a question, the forum of a discussion, the section of a page. */
  parent: LearningObject | null
  course: LearningObject | null
  /** What ties the events of one sitting: a video session, an attempt, a registration. Of any form: to be digested. */
  session: string | null
  /** From -1 to 1. */
  score: number | null
  success: boolean | null
  completed: boolean | null
  /** From 0 to 1. */
  progress: number | null
  /** Duration told, up to a year. */
  seconds: number | null
  /** Where the player stands after what is told, in seconds; the four below are of videos and sounds only. */
  position: number | null
  /** Of a jump (seeked), of a passage played (watched), or of what was seen without a gap until `position` (others). */
  positionFrom: number | null
  positionTo: number | null
  length: number | null
}
