import { recordAudit } from '#kernel/audit'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listTenants, type Tenant } from '#kernel/tenancy'
import type { Day } from '#kernel/time'
import { deleteStatementsBefore } from '#modules/records'
import { holdProjection } from '../projection/builds.queries.ts'
import { deleteEventsBefore } from '../projection/events.queries.ts'
import {
  deleteLaunchesBefore,
  deleteLooksBefore,
  findLastCutoff,
  insertRun,
  listRetentions,
  type Purpose,
  type Retention,
  upsertRetention,
} from './retention.queries.ts'

/** Deletes what was kept long enough, each night. */
export const retentionQueue = defineQueue<Record<never, never>>('insight-retention', {
  retries: 0,
  expireInSeconds: 21_600,
})

type RetentionServices = Pick<Services, 'db' | 'owner' | 'clickhouse' | 'now'>

/** The first day that is kept: the first of the month, so that whole months go. */
export function findCutoff(months: number, today: Day): Day {
  const date = new Date(`${today.slice(0, 7)}-01T00:00:00Z`)
  date.setUTCMonth(date.getUTCMonth() - months)
  return date.toISOString().slice(0, 10)
}

/** The first day whose launches are kept; null: every one is, for nobody has decided. */
export async function findLaunchCutoff(tx: Tx, { timeZone }: Pick<Tenant, 'timeZone'>, now: Date): Promise<Day | null> {
  const months = (await listRetentions(tx)).find(({ purpose }) => purpose === 'launches')?.months ?? null
  return months === null ? null : findCutoff(months, now.toLocaleDateString('sv-SE', { timeZone }))
}

/** Says how long something is kept, and by what right; applied each night. */
export async function setRetention(tx: Tx, retention: Retention, by: string | null, now: Date): Promise<void> {
  const { purpose, months } = retention
  await upsertRetention(tx, retention, by, now)
  await recordAudit(tx, {
    action: 'insight.retention_set',
    actorPersonId: by,
    subjectKind: 'insight.retention',
    subjectId: null,
    detail: { purpose, months },
  })
}

/** Deletes what was kept long enough, of every tenant; stops between two purposes. */
export async function applyRetentions(services: RetentionServices, signal?: AbortSignal): Promise<void> {
  for (const tenant of await listTenants(services.owner)) {
    const retentions = await inTenant(services.db, tenant.id, listRetentions)
    for (const { purpose, months } of retentions) {
      if (signal?.aborted) return
      if (months !== null) await applyRetention(services, tenant, purpose, months)
    }
  }
}

async function applyRetention(services: RetentionServices, tenant: Tenant, purpose: Purpose, months: number) {
  const ranAt = services.now()
  const cutoff = findCutoff(months, ranAt.toLocaleDateString('sv-SE', { timeZone: tenant.timeZone }))
  const removed = await remove(services, tenant.id, purpose, cutoff)
  // A night on which nothing was old enough is no news.
  if (removed === 0) return
  await inTenant(services.db, tenant.id, (tx) => insertRun(tx, { purpose, cutoff, removed, ranAt }))
}

const pageSize = 10_000

/** @returns how many rows; null where they are not counted. */
async function remove(
  services: RetentionServices,
  tenantId: string,
  purpose: Purpose,
  cutoff: Day,
): Promise<number | null> {
  const { db } = services
  switch (purpose) {
    case 'looks':
      return inTenant(db, tenantId, (tx) => deleteLooksBefore(tx, cutoff))
    case 'launches':
      return inTenant(db, tenantId, (tx) => deleteLaunchesBefore(tx, cutoff))
    case 'statements': {
      const moment = Date.parse(`${cutoff}T00:00:00Z`) * 1000
      for (let removed = 0; ;) {
        const deleted = await inTenant(db, tenantId, (tx) => deleteStatementsBefore(tx, moment, pageSize))
        removed += deleted
        if (deleted < pageSize) return removed
      }
    }
    case 'events': {
      const clickhouse = await services.clickhouse()
      return inTenant(db, tenantId, async (tx) => {
        // It rewrites what it touches: once a month, when another one is over.
        if ((await findLastCutoff(tx, 'events')) === cutoff) return 0
        await holdProjection(tx)
        await deleteEventsBefore(clickhouse, tenantId, cutoff)
        return null
      })
    }
  }
}
