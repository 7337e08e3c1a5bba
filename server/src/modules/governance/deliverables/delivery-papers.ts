import { createHash, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { toPaperName } from '../bodies/papers.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { recordInJournal } from '../journal/journal.ts'
import type { Standing } from '../standing.ts'
import { deliverableNotFound, findLastDefinition, getDeliverableRules, seesDeliverable } from './acts.ts'
import { readCourse } from './course.ts'
import { findInForce, listActs, listLists } from './deliverables.queries.ts'
import {
  type DeliveryPaper,
  findDeliveryPaper,
  insertDeliveryPaper,
  listDeliveryPapers,
} from './delivery-papers.queries.ts'

const mostPapers = 20

/**
 * Sees that the reader may hand a file over with the last delivery: whoever delivers, until somebody has tried it.
 * @returns the act of that delivery.
 * @throws Problem 404 `deliverable_not_found`; 403 `act_not_yours`; 409 `deliverables_not_agreed`, `deliverable_dropped`,
 *   `not_delivered`, `delivery_tried`.
 */
export async function requireDelivery(tx: Tx, standing: Standing, key: string): Promise<{ id: string }> {
  const { agreement, manages, seats } = standing
  getDeliverableRules(agreement)
  const lists = await listLists(tx, agreement.id)
  const definition = findLastDefinition(lists, key)
  if (!definition || !seesDeliverable(standing, definition)) throw deliverableNotFound()
  const { owner } = definition
  if (!manages && !seats.some(({ party }) => party === owner)) {
    throw new Problem(403, 'act_not_yours', `This is for those who sit for: ${owner}.`, { party: owner })
  }
  if (!findInForce(lists)?.content.deliverables.some((each) => each.key === key)) {
    throw new Problem(409, 'deliverable_dropped', 'The list in force knows this deliverable no more.')
  }
  const acts = await listActs(tx, agreement.id, key)
  const course = readCourse(acts.map(({ content }) => content))
  const act = acts.findLast(({ content }) => content.act === 'deliver')
  if (!act) throw new Problem(409, 'not_delivered', 'Nothing was delivered that a file could go with.')
  if (course.acceptedOn !== null || course.deliveries.at(-1)?.trials.some(({ endedOn }) => endedOn !== null)) {
    throw new Problem(409, 'delivery_tried', 'This delivery was tried as it is: a file goes with another delivery.')
  }
  return act
}

/**
 * Hands a file over with the last delivery.
 * @throws Problem as `requireDelivery` and `toPaperName`; 422 `paper_empty`, `papers_too_many`; 409 `paper_twice`.
 */
export async function addDeliveryPaper(
  tx: Tx,
  standing: Standing,
  key: string,
  file: { name: string; content: Buffer },
  now: Date,
): Promise<DeliveryPaper> {
  const { agreement, personId } = standing
  const { name, mediaType } = toPaperName(file.name)
  if (file.content.length === 0) throw new Problem(422, 'paper_empty', 'The file is empty.')
  await lockJournal(tx, agreement.id)
  const delivery = await requireDelivery(tx, standing, key)
  const others = await listDeliveryPapers(tx, [delivery.id])
  if (others.length >= mostPapers) {
    throw new Problem(422, 'papers_too_many', `At most ${mostPapers} files go with a delivery.`)
  }
  if (others.some((each) => each.name === name)) {
    throw new Problem(409, 'paper_twice', 'A file of this name goes with it already.')
  }
  const sha256 = createHash('sha256').update(file.content).digest('hex')
  const paper = { id: randomUUIDv7(), deliveryId: delivery.id, name, mediaType, size: file.content.length, sha256 }
  await insertDeliveryPaper(tx, { ...paper, content: file.content, addedBy: personId }, now)
  const figures = { deliverable: key, act: 'addPaper', size: paper.size, sha256 }
  await recordAudit(tx, {
    action: 'governance.delivery_paper_added',
    actorPersonId: personId,
    subjectKind: 'governance.deliverable_act',
    subjectId: delivery.id,
    detail: figures,
  })
  await recordInJournal(
    tx,
    { agreementId: agreement.id, kind: 'deliverable', subjectId: delivery.id, content: figures },
    now,
  )
  return paper
}

/** A file of a delivery and its bytes. @throws Problem 404 `paper_not_found`, for who may not see the deliverable as well. */
export async function openDeliveryPaper(tx: Tx, standing: Standing, key: string, id: string) {
  const definition = findLastDefinition(await listLists(tx, standing.agreement.id), key)
  const seen = definition !== undefined && seesDeliverable(standing, definition)
  const paper = seen ? await findDeliveryPaper(tx, standing.agreement.id, key, id) : undefined
  if (!paper) throw new Problem(404, 'paper_not_found', 'There is no such file.')
  return paper
}
