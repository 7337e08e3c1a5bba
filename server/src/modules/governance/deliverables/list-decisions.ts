import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { findToday } from '#modules/identity'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { type DecisionMade, digestOf } from '../bodies/decisions.ts'
import { digestPerson, type JournalContent, recordInJournal } from '../journal/journal.ts'
import { recordConsequences } from './acts.ts'
import { type DeliverableList, listLists, updateList } from './deliverables.queries.ts'

/** Audits an act on a list and enters it in the journal, where a salted digest stands for its words. */
export async function recordListAct(
  tx: Tx,
  agreement: AgreementInForce,
  list: DeliverableList,
  { personId, figures }: { personId: string | null; figures: JournalContent & { act: string } },
  now: Date,
): Promise<void> {
  const deliverables = list.content.deliverables.length
  await recordAudit(tx, {
    action: 'governance.deliverable_list_moved',
    actorPersonId: personId,
    subjectKind: 'governance.deliverable_list',
    subjectId: list.id,
    detail: { number: list.number, deliverables, ...figures },
  })
  const content = {
    number: list.number,
    deliverables,
    version: agreement.version,
    digest: digestOf(list.salt, list.content),
    person: personId === null ? null : await digestPerson(tx, agreement.id, personId),
    ...figures,
  }
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'deliverableList', subjectId: list.id, content }, now)
}

/**
 * What a vote does to a list: adopted, it is in force and the one before is kept; rejected, it is kept as such; without a
 * decision it may be put on another agenda. What follows from the new list for its deliverables is recorded at once.
 */
export async function onDecision(tx: Tx, decision: Omit<DecisionMade, 'votes'>, now: Date): Promise<void> {
  const { agreement, outcome, decisionId } = decision
  const list = (await listLists(tx, agreement.id)).find(({ id }) => id === decision.subjectId)
  if (list?.state !== 'submitted') return
  const today = await findToday(tx, now)
  if (outcome !== 'none') {
    await updateList(tx, list.id, { state: outcome, decided_on: today, decision_id: decisionId })
  }
  const figures = { act: 'vote', outcome, decision: decisionId }
  await recordListAct(tx, agreement, list, { personId: null, figures }, now)
  if (outcome !== 'adopted') return
  for (const { key } of list.content.deliverables) {
    await recordConsequences(tx, { agreement, list, today }, key, now)
  }
}

/** Whether a list awaits its vote in an agreement. */
export async function isListAwaited(tx: Tx, agreementId: string, listId: string): Promise<boolean> {
  const lists = await listLists(tx, agreementId)
  return lists.some(({ id, state }) => id === listId && state === 'submitted')
}
