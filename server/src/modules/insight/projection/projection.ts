import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  findSettled,
  listStatementsToCount,
  listVoidedBy,
  parseJson,
  type Statement,
  type StatementToCount,
} from '#modules/records'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listTenants, type Tenant } from '#kernel/tenancy'
import { rulesVersion } from '../events/learning-event.ts'
import { resolveLearners } from '../identities/learners.queries.ts'
import { getPseudonymKey } from '../identities/pseudonyms.ts'
import { type Build, closeBatch, insertBuild, listBuilds, openBatch, tryHoldProjection } from './builds.queries.ts'
import { createDayReader, listObjects, type StatementEvent, writeRow } from './event-rows.ts'
import { insertRows } from './events.queries.ts'
import { upsertObjects } from './objects.queries.ts'
import { understandStatement } from '../events/understanding.ts'

/** What projecting needs. */
export type ProjectionServices = Pick<Services, 'db' | 'owner' | 'clickhouse' | 'now'>

/** Statements of a batch: large ones cost ClickHouse less, and keep what comes next waiting for longer. */
const batchSize = 10_000
/** Statements understood before others have their turn in this process. */
const sliceSize = 250

/** Brings all projections of a tenant up to date with what is stored when it is called. */
export async function projectAll(services: ProjectionServices, tenantId: string): Promise<void> {
  const tenant = (await listTenants(services.owner)).find(({ id }) => id === tenantId)
  if (!tenant) return
  const begun = Date.now()
  for (;;) {
    const settled = await findSettled(services.db)
    const progress = await advance(services, tenant, settled * 1000)
    if (progress === 'done' && settled >= begun) return
    if (progress !== 'more') await nextTurn()
  }
}

/**
 * One batch of each projection of a tenant.
 * @param settled moment until which everything stored can be read, in microseconds since 1970.
 * @returns `more` when there is more to do at once; `held` when somebody else is at it.
 */
async function advance(
  services: ProjectionServices,
  tenant: Tenant,
  settled: number,
): Promise<'more' | 'done' | 'held'> {
  const inBase = <Result>(work: (tx: Tx) => Promise<Result>) => inTenant(services.db, tenant.id, work)
  // Held by a transaction of its own, which ends with this process at the latest.
  return inBase(async (holding) => {
    if (!(await tryHoldProjection(holding))) return 'held'
    let builds = await inBase(listBuilds)
    if (builds.length === 0) {
      await inBase((tx) => insertBuild(tx, 'read', rulesVersion, services.now()))
      builds = await inBase(listBuilds)
    }
    let more = false
    for (const build of builds) {
      if (build.state !== 'left') more = (await projectBatch(services, tenant, build, settled)) || more
    }
    return more ? 'more' : 'done'
  })
}

/** Adds what follows the cursor of a projection. @returns whether there is more. */
async function projectBatch(
  services: ProjectionServices,
  tenant: Tenant,
  { build, cursor, pendingUntil }: Build,
  settled: number,
): Promise<boolean> {
  const { lines, until, statements } = await inTenant(services.db, tenant.id, async (tx) => {
    const range = { after: cursor, until: pendingUntil ?? settled }
    const page = await listStatementsToCount(tx, range, pendingUntil === null ? batchSize : 1e9)
    const events = await understandAll(tx, page.statements)
    if (pendingUntil === null && events.length > 0) await openBatch(tx, build, page.until)
    const rows = await toRows(services, tx, tenant, build, events)
    return { lines: rows, until: page.until, statements: page.statements.length }
  })
  if (lines.length > 0) {
    await insertRows(await services.clickhouse(), lines, `${tenant.id}:${build}:${cursor}:${until}`)
  }
  if (statements > 0) {
    await inTenant(services.db, tenant.id, (tx) => closeBatch(tx, build, { until, statements }, services.now()))
  }
  return until < settled
}

/** The events of statements; what one of them voids that came before it is taken back. */
async function understandAll(tx: Tx, statements: readonly StatementToCount[]): Promise<StatementEvent[]> {
  const events: StatementEvent[] = []
  const voiding: string[] = []
  for (const [index, statement] of statements.entries()) {
    if (index % sliceSize === sliceSize - 1) await nextTurn()
    const read = parseJson(statement.body) as Statement
    if (isVoiding(read)) voiding.push(statement.id)
    else events.push(toEvent(read, statement, 1))
  }
  if (voiding.length === 0) return events
  for (const statement of await listVoidedBy(tx, voiding)) {
    const read = parseJson(statement.body) as Statement
    if (!isVoiding(read)) events.push(toEvent(read, statement, -1))
  }
  return events
}

const toEvent = (read: Statement, { id, seq, sourceId }: StatementToCount, sign: 1 | -1): StatementEvent => ({
  event: { ...understandStatement(read, seq / 1000), statementId: id },
  seq,
  sourceId,
  sign,
})

/** The verb by which a statement voids the one it refers to (xAPI 1.0.3, Data 2.3.2). */
const isVoiding = ({ verb, object }: Statement): boolean =>
  verb.id === 'http://adlnet.gov/expapi/verbs/voided' && object.objectType === 'StatementRef'

/** Rows of the analytics, once the learners and activities that they speak of are known. */
async function toRows(
  services: ProjectionServices,
  tx: Tx,
  tenant: Tenant,
  build: number,
  events: readonly StatementEvent[],
): Promise<string[]> {
  if (events.length === 0) return []
  const told = new Map<string, string | null>()
  for (const { event } of events) {
    if (event.learner !== null) told.set(event.learner, event.learnerName ?? told.get(event.learner) ?? null)
  }
  const learners = await resolveLearners(tx, build, told, await getPseudonymKey(tx), services.now())
  await upsertObjects(
    tx,
    listObjects(
      tenant.id,
      events.map(({ event }) => event),
    ),
  )
  const context = { tenantId: tenant.id, build, learners, dayOf: createDayReader(tenant.timeZone) }
  const lines: string[] = []
  for (const [index, each] of events.entries()) {
    if (index % sliceSize === sliceSize - 1) await nextTurn()
    lines.push(writeRow(each, context))
  }
  return lines
}
