import type { Tx } from '#kernel/postgres'
import type { Services } from '#kernel/module'
import { defineQueue } from '#kernel/jobs'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import type { Day } from '#kernel/time'
import { findToday, listHolders } from '#modules/identity'
import { addDays } from '../days.ts'
import { listDeliverableEntries } from '../deliverables/deliverable-calendar.ts'
import { listDossierEntries, listReviewedServices } from '../services/dossier-calendar.ts'
import { type AgreementInForce, findAgreementInForce } from './agreements.queries.ts'
import { buildCalendar, type CalendarEntry, type Period, schoolYearOf } from './calendar.ts'
import {
  findFirstDay,
  listAgreementSlugs,
  listCalendarMeetings,
  listDoneReviews,
  listSeated,
  replaceNotices,
} from './calendar.queries.ts'

/** Looks at every calendar, each night. */
export const complianceQueue = defineQueue<Record<never, never>>('governance-compliance', { retries: 1 })

/** The calendar of a school year, under the rules that hold at its end, or today while it lasts. */
export async function readCalendar(
  tx: Tx,
  agreement: AgreementInForce,
  schoolYear: Period,
  today: Day,
): Promise<CalendarEntry[]> {
  const until = schoolYear.until < today ? schoolYear.until : today
  const then = (await findAgreementInForce(tx, agreement.slug, until)) ?? agreement
  const meetings = await listCalendarMeetings(tx, agreement.id, schoolYear)
  const reviews = await listDoneReviews(tx, agreement.id)
  const beganOn = await findFirstDay(tx, agreement.id)
  const services = await listReviewedServices(tx, agreement.id)
  return [
    ...buildCalendar(then.rules, meetings, reviews, { schoolYear, beganOn, today }),
    ...listDossierEntries(then.rules, services, { schoolYear, today }),
    ...(await listDeliverableEntries(tx, agreement, schoolYear, today)),
  ]
}

/** Days before a last safe day from which those concerned are told. */
const warningDays = 30

/** What somebody should hear of: what is late or missing, and what must be done within a month. */
export function isPressing({ state, lastSafeDay }: CalendarEntry, today: Day): boolean {
  if (state === 'late' || state === 'missing') return true
  return state === 'due' && lastSafeDay !== null && lastSafeDay <= addDays(today, warningDays)
}

/**
 * Tells whoever manages the consortium, and those who sit for the party that convenes the body, or of which the matter is
 * awaited, of what presses; each
 * matter once. Run again, it tells nobody twice.
 * @returns number of new notices.
 */
export async function tellOfCalendar(tx: Tx, slug: string, now: Date): Promise<number> {
  const today = await findToday(tx, now)
  const agreement = await findAgreementInForce(tx, slug, today)
  if (!agreement) return 0
  const managers = (await listHolders(tx, 'governance.administer', now)).map(({ personId }) => personId)
  const { rules } = agreement
  const pressing = (await readCalendar(tx, agreement, schoolYearOf(rules, today), today)).filter((entry) =>
    isPressing(entry, today),
  )
  const matters = []
  for (const entry of pressing) {
    const party = entry.party ?? rules.bodies.find(({ key }) => key === entry.body)?.convenedBy
    const seated = party === undefined ? [] : await listSeated(tx, agreement.id, party, entry.body, today)
    matters.push({ matter: `${entry.key} ${entry.state}`, entry, personIds: [...new Set([...managers, ...seated])] })
  }
  return replaceNotices(tx, agreement.id, matters, now)
}

/** Looks at the calendar of every agreement of every tenant. */
export async function tellOfEveryCalendar({ db, owner, now }: Pick<Services, 'db' | 'owner' | 'now'>): Promise<void> {
  for (const tenant of await listTenants(owner)) {
    for (const slug of await inTenant(db, tenant.id, listAgreementSlugs)) {
      await inTenant(db, tenant.id, (tx) => tellOfCalendar(tx, slug, now()))
    }
  }
}
