import type { Tx } from '#kernel/postgres'
import { onDecision as onAmendmentDecided } from '../agreements/amendments.ts'
import type { DecisionMade } from '../bodies/decisions.ts'
import { onDecision as onChangeDecided } from '../changes/change-decisions.ts'
import { onDecision as onDeliverableListDecided } from '../deliverables/list-decisions.ts'
import { onDecision as onJoiningDecided } from '../membership/joining.ts'
import { onDecision as onRegularisationDecided } from '../money/regularisations.ts'
import { onDecision as onDossierDecided } from '../services/dossier-decisions.ts'

type Reaction = (tx: Tx, decision: DecisionMade, now: Date) => Promise<void>

/** What each kind of subject of an agenda item does with a decision about it. */
const reactions = new Map<string, Reaction>([
  ['change', onChangeDecided],
  ['joining', onJoiningDecided],
  ['regularisation', onRegularisationDecided],
  ['impactDossier', onDossierDecided],
  ['deliverableList', onDeliverableListDecided],
  ['amendment', onAmendmentDecided],
])

/** Lets the subject of a decision follow from it, in the transaction of the closing. */
export async function applyDecision(tx: Tx, subjectKind: string, decision: DecisionMade, now: Date): Promise<void> {
  await reactions.get(subjectKind)?.(tx, decision, now)
}
