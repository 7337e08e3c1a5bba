import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'
import type { Minutes } from './minutes.ts'

/** A version of the minutes of a meeting. */
export interface MinutesVersion {
  version: number
  content: Minutes
  /** SHA-256 as the journal has it, lower-case hexadecimal. */
  digest: string
  writtenAt: Date
}

/** A correction that somebody asked for. */
export interface Correction {
  id: string
  meetingId: string
  text: string
  askedAt: Date
  askedBy: string
  state: 'asked' | 'accepted' | 'refused'
  answeredAt: Date | null
  answer: string | null
}

/** Versions of the minutes of a meeting, the last first. */
export async function listMinutes(tx: Tx, meetingId: string): Promise<MinutesVersion[]> {
  const rows = await tables(tx)
    .selectFrom('governance.minutes')
    .select(['version', 'content', 'digest', 'written_at as writtenAt'])
    .where('meeting_id', '=', meetingId)
    .orderBy('version', 'desc')
    .execute()
  return rows.map((row) => ({ ...row, digest: row.digest.toString('hex') }))
}

/** Adds a version. */
export async function insertMinutes(
  tx: Tx,
  meetingId: string,
  input: { version: number; content: Minutes; digest: string; writtenBy: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.minutes')
    .values({
      meeting_id: meetingId,
      version: input.version,
      content: JSON.stringify(input.content),
      digest: Buffer.from(input.digest, 'hex'),
      written_at: now,
      written_by: input.writtenBy,
    })
    .execute()
}

const correctionColumns = [
  'id',
  'meeting_id as meetingId',
  'text',
  'asked_at as askedAt',
  'asked_by as askedBy',
  'state',
  'answered_at as answeredAt',
  'answer',
] as const

/** Corrections asked for, in the order they were. */
export function listCorrections(tx: Tx, meetingId: string): Promise<Correction[]> {
  return tables(tx)
    .selectFrom('governance.minutes_correction')
    .select(correctionColumns)
    .where('meeting_id', '=', meetingId)
    .orderBy('asked_at')
    .orderBy('id')
    .execute()
}

/** One correction; undefined when there is none. */
export function findCorrection(tx: Tx, id: string): Promise<Correction | undefined> {
  return tables(tx)
    .selectFrom('governance.minutes_correction')
    .select(correctionColumns)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Adds a correction. */
export async function insertCorrection(
  tx: Tx,
  input: { id: string; meetingId: string; text: string; askedBy: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.minutes_correction')
    .values({ id: input.id, meeting_id: input.meetingId, text: input.text, asked_at: now, asked_by: input.askedBy })
    .execute()
}

/** Answers a correction. */
export async function updateCorrection(
  tx: Tx,
  id: string,
  state: 'accepted' | 'refused',
  answer: string,
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('governance.minutes_correction')
    .set({ state, answer, answered_at: now })
    .where('id', '=', id)
    .execute()
}

/** When, and by which item, the minutes of a meeting were approved; undefined while they are not. */
export function findApproval(
  tx: Tx,
  meetingId: string,
): Promise<{ version: number; agendaItemId: string; approvedAt: Date } | undefined> {
  return tables(tx)
    .selectFrom('governance.minutes_approval')
    .select(['version', 'agenda_item_id as agendaItemId', 'approved_at as approvedAt'])
    .where('meeting_id', '=', meetingId)
    .executeTakeFirst()
}

/** Approves a version: from then on nothing of the minutes changes. */
export async function insertApproval(
  tx: Tx,
  input: { meetingId: string; version: number; agendaItemId: string; approvedBy: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.minutes_approval')
    .values({
      meeting_id: input.meetingId,
      version: input.version,
      agenda_item_id: input.agendaItemId,
      approved_at: now,
      approved_by: input.approvedBy,
    })
    .execute()
}
