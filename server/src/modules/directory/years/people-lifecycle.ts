import { recordAudit } from '#kernel/audit'
import { defineEvent } from '#kernel/events'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import {
  archiveDue,
  countDue,
  countLifeStates,
  deletePeople,
  getLeaverPolicy,
  type LeaverPolicy,
  type LeaverRun,
  lockDueForDeletion,
  placeHold,
  removeHold,
  writeLeaverPolicy,
  writeRun,
} from './people-lifecycle.queries.ts'
import { findPersonSummary } from '../people.queries.ts'
import { sweepDepartures } from '../rosters/departures.queries.ts'
import { findToday } from './years.queries.ts'

// present → gone: no source knows them any more (an import, or the switch of the year, says so) → archived → deleted.
// Whoever comes back before deletion is the same person again: imports find them by their source's identifier.

/** People are out of everyone's sight, and may not sign in, until a source knows them again. At most 500 an event. */
export const peopleArchived = defineEvent<{ tenantId: string; personIds: string[] }>('directory.people_archived')

/** Everything of people is gone from the directory: whoever holds something of theirs deletes it. At most 500 an event. */
export const peopleDeleted = defineEvent<{ tenantId: string; personIds: string[] }>('directory.person_deleted')

/** Archives and deletes every night whoever left long enough ago. */
export const leaversQueue = defineQueue('directory.people-lifecycle', { expireInSeconds: 7200 })

const peopleAnEvent = 500

/** More of all people than this share in one night is no ordinary night: nothing is deleted until someone says so. */
const ordinaryShare = 0.1

/** Below this number a share means nothing. */
const ordinaryNumber = 50

/** What a run would do today. */
export async function previewLeavers(tx: Tx, now: Date) {
  return countDue(tx, await getLeaverPolicy(tx), await findToday(tx, now))
}

/**
 * Archives and deletes whoever is due. It may be stopped and run again: each batch is whole.
 * @param input.insist deletes however many they are; else an unusual number stops it before anything is deleted.
 */
export async function runLeavers(
  services: Services,
  input: { tenantId: string; actorPersonId: string | null; insist: boolean },
  signal?: AbortSignal,
): Promise<LeaverRun> {
  const { tenantId, actorPersonId } = input
  const now = services.now()
  const { policy, today, counts, tooMany } = await inTenant(services.db, tenantId, async (tx) => {
    const ownPolicy = await getLeaverPolicy(tx)
    const day = await findToday(tx, now)
    const wanted = await countDue(tx, ownPolicy, day)
    const { present, gone, archived } = await countLifeStates(tx)
    const limit = Math.max(ordinaryNumber, (present + gone + archived) * ordinaryShare)
    const archivedNow = await archiveDue(tx, ownPolicy, day)
    await publish(services, tx, peopleArchived, tenantId, archivedNow)
    await sweepDepartures(tx, now)
    return {
      policy: ownPolicy,
      today: day,
      counts: { ...wanted, deleted: 0 },
      tooMany: !input.insist && wanted.deleted > limit,
    }
  })
  while (!tooMany && !signal?.aborted) {
    const deleted = await inTenant(services.db, tenantId, async (tx) => {
      const ids = await lockDueForDeletion(tx, policy, today, peopleAnEvent)
      if (ids.length === 0) return 0
      await deletePeople(tx, ids)
      await publish(services, tx, peopleDeleted, tenantId, ids)
      for (const id of ids) {
        await recordAudit(tx, {
          action: 'directory.person_deleted',
          actorPersonId,
          subjectKind: 'person',
          subjectId: id,
        })
      }
      return ids.length
    })
    if (deleted === 0) break
    counts.deleted += deleted
  }
  return inTenant(services.db, tenantId, async (tx) => {
    const run = await writeRun(tx, {
      ranAt: now,
      state: tooMany ? 'stopped' : 'done',
      counts,
      runBy: actorPersonId,
    })
    if (counts.archived + counts.deleted > 0) {
      await recordAudit(tx, {
        action: 'directory.leavers_run',
        actorPersonId,
        subjectKind: 'leaver_run',
        subjectId: run.id,
        detail: { ...counts },
      })
    }
    return run
  })
}

/** The work of `leaversQueue`. */
export async function runAllLeavers(services: Services, signal: AbortSignal): Promise<void> {
  for (const tenant of await listTenants(services.owner)) {
    await runLeavers(services, { tenantId: tenant.id, actorPersonId: null, insist: false }, signal)
  }
}

async function publish(
  services: Services,
  tx: Tx,
  event: typeof peopleDeleted,
  tenantId: string,
  personIds: string[],
): Promise<void> {
  for (let first = 0; first < personIds.length; first += peopleAnEvent) {
    await services.events.publish(tx, event, { tenantId, personIds: personIds.slice(first, first + peopleAnEvent) })
  }
}

/** Changes how long people are kept. @throws Problem 422 `policy_reversed` when deletion came before archiving. */
export async function changeLeaverPolicy(
  tx: Tx,
  policy: LeaverPolicy,
  by: { personId: string | null; now: Date },
): Promise<LeaverPolicy> {
  if (policy.deleteAfterDays < policy.archiveAfterDays)
    throw new Problem(422, 'policy_reversed', 'People are archived before they are deleted.')
  await writeLeaverPolicy(tx, policy, by)
  await recordAudit(tx, {
    action: 'directory.leaver_policy_changed',
    actorPersonId: by.personId,
    subjectKind: 'leaver_policy',
    subjectId: null,
    detail: { ...policy },
  })
  return policy
}

/** Keeps someone's data, whatever the policy says, until the hold is lifted. @throws Problem 404 `person_not_found`. */
export async function holdPerson(
  tx: Tx,
  input: { personId: string; reason: string; actorPersonId: string | null; now: Date },
): Promise<void> {
  const { personId, reason, actorPersonId, now } = input
  if (!(await findPersonSummary(tx, personId))) throw new Problem(404, 'person_not_found', 'There is no such person.')
  await placeHold(tx, { personId, reason, placedBy: actorPersonId, now })
  await recordAudit(tx, {
    action: 'directory.hold_placed',
    actorPersonId,
    subjectKind: 'person',
    subjectId: personId,
  })
}

/** @throws Problem 404 `hold_not_found`. */
export async function liftHold(tx: Tx, input: { personId: string; actorPersonId: string | null }): Promise<void> {
  if (!(await removeHold(tx, input.personId))) throw new Problem(404, 'hold_not_found', 'Nobody is held under this.')
  await recordAudit(tx, {
    action: 'directory.hold_lifted',
    actorPersonId: input.actorPersonId,
    subjectKind: 'person',
    subjectId: input.personId,
  })
}
