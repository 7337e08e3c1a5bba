import type { Tx } from '#kernel/postgres'
import { listItemsAbout } from '../bodies/agenda.queries.ts'
import { leadsBody } from '../bodies/bodies.ts'
import { readsMeeting } from '../bodies/meetings.ts'
import { listMeetings } from '../bodies/meetings.queries.ts'
import { readsBody, type Standing, takesPart } from '../standing.ts'
import { listSeenOrders, sumOrder } from './dossier-costs.ts'
import {
  dossierNotFound,
  getDossier,
  type ImpactDossier,
  listDossiers,
  listFrozenCosts,
  listVersions,
} from './dossiers.queries.ts'
import { findDueDay, findLastDay, listFollowMonths } from './service-course.ts'
import { type DigitalService, listServices, listSteps } from './services.queries.ts'
import { getReadableService, preparesDossiers, readsService } from './services.ts'

/** What the agreement says of services; null when it says nothing of them any more. */
export function describeServiceRules({ agreement }: Standing) {
  const { services, ballots, bodies } = agreement.rules
  if (!services) return null
  const { article, interpretation, phases, followedBy, review } = services
  const ballot = ballots.find(({ key }) => key === review.ballot)
  return {
    article,
    interpretation: interpretation ?? null,
    phases,
    followedBy,
    frequency: bodies.find(({ key }) => key === followedBy)?.frequency?.per ?? null,
    review: {
      article: review.article,
      interpretation: review.interpretation ?? null,
      everyMonths: review.everyMonths,
      ballot: ballot?.name ?? review.ballot,
      body: ballot?.body ?? '',
    },
  }
}

/** A draft, and what was withdrawn before it was submitted, are for who prepares them. */
const isSeen = (standing: Standing, service: DigitalService, { submittedAt }: ImpactDossier) =>
  submittedAt !== null || preparesDossiers(standing, service)

function describeHead(standing: Standing, service: DigitalService, dossiers: readonly ImpactDossier[]) {
  const { number, name, purpose, audience, owner, beganOn, phase, stopped } = service
  const decidedOn = dossiers.flatMap((dossier) => dossier.decidedOn ?? [])
  const everyMonths = standing.agreement.rules.services?.review.everyMonths
  const dueOn = everyMonths === undefined || stopped ? null : findDueDay(beganOn, decidedOn, everyMonths)
  const pending = dossiers.find(
    (dossier) => (dossier.state === 'draft' || dossier.state === 'submitted') && isSeen(standing, service, dossier),
  )
  return {
    number,
    name,
    purpose,
    audience,
    owner,
    beganOn,
    phase,
    stopped,
    dueOn,
    late: dueOn !== null && standing.today > dueOn,
    pending: pending ? { number: pending.number, state: pending.state } : null,
  }
}

/** The services of an agreement that the reader may read of. */
export async function describeServices(tx: Tx, standing: Standing) {
  const services = (await listServices(tx, standing.agreement.id)).filter((each) => readsService(standing, each))
  const dossiers = await listDossiers(
    tx,
    services.map(({ id }) => id),
  )
  return {
    rules: describeServiceRules(standing),
    services: services.map((service) =>
      describeHead(
        standing,
        service,
        dossiers.filter(({ serviceId }) => serviceId === service.id),
      ),
    ),
  }
}

/** A service whole: its course, who hears of it, its dossiers with their measures. */
export async function describeService(tx: Tx, standing: Standing, number: number) {
  const service = await getReadableService(tx, standing, number)
  const dossiers = await listDossiers(tx, [service.id])
  return {
    ...describeHead(standing, service, dossiers),
    rules: describeServiceRules(standing),
    prepares: preparesDossiers(standing, service) && !service.stopped,
    course: (await listSteps(tx, service.id)).map((step) => ({ ...step, at: step.at.toISOString() })),
    follow: await describeFollow(tx, standing, service, dossiers),
    dossiers: dossiers
      .filter((dossier) => isSeen(standing, service, dossier))
      .map(({ content, ...dossier }) => ({
        ...describeState(dossier),
        proposal: content.proposal,
        measures: content.measures,
        users: content.users,
      })),
  }
}

/** The months since the last dossier, with the meetings of the body that hears of every service; null for who may not. */
async function describeFollow(tx: Tx, standing: Standing, service: DigitalService, dossiers: readonly ImpactDossier[]) {
  const { agreement, today } = standing
  const followedBy = agreement.rules.services?.followedBy
  if (followedBy === undefined || service.stopped || !readsBody(standing, followedBy)) return null
  const since = findLastDay(
    service.beganOn,
    dossiers.flatMap(({ decidedOn }) => decidedOn ?? []),
  )
  const meetings = (await listMeetings(tx, agreement.id, followedBy))
    .filter((each) => each.state !== 'cancelled' && !each.withoutQuorum && readsMeeting(standing, each))
    .map(({ id, title, day, state }) => ({ id, title, day, held: state === 'open' || state === 'closed' }))
    .toReversed()
  return { body: followedBy, since, months: listFollowMonths(since, today, meetings) }
}

function describeState(dossier: Omit<ImpactDossier, 'content'>) {
  const { number, state, version, savedAt, submittedAt, decision, decidedOn } = dossier
  return {
    number,
    state,
    version,
    savedAt: savedAt.toISOString(),
    submittedAt: submittedAt?.toISOString() ?? null,
    decision,
    decidedOn,
  }
}

/** A dossier whole, its costs as far as the reader may see them, and the one before it to compare with. */
export async function describeDossier(tx: Tx, standing: Standing, place: { service: number; dossier: number }) {
  const service = await getReadableService(tx, standing, place.service)
  const dossier = await getDossier(tx, service.id, place.dossier)
  if (!isSeen(standing, service, dossier)) throw dossierNotFound()
  const prepares = preparesDossiers(standing, service)
  const { rules } = standing.agreement
  const ballot = rules.ballots.find(({ key }) => key === rules.services?.review.ballot)
  const body = rules.bodies.find(({ key }) => key === ballot?.body)
  const leads = body !== undefined && leadsBody(standing, body)
  const items = (await listItemsAbout(tx, { kind: 'impactDossier', id: dossier.id })).filter(
    ({ state }) => leads || state !== 'draft',
  )
  const earlier = (await listDossiers(tx, [service.id])).find(
    ({ number, submittedAt, state }) => number < dossier.number && submittedAt !== null && state !== 'withdrawn',
  )
  const schedules = leads && dossier.state === 'submitted'
  const offers = body !== undefined && leads && (schedules || dossier.state === 'draft')
  const meetings = offers ? await listMeetings(tx, standing.agreement.id, body.key) : []
  return {
    service: { number: service.number, name: service.name, phase: service.phase, stopped: service.stopped },
    rules: describeServiceRules(standing),
    ...(await describeContent(tx, standing, dossier)),
    versions: (await listVersions(tx, dossier.id)).map(({ number, at }) => ({ number, at: at.toISOString() })),
    may: {
      write: prepares && dossier.state === 'draft' && !service.stopped,
      withdraw: prepares && (dossier.state === 'draft' || dossier.state === 'submitted') && !service.stopped,
      schedule: schedules && !service.stopped,
    },
    meetings: meetings
      .filter(({ state, secondOf }) => (state === 'draft' || state === 'convened') && secondOf === null)
      .toReversed()
      .map(({ id, title, startsAt }) => ({ id, title, startsAt: startsAt.toISOString() })),
    agenda: items.map((item) => ({ ...item, startsAt: item.startsAt.toISOString() })),
    previous: earlier ? await describeContent(tx, standing, earlier) : null,
    orders: prepares && dossier.state === 'draft' ? await listChoosable(tx, standing) : [],
  }
}

async function describeContent(tx: Tx, standing: Standing, dossier: ImpactDossier) {
  const { content, ...state } = dossier
  const seesMoney = takesPart(standing)
  const seen = await listSeenOrders(tx, standing)
  const frozen = dossier.submittedAt === null ? null : await listFrozenCosts(tx, dossier.id)
  const named = seen.filter(({ id }) => content.orders.includes(id))
  return {
    ...describeState(state),
    content: { ...content, orders: named.map(({ id }) => id) },
    costs: seesMoney
      ? {
          frozen: frozen !== null,
          hidden: content.orders.length - named.length,
          orders: named.map((order) => {
            const cost = frozen === null ? sumOrder(order) : frozen.find(({ orderId }) => orderId === order.id)
            return {
              id: order.id,
              number: order.number,
              label: order.label,
              committedCents: String(cost?.committedCents ?? 0n),
              paidCents: String(cost?.paidCents ?? 0n),
            }
          }),
        }
      : null,
  }
}

/** Orders that whoever writes a dossier may name. */
async function listChoosable(tx: Tx, standing: Standing) {
  return (await listSeenOrders(tx, standing)).map(({ id, number, label }) => ({ id, number, label }))
}
