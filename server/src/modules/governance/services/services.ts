import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { type JournalContent, recordInJournal } from '../journal/journal.ts'
import { type ActingStanding, requireManager, type Standing, takesPart } from '../standing.ts'
import { type DigitalService, getService, insertService, insertStep, serviceNotFound } from './services.queries.ts'

export type ServiceRules = NonNullable<Agreement['services']>

/** @throws Problem 409 `services_not_agreed` when the agreement has no chapter about services. */
export function getServiceRules({ agreement }: Pick<Standing, 'agreement'>): ServiceRules {
  const { services } = agreement.rules
  if (!services) throw new Problem(409, 'services_not_agreed', 'This agreement says nothing of services.')
  return services
}

/** Whether the reader prepares the dossiers of a service: manages the consortium, or sits for its owner. */
export const preparesDossiers = (standing: Standing, { owner }: DigitalService): boolean =>
  standing.manages || standing.seats.some(({ party }) => party === owner)

/** Whether the reader may read of a service: who sits for a contractor alone reads those that the contractor owns. */
export const readsService = (standing: Standing, service: DigitalService): boolean =>
  takesPart(standing) || preparesDossiers(standing, service)

/** A service that the reader may read of. @throws Problem 404 `service_not_found`. */
export async function getReadableService(tx: Tx, standing: Standing, number: number): Promise<DigitalService> {
  const service = await getService(tx, standing.agreement.id, number)
  if (!readsService(standing, service)) throw serviceNotFound()
  return service
}

/**
 * Registers a service, in the phase in which it is today.
 * @throws Problem 403 `not_allowed` for who does not manage; 409 `services_not_agreed`; 422 `party_unknown`,
 *   `phase_unknown`, `service_not_begun` for a day to come.
 */
export async function registerService(
  tx: Tx,
  standing: ActingStanding,
  input: { name: string; purpose: string; audience: string; owner: string; beganOn: Day; phase: string },
  now: Date,
): Promise<{ number: number }> {
  requireManager(standing)
  const rules = getServiceRules(standing)
  const { agreement, personId, today } = standing
  const parties = agreement.rules.parties.map(({ key }) => key)
  if (!parties.includes(input.owner))
    throw new Problem(422, 'party_unknown', `The agreement has no such party: it has ${parties.join(', ')}.`)
  const phases = rules.phases.map(({ key }) => key)
  if (!phases.includes(input.phase))
    throw new Problem(422, 'phase_unknown', `The agreement has no such phase: it has ${phases.join(', ')}.`)
  if (input.beganOn > today) throw new Problem(422, 'service_not_begun', 'A service is registered once it has begun.')
  await lockJournal(tx, agreement.id)
  const service = await insertService(tx, agreement.id, input, personId, now)
  const step = {
    kind: 'begun',
    fromPhase: null,
    phase: input.phase,
    dossierId: null,
    decisionId: null,
    versionId: agreement.versionId,
    personId,
    note: '',
    dueOn: null,
  } as const
  await insertStep(tx, service.id, step, now)
  const { owner, beganOn, phase } = input
  await recordServiceAct(
    tx,
    { agreementId: agreement.id, version: agreement.version, actor: personId },
    { kind: 'service', id: service.id },
    { act: 'begun', service: service.number, owner, beganOn, phase },
    now,
  )
  return { number: service.number }
}

/** Audits an act about a service or a dossier and enters it in the journal: codes and figures, no words of anyone. */
export async function recordServiceAct(
  tx: Tx,
  by: { agreementId: string; version: number; actor: string | null },
  subject: { kind: 'service' | 'impactDossier'; id: string },
  content: JournalContent & { act: string },
  now: Date,
): Promise<void> {
  await recordAudit(tx, {
    action: subject.kind === 'service' ? 'governance.service_act' : 'governance.impact_dossier_act',
    actorPersonId: by.actor,
    subjectKind: subject.kind,
    subjectId: subject.id,
    detail: content,
  })
  await recordInJournal(
    tx,
    {
      agreementId: by.agreementId,
      kind: subject.kind,
      subjectId: subject.id,
      content: { ...content, version: by.version },
    },
    now,
  )
}
