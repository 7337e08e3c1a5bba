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
import { decideMatch, type Part, scoreMatch, type Thresholds } from './matching-rule.ts'
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
  saveThresholds,
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
export const opinions = ['accept', 'never', 'later', 'reopen'] as const
export type Opinion = (typeof opinions)[number]

/**
 * Settles a proposal. One accepted is scored anew: what made it impossible since is told.
 * @param by person who said so; null for an operator's command.
 * @throws Problem 404 `proposal_not_found`; 409 `proposal_settled`, `match_impossible`.
 */
export async function settleProposal(
  services: Services,
  tx: Tx,
  tenantId: string,
  { id, opinion, by }: { id: string; opinion: Opinion; by: string | null },
): Promise<void> {
  const { leftId, rightId, today } = await lockProposal(tx, id)
  if (today.length === 1) throw new Problem(409, 'proposal_settled', 'These two are one person already.')
  if (opinion === 'accept') {
    await acceptPair(services, tx, tenantId, { leftId, rightId, by })
    return
  }
  const now = services.now()
  await tables(tx)
    .updateTable('directory.match_proposal')
    .set({ state: opinion === 'reopen' ? 'open' : opinion, decided_at: now, decided_by: by })
    .where('id', '=', id)
    .execute()
  for (const subjectId of [leftId, rightId]) {
    await recordAudit(tx, {
      action: 'directory.match_settled',
      actorPersonId: by,
      subjectKind: 'person',
      subjectId,
      detail: { proposalId: id, opinion },
    })
  }
}

/**
 * Settles a proposal on behalf of somebody.
 * @throws Problem those of {@link settleProposal}: what is beyond one's rights is not there.
 */
export async function settleProposalAs(
  services: Services,
  tx: Tx,
  actor: Actor,
  { id, opinion }: { id: string; opinion: Opinion },
): Promise<void> {
  const { today } = await lockProposal(tx, id)
  if (!(await mayJudge(tx, actor, today))) throw unknownProposal()
  await settleProposal(services, tx, actor.tenantId, { id, opinion, by: actor.personId })
}

/** The two of a proposal, and whom they are today: one person where they were merged. */
async function lockProposal(tx: Tx, id: string): Promise<{ leftId: string; rightId: string; today: string[] }> {
  const proposal = await tables(tx)
    .selectFrom('directory.match_proposal')
    .select(['left_id as leftId', 'right_id as rightId'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!proposal) throw unknownProposal()
  const today = [...new Set((await findKept(tx, [proposal.leftId, proposal.rightId])).values())]
  if (today.length === 0) throw unknownProposal()
  return { ...proposal, today }
}

const unknownProposal = () => new Problem(404, 'proposal_not_found', 'There is no such proposal within your rights.')

async function acceptPair(
  services: Services,
  tx: Tx,
  tenantId: string,
  { leftId, rightId, by }: { leftId: string; rightId: string; by: string | null },
): Promise<void> {
  const pair = await readPair(tx, leftId, rightId)
  if (!pair) throw new Problem(409, 'proposal_settled', 'One of these two is not in the directory any more.')
  const { points, parts, blocks } = scoreMatch(...pair)
  if (blocks.length > 0) {
    throw new Problem(409, 'match_impossible', `These two cannot be one person: ${blocks.join(', ')}.`, { blocks })
  }
  const pairs: (PairToMerge & { parts: Part[] })[] = [{ leftId, rightId, points, parts }]
  const merged = await mergePeople(services, tx, tenantId, { pairs, by })
  if (merged.length === 0) throw new Problem(409, 'proposal_settled', 'These two are one person already.')
}

/**
 * Changes from how many points people are merged or proposed, from the next run on.
 * @param by person who did it; null for an operator's command.
 */
export async function changeThresholds(
  services: Services,
  tx: Tx,
  { tenantId, thresholds, by }: { tenantId: string; thresholds: Thresholds; by: string | null },
): Promise<void> {
  await saveThresholds(tx, thresholds, by, services.now())
  await recordAudit(tx, {
    action: 'directory.match_thresholds_changed',
    actorPersonId: by,
    subjectKind: 'tenant',
    subjectId: tenantId,
    detail: { ...thresholds },
  })
}
