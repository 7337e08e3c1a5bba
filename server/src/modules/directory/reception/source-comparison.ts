import { randomUUIDv7 } from 'node:crypto'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { tables } from '../tables.ts'
import {
  type Compared,
  type ComparedEstablishment,
  type ComparedRecord,
  type ComparedView,
  compareEstablishments,
  compareRecords,
  countLarge,
  findBasis,
  keepDifferences,
  keepPairs,
  listKeptEstablishments,
  listKeptRecords,
} from './source-comparison.queries.ts'

/** Compares two large sources in the background. One that stops is asked for again by whoever looks. */
export const compareQueue = defineQueue<{ tenantId: string; comparisonId: string }>('directory.compare-sources', {
  retries: 0,
  expireInSeconds: 900,
})

const pairsAtOnce = 50_000

/** A comparison under way for longer than its job may take is none any more. */
const lostMs = 900_000

/** What is kept holds names: not for long. */
const keptMs = 7 * 86_400_000

/** A comparison as whoever asks for it sees it. */
export interface SourceComparison {
  state: 'ready' | 'computing' | 'failed'
  /** Records looked at, of those of both sources; both zero when it was made at once. */
  done: number
  total: number
  establishments: ComparedEstablishment[]
}

/**
 * Compares two sources: at once when they are small, or in one establishment; else in the background, once for as long as
 * no other import of theirs is applied.
 * @param input.again whether one that failed is to be tried again.
 */
export async function askComparison(
  services: Services,
  tx: Tx,
  input: Compared & { tenantId: string; again: boolean },
): Promise<SourceComparison> {
  const total = input.establishment === undefined ? await countLarge(tx, input) : null
  if (total === null) {
    return { state: 'ready', done: 0, total: 0, establishments: await compareEstablishments(tx, input) }
  }
  const kept = await findComparison(tx, input)
  if (kept?.state === 'ready') {
    return { state: 'ready', done: 0, total: 0, establishments: await listKeptEstablishments(tx, kept.id) }
  }
  const lost = kept?.state === 'computing' && services.now().getTime() - kept.asked_at.getTime() > lostMs
  if (kept && !lost && !(kept.state === 'failed' && input.again)) {
    return { state: kept.state, done: kept.done, total: kept.total, establishments: [] }
  }
  const { left, right, kind, tenantId } = input
  const former = tables(tx).deleteFrom('directory.source_comparison').where('left_id', '=', left)
  await former.where('right_id', '=', right).where('kind', '=', kind).execute()
  const id = randomUUIDv7()
  const made = await tables(tx)
    .insertInto('directory.source_comparison')
    .values({
      id,
      left_id: left,
      right_id: right,
      kind,
      state: 'computing',
      basis: await findBasis(tx, input),
      asked_at: services.now(),
      total,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'left_id', 'right_id', 'kind']).doNothing())
    .executeTakeFirst()
  // Somebody else asks for the same at the same time.
  if (made.numInsertedOrUpdatedRows) await services.jobs.enqueue(tx, compareQueue, { tenantId, comparisonId: id })
  return { state: 'computing', done: 0, total, establishments: [] }
}

/**
 * The records that only one of two sources holds, or that differ.
 * @throws Problem 409 `comparison_computing` while two large sources are still being compared.
 */
export async function listCompared(
  tx: Tx,
  input: Compared & { view: ComparedView; after?: string | undefined; limit: number },
): Promise<{ records: ComparedRecord[]; next: string | null }> {
  if (input.establishment !== undefined || (await countLarge(tx, input)) === null) return compareRecords(tx, input)
  const kept = await findComparison(tx, input)
  if (kept?.state === 'ready') return listKeptRecords(tx, kept.id, input)
  throw new Problem(409, 'comparison_computing', 'These sources are still being compared.')
}

/** The comparison of two sources that was made, or is being made, of what they hold now. */
async function findComparison(tx: Tx, input: Compared) {
  const found = await tables(tx)
    .selectFrom('directory.source_comparison')
    .selectAll()
    .where('left_id', '=', input.left)
    .where('right_id', '=', input.right)
    .where('kind', '=', input.kind)
    .executeTakeFirst()
  return found?.basis === (await findBasis(tx, input)) ? found : undefined
}

/** The work of `compareQueue`; how far it is can be seen meanwhile. */
export async function computeComparison(
  services: Services,
  { tenantId, comparisonId }: { tenantId: string; comparisonId: string },
  signal: AbortSignal,
): Promise<void> {
  const within = <T>(work: (tx: Tx) => Promise<T>) => inTenant(services.db, tenantId, work)
  const change = (tx: Tx, values: { state?: 'ready' | 'failed'; done?: number }) =>
    tables(tx).updateTable('directory.source_comparison').set(values).where('id', '=', comparisonId).execute()
  const asked = await within((tx) =>
    tables(tx).selectFrom('directory.source_comparison').selectAll().where('id', '=', comparisonId).executeTakeFirst(),
  )
  if (asked?.state !== 'computing') return
  const input = { left: asked.left_id, right: asked.right_id, kind: asked.kind }
  try {
    let done = await within(async (tx) => {
      await keepPairs(tx, comparisonId, input)
      const { alone } = await tables(tx)
        .selectFrom('directory.compared_record')
        .select(({ fn }) => fn.countAll<number>().as('alone'))
        .where('comparison_id', '=', comparisonId)
        .where('view', 'in', ['left', 'right'])
        .executeTakeFirstOrThrow()
      await change(tx, { done: alone })
      return alone
    })
    for (let after = ''; ;) {
      signal.throwIfAborted()
      const looked = await within(async (tx) => {
        const page = await keepDifferences(tx, comparisonId, input, { after, limit: pairsAtOnce })
        // A pair is a record of each.
        if (page) await change(tx, { done: done + 2 * page.count })
        return page
      })
      if (!looked) break
      done += 2 * looked.count
      after = looked.last
    }
    await within((tx) => change(tx, { state: 'ready' }))
  } catch (error) {
    await within((tx) => change(tx, { state: 'failed' }))
    throw error
  }
}

/** Forgets the comparisons that were made some days ago. */
export async function forgetComparisons(tx: Tx, now: Date): Promise<void> {
  await tables(tx)
    .deleteFrom('directory.source_comparison')
    .where('asked_at', '<', new Date(now.getTime() - keptMs))
    .execute()
}
