import { recordAudit } from '#kernel/audit'
import { defineEvent } from '#kernel/events'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { SuccessionReason, SuccessionState } from '../tables.ts'
import {
  type Candidate,
  decideRenaming,
  type Decision,
  type GroupOfYear,
  listCandidates,
  listDecisions,
  listGroupsOfYear,
  listRenamings,
  takeUnannounced,
  writeDecisions,
} from './years-successions.queries.ts'

/**
 * A class or group of the new year takes up what people shared in one of the year before. Published once the establishment
 * shows the new year, and again never.
 */
export const classSucceeded = defineEvent<{ tenantId: string; predecessorId: string; successorId: string }>(
  'directory.class_succeeded',
)

/** From this share of its pupils on, a class goes on in another one: a third of a split class. In basis points. */
const leastShare = 3_000

/** From this share on nobody needs to look: it is confirmed at the switch unless it was refused. */
const sureShare = 5_000

/** A succession that the rule thinks of. */
export interface Proposal {
  predecessorId: string
  successorId: string
  reason: Exclude<SuccessionReason, 'manual'>
  /** Pupils of the predecessor who are in the successor, in basis points. */
  share: number
}

/**
 * Chooses, among pairs that have something in common, those that are worth proposing: where pupils went; where too few of
 * them stayed together, the group of the same code.
 */
export function proposeSuccessions(candidates: Candidate[]): Proposal[] {
  const byPredecessor = Map.groupBy(candidates, ({ predecessorId }) => predecessorId)
  return [...byPredecessor.values()].flatMap((pairs): Proposal[] => {
    const shares = pairs.map(({ kind, predecessorId, successorId, sameCode, common, pupils }) => ({
      kind,
      predecessorId,
      successorId,
      sameCode,
      share: pupils === 0 ? 0 : Math.round((common * 10_000) / pupils),
    }))
    const followed = shares.filter(({ share }) => share >= leastShare)
    const same = shares.filter(({ sameCode }) => sameCode)
    // A pupil is in several groups: of those that have many in common, the one of the same code goes on.
    const alike = followed.filter(({ kind, sameCode }) => kind === 'group' && sameCode)
    const chosen = alike.length > 0 ? alike : followed.length > 0 ? followed : same
    return chosen
      .sort((one, other) => other.share - one.share || one.successorId.localeCompare(other.successorId))
      .map(({ predecessorId, successorId, share }) => ({
        predecessorId,
        successorId,
        reason: followed.length > 0 ? 'pupils' : 'sameCode',
        share,
      }))
  })
}

/** What becomes of a class or group of the year before. */
export interface SuccessionOf extends GroupOfYear {
  successors: (Omit<Proposal, 'predecessorId' | 'reason'> & {
    reason: SuccessionReason
    state: SuccessionState | 'proposed'
    /** Whether the rule confirms it by itself at the switch. */
    sure: boolean
  })[]
}

/** The groups of an establishment in the year before the one that starts then, each with its successors, and all that could be. */
export async function listSuccessions(
  tx: Tx,
  establishmentId: string,
  startYear: number,
): Promise<{ predecessors: SuccessionOf[]; groups: GroupOfYear[]; renamed: RenamedClass[] }> {
  const former = await listGroupsOfYear(tx, establishmentId, startYear - 1)
  const groups = await listGroupsOfYear(tx, establishmentId, startYear)
  const proposals = proposeSuccessions(await listCandidates(tx, [establishmentId], startYear))
  const decisions = await listDecisions(tx, [establishmentId], startYear)
  return {
    groups,
    renamed: await listRenamed(tx, establishmentId, startYear),
    predecessors: former.map((group) => ({ ...group, successors: mergeDecisions(group.id, proposals, decisions) })),
  }
}

/** A class that vanished within its year, and those that may take up what people shared in it. */
export interface RenamedClass extends GroupOfYear {
  successors: { successorId: string; name: string; share: number; state: SuccessionState | 'proposed' }[]
}

/** Those of a year and of the year before. */
async function listRenamed(tx: Tx, establishmentId: string, startYear: number): Promise<RenamedClass[]> {
  const renamings = await listRenamings(tx, establishmentId, [startYear - 1, startYear])
  return [...Map.groupBy(renamings, ({ id }) => id).values()].map((found) => {
    const { id, kind, code, name, pupils } = found[0]!
    const successors = found.map(({ successorId, successorName, share, state }) => {
      return { successorId, name: successorName, share, state }
    })
    return { id, kind, code, name, pupils, successors }
  })
}

function mergeDecisions(id: string, proposals: Proposal[], decisions: Decision[]): SuccessionOf['successors'] {
  const decided = decisions.filter(({ predecessorId }) => predecessorId === id)
  const open = proposals.filter(
    ({ predecessorId, successorId }) =>
      predecessorId === id && !decided.some((decision) => decision.successorId === successorId),
  )
  return [
    ...decided.map(({ successorId, reason, share, state }) => ({ successorId, reason, share, state, sure: false })),
    ...open.map(({ successorId, reason, share }) => ({
      successorId,
      reason,
      share,
      state: 'proposed' as const,
      sure: share >= sureShare,
    })),
  ].sort((one, other) => other.share - one.share || one.successorId.localeCompare(other.successorId))
}

/**
 * Notes what a head or an administrator decides of classes; those already shown are announced at once.
 * @throws Problem 422 `succession_unfit` for groups that are not of this establishment and of two years in a row; 400
 * `invalid_request` when two of them are decided of twice.
 */
export async function decideSuccessions(
  services: Services,
  tx: Tx,
  input: {
    tenantId: string
    establishmentId: string
    startYear: number
    decisions: { predecessorId: string; successorId: string; state: SuccessionState }[]
    actorPersonId: string | null
  },
): Promise<void> {
  const { tenantId, establishmentId, startYear } = input
  const { predecessors, groups, renamed } = await listSuccessions(tx, establishmentId, startYear)
  const by = { personId: input.actorPersonId, now: services.now() }
  const pairs = new Set(input.decisions.map(({ predecessorId, successorId }) => `${predecessorId} ${successorId}`))
  if (pairs.size < input.decisions.length) {
    throw new Problem(400, 'invalid_request', 'The same two classes are decided of twice.')
  }
  const isRenaming = ({ predecessorId, successorId }: { predecessorId: string; successorId: string }) =>
    renamed.some(
      ({ id, successors }) => id === predecessorId && successors.some((each) => each.successorId === successorId),
    )
  for (const { predecessorId, successorId, state } of input.decisions.filter(isRenaming)) {
    // Within its year: nobody waits for another one to begin.
    if (await decideRenaming(tx, { predecessorId, successorId, state }, by)) {
      await services.events.publish(tx, classSucceeded, { tenantId, predecessorId, successorId })
    }
  }
  const between = input.decisions.filter((each) => !isRenaming(each))
  const decisions = between.map(({ predecessorId, successorId, state }) => {
    const predecessor = predecessors.find(({ id }) => id === predecessorId)
    const successor = groups.find(({ id }) => id === successorId)
    if (!predecessor || !successor || predecessor.kind !== successor.kind) {
      throw new Problem(422, 'succession_unfit', 'A class follows a class of the same establishment, a year later.')
    }
    const known = predecessor.successors.find((each) => each.successorId === successorId)
    return { predecessorId, successorId, state, reason: known?.reason ?? ('manual' as const), share: known?.share ?? 0 }
  })
  await writeDecisions(tx, decisions, by)
  await recordAudit(tx, {
    action: 'directory.succession_decided',
    actorPersonId: input.actorPersonId,
    subjectKind: 'organisation',
    subjectId: establishmentId,
    detail: { startYear, decisions: input.decisions.length },
  })
  await announceSuccessions(services, tx, tenantId)
}

/** Confirms what is sure and that nobody decided, of establishments that show a year from now on. */
export async function confirmByRule(tx: Tx, establishmentIds: string[], startYear: number, now: Date): Promise<void> {
  const decided = new Set(
    (await listDecisions(tx, establishmentIds, startYear)).map(({ predecessorId }) => predecessorId),
  )
  const sure = proposeSuccessions(await listCandidates(tx, establishmentIds, startYear)).filter(
    ({ predecessorId, share }) => share >= sureShare && !decided.has(predecessorId),
  )
  await writeDecisions(
    tx,
    sure.map((each) => ({ ...each, state: 'confirmed' as const })),
    { personId: null, now },
  )
}

/** Tells other modules, once, of the successions whose year is shown. */
export async function announceSuccessions(services: Services, tx: Tx, tenantId: string): Promise<void> {
  for (const succession of await takeUnannounced(tx, services.now())) {
    await services.events.publish(tx, classSucceeded, { tenantId, ...succession })
  }
}
