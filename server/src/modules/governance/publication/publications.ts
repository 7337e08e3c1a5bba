import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { recordInJournal } from '../journal/journal.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { listPlacesOf } from '../journal/journal.queries.ts'
import { signCheckpoint } from '../journal/checkpoints.ts'
import { type ActingStanding, requireManager } from '../standing.ts'
import {
  type DecisionRow,
  findDecision,
  findPublisher,
  insertPublication,
  type PublishedDecision,
  type Publisher,
  writePublisher,
} from './publications.queries.ts'

/**
 * Says under which name and SIRET the consortium publishes.
 * @throws Problem 403 `not_allowed`; 422 `siret_invalid` when its check digit does not hold.
 */
export async function updatePublisher(tx: Tx, standing: ActingStanding, publisher: Publisher): Promise<void> {
  requireManager(standing)
  if (!isSiret(publisher.siret)) {
    throw new Problem(422, 'siret_invalid', 'A SIRET has 14 digits, and its check digit does not hold here.')
  }
  await writePublisher(tx, standing.agreement.id, publisher)
  await recordAudit(tx, {
    action: 'governance.publisher_changed',
    actorPersonId: standing.personId,
    subjectKind: 'governance.agreement',
    subjectId: standing.agreement.id,
    detail: { siret: publisher.siret },
  })
}

/**
 * Makes a decision public, for good, and signs the journal so that it is provable at once.
 * @throws Problem 403 `not_allowed`; 404 `decision_not_found`; 409 `publisher_missing`, `already_published`.
 */
export async function publishDecision(
  tx: Tx,
  services: Pick<Services, 'secrets' | 'publicUrl'>,
  standing: ActingStanding,
  input: { number: string; matterCode: string; matterName: string },
  now: Date,
): Promise<{ id: string }> {
  requireManager(standing)
  const { agreement, personId } = standing
  const { number, matterCode, matterName } = input
  await lockJournal(tx, agreement.id)
  const { id } = await getDecision(tx, agreement.id, number)
  if (!(await findPublisher(tx, agreement.id))) {
    throw new Problem(409, 'publisher_missing', 'Say first under which name and SIRET the consortium publishes.')
  }
  if (!(await insertPublication(tx, { decisionId: id, matterCode, matterName, publishedBy: personId }, now))) {
    throw new Problem(409, 'already_published', 'This decision is public already.')
  }
  await recordAudit(tx, {
    action: 'governance.decision_published',
    actorPersonId: personId,
    subjectKind: 'governance.decision',
    subjectId: id,
    detail: { number, matterCode },
  })
  await recordInJournal(
    tx,
    { agreementId: agreement.id, kind: 'publication', subjectId: id, content: { number, matter: matterCode } },
    now,
  )
  await signCheckpoint(tx, services, agreement, now)
  return { id }
}

/** @throws Problem 404 `decision_not_found`. */
export async function getDecision(tx: Tx, agreementId: string, number: string): Promise<DecisionRow> {
  const found = await findDecision(tx, agreementId, number)
  if (!found) throw decisionNotFound()
  return found
}

/** @throws Problem 404 `decision_not_found`, for one that is not public as well. */
export async function getPublished(tx: Tx, agreementId: string, number: string): Promise<PublishedDecision> {
  const found = await findDecision(tx, agreementId, number)
  const { matterCode, matterName, publishedAt } = found ?? {}
  if (!found || !matterCode || !matterName || !publishedAt) throw decisionNotFound()
  return { ...found, matterCode, matterName, publishedAt }
}

/** Where the journal tells of a decision: its first event about it. */
export async function getPlaceOf(tx: Tx, agreementId: string, decisionId: string): Promise<number> {
  const [seq] = await listPlacesOf(tx, agreementId, decisionId)
  if (seq === undefined) throw decisionNotFound()
  return seq
}

/** Whether 14 digits pass the check of INSEE (Luhn), which La Poste's establishments alone do not. */
export function isSiret(text: string): boolean {
  if (!/^\d{14}$/.test(text)) return false
  const sum = [...text].reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

const decisionNotFound = () => new Problem(404, 'decision_not_found', 'There is no such decision, or it is not public.')
