import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { addAgendaItem } from '../bodies/agenda.ts'
import { findOpenItemAbout } from '../bodies/agenda.queries.ts'
import { digestOf } from '../bodies/decisions.ts'
import { getMeeting } from '../bodies/meetings.queries.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import type { JournalContent } from '../journal/journal.ts'
import type { Standing } from '../standing.ts'
import { freezeCosts, keepHiddenOrders } from './dossier-costs.ts'
import { type Dossier, listDossierGaps } from './dossier-schema.ts'
import { summariseDossier, titleDossier } from './dossier-summary.ts'
import {
  getDossier,
  type ImpactDossier,
  insertDossier,
  insertFrozenCosts,
  insertVersion,
  listDossiers,
  updateDossier,
} from './dossiers.queries.ts'
import { findPhaseFault } from './service-course.ts'
import { type DigitalService, getService, serviceNotFound } from './services.queries.ts'
import { getServiceRules, preparesDossiers, readsService, recordServiceAct, type ServiceRules } from './services.ts'

/** Where a dossier stands: the numbers of its service and of itself. */
export interface DossierPlace {
  service: number
  dossier: number
}

/**
 * Takes a service for an act on its dossiers: nobody else acts on one before the transaction ends.
 * @param by `preparer`: its owner and who manages; `reader`: what follows sees who may.
 * @throws Problem 409 `services_not_agreed`; 404 `service_not_found`; 403 `dossier_not_yours`; 409 `service_stopped`.
 */
async function beginAct(
  tx: Tx,
  standing: Standing,
  number: number,
  by: 'preparer' | 'reader' = 'preparer',
): Promise<{ rules: ServiceRules; service: DigitalService }> {
  const rules = getServiceRules(standing)
  // Before the service: whoever closes a vote holds the journal already when it comes to the service.
  await lockJournal(tx, standing.agreement.id)
  const service = await getService(tx, standing.agreement.id, number, true)
  if (!readsService(standing, service)) throw serviceNotFound()
  if (by === 'preparer' && !preparesDossiers(standing, service))
    throw new Problem(403, 'dossier_not_yours', 'Its owner and who manages the consortium prepare it.')
  if (service.stopped)
    throw new Problem(409, 'service_stopped', 'The service was stopped: nothing is left to decide on it.')
  return { rules, service }
}

/**
 * Begins the next dossier of a service.
 * @throws Problem as `beginAct`; 409 `dossier_pending` with its number; 422 `order_unknown`.
 */
export async function beginDossier(
  tx: Tx,
  standing: Standing,
  serviceNumber: number,
  content: Dossier,
  now: Date,
): Promise<{ number: number; version: number }> {
  const { service } = await beginAct(tx, standing, serviceNumber)
  const pending = (await listDossiers(tx, [service.id])).find(({ state }) => state === 'draft' || state === 'submitted')
  if (pending) {
    const detail = `Dossier ${pending.number} of this service is not decided yet.`
    throw new Problem(409, 'dossier_pending', detail, { number: pending.number })
  }
  const orders = await keepHiddenOrders(tx, standing, content.orders, [])
  const made = await insertDossier(tx, service.id, { ...content, orders }, standing.personId, now)
  await recordAct(tx, standing, service, made, { act: 'begun' }, now)
  return { number: made.number, version: 1 }
}

/**
 * Saves a version of a dossier that is not submitted yet.
 * @param basedOn version it was written from: two who write at once do not undo each other's words.
 * @throws Problem as `beginAct`; 404 `dossier_not_found`; 409 `dossier_frozen`, `dossier_outdated`; 422 `order_unknown`.
 */
export async function saveDossier(
  tx: Tx,
  standing: Standing,
  place: DossierPlace,
  input: { basedOn: number; content: Dossier },
  now: Date,
): Promise<{ number: number; version: number }> {
  const { service } = await beginAct(tx, standing, place.service)
  const dossier = await getDraft(tx, service, place.dossier, input.basedOn)
  const orders = await keepHiddenOrders(tx, standing, input.content.orders, dossier.content.orders)
  const version = dossier.version + 1
  await insertVersion(tx, dossier.id, version, { ...input.content, orders }, standing.personId, now)
  await recordAct(tx, standing, service, dossier, { act: 'saved', draft: version }, now)
  return { number: dossier.number, version }
}

async function getDraft(tx: Tx, service: DigitalService, number: number, version: number): Promise<ImpactDossier> {
  const dossier = await getDossier(tx, service.id, number)
  if (dossier.state !== 'draft')
    throw new Problem(409, 'dossier_frozen', 'A dossier is not written any more once it is submitted or withdrawn.')
  if (dossier.version !== version) {
    const detail = `Version ${dossier.version} of the dossier was saved meanwhile.`
    throw new Problem(409, 'dossier_outdated', detail, { version: dossier.version })
  }
  return dossier
}

/**
 * Submits the last version of a dossier, frozen from then on with what its orders came to that day, and puts it on the
 * agenda of a meeting of the body that decides, when one is given.
 * @param input.version version the reader has before them.
 * @throws Problem as `saveDossier` and `scheduleDossier`; 422 `dossier_incomplete` with the names of the fields; 422
 *   `phase_unknown`, `phase_skipped`, `phase_back_unexplained`.
 */
export async function submitDossier(
  tx: Tx,
  standing: Standing,
  place: DossierPlace,
  input: { version: number; meetingId: string | null },
  now: Date,
): Promise<void> {
  // The meeting first: who closes it holds it already when it comes to the journal.
  if (input.meetingId !== null) await getMeeting(tx, standing.agreement.id, input.meetingId, 'update')
  const { rules, service } = await beginAct(tx, standing, place.service)
  const dossier = await getDraft(tx, service, place.dossier, input.version)
  const { content } = dossier
  const fields = listDossierGaps(content, standing.today)
  if (fields.length > 0)
    throw new Problem(422, 'dossier_incomplete', `The dossier lacks: ${fields.join(', ')}.`, { fields })
  requirePhase(rules, service, content)
  const costs = await freezeCosts(tx, standing.agreement.id, content.orders)
  await insertFrozenCosts(tx, dossier.id, costs)
  await updateDossier(tx, dossier.id, { state: 'submitted', submitted_at: now, submitted_by: standing.personId })
  const act = {
    act: 'submitted',
    draft: dossier.version,
    proposal: content.proposal.kind,
    digest: digestOf(dossier.salt, content),
    orders: costs.map(({ orderId, committedCents, paidCents }) => ({
      order: orderId,
      committedCents: String(committedCents),
      paidCents: String(paidCents),
    })),
  }
  await recordAct(tx, standing, service, dossier, act, now)
  if (input.meetingId !== null) await scheduleDossier(tx, standing, place, input.meetingId, now)
}

function requirePhase({ phases }: ServiceRules, service: DigitalService, { proposal }: Dossier): void {
  if (proposal.kind !== 'continue') return
  const keys = phases.map(({ key }) => key)
  const fault = findPhaseFault(keys, service.phase, proposal.phase, proposal.why)
  if (fault === 'phase_unknown') throw new Problem(422, fault, 'The agreement has no such phase.')
  if (fault === 'phase_skipped')
    throw new Problem(422, fault, 'A service goes on in its phase or in the next one: none is passed over.')
  if (fault === 'phase_back_unexplained')
    throw new Problem(422, fault, 'Going back to an earlier phase is proposed with its reasons.')
}

/**
 * Puts a submitted dossier on the agenda of a meeting of the body that decides, by who leads it.
 * @throws Problem as `beginAct`; 404 `meeting_not_found`, `dossier_not_found`; 422 `meeting_of_other_body`; 409
 *   `dossier_not_submitted`, `already_on_agenda`; as `addAgendaItem`, 403 for who does not lead the meeting.
 */
export async function scheduleDossier(
  tx: Tx,
  standing: Standing,
  place: DossierPlace,
  meetingId: string,
  now: Date,
): Promise<void> {
  const meeting = await getMeeting(tx, standing.agreement.id, meetingId, 'update')
  const { rules, service } = await beginAct(tx, standing, place.service, 'reader')
  const dossier = await getDossier(tx, service.id, place.dossier)
  const { article, ballot } = rules.review
  const rule = standing.agreement.rules.ballots.find(({ key }) => key === ballot)
  if (!rule || meeting.body !== rule.body) {
    const detail = `By article ${article}, impact dossiers are decided by: ${rule?.body ?? 'nobody'}.`
    throw new Problem(422, 'meeting_of_other_body', detail, { article })
  }
  if (dossier.state !== 'submitted')
    throw new Problem(409, 'dossier_not_submitted', 'A dossier is put on an agenda once submitted, until decided.')
  const subject = { kind: 'impactDossier', id: dossier.id } as const
  if (await findOpenItemAbout(tx, subject))
    throw new Problem(409, 'already_on_agenda', 'The dossier awaits its vote already.')
  await addAgendaItem(
    tx,
    standing,
    meetingId,
    {
      title: titleDossier(rules, service, dossier),
      text: summariseDossier(rules, service, dossier),
      kind: 'decision',
      ballotRule: rule.key,
      subjectKind: subject.kind,
      subjectId: subject.id,
    },
    now,
  )
  await recordAct(tx, standing, service, dossier, { act: 'scheduled', meeting: meetingId, article }, now)
}

/**
 * Withdraws a dossier that is not on an agenda: it is kept, and another may be begun.
 * @throws Problem as `beginAct`; 404 `dossier_not_found`; 409 `dossier_decided`, `dossier_on_agenda`.
 */
export async function withdrawDossier(tx: Tx, standing: Standing, place: DossierPlace, now: Date): Promise<void> {
  const { service } = await beginAct(tx, standing, place.service)
  const dossier = await getDossier(tx, service.id, place.dossier)
  if (dossier.state !== 'draft' && dossier.state !== 'submitted')
    throw new Problem(409, 'dossier_decided', 'A dossier is withdrawn before it is decided, and once.')
  if (await findOpenItemAbout(tx, { kind: 'impactDossier', id: dossier.id }))
    throw new Problem(409, 'dossier_on_agenda', 'The dossier is on an agenda: it is taken off it first.')
  await updateDossier(tx, dossier.id, { state: 'withdrawn' })
  await recordAct(tx, standing, service, dossier, { act: 'withdrawn' }, now)
}

function recordAct(
  tx: Tx,
  { agreement, personId }: Standing,
  service: DigitalService,
  dossier: { id: string; number: number },
  content: JournalContent & { act: string },
  now: Date,
): Promise<void> {
  return recordServiceAct(
    tx,
    { agreementId: agreement.id, version: agreement.version, actor: personId },
    { kind: 'impactDossier', id: dossier.id },
    { service: service.number, dossier: dossier.number, ...content },
    now,
  )
}
