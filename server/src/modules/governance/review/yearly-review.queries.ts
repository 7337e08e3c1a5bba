import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Period } from '../agreements/calendar.ts'
import { tables } from '../changes/tables.ts'

const zone = sql`(select time_zone from kernel.tenant where id = kernel.current_tenant())`
const dayOf = (column: string) => sql<Day>`(${sql.ref(column)} at time zone ${zone})::date`

/** Meetings that were held in a period, with the parties that came to each, in the order of their days. */
export function listHeldMeetings(tx: Tx, agreementId: string, period: Period) {
  return tables(tx)
    .selectFrom('governance.meeting as meeting')
    .select((each) => [
      'meeting.id',
      'meeting.body',
      'meeting.title',
      dayOf('meeting.starts_at').as('day'),
      each
        .selectFrom('governance.attendance')
        .select(sql<string[]>`coalesce(array_agg(distinct party), '{}')`.as('parties'))
        .whereRef('meeting_id', '=', 'meeting.id')
        .where('struck_at', 'is', null)
        .$asScalar()
        .$notNull()
        .as('parties'),
    ])
    .where('meeting.agreement_id', '=', agreementId)
    .where('meeting.state', '=', 'closed')
    .where('meeting.without_quorum', '=', false)
    .where(dayOf('meeting.starts_at'), '>=', period.from)
    .where(dayOf('meeting.starts_at'), '<=', period.until)
    .orderBy('meeting.starts_at')
    .execute()
}

/** How many decisions of a period there are of each kind and outcome, and how many of them are public. */
export function countDecisions(tx: Tx, agreementId: string, period: Period) {
  return tables(tx)
    .selectFrom('governance.decision as decision')
    .leftJoin('governance.publication as publication', 'publication.decision_id', 'decision.id')
    .select(({ fn }) => [
      'decision.kind',
      'decision.outcome',
      fn.countAll<string>().as('count'),
      fn.count<string>('publication.decision_id').as('published'),
    ])
    .where('decision.agreement_id', '=', agreementId)
    .where(dayOf('decision.decided_at'), '>=', period.from)
    .where(dayOf('decision.decided_at'), '<=', period.until)
    .groupBy(['decision.kind', 'decision.outcome'])
    .execute()
}

/** Changes that were requested by the end of a period and not at their end before it, with what their results were. */
export function listReviewedChanges(tx: Tx, agreementId: string, period: Period) {
  return tables(tx)
    .selectFrom('governance.change as change')
    .leftJoin('governance.change_acceptance as acceptance', 'acceptance.change_id', 'change.id')
    .select((each) => [
      'change.id',
      'change.number',
      'change.title',
      'change.state',
      dayOf('change.requested_at').as('requestedOn'),
      'acceptance.met',
      'acceptance.reduction_cents as reductionCents',
      each
        .selectFrom('governance.change_step')
        .select(sql<Day>`max((recorded_at at time zone ${zone})::date)`.as('day'))
        .whereRef('change_id', '=', 'change.id')
        .$asScalar()
        .as('lastStepOn'),
    ])
    .where('change.agreement_id', '=', agreementId)
    .where(dayOf('change.requested_at'), '<=', period.until)
    .where((where) =>
      where.or([
        where('change.state', 'not in', ['rejected', 'accepted', 'reduced', 'rolledBack', 'withdrawn']),
        where.exists(
          where
            .selectFrom('governance.change_step')
            .select('position')
            .whereRef('change_id', '=', 'change.id')
            .where(dayOf('recorded_at'), '>=', period.from),
        ),
      ]),
    )
    .orderBy('change.number')
    .execute()
}
