import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'

/** A decision adopted, and what became of it. */
export interface FollowUp {
  id: string
  number: string
  body: string
  title: string
  decidedOn: Day
  dueOn: Day | null
  doneOn: Day | null
  doneNote: string | null
}

const dayOf = (column: 'decided_at' | 'done_at') =>
  sql<Day>`(${sql.ref(column)} at time zone (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date`

/**
 * Decisions of a body that are adopted and have something to be done by a day, those due first.
 * @param filter.openSince those not done, or done since then.
 */
export function listFollowUps(
  tx: Tx,
  agreementId: string,
  filter: { body?: string; id?: string; decidedBefore?: Date; openSince?: Date },
): Promise<FollowUp[]> {
  const { body, id, decidedBefore, openSince } = filter
  return tables(tx)
    .selectFrom('governance.decision')
    .select([
      'id',
      'number',
      'body',
      'title',
      dayOf('decided_at').as('decidedOn'),
      'due_on as dueOn',
      dayOf('done_at').as('doneOn'),
      'done_note as doneNote',
    ])
    .where('agreement_id', '=', agreementId)
    .where('outcome', '=', 'adopted')
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .$if(id === undefined, (query) =>
      query.where((where) => where.or([where('due_on', 'is not', null), where('done_at', 'is not', null)])),
    )
    .$if(body !== undefined, (query) => query.where('body', '=', body ?? ''))
    .$if(decidedBefore !== undefined, (query) => query.where('decided_at', '<', decidedBefore ?? new Date(0)))
    .$if(openSince !== undefined, (query) =>
      query.where((where) => where.or([where('done_at', 'is', null), where('done_at', '>=', openSince ?? null)])),
    )
    .orderBy(sql`done_at is not null`)
    .orderBy(sql`due_on nulls last`)
    .orderBy('number')
    .execute()
}

/** Sets by when a decision is to be done, and what became of it. */
export async function updateFollowUp(
  tx: Tx,
  id: string,
  input: { dueOn: Day | null; doneAt: Date | null | 'kept'; note: string | null },
): Promise<void> {
  await tables(tx)
    .updateTable('governance.decision')
    .set({
      due_on: input.dueOn,
      done_note: input.note,
      ...(input.doneAt !== 'kept' && { done_at: input.doneAt }),
    })
    .where('id', '=', id)
    .execute()
}
