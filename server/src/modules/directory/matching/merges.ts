import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { type Actor, holdsOverAll } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import { defineEvent } from '#kernel/events'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { canAdminister, headsBeyond } from '../administration.queries.ts'
import type { Part } from './matching-rule.ts'
import {
  findKept,
  lockForMerge,
  type MergedPair,
  moveRecords,
  moveRows,
  returnRecords,
  returnRows,
  rewritePeople,
} from './merges.queries.ts'
import { tables } from '../tables.ts'
import { establishmentsUnder } from '../visibility.queries.ts'

/**
 * One person turned out to be another: what refers to `mergedId` is from now on `keptId`'s. It comes once or more, and
 * maybe after the merge was undone: ask `findMergedInto` how things stand.
 */
export const peopleMerged = defineEvent<{ tenantId: string; keptId: string; mergedId: string; by: string | null }>(
  'directory.people_merged',
)

/** A merge was undone: `mergedId` is a person of their own again. */
export const peopleUnmerged = defineEvent<{ tenantId: string; keptId: string; mergedId: string; by: string | null }>(
  'directory.people_unmerged',
)

/** Two people said to be one. */
export interface PairToMerge {
  leftId: string
  rightId: string
  points: number | null
  parts: Part[]
}

/**
 * Makes one person of each pair, all in the caller's transaction: the older identifier stays, the records of both
 * describe it, and relations and columns are written anew from all of them. Everything that was moved is remembered.
 * @param by person who said so; null for the score alone.
 * @returns what was merged. A pair is left out whose two are one already, or one of whom another pair of the call
 *   merges: asked again, it finds its way.
 */
export async function mergePeople(
  services: Services,
  tx: Tx,
  tenantId: string,
  { pairs, by }: { pairs: PairToMerge[]; by: string | null },
): Promise<MergedPair[]> {
  await lockForMerge(
    tx,
    pairs.flatMap(({ leftId, rightId }) => [leftId, rightId]),
  )
  const now = services.now()
  const kept = await findKept(
    tx,
    pairs.flatMap(({ leftId, rightId }) => [leftId, rightId]),
  )
  const taken = new Set<string>()
  const chosen: (MergedPair & PairToMerge)[] = []
  for (const pair of pairs) {
    const [left, right] = [kept.get(pair.leftId), kept.get(pair.rightId)]
    if (!left || !right || left === right || taken.has(left) || taken.has(right)) continue
    taken.add(left).add(right)
    const [keptId, mergedId] = left < right ? [left, right] : [right, left]
    chosen.push({ ...pair, keptId, mergedId, mergeId: randomUUIDv7() })
  }
  if (chosen.length === 0) return []
  await sql`insert into directory.merge (id, kept_id, merged_id, points, parts, merged_at, merged_by, former_gone_on)
    select m.id, m.kept_id, m.merged_id, m.points, m.parts, ${now}, ${by}, p.gone_on
    from jsonb_to_recordset(${JSON.stringify(
      chosen.map((each) => ({
        id: each.mergeId,
        kept_id: each.keptId,
        merged_id: each.mergedId,
        points: each.points,
        parts: each.parts,
      })),
    )}::jsonb) as m (id uuid, kept_id uuid, merged_id uuid, points integer, parts jsonb)
    join directory.person p on p.id = m.merged_id`.execute(tx)
  await rewritePeople(
    tx,
    chosen.flatMap(({ keptId, mergedId }) => [keptId, mergedId]),
    async () => {
      await moveRecords(tx, chosen)
      await moveRows(tx, chosen)
    },
  )
  const day = now.toISOString().slice(0, 10)
  await sql`update directory.person p set merged_into = m.kept_id, gone_on = ${day}
    from unnest(${chosen.map((each) => each.keptId)}::uuid[], ${chosen.map((each) => each.mergedId)}::uuid[])
      as m (kept_id, merged_id)
    where p.id = m.merged_id`.execute(tx)
  await sql`update directory.match_proposal o set state = 'merged', decided_at = ${now}, decided_by = ${by}
    from unnest(${chosen.map((each) => each.leftId)}::uuid[], ${chosen.map((each) => each.rightId)}::uuid[])
      as m (left_id, right_id)
    where o.left_id = m.left_id and o.right_id = m.right_id`.execute(tx)
  for (const { mergeId, keptId, mergedId, points } of chosen) {
    for (const subjectId of [keptId, mergedId]) {
      await recordAudit(tx, {
        action: 'directory.people_merged',
        actorPersonId: by,
        subjectKind: 'person',
        subjectId,
        detail: { mergeId, keptId, mergedId, points },
      })
    }
    await services.events.publish(tx, peopleMerged, { tenantId, keptId, mergedId, by })
  }
  return chosen
}

/**
 * Undoes a merge, however long ago and whatever came since: each record describes its own person again, relations are
 * written anew from the records as they are today, and what no record states goes back where it was. The pair is
 * not proposed again.
 * @throws Problem 404 `merge_not_found`; 409 `merge_undone`.
 */
export async function undoMerge(
  services: Services,
  tx: Tx,
  tenantId: string,
  { id, by }: { id: string; by: string | null },
): Promise<void> {
  const merge = await getMerge(tx, id)
  await lockForMerge(tx, [merge.keptId, merge.mergedId])
  const { undoneAt, mergedId, formerGoneOn } = await getMerge(tx, id)
  if (undoneAt) throw new Problem(409, 'merge_undone', 'This merge was undone already.')
  const keptId = (await findKept(tx, [merge.keptId])).get(merge.keptId)
  if (!keptId) throw new Problem(404, 'merge_not_found', 'The person kept is not in the directory any more.')
  const now = services.now()
  await tables(tx)
    .updateTable('directory.person')
    .set({ merged_into: null, gone_on: formerGoneOn })
    .where('id', '=', mergedId)
    .execute()
  const pairs = [{ mergeId: id, keptId, mergedId }]
  await rewritePeople(tx, [keptId, mergedId], async () => {
    await returnRecords(tx, pairs)
    await returnRows(tx, pairs)
  })
  await tables(tx).updateTable('directory.merge').set({ undone_at: now, undone_by: by }).where('id', '=', id).execute()
  const [leftId, rightId] = merge.keptId < mergedId ? [merge.keptId, mergedId] : [mergedId, merge.keptId]
  await sql`insert into directory.match_proposal
      (id, left_id, right_id, points, parts, cautions, state, found_at, decided_at, decided_by)
    select ${randomUUIDv7()}, ${leftId}, ${rightId}, coalesce(points, 0), parts, '{}', 'never', ${now}, ${now}, ${by}
    from directory.merge where id = ${id}
    on conflict (left_id, right_id) do update set state = 'never', decided_at = ${now}, decided_by = ${by}`.execute(tx)
  for (const subjectId of [keptId, mergedId]) {
    await recordAudit(tx, {
      action: 'directory.merge_undone',
      actorPersonId: by,
      subjectKind: 'person',
      subjectId,
      detail: { mergeId: id, keptId, mergedId },
    })
  }
  await services.events.publish(tx, peopleUnmerged, { tenantId, keptId, mergedId, by })
}

interface Merge {
  keptId: string
  mergedId: string
  formerGoneOn: string | null
  mergedBy: string | null
  undoneAt: Date | null
}

/** @throws Problem 404 `merge_not_found`. */
async function getMerge(tx: Tx, id: string): Promise<Merge> {
  const merge = await tables(tx)
    .selectFrom('directory.merge')
    .select([
      'kept_id as keptId',
      'merged_id as mergedId',
      'former_gone_on as formerGoneOn',
      'merged_by as mergedBy',
      'undone_at as undoneAt',
    ])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!merge) throw new Problem(404, 'merge_not_found', 'There is no such merge.')
  return merge
}

/** Whether an actor may see and judge whatever concerns the whole directory. */
export function managesWhole(actor: Pick<Actor, 'rights'>): boolean {
  return holdsOverAll(actor, 'directory.administer') || holdsOverAll(actor, 'directory.import')
}

/**
 * Whether an actor may say whether two people are one: over the whole directory, or administering both. Nobody
 * judges themself, nor, within a perimeter, someone who heads an establishment beyond it.
 */
export async function mayJudge(tx: Tx, actor: Actor, ids: string[]): Promise<boolean> {
  if (ids.includes(actor.personId)) return false
  if (managesWhole(actor)) return true
  for (const id of ids) {
    if (!(await canAdminister(tx, actor.personId, actor.rights, id))) return false
    if (await headsBeyond(tx, actor.personId, actor.rights, id)) return false
  }
  return true
}

/**
 * Undoes a merge on behalf of someone: over the whole directory, or who administers all places of the kept person, which
 * were those of both.
 * @throws Problem 403 `not_allowed`, and those of {@link undoMerge}.
 */
export async function undoMergeAs(services: Services, tx: Tx, actor: Actor, id: string): Promise<void> {
  const { keptId: formerId, mergedId } = await getMerge(tx, id)
  const keptId = (await findKept(tx, [formerId])).get(formerId) ?? formerId
  const within = managesWhole(actor) || (await administersAllPlaces(tx, actor, keptId))
  if (!within || [keptId, mergedId].includes(actor.personId)) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include all places of this person.')
  }
  await undoMerge(services, tx, actor.tenantId, { id, by: actor.personId })
}

async function administersAllPlaces(tx: Tx, actor: Actor, personId: string): Promise<boolean> {
  if (!(await mayJudge(tx, actor, [personId]))) return false
  const perimeters = actor.rights.flatMap(({ right, organisationId }) =>
    right === 'directory.administer' && organisationId !== null ? [organisationId] : [],
  )
  const { rows } = await sql`select from directory.affiliation a
    where a.person_id = ${personId} and a.organisation_id <> all(${perimeters}::uuid[])
      and a.organisation_id not in (${establishmentsUnder(sql`any(${perimeters}::uuid[])`)})
    limit 1`.execute(tx)
  return rows.length === 0
}

/** The person whom this one was merged into, directly; undefined for a person of their own. */
export async function findMergedInto(tx: Tx, personId: string): Promise<string | undefined> {
  const row = await tables(tx)
    .selectFrom('directory.person')
    .select('merged_into')
    .where('id', '=', personId)
    .executeTakeFirst()
  return row?.merged_into ?? undefined
}
