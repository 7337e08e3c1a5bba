import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { StepKind } from './service-course.ts'
import { tables } from './tables.ts'

/** A public digital service, as the last step of its course left it. */
export interface DigitalService {
  id: string
  number: number
  name: string
  /** The problem it solves. */
  purpose: string
  /** For whom. */
  audience: string
  owner: string
  beganOn: Day
  phase: string
  stopped: boolean
}

const columns = [
  'id',
  'number',
  'name',
  'purpose',
  'audience',
  'owner_party as owner',
  'began_on as beganOn',
  'phase',
  'stopped',
] as const

/** The services of an agreement, by number. */
export function listServices(tx: Tx, agreementId: string): Promise<DigitalService[]> {
  return tables(tx)
    .selectFrom('governance.service')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .orderBy('number')
    .execute()
}

/**
 * A service, by its number.
 * @param locked nobody else takes a step of it before the transaction ends.
 * @throws Problem 404 `service_not_found`.
 */
export async function getService(tx: Tx, agreementId: string, number: number, locked = false): Promise<DigitalService> {
  const service = await tables(tx)
    .selectFrom('governance.service')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('number', '=', number)
    .$if(locked, (query) => query.forUpdate())
    .executeTakeFirst()
  if (!service) throw serviceNotFound()
  return service
}

export const serviceNotFound = () =>
  new Problem(404, 'service_not_found', 'There is no such service in this agreement, or it is not for the reader.')

/** Adds a service, numbered after the last of its agreement; under the journal's lock. */
export async function insertService(
  tx: Tx,
  agreementId: string,
  service: Omit<DigitalService, 'id' | 'number' | 'stopped'>,
  personId: string | null,
  now: Date,
): Promise<{ id: string; number: number }> {
  const last = await tables(tx)
    .selectFrom('governance.service')
    .select((each) => each.fn.max('number').as('number'))
    .where('agreement_id', '=', agreementId)
    .executeTakeFirst()
  const made = { id: randomUUIDv7(), number: (last?.number ?? 0) + 1 }
  const { owner, beganOn, name, purpose, audience, phase } = service
  await tables(tx)
    .insertInto('governance.service')
    .values({
      ...made,
      agreement_id: agreementId,
      name,
      purpose,
      audience,
      owner_party: owner,
      began_on: beganOn,
      phase,
      registered_at: now,
      registered_by: personId,
    })
    .execute()
  return made
}

/** A step of the course of a service. */
export interface NewStep {
  kind: StepKind
  fromPhase: string | null
  phase: string
  dossierId: string | null
  decisionId: string | null
  versionId: string
  personId: string | null
  note: string
  dueOn: Day | null
}

/** Takes a step: adds it to the course, and leaves the service as the step says. */
export async function insertStep(tx: Tx, serviceId: string, step: NewStep, now: Date): Promise<void> {
  const last = await tables(tx)
    .selectFrom('governance.service_step')
    .select((each) => each.fn.max('position').as('position'))
    .where('service_id', '=', serviceId)
    .executeTakeFirst()
  await tables(tx)
    .insertInto('governance.service_step')
    .values({
      service_id: serviceId,
      position: (last?.position ?? 0) + 1,
      kind: step.kind,
      from_phase: step.fromPhase,
      phase: step.phase,
      dossier_id: step.dossierId,
      decision_id: step.decisionId,
      version_id: step.versionId,
      person_id: step.personId,
      note: step.note,
      due_on: step.dueOn,
      recorded_at: now,
    })
    .execute()
  await tables(tx)
    .updateTable('governance.service')
    .set({ phase: step.phase, stopped: step.kind === 'stopped' })
    .where('id', '=', serviceId)
    .execute()
}

/** The course of a service, in the order of its steps. */
export function listSteps(tx: Tx, serviceId: string) {
  return tables(tx)
    .selectFrom('governance.service_step as step')
    .innerJoin('governance.agreement_version as version', 'version.id', 'step.version_id')
    .leftJoin('governance.impact_dossier as dossier', 'dossier.id', 'step.dossier_id')
    .leftJoin('governance.decision as decision', 'decision.id', 'step.decision_id')
    .select([
      'step.kind',
      'step.from_phase as fromPhase',
      'step.phase',
      'step.note',
      'step.due_on as dueOn',
      'step.recorded_at as at',
      'dossier.number as dossier',
      'decision.number as decision',
      'version.number as version',
    ])
    .where('step.service_id', '=', serviceId)
    .orderBy('step.position')
    .execute()
}
