import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import { defineReaction } from '#kernel/events'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { importApplied } from '../imports/import-applying.ts'
import { decideMatch, type Part, scoreMatch } from './matching-rule.ts'
import {
  type Concerned,
  fillSounds,
  getThresholds,
  type NewProposal,
  prepareConcerned,
  preparePairs,
  preparePlanner,
  readClock,
  readPair,
  readPairs,
  removeStaleProposals,
  saveProposals,
} from './matching.queries.ts'
import { mayJudge, mergePeople, type PairToMerge } from './merges.ts'
import { findKept } from './merges.queries.ts'
import { tables } from '../tables.ts'

/** Looks for people who are one among those an import concerned. Begun anew when it stopped: it finds the same. */
export const matchQueue = defineQueue<{ tenantId: string; importId: string }>('directory.match', {
  expireInSeconds: 7200,
})

/** Asks for the people of an applied import to be matched. */
export const matchImported = defineReaction(importApplied, 'match', {}, async (services, batch) => {
  for (const { tenantId, importId } of batch) {
    await inTenant(services.db, tenantId, (tx) => services.jobs.enqueue(tx, matchQueue, { tenantId, importId }))
  }
})

/** What a run of matching found and did. */
export interface MatchingReport {
  /** People it was about. */
  concerned: number
  /** Pairs that shared something and were scored. */
  compared: number
  /** Pairs merged by their score alone. */
  merged: number
  /** Pairs that wait for somebody's opinion, among those found. */
  proposed: number
}

/** A merged pair is scored anew with all it knows by then; this many times at most, the rest waits for the next run. */
const rounds = 5
const mergesAtOnce = 200

/**
 * Finds who is whom among the people concerned, proposes it, and merges those above the threshold of certainty: pupils
 * who are one make their guardians share a child, so what was merged is matched again.
 */
export async function matchPeople(
  services: Services,
  tenantId: string,
  concerned: Concerned,
  watch: { signal?: AbortSignal; onProgress?: (report: MatchingReport) => void } = {},
): Promise<MatchingReport> {
  const report: MatchingReport = { concerned: 0, compared: 0, merged: 0, proposed: 0 }
  let about: Concerned = concerned
  for (let round = 0; round < rounds; round++) {
    const found = await findMatches(services, tenantId, about, watch.signal)
    report.compared += found.compared
    if (round === 0) Object.assign(report, { concerned: found.concerned, proposed: found.proposed })
    else report.proposed += found.proposed
    watch.onProgress?.(report)
    const merged = await mergeCertain(services, tenantId, watch.signal, (number) => {
      report.merged += number
      watch.onProgress?.(report)
    })
    if (merged.length === 0) break
    about = { ids: await inTenant(services.db, tenantId, (tx) => listWithRelatives(tx, merged)) }
  }
  return report
}

/** One run in one transaction: compares, scores, writes the proposals. */
export async function findMatches(
  services: Services,
  tenantId: string,
  concerned: Concerned,
  signal?: AbortSignal,
): Promise<Omit<MatchingReport, 'merged'>> {
  return inTenant(services.db, tenantId, async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('directory.match ' || ${tenantId}, 0))`.execute(tx)
    await preparePlanner(tx)
    const since = await readClock(tx)
    const number = await prepareConcerned(tx, concerned)
    if (number === 0) return { concerned: 0, compared: 0, proposed: 0 }
    await fillSounds(tx)
    const compared = await preparePairs(tx)
    const thresholds = await getThresholds(tx)
    let proposed = 0
    for await (const pairs of readPairs(tx)) {
      signal?.throwIfAborted()
      const proposals: NewProposal[] = []
      for (const [left, right] of pairs) {
        const score = scoreMatch(left, right)
        const decision = decideMatch(score, thresholds)
        if (decision === 'none') continue
        if (decision === 'review') proposed += 1
        proposals.push({
          id: randomUUIDv7(),
          left_id: left.id,
          right_id: right.id,
          points: score.points,
          parts: score.parts,
          cautions: score.cautions,
          state: decision === 'automatic' ? 'automatic' : 'open',
        })
      }
      await saveProposals(tx, proposals, since)
    }
    await removeStaleProposals(tx, since)
    return { concerned: number, compared, proposed }
  })
}

/**
 * Merges the pairs whose score says it all, each person once: who was merged is another by then, to be scored anew.
 * @returns identifiers of the people kept.
 */
async function mergeCertain(
  services: Services,
  tenantId: string,
  signal: AbortSignal | undefined,
  onMerged: (number: number) => void,
): Promise<string[]> {
  const certain = await inTenant(services.db, tenantId, (tx) =>
    tables(tx)
      .selectFrom('directory.match_proposal')
      .select(['left_id as leftId', 'right_id as rightId', 'points', 'parts'])
      .where('state', '=', 'automatic')
      .orderBy('points', 'desc')
      .orderBy('id')
      .execute(),
  )
  const taken = new Set<string>()
  const pairs = certain.filter(({ leftId, rightId }) => {
    if (taken.has(leftId) || taken.has(rightId)) return false
    taken.add(leftId).add(rightId)
    return true
  })
  const kept: string[] = []
  for (let start = 0; start < pairs.length; start += mergesAtOnce) {
    signal?.throwIfAborted()
    const batch: PairToMerge[] = pairs.slice(start, start + mergesAtOnce)
    const merged = await inTenant(services.db, tenantId, (tx) =>
      mergePeople(services, tx, tenantId, { pairs: batch, by: null }),
    )
    kept.push(...merged.map(({ keptId }) => keptId))
    onMerged(merged.length)
  }
  return kept
}

async function listWithRelatives(tx: Tx, ids: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select unnest(${ids}::uuid[]) as id
    union select pupil_id from directory.guardianship where guardian_id = any(${ids}::uuid[])
    union select guardian_id from directory.guardianship where pupil_id = any(${ids}::uuid[])`.execute(tx)
  return rows.map(({ id }) => id)
}

/** What somebody may say of a proposal. */
export type Opinion = 'accept' | 'never' | 'later' | 'reopen'

/**
 * Settles a proposal on behalf of somebody. One accepted is scored anew: what made it impossible since is told.
 * @throws Problem 404 `proposal_not_found`; 403 `not_allowed`; 409 `proposal_settled`, `match_impossible`.
 */
export async function settleProposal(
  services: Services,
  tx: Tx,
  actor: Actor,
  { id, opinion }: { id: string; opinion: Opinion },
): Promise<void> {
  const proposal = await tables(tx)
    .selectFrom('directory.match_proposal')
    .select(['left_id as leftId', 'right_id as rightId', 'state'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  const people = proposal ? [proposal.leftId, proposal.rightId] : []
  const today = [...new Set((await findKept(tx, people)).values())]
  if (!proposal || today.length === 0 || !(await mayJudge(tx, actor, today))) {
    throw new Problem(404, 'proposal_not_found', 'There is no such proposal within your rights.')
  }
  if (today.length === 1) throw new Problem(409, 'proposal_settled', 'These two are one person already.')
  if (opinion === 'accept') {
    await acceptPair(services, tx, actor, proposal)
    return
  }
  const now = services.now()
  await tables(tx)
    .updateTable('directory.match_proposal')
    .set({ state: opinion === 'reopen' ? 'open' : opinion, decided_at: now, decided_by: actor.personId })
    .where('id', '=', id)
    .execute()
  for (const subjectId of people) {
    await recordAudit(tx, {
      action: 'directory.match_settled',
      actorPersonId: actor.personId,
      subjectKind: 'person',
      subjectId,
      detail: { proposalId: id, opinion },
    })
  }
}

async function acceptPair(
  services: Services,
  tx: Tx,
  actor: Actor,
  { leftId, rightId }: { leftId: string; rightId: string },
): Promise<void> {
  const pair = await readPair(tx, leftId, rightId)
  if (!pair) throw new Problem(409, 'proposal_settled', 'One of these two is not in the directory any more.')
  const { points, parts, blocks } = scoreMatch(...pair)
  if (blocks.length > 0) {
    throw new Problem(409, 'match_impossible', `These two cannot be one person: ${blocks.join(', ')}.`, { blocks })
  }
  const pairs: (PairToMerge & { parts: Part[] })[] = [{ leftId, rightId, points, parts }]
  const merged = await mergePeople(services, tx, actor.tenantId, { pairs, by: actor.personId })
  if (merged.length === 0) throw new Problem(409, 'proposal_settled', 'These two are one person already.')
}
