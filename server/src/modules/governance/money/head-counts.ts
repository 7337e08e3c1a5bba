import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { moneyTables } from './tables.ts'

export interface HeadCountLine {
  uai: string
  name: string
  party: string
  pupils: number
}

const columns = ['uai', 'nom', 'collectivité', 'effectif']
const plain = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').trim().toLowerCase()

/**
 * Reads a head-count: `UAI;nom;collectivité;effectif`, one establishment a line. The authority is the key of a member or its
 * name, capitals and accents aside.
 * @throws Problem 422 `head_count_unreadable`, with the first faults by line.
 */
export function readHeadCount(rules: Agreement, text: string): HeadCountLine[] {
  const faults: { line: number; reason: string }[] = []
  const lines: HeadCountLine[] = []
  const members = rules.parties.filter(({ roles }) => roles.includes('member'))
  const rows = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const header = (rows[0] ?? '').split(';').map(plain)
  if (columns.some((column, at) => header[at] !== plain(column))) {
    throw unreadable([{ line: 1, reason: 'columns' }])
  }
  const seen = new Set<string>()
  for (const [at, row] of rows.entries()) {
    if (at === 0 || row.trim() === '') continue
    const cells = row.split(';').map((cell) =>
      cell
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .replaceAll('""', '"'),
    )
    const [uai = '', name = '', authority = '', pupils = ''] = cells
    const party = members.find(({ key, name: known }) => [key, plain(known)].includes(plain(authority)))
    const fault = (reason: string) => faults.push({ line: at + 1, reason })
    if (cells.length !== columns.length) fault('cells')
    else if (!/^\d{7}[A-Z]$/.test(uai.toUpperCase())) fault('uai')
    else if (seen.has(uai.toUpperCase())) fault('twice')
    else if (name === '' || name.length > 200) fault('name')
    else if (!party) fault('member')
    else if (!/^\d{1,6}$/.test(pupils)) fault('pupils')
    else lines.push({ uai: uai.toUpperCase(), name, party: party.key, pupils: Number(pupils) })
    seen.add(uai.toUpperCase())
  }
  if (faults.length > 0) throw unreadable(faults)
  if (lines.length === 0) throw unreadable([{ line: 2, reason: 'empty' }])
  return lines
}

const unreadable = (faults: { line: number; reason: string }[]) =>
  new Problem(
    422,
    'head_count_unreadable',
    `Line ${faults[0]!.line}: ${faults[0]!.reason}; the columns are UAI;nom;collectivité;effectif.`,
    { line: faults[0]!.line, faults: faults.slice(0, 20) },
  )

/** Keeps a head-count. @throws Problem 409 `head_count_exists` when one of that day is kept. */
export async function createHeadCount(
  tx: Tx,
  input: { agreementId: string; countedOn: Day; source: string; lines: HeadCountLine[]; by: string | null },
  now: Date,
): Promise<string> {
  await lockJournal(tx, input.agreementId)
  const known = await moneyTables(tx)
    .selectFrom('governance.head_count')
    .select('id')
    .where('agreement_id', '=', input.agreementId)
    .where('counted_on', '=', input.countedOn)
    .executeTakeFirst()
  if (known) throw new Problem(409, 'head_count_exists', `A head-count of ${input.countedOn} is kept already.`)
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.head_count')
    .values({
      id,
      agreement_id: input.agreementId,
      counted_on: input.countedOn,
      source: input.source,
      recorded_at: now,
      recorded_by: input.by,
    })
    .execute()
  for (let at = 0; at < input.lines.length; at += 1_000) {
    await moneyTables(tx)
      .insertInto('governance.head_count_line')
      .values(input.lines.slice(at, at + 1_000).map((line) => ({ head_count_id: id, ...line })))
      .execute()
  }
  await recordAudit(tx, {
    action: 'governance.head_count_imported',
    actorPersonId: input.by,
    subjectKind: 'headCount',
    subjectId: id,
    detail: { countedOn: input.countedOn, establishments: input.lines.length },
  })
  return id
}

/** Takes back a head-count that nothing rests on. @throws Problem 404 `head_count_not_found`; 409 `head_count_used`. */
export async function deleteHeadCount(
  tx: Tx,
  input: { agreementId: string; id: string; by: string | null },
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const found = await moneyTables(tx)
    .selectFrom('governance.head_count')
    .select('id')
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.id)
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'head_count_not_found', 'There is no such head-count.')
  try {
    await moneyTables(tx).deleteFrom('governance.head_count_line').where('head_count_id', '=', input.id).execute()
    await moneyTables(tx).deleteFrom('governance.head_count').where('id', '=', input.id).execute()
  } catch (error) {
    if ((error as { code?: string }).code !== '23503') throw error
    throw new Problem(409, 'head_count_used', 'An order, a ballot or a regularisation rests on this head-count.')
  }
  await recordAudit(tx, {
    action: 'governance.head_count_deleted',
    actorPersonId: input.by,
    subjectKind: 'headCount',
    subjectId: input.id,
  })
}
