import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import type { CalendarEntry, Period } from '../agreements/calendar.ts'
import { readCourse } from './course.ts'
import { listDeadlines } from './deadlines.ts'
import { findInForce, listActs, listLists } from './deliverables.queries.ts'

/**
 * What is awaited about deliverables in a school year; what is late stays in the one in course. Of a delivery that was
 * made, an outcome that was recorded or skills that were passed on, nothing is awaited any more.
 */
export async function listDeliverableEntries(
  tx: Tx,
  { id, rules }: AgreementInForce,
  schoolYear: Period,
  today: Day,
): Promise<CalendarEntry[]> {
  const terms = rules.deliverables
  const list = terms && findInForce(await listLists(tx, id))
  if (!list) return []
  const acts = Map.groupBy(await listActs(tx, id), ({ deliverable }) => deliverable)
  const inCourse = today >= schoolYear.from && today <= schoolYear.until
  return list.content.deliverables.flatMap((definition) => {
    const course = readCourse((acts.get(definition.key) ?? []).map(({ content }) => content))
    return listDeadlines(definition, terms, course, today)
      .filter(({ by }) => by <= schoolYear.until && (by >= schoolYear.from || inCourse))
      .map(({ kind, party, by, late, article, interpretation }): CalendarEntry => ({
        key: `deliverable ${definition.key} ${kind} ${party} ${by}`,
        kind: 'deliverable',
        body: null,
        party,
        name: definition.title,
        article,
        interpretation,
        period: { from: schoolYear.from, until: by },
        state: late ? 'late' : 'due',
        strict: true,
        count: null,
        meeting: null,
        preparedBy: null,
        doneOn: null,
        lastSafeDay: by,
        steps: [{ act: kind, body: null, by }],
      }))
  })
}
