import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

export const itemKinds = ['information', 'discussion', 'opinion', 'decision', 'minutes'] as const

/** What may be set of an agenda item. */
export interface ItemFields {
  title: string
  text: string
  kind: (typeof itemKinds)[number]
  ballotRule: string | null
  subjectKind: string | null
  subjectId: string | null
}

/** An agenda item. */
export interface AgendaItem extends ItemFields {
  id: string
  meetingId: string
  position: number
  gist: string
}

const columns = [
  'governance.agenda_item.id',
  'meeting_id as meetingId',
  'position',
  'governance.agenda_item.title',
  'text',
  'kind',
  'ballot_rule as ballotRule',
  'subject_kind as subjectKind',
  'subject_id as subjectId',
  'gist',
] as const

/** The agenda of a meeting, in order. */
export function listAgenda(tx: Tx, meetingId: string): Promise<AgendaItem[]> {
  return tables(tx)
    .selectFrom('governance.agenda_item')
    .select(columns)
    .where('meeting_id', '=', meetingId)
    .orderBy('position')
    .execute()
}

/** One item of a meeting of an agreement; undefined when there is none. */
export function findAgendaItem(tx: Tx, agreementId: string, id: string): Promise<AgendaItem | undefined> {
  return tables(tx)
    .selectFrom('governance.agenda_item')
    .innerJoin('governance.meeting', 'governance.meeting.id', 'meeting_id')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('governance.agenda_item.id', '=', id)
    .executeTakeFirst()
}

/** What an agenda item is about, in its own table. */
interface Subject {
  kind: 'change' | 'joining' | 'regularisation' | 'amendment' | 'impactDossier' | 'deliverableList'
  id: string
}

/** The agenda items about something, of meetings that are not cancelled, with what was decided. */
export function listItemsAbout(tx: Tx, subject: Subject) {
  return tables(tx)
    .selectFrom('governance.agenda_item')
    .innerJoin('governance.meeting', 'governance.meeting.id', 'meeting_id')
    .leftJoin('governance.decision', 'governance.decision.agenda_item_id', 'governance.agenda_item.id')
    .select([
      'governance.agenda_item.id',
      'governance.meeting.id as meetingId',
      'governance.meeting.body',
      'governance.meeting.title as meeting',
      'starts_at as startsAt',
      'governance.meeting.state',
      'governance.decision.id as decisionId',
      'governance.decision.number as decision',
      'outcome',
    ])
    .where('governance.agenda_item.subject_kind', '=', subject.kind)
    .where('governance.agenda_item.subject_id', '=', subject.id)
    .where('governance.meeting.state', '!=', 'cancelled')
    .orderBy('starts_at')
    .execute()
}

/** The agenda item on which something awaits its vote; undefined when there is none. */
export async function findOpenItemAbout(tx: Tx, subject: Subject) {
  const items = await listItemsAbout(tx, subject)
  return items.find(({ decisionId, state }) => decisionId === null && state !== 'closed')
}

/** Adds an item at the end of an agenda; the caller holds the meeting's lock. */
export async function insertAgendaItem(
  tx: Tx,
  meetingId: string,
  item: ItemFields & { id: string },
  now: Date,
): Promise<void> {
  const last = await tables(tx)
    .selectFrom('governance.agenda_item')
    .select((each) => each.fn.max('position').as('position'))
    .where('meeting_id', '=', meetingId)
    .executeTakeFirst()
  await tables(tx)
    .insertInto('governance.agenda_item')
    .values({
      id: item.id,
      meeting_id: meetingId,
      position: (last?.position ?? 0) + 1,
      title: item.title,
      text: item.text,
      kind: item.kind,
      ballot_rule: item.ballotRule,
      subject_kind: item.subjectKind,
      subject_id: item.subjectId,
      created_at: now,
    })
    .execute()
}

/** Copies the agenda of a meeting to its second convening, papers included. */
export async function copyAgenda(tx: Tx, fromMeetingId: string, toMeetingId: string, now: Date): Promise<void> {
  await sql`
    with copied as (
      insert into governance.agenda_item (id, meeting_id, position, title, text, kind, ballot_rule, subject_kind,
        subject_id, created_at)
      select gen_random_uuid(), ${toMeetingId}, position, title, text, kind, ballot_rule, subject_kind, subject_id, ${now}
      from governance.agenda_item where meeting_id = ${fromMeetingId}
      returning id, position
    )
    insert into governance.paper (id, agenda_item_id, name, media_type, size, sha256, content, added_at, added_by)
    select gen_random_uuid(), c.id, p.name, p.media_type, p.size, p.sha256, p.content, p.added_at, p.added_by
    from copied c
      join governance.agenda_item i on i.meeting_id = ${fromMeetingId} and i.position = c.position
      join governance.paper p on p.agenda_item_id = i.id`.execute(tx)
}

/** Changes an item. */
export async function updateAgendaItem(tx: Tx, id: string, fields: ItemFields): Promise<void> {
  await tables(tx)
    .updateTable('governance.agenda_item')
    .set({
      title: fields.title,
      text: fields.text,
      kind: fields.kind,
      ballot_rule: fields.ballotRule,
      subject_kind: fields.subjectKind,
      subject_id: fields.subjectId,
    })
    .where('id', '=', id)
    .execute()
}

/** Sets what was said about an item. */
export async function updateGist(tx: Tx, id: string, gist: string): Promise<void> {
  await tables(tx).updateTable('governance.agenda_item').set({ gist }).where('id', '=', id).execute()
}

/** Removes an item, its papers and recusals. */
export async function deleteAgendaItem(tx: Tx, id: string): Promise<void> {
  await tables(tx).deleteFrom('governance.paper').where('agenda_item_id', '=', id).execute()
  await tables(tx).deleteFrom('governance.recusal').where('agenda_item_id', '=', id).execute()
  await tables(tx).deleteFrom('governance.agenda_item').where('id', '=', id).execute()
}

/** Puts items in an order; no two ever bear one position, so they first step aside. */
export async function updateOrder(tx: Tx, meetingId: string, ids: string[]): Promise<void> {
  await sql`update governance.agenda_item set position = -position where meeting_id = ${meetingId}`.execute(tx)
  await sql`update governance.agenda_item i set position = o.position
    from unnest(${ids}::uuid[]) with ordinality o (id, position)
    where i.id = o.id and i.meeting_id = ${meetingId}`.execute(tx)
}
