import { createHash, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { DecisionMade } from '../bodies/decisions.ts'
import { findOpenItemAbout } from '../bodies/agenda.queries.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { type JournalContent, recordInJournal } from '../journal/journal.ts'
import { requireManager, type Standing } from '../standing.ts'
import type { Agreement, BallotRule } from './agreement-schema.ts'
import { createAgreementVersion, readVersion, requireNext } from './agreement-versions.ts'
import { type AgreementInForce, getLastVersion } from './agreements.queries.ts'
import {
  findAmendment,
  insertAmendment,
  isBeingVoted,
  listAmendments,
  lockAmendment,
  settleAmendment,
} from './amendments.queries.ts'
import { checkAgreementText } from './read-agreement.ts'

/** The ballot rules by which an agreement lets its amendments be adopted. */
export function listAmendmentBallots(rules: Agreement): BallotRule[] {
  return rules.ballots.filter(({ subjects }) => subjects.includes('amendment'))
}

/**
 * Proposes a version to the vote. Nothing of the agreement changes before it is adopted.
 * @param input.basedOn version that it was written from
 * @param input.carriedFrom number of the overtaken amendment whose change it makes again
 * @returns its number.
 * @throws Problem 403 `not_allowed`; 422 `amendment_not_votable` when no ballot rule is for amendments; 409
 *   `amendment_proposed` when this very text awaits its vote; as `readVersion` and `requireNext`.
 */
export async function proposeAmendment(
  tx: Tx,
  standing: Standing,
  input: { source: string; reason: string; basedOn: number; carriedFrom?: number },
  now: Date,
): Promise<{ number: number }> {
  requireManager(standing)
  const { agreement, personId } = standing
  if (listAmendmentBallots(agreement.rules).length === 0)
    throw new Problem(422, 'amendment_not_votable', 'No ballot rule of this agreement is for amendments.')
  const rules = readVersion(input.source, agreement.slug)
  await lockJournal(tx, agreement.id)
  await requireNext(tx, rules, input)
  const same = await findProposal(tx, agreement.id, input.basedOn, input.source)
  if (same !== null)
    throw new Problem(409, 'amendment_proposed', `Amendment ${same} proposes this text already.`, { number: same })
  const id = randomUUIDv7()
  const { validFrom } = rules
  const { basedOn, source, reason, carriedFrom } = input
  const number = await insertAmendment(
    tx,
    { id, agreementId: agreement.id, source, reason, basedOn, validFrom, proposedBy: personId },
    now,
  )
  const figures = {
    basedOn,
    validFrom,
    sha256: digest(source),
    ...(carriedFrom !== undefined && { carriedFrom }),
  }
  await tell(tx, agreement.id, { id, number }, 'proposed', personId, figures, now)
  return { number }
}

/** The amendment with this very text, written from a version and awaiting its vote. */
export async function findProposal(
  tx: Tx,
  agreementId: string,
  basedOn: number,
  source: string,
): Promise<number | null> {
  for (const each of await listAmendments(tx, agreementId)) {
    if (each.state !== 'proposed' || each.basedOn !== basedOn) continue
    if ((await findAmendment(tx, agreementId, each.number))?.source === source) return each.number
  }
  return null
}

/**
 * Takes a proposed amendment back.
 * @throws Problem 403 `not_allowed`; 404 `amendment_not_found`; 409 `amendment_settled`, or `amendment_voted` while a vote
 *   on it is open.
 */
export async function withdrawAmendment(tx: Tx, standing: Standing, number: number, now: Date): Promise<void> {
  requireManager(standing)
  const { agreement, personId } = standing
  await lockJournal(tx, agreement.id)
  const found = await findAmendment(tx, agreement.id, number)
  const amendment = await getProposed(tx, agreement, found?.id)
  if (await isBeingVoted(tx, amendment.id))
    throw new Problem(409, 'amendment_voted', 'A vote on this amendment is open.')
  await settleAmendment(tx, amendment.id, { state: 'withdrawn', decisionId: null, versionId: null }, now)
  await tell(tx, agreement.id, amendment, 'withdrawn', personId, {}, now)
}

/**
 * Sees that an amendment may be put on an agenda.
 * @param input.itemId agenda item that it is on already, if it is that one which changes
 * @throws Problem 404 `amendment_not_found`; 409 `amendment_settled`, `already_on_agenda`; 422 `ballot_rule_refused`.
 */
export async function requireVotable(
  tx: Tx,
  agreement: AgreementInForce,
  input: { id: string; ballotRule: string | null; itemId: string | null },
): Promise<void> {
  await getProposed(tx, agreement, input.id)
  if (!listAmendmentBallots(agreement.rules).some(({ key }) => key === input.ballotRule))
    throw new Problem(422, 'ballot_rule_refused', 'This is not a rule by which amendments are adopted.')
  const open = await findOpenItemAbout(tx, { kind: 'amendment', id: input.id })
  if (open && open.id !== input.itemId)
    throw new Problem(409, 'already_on_agenda', 'The amendment awaits its vote already.')
}

/** The amendments that a vote could adopt today: proposed, and written from the last version. */
export async function listVotableAmendments(tx: Tx, agreement: AgreementInForce) {
  const proposed = (await listAmendments(tx, agreement.id)).filter(({ state }) => state === 'proposed')
  if (proposed.length === 0) return []
  const last = await getLastVersion(tx, agreement.id)
  return proposed.filter(({ basedOn }) => basedOn === last.number)
}

/**
 * What a vote does to an amendment: adopted, it is the next version, which cites the decision. When another version came
 * in between, it makes none and is stale: the vote holds, and the amendment is written again from that version.
 */
export async function onDecision(tx: Tx, decision: Omit<DecisionMade, 'votes'>, now: Date): Promise<void> {
  const { agreement, decisionId, outcome } = decision
  // Without a decision it may be put on another agenda.
  if (outcome === 'none') return
  await lockJournal(tx, agreement.id)
  const amendment = await lockAmendment(tx, agreement.id, decision.subjectId)
  if (amendment?.state !== 'proposed') return
  const { id, basedOn, source, reason } = amendment
  const last = await getLastVersion(tx, agreement.id)
  const stands = basedOn === last.number && 'rules' in checkAgreementText(source)
  const version =
    outcome === 'adopted' && stands
      ? await createAgreementVersion(
          tx,
          { source, reason, basedOn, slug: agreement.slug, recordedBy: null, decisionId },
          now,
        )
      : undefined
  const state = outcome === 'rejected' ? 'rejected' : version ? 'adopted' : 'stale'
  await settleAmendment(tx, id, { state, decisionId, versionId: version?.versionId ?? null }, now)
  const figures = { decision: decisionId, version: version?.version ?? null }
  await tell(tx, agreement.id, amendment, state, null, figures, now)
}

/** @throws Problem 404 `amendment_not_found`; 409 `amendment_settled`. */
async function getProposed(tx: Tx, agreement: AgreementInForce, id: string | undefined) {
  const amendment = id === undefined ? undefined : await lockAmendment(tx, agreement.id, id)
  if (!amendment) throw new Problem(404, 'amendment_not_found', 'There is no such amendment.')
  if (amendment.state !== 'proposed')
    throw new Problem(409, 'amendment_settled', `The amendment is ${amendment.state}.`, { state: amendment.state })
  return amendment
}

/** Audits an act on an amendment and enters it in the journal. @param personId null for what a vote did. */
async function tell(
  tx: Tx,
  agreementId: string,
  { id, number }: { id: string; number: number },
  act: 'proposed' | 'withdrawn' | 'adopted' | 'rejected' | 'stale',
  personId: string | null,
  figures: JournalContent,
  now: Date,
): Promise<void> {
  await recordAudit(tx, {
    action: `governance.amendment_${act}`,
    actorPersonId: personId,
    subjectKind: 'governance.amendment',
    subjectId: id,
    detail: { number, ...figures },
  })
  const content = { act, number, ...figures }
  await recordInJournal(tx, { agreementId, kind: 'amendment', subjectId: id, content }, now)
}

const digest = (source: string) => createHash('sha256').update(source, 'utf8').digest('hex')
