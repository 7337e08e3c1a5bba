import type { Tx } from '#kernel/postgres'
import type { DecisionMade } from '../bodies/decisions.ts'
import { updateFollowUp } from '../bodies/follow-up.queries.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import type { Proposal } from './dossier-schema.ts'
import { findDossierPlace, getDossier, updateDossier } from './dossiers.queries.ts'
import type { StepKind } from './service-course.ts'
import { getService, insertStep } from './services.queries.ts'
import { recordServiceAct } from './services.ts'

/** Whether a dossier of an agreement awaits its vote. */
export async function awaitsVote(tx: Tx, agreementId: string, dossierId: string): Promise<boolean> {
  const place = await findDossierPlace(tx, agreementId, dossierId)
  return place !== undefined && place.state === 'submitted' && !place.stopped
}

const stepOf = { continue: 'continued', change: 'changed', stop: 'stopped' } as const satisfies Record<
  Proposal['kind'],
  StepKind
>

/**
 * What the vote on an impact dossier does, in the transaction of the closing. Adopted, its proposal takes effect: the service
 * goes on in a phase, what changes is followed up until its day, or the service stops. Rejected, the service stays as it is.
 * Without a decision, the dossier may be put on another agenda. A dossier that awaits no vote is left as it is.
 */
export async function onDecision(tx: Tx, decision: Omit<DecisionMade, 'votes'>, now: Date): Promise<void> {
  const { agreement, decisionId, outcome } = decision
  await lockJournal(tx, agreement.id)
  const place = await findDossierPlace(tx, agreement.id, decision.subjectId)
  if (place?.state !== 'submitted' || place.stopped) return
  const service = await getService(tx, agreement.id, place.service, true)
  const dossier = await getDossier(tx, service.id, place.number)
  const by = { agreementId: agreement.id, version: agreement.version, actor: null }
  if (outcome !== 'none') await updateDossier(tx, dossier.id, { state: outcome, decision_id: decisionId })
  await recordServiceAct(
    tx,
    by,
    { kind: 'impactDossier', id: dossier.id },
    { act: 'voted', service: service.number, dossier: dossier.number, outcome, decision: decisionId },
    now,
  )
  if (outcome !== 'adopted') return
  const { proposal } = dossier.content
  const phase = proposal.kind === 'continue' ? proposal.phase : service.phase
  const dueOn = proposal.kind === 'change' ? proposal.dueOn : null
  await insertStep(
    tx,
    service.id,
    {
      kind: stepOf[proposal.kind],
      fromPhase: service.phase,
      phase,
      dossierId: dossier.id,
      decisionId,
      versionId: agreement.versionId,
      personId: null,
      note: proposal.kind === 'change' ? proposal.what : '',
      dueOn,
    },
    now,
  )
  if (dueOn !== null) await updateFollowUp(tx, decisionId, { dueOn, doneAt: null, note: null })
  await recordServiceAct(
    tx,
    by,
    { kind: 'service', id: service.id },
    { act: stepOf[proposal.kind], service: service.number, from: service.phase, phase, dueOn, decision: decisionId },
    now,
  )
}
