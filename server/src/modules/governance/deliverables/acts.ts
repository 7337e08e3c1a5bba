import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { digestOf } from '../bodies/decisions.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { digestPerson, type JournalContent, recordInJournal } from '../journal/journal.ts'
import type { Standing } from '../standing.ts'
import type { Act, TakenAct } from './act-schema.ts'
import { checkAct } from './check-act.ts'
import {
  type Course,
  type DeliverableRules,
  type DeliverableState,
  findConsequence,
  findState,
  readCourse,
} from './course.ts'
import { type DeliverableList, findInForce, insertAct, listActs, listLists } from './deliverables.queries.ts'
import type { Definition } from './list-schema.ts'

/** Under what an act is recorded. */
interface Frame {
  agreement: AgreementInForce
  list: DeliverableList
  today: Day
}

/** @throws Problem 409 `deliverables_not_agreed` when the agreement has no chapter about deliverables. */
export function getDeliverableRules({ rules }: AgreementInForce): DeliverableRules {
  if (rules.deliverables) return rules.deliverables
  throw new Problem(409, 'deliverables_not_agreed', 'This agreement says nothing of deliverables.')
}

/**
 * Records what somebody does about a deliverable, and what follows from it by itself, all in one transaction.
 * @returns where the deliverable is then.
 * @throws Problem 409 `deliverables_not_agreed`, `deliverable_dropped` for one the list in force knows no more; 404
 *   `deliverable_not_found`, for a contractor's representative who does not own it as well; 403 `act_not_yours`; as
 *   `checkAct`.
 */
export async function takeAct(
  tx: Tx,
  standing: Standing,
  key: string,
  act: TakenAct,
  now: Date,
): Promise<{ state: DeliverableState }> {
  const { agreement, today, personId } = standing
  const rules = getDeliverableRules(agreement)
  await lockJournal(tx, agreement.id)
  const lists = await listLists(tx, agreement.id)
  const list = findInForce(lists)
  const definition = list?.content.deliverables.find((each) => each.key === key)
  const known = definition ?? findLastDefinition(lists, key)
  if (!known || !seesDeliverable(standing, known)) throw deliverableNotFound()
  if (!list || !definition) {
    throw new Problem(409, 'deliverable_dropped', 'The list in force knows this deliverable no more.')
  }
  const acts = await listActs(tx, agreement.id, key)
  const course = readCourse(acts.map(({ content }) => content))
  const party = findTaker(standing, definition, course, act)
  checkAct(definition, rules, course, act, today)
  const frame = { agreement, list, today }
  await recordAct(tx, frame, { key, position: acts.length + 1, act, party, personId }, now)
  await recordConsequences(tx, frame, key, now)
  const after = (await listActs(tx, agreement.id, key)).map(({ content }) => content)
  return { state: findState(definition, rules, readCourse(after)) }
}

/** A deliverable as the last adopted list that knew it says; undefined when none did. */
export function findLastDefinition(lists: readonly DeliverableList[], key: string): Definition | undefined {
  for (const { state, content } of lists) {
    const definition = state === 'adopted' && content.deliverables.find((each) => each.key === key)
    if (definition) return definition
  }
  return undefined
}

/** Whether the reader may see a deliverable: those who sit for contractors alone see what these own. */
export function seesDeliverable(standing: Standing, { owner }: Pick<Definition, 'owner'>): boolean {
  return seesEveryDeliverable(standing) || sitsFor(standing, owner)
}

/** Whether the reader manages the consortium, or sits for a party of it other than its contractors. */
export function seesEveryDeliverable({ agreement, manages, seats }: Standing): boolean {
  const { parties } = agreement.rules
  return (
    manages ||
    seats.some(({ party }) =>
      parties.some(({ key, roles }) => key === party && roles.some((role) => role !== 'contractor')),
    )
  )
}

const sitsFor = ({ seats }: Standing, party: string): boolean => seats.some((seat) => seat.party === party)

export const deliverableNotFound = () =>
  new Problem(404, 'deliverable_not_found', 'There is no such deliverable in this agreement.')

/**
 * For which party the reader may take an act; null for the manager. What an institution saw, and what a party received, is
 * said by those who sit for it, and by nobody in their name.
 * @throws Problem 403 `act_not_yours`.
 */
function findTaker(standing: Standing, definition: Definition, course: Course, act: TakenAct): string | null {
  const party = findActor(definition, course, act)
  if (party !== undefined && sitsFor(standing, party)) return party
  if (standing.manages && managerActs.has(act.act)) return null
  throw new Problem(403, 'act_not_yours', `This is for those who sit for: ${party ?? 'nobody'}.`, {
    party: party ?? '',
  })
}

const managerActs: ReadonlySet<TakenAct['act']> = new Set<TakenAct['act']>(['deliver', 'beginTrial', 'handOver'])

function findActor(definition: Definition, course: Course, act: TakenAct): string | undefined {
  if (act.act === 'deliver' || act.act === 'handOver') return definition.owner
  if (act.act === 'confirmHandOver') return course.handOvers[act.handOver]?.to
  return act.institution
}

/** Records what follows by itself from what was done so far. */
export async function recordConsequences(tx: Tx, frame: Frame, key: string, now: Date): Promise<void> {
  const { agreement, list, today } = frame
  const definition = list.content.deliverables.find((each) => each.key === key)
  const rules = agreement.rules.deliverables
  if (!definition || !rules) return
  const acts: Act[] = (await listActs(tx, agreement.id, key)).map(({ content }) => content)
  for (;;) {
    const act = findConsequence(definition, rules, readCourse(acts), today)
    if (!act) return
    acts.push(act)
    await recordAct(tx, frame, { key, position: acts.length, act, party: null, personId: null }, now)
  }
}

async function recordAct(
  tx: Tx,
  { agreement, list }: Frame,
  taken: { key: string; position: number; act: Act; party: string | null; personId: string | null },
  now: Date,
): Promise<void> {
  const { key, position, act, party, personId } = taken
  const { id, salt } = await insertAct(
    tx,
    {
      agreementId: agreement.id,
      deliverable: key,
      position,
      content: act,
      listId: list.id,
      versionId: agreement.versionId,
      party,
      personId,
    },
    now,
  )
  const figures = { deliverable: key, act: act.act, on: act.on, party, list: list.number, ...tellFigures(act) }
  await recordAudit(tx, {
    action: 'governance.deliverable_act_taken',
    actorPersonId: personId,
    subjectKind: 'governance.deliverable_act',
    subjectId: id,
    detail: figures,
  })
  const person = personId === null ? null : await digestPerson(tx, agreement.id, personId)
  const content = { ...figures, version: agreement.version, person, digest: digestOf(salt, act) }
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'deliverable', subjectId: id, content }, now)
}

/** What an act says in codes and figures, without anybody's words. */
function tellFigures(act: Act): JournalContent {
  switch (act.act) {
    case 'beginTrial':
      return { institution: act.institution }
    case 'endTrial': {
      const { institution, verdict, criteria, reservations } = act
      const met = criteria.filter((each) => each.met).length
      return { institution, verdict, met, of: criteria.length, reservations: reservations.length }
    }
    case 'liftReservation':
      return { institution: act.institution, reservation: act.reservation }
    case 'accept':
      return { institutions: act.institutions }
    case 'handOver':
      return { what: act.what, to: act.to }
    case 'confirmHandOver':
      return { handOver: act.handOver }
    default:
      return {}
  }
}
