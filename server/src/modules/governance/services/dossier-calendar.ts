import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import type { CalendarEntry, CalendarFrame } from '../agreements/calendar.ts'
import { listDossiers } from './dossiers.queries.ts'
import { findDueDay, findLastDay } from './service-course.ts'
import { listServices } from './services.queries.ts'

/** A service that goes on, as the calendar sees it. */
interface ReviewedService {
  number: number
  name: string
  beganOn: Day
  /** Days on which its dossiers were decided. */
  decidedOn: readonly Day[]
}

/** The next impact dossier of each service, in the school year in which it falls due; what is late stays in the one in course. */
export function listDossierEntries(
  rules: Agreement,
  services: readonly ReviewedService[],
  { schoolYear, today }: Pick<CalendarFrame, 'schoolYear' | 'today'>,
): CalendarEntry[] {
  const review = rules.services?.review
  const body = rules.ballots.find(({ key }) => key === review?.ballot)?.body
  if (!review || body === undefined) return []
  const inCourse = today >= schoolYear.from && today <= schoolYear.until
  return services.flatMap(({ number, name, beganOn, decidedOn }): CalendarEntry[] => {
    const since = findLastDay(beganOn, decidedOn)
    const until = findDueDay(beganOn, decidedOn, review.everyMonths)
    const within = until >= schoolYear.from && until <= schoolYear.until
    if (!within && !(inCourse && until < schoolYear.from)) return []
    return [
      {
        key: `dossier ${number} ${until}`,
        kind: 'dossier',
        body,
        name,
        article: review.article,
        interpretation: review.interpretation ?? null,
        period: { from: since, until },
        state: today > until ? 'late' : 'due',
        strict: true,
        count: null,
        meeting: null,
        preparedBy: null,
        doneOn: null,
        lastSafeDay: until,
        steps: [{ act: 'submit', body, by: until }],
      },
    ]
  })
}

/** The services of an agreement that go on, with the days on which their dossiers were decided. */
export async function listReviewedServices(tx: Tx, agreementId: string): Promise<ReviewedService[]> {
  const services = (await listServices(tx, agreementId)).filter(({ stopped }) => !stopped)
  const dossiers = await listDossiers(
    tx,
    services.map(({ id }) => id),
  )
  return services.map(({ id, number, name, beganOn }) => ({
    number,
    name,
    beganOn,
    decidedOn: dossiers.flatMap(({ serviceId, decidedOn }) =>
      serviceId === id && decidedOn !== null ? [decidedOn] : [],
    ),
  }))
}
