import { createSecretKey, type KeyObject } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  listStatementsOfActor,
  listStatementsToCount,
  listVoidedBy,
  type Statement,
  type StatementToCount,
} from '#modules/records'
import type { Tx } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import { understandStatement } from '../events/understanding.ts'
import { findLearners, type KnownLearner, type LearnerMove } from '../identities/learners.queries.ts'
import { getPseudonymKey } from '../identities/pseudonyms.ts'
import type { Build } from './builds.queries.ts'
import { createDayReader, listObjects, type StatementEvent, writeRow } from './event-rows.ts'
import { type ObjectRow, upsertObjects } from './objects.queries.ts'

/** What a process remembers of one projection of a tenant, so as not to ask for it with each batch. */
export interface Remembered {
  tenant: Tenant
  build: number
  /** Whether what it reads is the past: people and activities keep the names that they have. */
  isPast: boolean
  /** The tenant's pseudonym key. */
  key: KeyObject
  learners: Map<string, KnownLearner>
  /** What was noted of activities, by key. */
  objects: Map<string, string>
  dayOf: (moment: number) => string
}

/** Rows on their way to the analytics. */
export interface Batch {
  /** Lines of `writeRow`. */
  rows: Buffer[]
  /** Moment until which it holds everything. */
  until: number
  statements: number
  /** Days that its events are of, and days they arrived (UTC): where a fault would show. */
  days: Set<string>
  arrivals: Set<string>
}

/** Statements of a batch: large ones cost ClickHouse less, and keep what comes next waiting for longer. */
const batchSize = 10_000
/** Statements read at once; and understood before requests have their turn, which takes some 5 ms. */
const pageSize = 1_000
const sliceSize = 250
/** The same when what is read is late, by microseconds: each turn of a busy process takes long. Requests wait for 60 ms then. */
const late = 2_000_000
const latePageSize = 2_500
/** Statements of a page of somebody's, who moves; each gives two rows. */
const movedSize = 5_000
/** Learners, and activities, remembered. */
const mostRemembered = 200_000

export async function remember(tx: Tx, tenant: Tenant, { build, state }: Build): Promise<Remembered> {
  return {
    tenant,
    build,
    isPast: state === 'filling',
    key: createSecretKey(await getPseudonymKey(tx)),
    learners: new Map(),
    objects: new Map(),
    dayOf: createDayReader(tenant.timeZone),
  }
}

/**
 * Reads what follows a moment.
 * @param range `until`: as far as may be read; `whole`: all of it, as it was one batch before.
 */
export async function readBatch(
  tx: Tx,
  remembered: Remembered,
  { after, until, whole }: { after: number; until: number; whole: boolean },
  now: Date,
): Promise<Batch> {
  const batch: Batch = { rows: [], until: after, statements: 0, days: new Set(), arrivals: new Set() }
  const isLate = until - after > late && !remembered.isPast
  const [size, slice] = isLate ? [latePageSize, latePageSize] : [pageSize, sliceSize]
  const listPage = (moment: number) => listStatementsToCount(tx, { after: moment, until }, size)
  let following = after < until ? listPage(after) : undefined
  while (following !== undefined) {
    const page = await following
    batch.statements += page.statements.length
    batch.until = page.until
    const isLast = page.until >= until || (!whole && batch.statements >= batchSize)
    // PostgreSQL reads on while this page is understood.
    following = isLast ? undefined : listPage(page.until)
    following?.catch(() => {})
    const events = await understandAll(tx, page.statements, slice)
    await noteWhatIsTold(tx, remembered, events, now)
    addRows(remembered, batch, events)
  }
  return batch
}

/**
 * Reads the statements of somebody who moves, a page of them.
 * @param range `until`: where the projection is.
 * @returns the rows that take them from one learner and give them to the other; `undefined` at the end.
 */
export async function readMove(
  tx: Tx,
  remembered: Remembered,
  { identifier, from, to }: LearnerMove,
  range: { after: number; until: number },
): Promise<Batch | undefined> {
  const statements = await listStatementsOfActor(tx, remembered.tenant.id, identifier, range, movedSize)
  const last = statements.at(-1)
  if (last === undefined) return undefined
  const batch: Batch = { rows: [], until: last.seq, statements: 0, days: new Set(), arrivals: new Set() }
  const events = (await understandAll(tx, statements, sliceSize)).filter(({ event }) => event.learner === identifier)
  for (const [learner, sign] of [
    [from, -1],
    [to, 1],
  ] as const) {
    const moved = { ...remembered, learners: new Map([[identifier, { learner, name: null }]]) }
    const signed = events.map((each) => ({ ...each, sign }))
    addRows(moved, batch, signed)
  }
  return batch
}

/** The events of statements; what one of them voids that came before it is taken back. */
async function understandAll(
  tx: Tx,
  statements: readonly StatementToCount[],
  slice: number,
): Promise<StatementEvent[]> {
  const events: StatementEvent[] = []
  const voiding: string[] = []
  for (const [index, statement] of statements.entries()) {
    if (index % slice === 0) await nextTurn()
    const read = readStatement(statement)
    if (isVoiding(read)) voiding.push(statement.id)
    else events.push(toEvent(read, statement, 1))
  }
  if (voiding.length === 0) return events
  for (const statement of await listVoidedBy(tx, voiding)) {
    const read = readStatement(statement)
    if (!isVoiding(read)) events.push(toEvent(read, statement, -1))
  }
  return events
}

// Numbers may lose digits here, which no figure shows: not read by records' exact reader, which takes a third longer.
const readStatement = ({ body }: StatementToCount): Statement => JSON.parse(body) as Statement

const toEvent = (read: Statement, { seq, sourceId }: StatementToCount, sign: 1 | -1): StatementEvent => ({
  event: understandStatement(read, Math.floor(seq / 1000)),
  seq,
  sourceId,
  sign,
})

/** Whether a statement voids the one it refers to (xAPI 1.0.3, Data 2.3.2): nobody learns by that. */
const isVoiding = ({ verb, object }: Statement): boolean =>
  verb.id === 'http://adlnet.gov/expapi/verbs/voided' && object.objectType === 'StatementRef'

/** Notes learners and activities that events speak of, so that they are known. */
async function noteWhatIsTold(
  tx: Tx,
  { tenant, build, isPast, key, learners, objects }: Remembered,
  events: readonly StatementEvent[],
  now: Date,
): Promise<void> {
  // What is taken back is of the past too.
  const named = isPast ? [] : events.filter(({ sign }) => sign === 1)
  const told = new Map<string, string | null>()
  for (const { event } of events) if (event.learner !== null) told.set(event.learner, null)
  for (const { event } of named)
    if (event.learner !== null && event.learnerName !== null) told.set(event.learner, event.learnerName)
  if (learners.size > mostRemembered) learners.clear()
  await findLearners(tx, build, learners, told, key, now)

  if (objects.size > mostRemembered) objects.clear()
  const changed: ObjectRow[] = []
  for (const each of listObjects(tenant.id, isPast ? events : named)) {
    const noted = `${each.kind} ${each.course} ${each.parent} ${each.name}`
    if (objects.get(each.key) === noted) continue
    objects.set(each.key, noted)
    changed.push(each)
  }
  await upsertObjects(tx, changed, isPast)
}

/** Adds the rows of events to a batch. */
function addRows(
  { tenant, build, learners, dayOf }: Remembered,
  batch: Batch,
  events: readonly StatementEvent[],
): void {
  const context = { tenantId: tenant.id, build, learners, dayOf }
  let lines = ''
  for (const each of events) {
    lines += writeRow(each, context)
    batch.days.add(dayOf(each.event.occurredAt))
    batch.arrivals.add(dayOfArrival(each.seq))
  }
  if (lines !== '') batch.rows.push(Buffer.from(lines))
}

const dayOfArrival = (seq: number): string => new Date(seq / 1000).toISOString().slice(0, 10)
