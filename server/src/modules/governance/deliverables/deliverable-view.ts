import type { Tx } from '#kernel/postgres'
import { listItemsAbout } from '../bodies/agenda.queries.ts'
import type { Standing } from '../standing.ts'
import {
  deliverableNotFound,
  findLastDefinition,
  getDeliverableRules,
  seesDeliverable,
  seesEveryDeliverable,
} from './acts.ts'
import { type Course, findState, findTrial, hasReceived, isOnCriteria, isSatisfied, readCourse } from './course.ts'
import { listDeadlines } from './deadlines.ts'
import { type DeliverableList, findInForce, listActs, listComingMeetings, listLists } from './deliverables.queries.ts'
import { listDeliveryPapers } from './delivery-papers.queries.ts'
import { diffLists } from './list-diff.ts'
import { type Definition, listGaps } from './list-schema.ts'
import { findPending } from './lists.ts'

/** What the agreement says of deliverables, with the body and the ballot that validate the list. */
function describeRules({ agreement }: Standing) {
  const { validation, acceptance, transfer } = getDeliverableRules(agreement)
  const ballot = agreement.rules.ballots.find(({ key }) => key === validation.ballot)
  const cite = ({ article, interpretation }: { article: string; interpretation?: string | undefined }) => ({
    article,
    interpretation: interpretation ?? null,
  })
  return {
    validation: { ...cite(validation), ballot: ballot?.name ?? validation.ballot, body: ballot?.body ?? '' },
    acceptance: { ...cite(acceptance), atLeast: acceptance.atLeast, trialDays: acceptance.trialDays },
    transfer: transfer && { ...cite(transfer), withinDays: transfer.withinDays },
  }
}

function describeHead(standing: Standing, definition: Definition, course: Course, dropped: boolean) {
  const rules = getDeliverableRules(standing.agreement)
  // Nothing is awaited of what the list knows no more.
  const deadlines = dropped ? [] : listDeadlines(definition, rules, course, standing.today)
  return {
    ...definition,
    state: findState(definition, rules, course),
    dropped,
    deadlines,
    late: deadlines.some(({ late }) => late),
    deliveredOn: course.deliveries.at(-1)?.on ?? null,
    satisfied: definition.pilots.filter((pilot) => isSatisfied(definition, course, pilot)),
    acceptedOn: course.acceptedOn,
    acceptedBy: course.acceptedBy,
    received: definition.receivers.filter((party) => hasReceived(course, party)),
    transferredOn: course.transferredOn,
  }
}

/** Deliverables that adopted lists know, those of the list in force first, as the last that knew them says. */
function listDefinitions(lists: readonly DeliverableList[]): { definition: Definition; dropped: boolean }[] {
  const [inForce, ...before] = lists.filter(({ state }) => state === 'adopted')
  if (!inForce) return []
  const known = inForce.content.deliverables.map((definition) => ({ definition, dropped: false }))
  for (const { content } of before) {
    for (const definition of content.deliverables) {
      if (!known.some((each) => each.definition.key === definition.key)) known.push({ definition, dropped: true })
    }
  }
  return known
}

/** The deliverables that the reader may see, each with where it is and what is awaited. */
export async function listDeliverables(tx: Tx, standing: Standing) {
  const lists = await listLists(tx, standing.agreement.id)
  const acts = await listActs(tx, standing.agreement.id)
  const byKey = Map.groupBy(acts, ({ deliverable }) => deliverable)
  return listDefinitions(lists)
    .filter(({ definition }) => seesDeliverable(standing, definition))
    .map(({ definition, dropped }) => {
      const course = readCourse((byKey.get(definition.key) ?? []).map(({ content }) => content))
      return describeHead(standing, definition, course, dropped)
    })
}

/** The list in force and its versions, what is prepared, and the deliverables. */
export async function describeDeliverables(tx: Tx, standing: Standing) {
  const { agreement, manages } = standing
  const rules = describeRules(standing)
  const lists = await listLists(tx, agreement.id)
  const inForce = findInForce(lists)
  const everything = seesEveryDeliverable(standing)
  const seen = lists.filter(({ state }) => manages || (everything && state !== 'draft'))
  const pending = manages ? findPending(lists) : undefined
  return {
    today: standing.today,
    rules,
    everything,
    list: inForce ? describeVersion(inForce) : null,
    perimeter: inForce?.content.perimeter ?? null,
    deliverables: await listDeliverables(tx, standing),
    versions: seen.map(describeVersion),
    pending: pending ? await describePending(tx, standing, pending) : null,
    meetings: manages
      ? (await listComingMeetings(tx, agreement.id, rules.validation.body)).map(({ id, title, startsAt }) => ({
          id,
          title,
          startsAt: startsAt.toISOString(),
        }))
      : [],
  }
}

const describeVersion = ({ number, state, content, savedAt, submittedAt, decidedOn, decision }: DeliverableList) => ({
  number,
  state,
  deliverables: content.deliverables.length,
  savedAt: savedAt.toISOString(),
  submittedAt: submittedAt?.toISOString() ?? null,
  decidedOn,
  decision,
})

async function describePending(tx: Tx, standing: Standing, list: DeliverableList) {
  const items = await listItemsAbout(tx, { kind: 'deliverableList', id: list.id })
  const item = items.find(({ decisionId, state }) => decisionId === null && state !== 'closed')
  return {
    ...describeVersion(list),
    revision: list.revision,
    content: list.content,
    gaps: listGaps(list.content, getDeliverableRules(standing.agreement)),
    agenda: item ? { meetingId: item.meetingId, meeting: item.meeting, startsAt: item.startsAt.toISOString() } : null,
  }
}

/**
 * A version of the list, and what it says otherwise than another: the one adopted before it, where none is named.
 * @throws Problem 404 `deliverable_not_found` for a version there is not, or that the reader may not see.
 */
export async function describeListVersion(tx: Tx, standing: Standing, number: number, againstNumber?: number) {
  getDeliverableRules(standing.agreement)
  const lists = await listLists(tx, standing.agreement.id)
  const seen = seesEveryDeliverable(standing) ? lists.filter(({ state }) => standing.manages || state !== 'draft') : []
  const list = seen.find((each) => each.number === number)
  const against =
    againstNumber === undefined
      ? lists.find((each) => each.state === 'adopted' && each.number < number)
      : seen.find((each) => each.number === againstNumber)
  if (!list || (againstNumber !== undefined && !against)) throw deliverableNotFound()
  return {
    version: describeVersion(list),
    content: list.content,
    against: against ? describeVersion(against) : null,
    diff: against ? diffLists(against.content, list.content) : null,
  }
}

/**
 * A deliverable whole: as the list words it and worded it, its course, what is awaited, and what the reader may record.
 * @throws Problem 404 `deliverable_not_found`.
 */
export async function describeDeliverable(tx: Tx, standing: Standing, key: string) {
  const { agreement } = standing
  const rules = describeRules(standing)
  const lists = await listLists(tx, agreement.id)
  const definition = findLastDefinition(lists, key)
  if (!definition || !seesDeliverable(standing, definition)) throw deliverableNotFound()
  const inForce = findInForce(lists)
  const dropped = !inForce?.content.deliverables.some((each) => each.key === key)
  const acts = await listActs(tx, agreement.id, key)
  const course = readCourse(acts.map(({ content }) => content))
  const deliveryIds = acts.filter(({ content }) => content.act === 'deliver').map(({ id }) => id)
  const papers = await listDeliveryPapers(tx, deliveryIds)
  return {
    ...describeHead(standing, definition, course, dropped),
    today: standing.today,
    rules,
    list: inForce?.number ?? 0,
    deliveries: course.deliveries.map((delivery, index) => ({
      ...delivery,
      trials: delivery.trials.map((trial) => ({
        ...trial,
        counts: trial.endedOn === null || isOnCriteria(trial, definition),
      })),
      papers: papers
        .filter(({ deliveryId }) => deliveryId === deliveryIds[index])
        .map(({ id, name, size, sha256 }) => ({ id, name, size, sha256 })),
    })),
    handOvers: course.handOvers,
    wording: listWordings(lists, key),
    acts: acts.map(({ content, list, version, party, recordedAt }) => ({
      act: content.act,
      on: content.on,
      party,
      list,
      version,
      recordedAt: recordedAt.toISOString(),
    })),
    yours: listOpenActs(standing, definition, course, dropped),
  }
}

/** What each adopted list changed about a deliverable, the newest first. */
function listWordings(lists: readonly DeliverableList[], key: string) {
  const adopted = lists.filter(({ state }) => state === 'adopted')
  return adopted.flatMap((list, index) => {
    const before = adopted[index + 1]?.content ?? { perimeter: { included: [], excluded: [] }, deliverables: [] }
    const diff = diffLists(before, list.content).deliverables.find((each) => each.key === key)
    return diff ? [{ list: list.number, decidedOn: list.decidedOn, kind: diff.kind, changes: diff.changes }] : []
  })
}

/** What the reader may record now. */
function listOpenActs(standing: Standing, definition: Definition, course: Course, dropped: boolean) {
  const sits = (party: string) => standing.seats.some((seat) => seat.party === party)
  const delivers = !dropped && (standing.manages || sits(definition.owner))
  const own = dropped ? [] : definition.pilots.filter(sits)
  const mayBegin = (pilot: string) => {
    const trial = findTrial(course, pilot)
    return !trial || (trial.endedOn !== null && !isOnCriteria(trial, definition))
  }
  const accepted = course.acceptedOn !== null
  const last = course.deliveries.at(-1)
  return {
    deliver: delivers && !accepted,
    addPaper: delivers && !accepted && last !== undefined && last.trials.every(({ endedOn }) => endedOn === null),
    beginTrial:
      dropped || !last ? [] : definition.pilots.filter((each) => (standing.manages || sits(each)) && mayBegin(each)),
    endTrial: own.filter((pilot) => findTrial(course, pilot)?.endedOn === null),
    liftReservation: own.flatMap((institution) =>
      (findTrial(course, institution)?.reservations ?? []).flatMap(({ text, liftedOn }, reservation) =>
        liftedOn === null ? [{ institution, reservation, text }] : [],
      ),
    ),
    handOver:
      delivers &&
      accepted &&
      course.transferredOn === null &&
      getDeliverableRules(standing.agreement).transfer !== null,
    confirmHandOver: dropped
      ? []
      : course.handOvers.flatMap(({ to, confirmedOn, title }, handOver) =>
          confirmedOn === null && sits(to) ? [{ handOver, to, title }] : [],
        ),
  }
}
