import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Body } from '../agreements/agreement-schema.ts'
import { addDays } from '../days.ts'
import type { Standing } from '../standing.ts'
import { findPreparation } from './preparation.ts'

/** One thing the agreement asks before a body meets, and whether it was met. */
export interface ConveningCheck {
  kind: 'notice' | 'urgentNotice' | 'preparation' | 'secondConvening'
  article: string
  interpretation: string | null
  met: boolean
  /** Not met, it forbids the convening; otherwise it is said, and kept with the meeting. */
  blocking: boolean
  /** Body that must have met before; null but for `preparation`. */
  body: string | null
  /** Days asked for between the two dates. */
  days: number
  /** Last day on which it would be met; for a second convening, the first day of the meeting. */
  limit: Day
  /** Day on which it was done: the convening, the preparatory meeting; null when it is not planned. */
  doneOn: Day | null
}

/**
 * What the agreement asks of a meeting convened on a day: its notice, the meetings that prepare it, the delay of a second
 * convening. A preparatory meeting that can still be held is only said; once its last day is past, it blocks.
 * @param meeting.missedOn day of the meeting without quorum, for a second convening.
 */
export async function checkConvening(
  tx: Tx,
  standing: Standing,
  body: Body,
  meeting: { id: string; day: Day; urgent: boolean; missedOn: Day | null },
  convenedOn: Day,
): Promise<ConveningCheck[]> {
  const checks: ConveningCheck[] = []
  const { notice, quorum } = body
  // A second convening has a delay of its own.
  if (notice && meeting.missedOn === null) {
    const urgent = meeting.urgent && notice.urgentDays !== null
    const days = urgent ? (notice.urgentDays ?? 0) : notice.days
    const limit = addDays(meeting.day, -days)
    const met = convenedOn <= limit
    const kind = urgent ? 'urgentNotice' : 'notice'
    checks.push({ ...cite(notice), kind, met, blocking: false, body: null, days, limit, doneOn: convenedOn })
  }
  for (const preparation of body.preparedBy) {
    const days = 7 * preparation.weeks
    const limit = addDays(meeting.day, -days)
    const doneOn =
      (await findPreparation(
        tx,
        standing.agreement.id,
        { ...meeting, body: body.key },
        { body: preparation.body, limit, counting: ['convened', 'open', 'closed'] },
      )) ?? null
    checks.push({
      ...cite(preparation),
      kind: 'preparation',
      met: doneOn !== null,
      blocking: limit < convenedOn,
      body: preparation.body,
      days,
      limit,
      doneOn,
    })
  }
  const second = quorum?.secondConvening
  if (quorum && second && meeting.missedOn !== null) {
    const limit = addDays(meeting.missedOn, second.afterDays)
    const met = meeting.day >= limit
    const days = second.afterDays
    checks.push({
      ...cite(quorum),
      kind: 'secondConvening',
      met,
      blocking: true,
      body: null,
      days,
      limit,
      doneOn: meeting.day,
    })
  }
  return checks
}

const cite = ({ article, interpretation }: { article: string; interpretation?: string | undefined }) => ({
  article,
  interpretation: interpretation ?? null,
})
