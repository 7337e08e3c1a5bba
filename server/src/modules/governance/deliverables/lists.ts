import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { addAgendaItem } from '../bodies/agenda.ts'
import { findOpenItemAbout } from '../bodies/agenda.queries.ts'
import { getMeeting } from '../bodies/meetings.queries.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { requireManager, type Standing } from '../standing.ts'
import { getDeliverableRules } from './acts.ts'
import { type DeliverableList, insertList, listLists, updateList } from './deliverables.queries.ts'
import { recordListAct } from './list-decisions.ts'
import { checkList, type ListContent, listGaps } from './list-schema.ts'

/** The list that is prepared, or awaits its vote. */
export const findPending = (lists: readonly DeliverableList[]): DeliverableList | undefined =>
  lists.find(({ state }) => state === 'draft' || state === 'submitted')

/**
 * Saves the draft of the next list, the first time as well.
 * @param input.revision the one the manager has before them; 0 for a first saving.
 * @throws Problem 403 `not_allowed`; 409 `deliverables_not_agreed`, `list_submitted`, `draft_moved` with the last revision
 *   when somebody saved meanwhile; as `checkList`.
 */
export async function saveDeliverableList(
  tx: Tx,
  standing: Standing,
  input: { revision: number; content: ListContent },
  now: Date,
): Promise<{ number: number; revision: number }> {
  requireManager(standing)
  const { agreement, personId } = standing
  getDeliverableRules(agreement)
  checkList(input.content, agreement.rules)
  await lockJournal(tx, agreement.id)
  const lists = await listLists(tx, agreement.id)
  const pending = findPending(lists)
  if (pending?.state === 'submitted') throw new Problem(409, 'list_submitted', 'The list awaits its vote.')
  const last = pending?.revision ?? 0
  if (last !== input.revision) {
    throw new Problem(409, 'draft_moved', `Revision ${last} is the last: somebody saved meanwhile.`, { revision: last })
  }
  const number = pending?.number ?? (lists[0]?.number ?? 0) + 1
  const revision = last + 1
  let id = pending?.id
  if (id === undefined) {
    id = await insertList(tx, { agreementId: agreement.id, number, content: input.content, savedBy: personId }, now)
  } else {
    const content = JSON.stringify(input.content)
    await updateList(tx, id, { content, revision, saved_at: now, saved_by: personId })
  }
  await recordAudit(tx, {
    action: 'governance.deliverable_list_saved',
    actorPersonId: personId,
    subjectKind: 'governance.deliverable_list',
    subjectId: id,
    detail: { number, revision, deliverables: input.content.deliverables.length },
  })
  return { number, revision }
}

/**
 * Puts the list on the agenda of a meeting of the body that validates it; its words stay as they are from then on.
 * @param input.revision the one the manager has before them.
 * @throws Problem 403 `not_allowed`; 404 `meeting_not_found`, `list_not_found` when none is pending; 422
 *   `meeting_of_other_body`, `list_incomplete` with what it lacks; 409 `draft_moved`, `list_on_agenda`; as `addAgendaItem`.
 */
export async function submitList(
  tx: Tx,
  standing: Standing,
  input: { meetingId: string; revision: number },
  now: Date,
): Promise<{ agendaItemId: string }> {
  requireManager(standing)
  const { agreement } = standing
  const rules = getDeliverableRules(agreement)
  // The meeting first: who closes it holds it already when it comes to the journal.
  const meeting = await getMeeting(tx, agreement.id, input.meetingId, 'update')
  await lockJournal(tx, agreement.id)
  const list = await getPending(tx, agreement.id)
  const { revision, number, content } = list
  if (revision !== input.revision) {
    throw new Problem(409, 'draft_moved', `Revision ${revision} is the last: somebody saved meanwhile.`, { revision })
  }
  const rule = agreement.rules.ballots.find(({ key }) => key === rules.validation.ballot)
  const { article } = rules.validation
  if (!rule || rule.body !== meeting.body) {
    throw new Problem(422, 'meeting_of_other_body', `The list is voted by: ${rule?.body ?? 'nobody'}.`, { article })
  }
  if (await findOpenItemAbout(tx, { kind: 'deliverableList', id: list.id })) {
    throw new Problem(409, 'list_on_agenda', 'The list is on an agenda already.')
  }
  checkList(content, agreement.rules)
  const gaps = listGaps(content, rules)
  if (gaps.length > 0) {
    const fields = gaps.map(({ deliverable, field }) => (deliverable === null ? field : `${deliverable}.${field}`))
    throw new Problem(422, 'list_incomplete', `The list lacks: ${fields.join(', ')}.`, { fields })
  }
  const agendaItemId = await addAgendaItem(
    tx,
    standing,
    meeting.id,
    {
      title: `Liste des livrables et périmètre fonctionnel, version ${number}`,
      text: describeList(content),
      kind: 'decision',
      ballotRule: rule.key,
      subjectKind: 'deliverableList',
      subjectId: list.id,
    },
    now,
  )
  await updateList(tx, list.id, { state: 'submitted', submitted_at: now })
  const figures = { act: 'submit', meeting: meeting.id, article }
  await recordListAct(tx, agreement, list, { personId: standing.personId, figures }, now)
  return { agendaItemId }
}

/** What the members vote on, as far as the agenda holds it. */
function describeList({ perimeter, deliverables }: ListContent): string {
  const part = (title: string, lines: string[]) =>
    lines.length === 0 ? [] : [`${title}\n${lines.map((line) => `- ${line}`).join('\n')}`]
  return [
    ...part('Dans le périmètre :', perimeter.included),
    ...part('Hors du périmètre :', perimeter.excluded),
    ...part(
      'Livrables :',
      deliverables.map(({ title, dueOn }) => (dueOn === null ? title : `${title}, pour le ${dueOn}`)),
    ),
  ]
    .join('\n\n')
    .slice(0, 20_000)
}

/**
 * Takes a list that is on no agenda any more back, to write on.
 * @throws Problem 403 `not_allowed`; 404 `list_not_found`; 409 `list_on_agenda`, `list_not_submitted`.
 */
export async function takeListBack(tx: Tx, standing: Standing, now: Date): Promise<{ revision: number }> {
  requireManager(standing)
  const { agreement, personId } = standing
  await lockJournal(tx, agreement.id)
  const list = await getPending(tx, agreement.id)
  if (list.state !== 'submitted') throw new Problem(409, 'list_not_submitted', 'The list is a draft.')
  if (await findOpenItemAbout(tx, { kind: 'deliverableList', id: list.id })) {
    throw new Problem(409, 'list_on_agenda', 'The list is on an agenda: it is taken off it first.')
  }
  await updateList(tx, list.id, { state: 'draft', submitted_at: null })
  await recordListAct(tx, agreement, list, { personId, figures: { act: 'takeBack' } }, now)
  return { revision: list.revision }
}

async function getPending(tx: Tx, agreementId: string): Promise<DeliverableList> {
  const pending = findPending(await listLists(tx, agreementId))
  if (!pending) throw new Problem(404, 'list_not_found', 'No list of deliverables is being prepared.')
  return pending
}
