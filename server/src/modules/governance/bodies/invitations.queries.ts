import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { listPersonSummaries } from '#modules/directory'
import { tables } from '../tables.ts'

/** Someone invited to a meeting, and what they answered. */
export interface Invitation {
  id: string
  representativeId: string
  personId: string
  party: string
  rank: 'holder' | 'deputy'
  /** `informed`: a deputy, unless a holder asked them to sit. */
  role: 'chair' | 'required' | 'informed'
  answer: 'awaited' | 'accepted' | 'declined' | 'delegated'
  /** Representative asked to sit instead. */
  delegatedTo: string | null
  answeredAt: Date | null
  name: { givenName: string; familyName: string } | null
  email: string | null
}

/**
 * Invites all who are in office on the day of a meeting and are not yet invited: holders are required, deputies informed,
 * the chair chairs. Those whose office ended meanwhile keep the invitation they had.
 */
export async function inviteRepresentatives(tx: Tx, agreementId: string, meetingId: string): Promise<void> {
  await sql`
    insert into governance.invitation (id, meeting_id, representative_id, role, invited_at)
    select gen_random_uuid(), m.id, r.id, case when r.rank = 'holder' then 'required' else 'informed' end,
      m.convened_at
    from governance.meeting m
      join governance.representative r on r.agreement_id = m.agreement_id and r.body = m.body
      cross join lateral (select (m.starts_at at time zone t.time_zone)::date as day from kernel.tenant t
        where t.id = kernel.current_tenant()) at
    where m.id = ${meetingId} and m.agreement_id = ${agreementId}
      and r.starts_on <= at.day and (r.ends_on is null or r.ends_on >= at.day)
    on conflict (meeting_id, representative_id) do nothing`.execute(tx)
  await sql`
    update governance.invitation i
    set role = case when m.chair_id = r.id then 'chair' when r.rank = 'holder' then 'required' else 'informed' end
    from governance.meeting m, governance.representative r
    where i.meeting_id = ${meetingId} and m.id = i.meeting_id and r.id = i.representative_id`.execute(tx)
}

/** Those invited to a meeting, holders first, by party. */
export async function listInvitations(tx: Tx, meetingId: string): Promise<Invitation[]> {
  const rows = await tables(tx)
    .selectFrom('governance.invitation')
    .innerJoin('governance.representative', 'governance.representative.id', 'representative_id')
    .select([
      'governance.invitation.id',
      'representative_id as representativeId',
      'person_id as personId',
      'party',
      'rank',
      'role',
      'answer',
      'delegated_to as delegatedTo',
      'answered_at as answeredAt',
    ])
    .where('meeting_id', '=', meetingId)
    .orderBy('party')
    .orderBy('rank', 'desc')
    .orderBy('governance.invitation.id')
    .execute()
  const people = await listPersonSummaries(
    tx,
    rows.map(({ personId }) => personId),
  )
  const byId = new Map(people.map((person) => [person.id, person]))
  return rows.map((row) => {
    const person = byId.get(row.personId)
    return {
      ...row,
      name: person ? { givenName: person.givenName, familyName: person.familyName } : null,
      email: person?.email ?? null,
    }
  })
}

/** Keeps an answer. */
export async function updateAnswer(
  tx: Tx,
  id: string,
  answer: 'accepted' | 'declined' | 'delegated',
  delegatedTo: string | null,
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('governance.invitation')
    .set({ answer, delegated_to: delegatedTo, answered_at: now })
    .where('id', '=', id)
    .execute()
}

/** Who prepared a meeting, and organises it in calendars; null for nobody known. */
export async function findOrganizer(tx: Tx, meetingId: string): Promise<string | null> {
  const found = await tables(tx)
    .selectFrom('governance.meeting')
    .select('created_by')
    .where('id', '=', meetingId)
    .executeTakeFirst()
  return found?.created_by ?? null
}
