import { canAdminister, headsBeyond, isHeadOf, teachesPupil } from '#modules/directory'
import type { Tx } from '#kernel/postgres'
import { findAccount } from './accounts.queries.ts'
import { coversRightsOf, type RightsHolder } from '../rights/rights.ts'

/** What can be done to somebody's account. */
export const accountActions = ['issueCode', 'declareCompromised', 'grantRight', 'seeHistory'] as const
export type AccountAction = (typeof accountActions)[number]

/**
 * What an actor may do to a person's account. An administrator of the person (`directory.administer` over them, or the
 * head of one of their establishments) does all of it; a teacher of their class gives back a lost access, and no more.
 * Nobody touches the account of someone who holds rights that they do not have themselves, or who heads an establishment
 * beyond their own: it would be a way to take that power. Of themself one sees the history only.
 */
export async function listAccountActions(
  tx: Tx,
  actor: RightsHolder,
  personId: string,
  now: Date,
): Promise<AccountAction[]> {
  if (personId === actor.personId) return ['seeHistory']
  const manages =
    (await canAdminister(tx, actor.personId, actor.rights, personId)) || (await isHeadOf(tx, actor.personId, personId))
  const helps =
    manages ||
    (typeof (await findAccount(tx, { personId }))?.passwordHash === 'string' &&
      (await teachesPupil(tx, actor.personId, personId)))
  if (!helps) return []
  const exceeds =
    !(await coversRightsOf(tx, actor, personId, now)) || (await headsBeyond(tx, actor.personId, actor.rights, personId))
  if (exceeds) return manages ? ['grantRight', 'seeHistory'] : []
  return manages ? [...accountActions] : ['issueCode']
}
