import type { Tx } from '#kernel/postgres'
import type { DecisionMade } from '../bodies/decisions.ts'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { type Change, findSubmittedSheet, getChange, listOpinions, lockChange, moveChange } from './changes.queries.ts'
import { recordStep } from './changes.ts'
import { listAdvisers } from './qualification.ts'

/** What a vote on a change rests on. */
export interface ChangeReadiness {
  structuring: boolean | null
  /** Whether a configuration sheet is submitted. */
  sheet: boolean
  /** Parties whose opinion was asked and is neither given nor noted as silence. */
  missingOpinions: string[]
}

/** What a vote on a change rests on: whoever opens the ballot refuses it while something is missing. */
export async function findChangeReadiness(
  tx: Tx,
  agreement: AgreementInForce,
  changeId: string,
): Promise<ChangeReadiness> {
  const change = await getChange(tx, agreement.id, changeId)
  const sheet = await findSubmittedSheet(tx, changeId)
  const opinions = (await listOpinions(tx, changeId)).filter(({ sheetId }) => sheetId === sheet?.id)
  const missingOpinions = listAdvisers(agreement.rules).filter(
    (party) => !opinions.some((opinion) => opinion.party === party),
  )
  return { structuring: change.structuring, sheet: sheet !== undefined, missingOpinions }
}

/**
 * What a vote does to a change: adopted with the parties that voted for, rejected, or, without a decision, ready to be
 * put on another agenda. A change that is elsewhere on its way is left as it is.
 */
export async function onDecision(tx: Tx, decision: DecisionMade, now: Date): Promise<void> {
  const { agreement, outcome } = decision
  const change: Change = await lockChange(tx, agreement.id, decision.subjectId)
  if (change.state !== 'advised' && change.state !== 'scheduled') return
  const to = outcome === 'none' ? 'advised' : outcome
  const inFavour = decision.votes.filter(({ choice }) => choice === 'for').map(({ party }) => party)
  await moveChange(
    tx,
    change,
    { name: 'vote', to, versionId: agreement.versionId, personId: null, party: null, note: '' },
    outcome === 'none' ? {} : { decision_id: decision.decisionId, in_favour: inFavour },
    now,
  )
  await recordStep(
    tx,
    { agreementId: agreement.id, version: agreement.version, actor: null },
    change,
    { step: 'vote', to, decision: decision.decisionId, inFavour },
    now,
  )
}
