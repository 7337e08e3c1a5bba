import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { replaceCodes } from './access-codes.queries.ts'
import { listAccountActions } from './account-actions.ts'
import { type Account, findAccount, updateAccount, voidMergedPasswords } from './accounts.queries.ts'
import { deleteSessions } from '../sign-in/sessions.queries.ts'

/**
 * Declares somebody's account compromised, on behalf of who may: see `listAccountActions`.
 * @throws Problem 403 `not_allowed`; 404 `account_not_found`.
 */
export async function declareCompromisedAs(tx: Tx, actor: Actor, personId: string, now: Date): Promise<void> {
  if (!(await listAccountActions(tx, actor, personId, now)).includes('declareCompromised')) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include this person.')
  }
  const account = await findAccount(tx, { personId })
  if (!account) throw new Problem(404, 'account_not_found', 'This person has no account yet.')
  await declareCompromised(tx, account, actor.personId, now)
}

/**
 * Closes an account that a stranger may have used: its sessions end, its password and its open codes are void. A new code
 * opens it again; its holder is then told what happened.
 * @param declaredBy the holder, or who acted for them; null for an operator's command.
 */
export async function declareCompromised(
  tx: Tx,
  account: Account,
  declaredBy: string | null,
  now: Date,
): Promise<void> {
  await replaceCodes(tx, account.id, now)
  await updateAccount(tx, account.id, { password_hash: null, compromised_at: now, compromise_told_at: null })
  await voidMergedPasswords(tx, account.id)
  const endedSessions = await deleteSessions(tx, account.id)
  await recordAudit(tx, {
    action: 'identity.account_compromised',
    actorPersonId: declaredBy,
    subjectKind: 'person',
    subjectId: account.personId,
    detail: { endedSessions },
  })
}
