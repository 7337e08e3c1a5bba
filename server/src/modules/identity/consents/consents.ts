import { type Audience, listChildrenOf, listLevelsOf } from '#modules/directory'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { updateAccount } from '../accounts/accounts.queries.ts'
import { firstTexts, type NewText } from './consent-texts.ts'
import {
  type ConsentText,
  forgetWelcomes,
  insertAnswer,
  insertText,
  listLatestAnswers,
  listTexts,
} from './consents.queries.ts'

/** A text put to someone, once or for one child, with their last answer. */
export interface Question {
  text: ConsentText
  childId: string | null
  /** `version` is that of the text they answered: an older one than the text's asks again. */
  answer: { accepted: boolean; answeredAt: Date; version: number } | null
}

export interface Questions {
  children: { id: string; givenName: string; familyName: string; places: string[] }[]
  questions: Question[]
}

/** The texts in force that concern someone, with what they answered. */
export async function listQuestions(tx: Tx, personId: string, now: Date): Promise<Questions> {
  const places = await listLevelsOf(tx, personId)
  const children = await listChildrenOf(tx, personId)
  const concerns = ({ audience, levels }: ConsentText) =>
    places.some(
      ({ profile, level }) =>
        audienceOf(profile) === audience && (levels.length === 0 || (level !== null && levels.includes(level))),
    )
  const answers = await listLatestAnswers(tx, personId)
  const questions = (await listTextsInForce(tx, now))
    .filter(concerns)
    .flatMap((text) => (text.perChild ? children.map(({ id }) => id) : [null]).map((childId) => ({ text, childId })))
    .map(({ text, childId }) => {
      const answer = answers.find((each) => each.slug === text.slug && each.childId === childId)
      return {
        text,
        childId,
        answer: answer ? { accepted: answer.accepted, answeredAt: answer.answeredAt, version: answer.version } : null,
      }
    })
    // What is read comes before what is chosen.
    .sort((one, other) => Number(one.text.kind === 'choice') - Number(other.text.kind === 'choice'))
  return { children, questions }
}

/** Whether a question still waits for its answer: never answered, or to an older version. */
export const isPending = ({ text, answer }: Question) => answer === null || answer.version < text.version

const audienceOf = (profile: string): Audience => (profile === 'pupil' || profile === 'guardian' ? profile : 'staff')

/** A workspace begins with the texts that come with the software. */
export async function listTextsInForce(tx: Tx, now: Date): Promise<ConsentText[]> {
  const texts = await listTexts(tx)
  const missing = firstTexts.filter(({ slug }) => !texts.some((text) => text.slug === slug))
  if (missing.length === 0) return texts
  for (const text of missing) await insertText(tx, text, now)
  return listTexts(tx)
}

/**
 * Keeps someone's answer, beside the former ones.
 * @throws Problem 404 `consent_not_found` when the text or the child does not concern them, or the text is no longer in
 * force; 422 `consent_read_only` for a refusal of what is only to be read.
 */
export async function answerQuestion(
  tx: Tx,
  actor: Actor,
  input: { textId: string; childId: string | null; accepted: boolean },
  now: Date,
): Promise<void> {
  const { questions } = await listQuestions(tx, actor.personId, now)
  const question = questions.find(({ text, childId }) => text.id === input.textId && childId === input.childId)
  if (!question) throw new Problem(404, 'consent_not_found', 'No such text is put to you.')
  if (question.text.kind === 'read' && !input.accepted) {
    throw new Problem(422, 'consent_read_only', 'This text is to be read: there is nothing to refuse.')
  }
  await insertAnswer(tx, { ...input, personId: actor.personId }, now)
  await recordAudit(tx, {
    action: 'identity.consent_answered',
    actorPersonId: actor.personId,
    subjectKind: 'person',
    subjectId: input.childId ?? actor.personId,
    detail: { text: question.text.slug, version: question.text.version, accepted: input.accepted },
  })
}

/** Ends the first journey. @throws Problem 409 `consents_pending` while a text waits for its answer. */
export async function finishWelcome(tx: Tx, actor: Actor, now: Date): Promise<void> {
  const { questions } = await listQuestions(tx, actor.personId, now)
  if (questions.some(isPending)) throw new Problem(409, 'consents_pending', 'Some texts wait for an answer.')
  await updateAccount(tx, actor.accountId, { welcomed_at: now })
}

/**
 * Publishes a new text or a new version; those it concerns are asked at their next visit.
 * @throws Problem 409 `text_exists` unless the version is above the last one.
 */
export async function publishText(tx: Tx, text: NewText, now: Date): Promise<void> {
  const last = (await listTextsInForce(tx, now)).find(({ slug }) => slug === text.slug)
  if ((last && last.version >= text.version) || !(await insertText(tx, text, now))) {
    throw new Problem(409, 'text_exists', `Text ${text.slug} has version ${last?.version} already.`)
  }
  await forgetWelcomes(tx)
  await recordAudit(tx, {
    action: 'identity.text_published',
    actorPersonId: null,
    subjectKind: 'text',
    subjectId: null,
    detail: { text: text.slug, version: text.version },
  })
}
