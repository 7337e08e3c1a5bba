import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import { defineEvent, defineReaction } from '#kernel/events'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import type { Day } from '#kernel/time'
import { importApplied } from '../imports/import-applying.ts'
import { noteShowing } from '../rosters/departures.queries.ts'
import { findCurrentSchoolYear, listSchoolYears, type SchoolYear } from '../school-years.ts'
import { announceSuccessions, confirmByRule } from './years-successions.ts'
import {
  endStays,
  findToday,
  followReadiness,
  isEstablishmentReady,
  isYearStarted,
  listShown,
  lockYears,
  makeYearCurrent,
  rewriteAffiliations,
  rewriteFunctions,
  showCurrentYear,
  showYear,
  type YearRow,
} from './years.queries.ts'

/** Establishments show another school year now: their people have other classes. At most 500 establishments an event. */
export const yearSwitched = defineEvent<{ tenantId: string; schoolYearId: string; establishmentIds: string[] }>(
  'directory.year_switched',
)

/** Looks every hour whether a year begins somewhere, or an establishment can follow. */
export const switchQueue = defineQueue('directory.switch-years', { expireInSeconds: 7200 })

const establishmentsAnEvent = 500

/**
 * Prepares a school year beside the current one: 1 September to 31 August. Feeds of it may then be imported.
 * @throws Problem 409 `school_year_exists`; 422 `school_year_far` unless it is the one after the newest.
 */
export async function prepareYear(
  tx: Tx,
  input: { startYear: number; switchOn?: Day | undefined; actorPersonId: string | null },
): Promise<SchoolYear> {
  const years = await listSchoolYears(tx)
  const { startYear } = input
  if (years.some((year) => year.startYear === startYear))
    throw new Problem(409, 'school_year_exists', 'This school year is there already.')
  const newest = years[0]?.startYear
  if (newest !== undefined && startYear !== newest + 1)
    throw new Problem(422, 'school_year_far', 'Only the year that follows the newest one can be prepared.')
  const id = randomUUIDv7()
  await sql`insert into directory.school_year (id, start_year, starts_on, ends_on, switch_on)
    values (${id}, ${startYear}, ${`${startYear}-09-01`}, ${`${startYear + 1}-08-31`}, ${input.switchOn ?? null})`.execute(
    tx,
  )
  await recordAudit(tx, {
    action: 'directory.school_year_prepared',
    actorPersonId: input.actorPersonId,
    subjectKind: 'school_year',
    subjectId: id,
    detail: { startYear },
  })
  return getYear(tx, id)
}

/** Changes the day on which a prepared year becomes current by itself. @throws Problem 409 `school_year_state`. */
export async function planSwitch(
  tx: Tx,
  input: { id: string; switchOn: Day; actorPersonId: string | null },
): Promise<SchoolYear> {
  const year = await getYear(tx, input.id)
  if (year.state !== 'preparing') throw new Problem(409, 'school_year_state', 'Only a prepared year can be planned.')
  await sql`update directory.school_year set switch_on = ${input.switchOn} where id = ${year.id}`.execute(tx)
  await recordAudit(tx, {
    action: 'directory.school_year_planned',
    actorPersonId: input.actorPersonId,
    subjectKind: 'school_year',
    subjectId: year.id,
    detail: { switchOn: input.switchOn },
  })
  return getYear(tx, year.id)
}

/**
 * Makes a year current, for all establishments whose classes of it have come, or for one of them before the others. Asked
 * twice it does nothing more; asked for an earlier year it goes back.
 * @returns the establishments that show another year by this.
 * @throws Problem 404 `school_year_unknown`; 409 `school_year_empty` when nothing of the year has come.
 */
export async function switchYear(
  services: Services,
  tx: Tx,
  input: { tenantId: string; id: string; establishmentId?: string | undefined; actorPersonId: string | null },
): Promise<string[]> {
  const years = await lockYears(tx)
  const target = years.find(({ id }) => id === input.id)
  if (!target) throw new Problem(404, 'school_year_unknown', 'There is no such school year.')
  const { establishmentId } = input
  const ready =
    establishmentId === undefined
      ? await isYearStarted(tx, target.id)
      : await isEstablishmentReady(tx, establishmentId, target.id)
  if (!ready) throw new Problem(409, 'school_year_empty', 'No class nor pupil of this year has come.')
  const before = await listShown(tx)
  if (establishmentId !== undefined) await showYear(tx, establishmentId, target.state === 'current' ? null : target.id)
  else await makeCurrent(tx, target, services.now())
  return conclude(services, tx, { ...input, before })
}

/** Begins the years whose day has come, and lets establishments follow as their classes come. Idempotent. */
export async function switchDueYears(services: Services, tenantId: string): Promise<void> {
  await inTenant(services.db, tenantId, async (tx) => {
    const years = await lockYears(tx)
    const today = await findToday(tx, services.now())
    const before = await listShown(tx)
    for (const target of years) {
      const due = target.state === 'preparing' && target.switch_on <= today
      if (due && (await isYearStarted(tx, target.id))) await makeCurrent(tx, target, services.now())
    }
    await followReadiness(tx)
    await conclude(services, tx, { tenantId, before, actorPersonId: null })
  })
}

/** A feed may bring the classes that an establishment waited for. */
export const yearsFollowImports = defineReaction(
  importApplied,
  'switch-years',
  { batchSize: 10 },
  async (services, batch) => {
    for (const tenantId of new Set(batch.map((each) => each.tenantId))) await switchDueYears(services, tenantId)
  },
)

/** The work of `switchQueue`. */
export async function switchAllDueYears(services: Services): Promise<void> {
  for (const tenant of await listTenants(services.owner)) await switchDueYears(services, tenant.id)
}

async function makeCurrent(tx: Tx, target: YearRow, now: Date): Promise<void> {
  const current = await findCurrentSchoolYear(tx)
  if (current?.id !== target.id) await makeYearCurrent(tx, target, now)
  await showCurrentYear(tx, target.id)
  await followReadiness(tx)
}

/** What follows for the people of establishments that show another year. @returns those establishments. */
async function conclude(
  services: Services,
  tx: Tx,
  input: { tenantId: string; before: Map<string, string | null>; actorPersonId: string | null },
): Promise<string[]> {
  const { tenantId, before, actorPersonId } = input
  const changed = [...(await listShown(tx))].filter(([id, year]) => before.get(id) !== year)
  const years = await lockYears(tx)
  await noteShowing(
    tx,
    changed.map(([id, year]) => ({ establishmentId: id, from: before.get(id) ?? null, to: year })),
  )
  const byYear = Map.groupBy(changed, ([, year]) => year)
  for (const year of years) {
    const ids = byYear.get(year.id)?.map(([id]) => id) ?? []
    if (ids.length === 0) continue
    await rewriteFunctions(tx, ids, year.id)
    await rewriteAffiliations(tx, ids)
    await confirmByRule(tx, ids, year.start_year, services.now())
    for (let first = 0; first < ids.length; first += establishmentsAnEvent) {
      const establishmentIds = ids.slice(first, first + establishmentsAnEvent)
      await services.events.publish(tx, yearSwitched, { tenantId, schoolYearId: year.id, establishmentIds })
    }
    await recordAudit(tx, {
      action: 'directory.year_switched',
      actorPersonId,
      subjectKind: 'school_year',
      subjectId: year.id,
      detail: { startYear: year.start_year, establishments: ids.length },
    })
  }
  if (changed.length > 0) {
    await endStays(tx, await findToday(tx, services.now()))
    await announceSuccessions(services, tx, tenantId)
  }
  return changed.map(([id]) => id)
}

/** @throws Problem 404 `school_year_unknown`. */
export async function getYear(tx: Tx, id: string): Promise<SchoolYear> {
  const year = (await listSchoolYears(tx)).find((each) => each.id === id)
  if (!year) throw new Problem(404, 'school_year_unknown', 'There is no such school year.')
  return year
}
