import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import { findPersonSummary } from '#modules/directory'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findAccount, findOpenedAccount, updateAccount } from '../accounts/accounts.queries.ts'
import type { PasswordHasher } from './password-hasher.ts'
import { checkPassword } from './password-rules.ts'
import { deleteSessions } from './sessions.queries.ts'
import { type Browser, openPlainSession, openSession, refusedSignIn } from './sessions.ts'
import { beginSignIn, clearFailures, countAttempt, failureKeyOf } from './sign-in-failures.ts'
import { insertSignIn } from './sign-in-history.queries.ts'
import type { SignInOutcome } from '../tables.ts'

/**
 * Opens a session by login and password. An unknown login, an account not yet activated and a wrong password get the
 * same answer in the same time.
 * @returns the new session's secret.
 * @throws Problem 401 `sign_in_refused`; 403 `account_blocked` or `account_left`, told only to who knows the password; 429
 * `too_many_attempts`; 503 `sign_in_busy`.
 */
export async function signIn(
  services: Services,
  hasher: PasswordHasher,
  tenantId: string,
  input: { login: string; password: string; browser: Browser },
): Promise<string> {
  const { own, account, isPlain } = await beginSignIn(services.db, tenantId, input.login, services.now())
  // The login of an account merged into another opens that one: by its own password, or by the other's without one.
  const keyed = own?.passwordHash ? own : account
  // Apart from any transaction: it may have to wait its turn.
  const { matches, outdated } = await hasher.verify(keyed?.passwordHash ?? null, input.password)
  const note = (accountId: string, outcome: SignInOutcome) =>
    inTenant(services.db, tenantId, (tx) =>
      insertSignIn(tx, { accountId, method: 'password', device: input.browser.device, outcome }, services.now()),
    )
  if (!account || !keyed || !matches) {
    if (account) await note(account.id, 'wrongPassword')
    throw refusedSignIn()
  }
  if (account.state !== 'active' || own?.state === 'blocked') {
    await note(account.id, 'blocked')
    throw new Problem(403, 'account_blocked', 'This account is blocked.')
  }
  const seen = { passwordHash: account.passwordHash, failureKey: failureKeyOf(input.login) }
  if (isPlain && !outdated && keyed.id === account.id && !input.browser.former) {
    const opening = { account, method: 'password', browser: input.browser, seen } as const
    return openPlainSession(services.db, tenantId, opening, services.now())
  }
  const renewed = outdated ? await hasher.hash(input.password) : undefined
  const opened = inTenant(services.db, tenantId, async (tx) => {
    if (renewed !== undefined) await updateAccount(tx, keyed.id, { password_hash: renewed })
    let { passwordHash } = account
    if (keyed.id === account.id) passwordHash = renewed ?? passwordHash
    else await refuseChanged(tx, keyed, { opens: account.id, passwordHash: renewed ?? keyed.passwordHash })
    const opening = { account, method: 'password', browser: input.browser, seen: { ...seen, passwordHash } } as const
    return openSession(tx, opening, services.now())
  })
  // Noted apart: what refuses undoes all that its transaction wrote.
  return opened.catch(async (error: unknown) => {
    if (error instanceof Problem && error.code === 'account_left') await note(account.id, 'left')
    throw error
  })
}

/** Refuses the login of a merged account that was parted, blocked or given another password meanwhile. */
async function refuseChanged(
  tx: Tx,
  keyed: { id: string },
  { opens, passwordHash }: { opens: string; passwordHash: string | null },
): Promise<void> {
  const current = await findAccount(tx, { id: keyed.id })
  const opened = current && (await findOpenedAccount(tx, current))
  if (opened?.id !== opens || current?.passwordHash !== passwordHash || current.state === 'blocked')
    throw refusedSignIn()
}

/**
 * Changes the password of whoever is signed in and ends their other sessions. Wrong guesses are slowed like a
 * sign-in's: an unattended screen is no way in.
 * @throws Problem 403 `password_wrong`; 409 `no_password`; those of `checkPassword`; 429; 503.
 */
export async function changePassword(
  services: Services,
  hasher: PasswordHasher,
  actor: Actor,
  input: { current: string; password: string },
): Promise<void> {
  const account = await inTenant(services.db, actor.tenantId, async (tx) => {
    const found = await findAccount(tx, { id: actor.accountId })
    const person = await findPersonSummary(tx, actor.personId)
    if (!found?.passwordHash || !person)
      throw new Problem(409, 'no_password', 'This account has no password to change.')
    checkPassword(input.password, { ...person, login: found.login })
    return found
  })
  await inTenant(services.db, actor.tenantId, (tx) => countAttempt(tx, account.login, services.now()))
  const { matches } = await hasher.verify(account.passwordHash, input.current)
  if (!matches) throw new Problem(403, 'password_wrong', 'The current password is not this one.')
  const passwordHash = await hasher.hash(input.password)
  await inTenant(services.db, actor.tenantId, async (tx) => {
    await updateAccount(tx, account.id, {
      password_hash: passwordHash,
      password_changed_at: services.now(),
    })
    await clearFailures(tx, account.login)
    await deleteSessions(tx, account.id, { except: actor.sessionId })
    await recordAudit(tx, {
      action: 'identity.password_changed',
      actorPersonId: actor.personId,
      subjectKind: 'person',
      subjectId: actor.personId,
    })
  })
}
