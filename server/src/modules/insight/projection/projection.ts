import { setTimeout as wait } from 'node:timers/promises'
import { findLastMoment, findSettled } from '#modules/records'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listTenants, type Tenant } from '#kernel/tenancy'
import { rulesVersion } from '../events/learning-event.ts'
import { deleteLearnerMove, listLearnerMoves } from '../identities/learners.queries.ts'
import { type Batch, readBatch, readMove, remember, type Remembered } from './batches.ts'
import {
  type Build,
  closeBatch,
  deleteBuild,
  forgetIdentities,
  insertBuild,
  listBuilds,
  openBatch,
  setState,
  tryHoldProjection,
} from './builds.queries.ts'
import { addsUp, deleteRows, insertRows } from './events.queries.ts'

/** What projecting needs. */
export type ProjectionServices = Pick<Services, 'db' | 'owner' | 'clickhouse' | 'now'>

/** Puts what is stored into the analytics, for this process. */
export interface Projector {
  /**
   * One batch of each projection of a tenant.
   * @returns `more` when there is more to do at once; `held` when another process is at it.
   */
  advance(tenant: Tenant): Promise<'more' | 'done' | 'held'>
}

/** How often the moment is noted until which everything is in, while nothing comes, in microseconds. */
const idleStep = 5_000_000
/** How long the rows of a projection stay once another is read instead, for those who were just reading, in ms. */
const leaveFor = 60_000

export function createProjector(services: ProjectionServices): Projector {
  const remembered = new Map<number, Remembered & { identities: number }>()
  // What was read while ClickHouse took the batch before. It holds as long as nobody else projected, moved or was erased.
  const readAhead = new Map<number, { after: number; identities: number; batch: Batch }>()
  const inBase = <Result>(tenant: Tenant, work: (tx: Tx) => Promise<Result>) => inTenant(services.db, tenant.id, work)

  async function recall(tx: Tx, tenant: Tenant, build: Build): Promise<Remembered> {
    const known = remembered.get(build.build)
    if (known?.identities === build.identities && known.isPast === (build.state === 'filling')) return known
    const fresh = { ...(await remember(tx, tenant, build)), identities: build.identities }
    remembered.set(build.build, fresh)
    return fresh
  }

  const read = (tenant: Tenant, build: Build, range: { after: number; until: number; whole: boolean }) =>
    inBase(tenant, async (tx) => readBatch(tx, await recall(tx, tenant, build), range, services.now()))

  /** Adds what follows the cursor of a projection. @returns whether there is more. */
  async function addBatch(tenant: Tenant, build: Build, settled: number): Promise<boolean> {
    const { build: number, cursor, identities, pendingUntil } = build
    const ahead = readAhead.get(number)
    readAhead.delete(number)
    const isAhead = pendingUntil === null && ahead?.after === cursor && ahead.identities === identities
    const whole = pendingUntil !== null
    const batch = isAhead
      ? ahead.batch
      : await read(tenant, build, { after: cursor, until: pendingUntil ?? settled, whole })
    if (!whole && batch.rows.length > 0) await inBase(tenant, (tx) => openBatch(tx, number, batch.until))
    const isBehind = batch.until < settled
    const next = isBehind && !whole ? read(tenant, build, { after: batch.until, until: settled, whole }) : undefined
    next?.catch(() => {})
    await send(tenant, build, batch, `${cursor}:${batch.until}`)
    if (batch.statements > 0 || whole || batch.until - cursor > idleStep) {
      await inBase(tenant, (tx) => closeBatch(tx, number, batch, services.now()))
    }
    if (next) readAhead.set(number, { after: batch.until, identities, batch: await next })
    return isBehind
  }

  /** Takes what identifiers did from the learners that they led to, and gives it to those they lead to now. */
  async function followMoves(tenant: Tenant, build: Build): Promise<boolean> {
    const moves = await inBase(tenant, (tx) => listLearnerMoves(tx, build.build))
    if (moves.length > 0) readAhead.delete(build.build)
    for (const move of moves) {
      await inBase(tenant, (tx) => openBatch(tx, build.build, build.cursor))
      for (let after = 0; move.from !== move.to;) {
        const range = { after, until: build.cursor }
        const batch = await inBase(tenant, async (tx) => readMove(tx, await recall(tx, tenant, build), move, range))
        if (batch === undefined) break
        await send(tenant, build, batch, `move:${move.id}:${after}`)
        after = batch.until
      }
      await inBase(tenant, async (tx) => {
        await deleteLearnerMove(tx, move.id)
        await forgetIdentities(tx)
        await closeBatch(tx, build.build, { until: build.cursor, statements: 0 }, services.now())
      })
    }
    return moves.length > 0
  }

  async function send(tenant: Tenant, { build, pendingUntil }: Build, batch: Batch, token: string): Promise<void> {
    const clickhouse = await services.clickhouse()
    await insertRows(clickhouse, batch.rows, `${tenant.id}:${build}:${token}`)
    // It was sent before, by somebody who did not live to see it arrive. ClickHouse notes the token of rows just before it
    // keeps them: killed in between, it refuses them for ever.
    if (pendingUntil !== null && !(await addsUp(clickhouse, tenant.id, build, batch))) {
      throw new LostRows(`Rows of projection ${build} are lost.`)
    }
  }

  async function advanceHeld(tenant: Tenant): Promise<boolean> {
    const settled = (await findSettled(services.db)) * 1000
    const builds = await inBase(tenant, async (tx) => {
      await ensureBuilds(tx, await listBuilds(tx), services.now())
      return listBuilds(tx)
    })
    let more = false
    for (const build of builds) {
      if (build.state === 'left') {
        if (build.updatedAt.getTime() > services.now().getTime() - leaveFor) continue
        await deleteRows(await services.clickhouse(), build.build)
        await inBase(tenant, (tx) => deleteBuild(tx, build.build))
        remembered.delete(build.build)
        continue
      }
      try {
        // Rows under this number are of a time that PostgreSQL has forgotten: it was restored from an older copy.
        if (build.cursor === 0 && build.pendingUntil === null)
          await deleteRows(await services.clickhouse(), build.build)
        // A batch that was begun goes first: its learners are those of then.
        const isBegun = build.pendingUntil !== null && build.pendingUntil > build.cursor
        const isBehind = (!isBegun && (await followMoves(tenant, build))) || (await addBatch(tenant, build, settled))
        if (!isBehind && build.state === 'filling') {
          await inBase(tenant, (tx) => takeOver(tx, builds, build, services.now()))
        }
        more ||= isBehind
      } catch (error) {
        // What was noted in a transaction that failed is not.
        remembered.delete(build.build)
        readAhead.delete(build.build)
        if (!(error instanceof LostRows)) throw error
        await inBase(tenant, (tx) => replaceBuild(tx, builds, build, services.now()))
        more = true
      }
    }
    return more
  }

  return {
    // Held by a transaction that does nothing else, and that ends with this process at the latest.
    advance: (tenant) =>
      inBase(tenant, async (holding) => {
        if (!(await tryHoldProjection(holding))) return 'held'
        return (await advanceHeld(tenant)) ? 'more' : 'done'
      }),
  }
}

/** A projection lacks rows that it can never be given. */
class LostRows extends Error {}

/** Begins the first projection of a tenant, and another when statements are understood otherwise than they were. */
async function ensureBuilds(tx: Tx, builds: Build[], now: Date): Promise<void> {
  const read = builds.find(({ state }) => state === 'read')
  const filling = builds.find(({ state }) => state === 'filling')
  if (read === undefined) await insertBuild(tx, 'read', rulesVersion, now)
  else if (read.rules !== rulesVersion && filling?.rules !== rulesVersion) await beginRebuild(tx, builds, now)
}

/**
 * Has the projection made anew from the store, beside the one that is read, which it replaces once it holds as much.
 * @param actorPersonId null for a command.
 * @returns its number.
 */
export async function startRebuild(tx: Tx, actorPersonId: string | null, now: Date): Promise<number> {
  const build = await beginRebuild(tx, await listBuilds(tx), now)
  await recordAudit(tx, {
    action: 'insight.projection_rebuilt',
    actorPersonId,
    subjectKind: 'insight.projection',
    subjectId: null,
  })
  return build
}

async function beginRebuild(tx: Tx, builds: Build[], now: Date): Promise<number> {
  for (const { build, state } of builds) if (state === 'filling') await setState(tx, build, 'left', now)
  return insertBuild(tx, 'filling', rulesVersion, now)
}

async function takeOver(tx: Tx, builds: Build[], filled: Build, now: Date): Promise<void> {
  for (const { build, state } of builds) if (state === 'read') await setState(tx, build, 'left', now)
  await setState(tx, filled.build, 'read', now)
}

/** Goes on with one that lacks rows, and begins another. */
async function replaceBuild(tx: Tx, builds: Build[], lacking: Build, now: Date): Promise<void> {
  if (lacking.state === 'read') {
    const { cursor, pendingUntil } = lacking
    await closeBatch(tx, lacking.build, { until: pendingUntil ?? cursor, statements: 0 }, now)
    if (builds.some(({ state }) => state === 'filling')) return
  }
  await beginRebuild(tx, builds, now)
}

/** Brings the projections of a tenant up to date with all that was acknowledged when it is called. */
export async function projectAll(services: ProjectionServices, tenantId: string): Promise<void> {
  const tenant = (await listTenants(services.owner)).find(({ id }) => id === tenantId)
  if (!tenant) return
  const last = await inTenant(services.db, tenantId, findLastMoment)
  const projector = createProjector(services)
  for (;;) {
    const settled = (await findSettled(services.db)) * 1000
    const progress = await projector.advance(tenant)
    if (progress === 'done' && settled >= last) return
    if (progress !== 'more') await wait(2)
  }
}
