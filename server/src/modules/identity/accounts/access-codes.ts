import { pbkdf2, randomInt, randomUUIDv7 } from 'node:crypto'
import { promisify } from 'node:util'
import { findPersonSummary } from '#modules/directory'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findCode, insertCode, markCodeUsed, replaceCodes } from './access-codes.queries.ts'
import { listAccountActions } from './account-actions.ts'
import { createAccount, updateAccount } from './accounts.queries.ts'
import { refuseLeaver } from './leavers.ts'
import type { PasswordHasher } from '../sign-in/password-hasher.ts'
import { checkPassword } from '../sign-in/password-rules.ts'
import { deleteSessions } from '../sign-in/sessions.queries.ts'
import { type Browser, openSession } from '../sign-in/sessions.ts'
import { clearFailures } from '../sign-in/sign-in-failures.ts'
import type { CodePurpose } from '../tables.ts'

/** No look-alikes (0 O, 1 I) and no vowels, so that chance spells no word: 28 signs, 57 bits for twelve of them. */
const alphabet = '23456789BCDFGHJKLMNPQRSTVWXZ'

const day = 86_400_000
/** A paper handed out in September is used by December; a reset is waited for. */
const lifetimeDays: Record<CodePurpose, number> = { activation: 90, reset: 7 }

/** An access code in clear: shown once, to whoever hands it over. */
export interface IssuedCode {
  login: string
  code: string
  purpose: CodePurpose
  expiresAt: Date
  /** Whether a former code, not used yet, is void from now on. */
  replaces: boolean
}

/** `XXXX-XXXX-XXXX`. */
export function makeCode(): string {
  const signs = Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)])
  return [signs.slice(0, 4), signs.slice(4, 8), signs.slice(8)].map((group) => group.join('')).join('-')
}

const derive = promisify(pbkdf2)

/**
 * Digest under which a code is kept and found, whatever its case, blanks and hyphens. Slowed a thousandfold, since 57
 * bits alone could be tried against a stolen copy of all open codes at once.
 */
export async function hashCode(tenantId: string, code: string): Promise<Buffer> {
  return derive(code.toUpperCase().replaceAll(/[^A-Z0-9]/g, ''), tenantId, 10_000, 32, 'sha256')
}

/**
 * Issues a code for a person, making their account if they have none; it takes the place of the former one. It
 * activates an account that has no password yet and resets the password of any other.
 * @param input.issuedBy person who asked; null for an operator's command.
 * @param input.batchId set of letters it is part of, for the trail.
 * @throws Problem 404 `person_not_found`; 409 `account_blocked`.
 */
export async function issueAccessCode(
  tx: Tx,
  input: { tenantId: string; personId: string; issuedBy: string | null; batchId?: string },
  now: Date,
): Promise<IssuedCode> {
  const account = await createAccount(tx, input.personId, now)
  if (account.state === 'blocked') throw new Problem(409, 'account_blocked', 'This account is blocked.')
  // A compromised account has no password either, but it was opened before: its code is waited for.
  const purpose = account.passwordHash === null && account.compromisedAt === null ? 'activation' : 'reset'
  const code = makeCode()
  const expiresAt = new Date(now.getTime() + lifetimeDays[purpose] * day)
  const replaces = await replaceCodes(tx, account.id, now)
  await insertCode(tx, {
    id: randomUUIDv7(),
    account_id: account.id,
    purpose,
    code_hash: await hashCode(input.tenantId, code),
    issued_at: now,
    issued_by: input.issuedBy,
    expires_at: expiresAt,
    used_at: null,
    replaced_at: null,
  })
  await recordAudit(tx, {
    action: 'identity.access_code_issued',
    actorPersonId: input.issuedBy,
    subjectKind: 'person',
    subjectId: input.personId,
    detail: { purpose, ...(input.batchId === undefined ? {} : { batchId: input.batchId }) },
  })
  return { login: account.login, code, purpose, expiresAt, replaces }
}

/**
 * Issues a code on behalf of someone who may: see `listAccountActions`.
 * @throws Problem 403 `not_allowed` or `own_account`, and those of {@link issueAccessCode}.
 */
export async function issueAccessCodeAs(tx: Tx, actor: Actor, personId: string, now: Date): Promise<IssuedCode> {
  if (personId === actor.personId) {
    throw new Problem(403, 'own_account', 'Change your own password from your account page.')
  }
  if (!(await listAccountActions(tx, actor, personId, now)).includes('issueCode')) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include this person.')
  }
  return issueAccessCode(tx, { tenantId: actor.tenantId, personId, issuedBy: actor.personId }, now)
}

/** What a code opens, told to whoever holds it. */
export interface CheckedCode {
  purpose: CodePurpose
  givenName: string
  login: string
  expiresAt: Date
}

/** @throws Problem 404 `code_unknown`; 410 `code_used`, `code_replaced` or `code_expired`; 403 `account_blocked`, `account_left`. */
export async function checkCode(services: Services, tenantId: string, code: string): Promise<CheckedCode> {
  const hash = await hashCode(tenantId, code)
  return inTenant(services.db, tenantId, async (tx) => {
    const { givenName, login, purpose, expiresAt } = await getUsableCode(tx, hash, services.now())
    return { givenName, login, purpose, expiresAt }
  })
}

/**
 * Trades a code for a password: the account is active, its former sessions end, one opens.
 * @returns the new session's secret.
 * @throws Problem those of {@link checkCode} and of `checkPassword`.
 */
export async function redeemCode(
  services: Services,
  hasher: PasswordHasher,
  tenantId: string,
  input: { code: string; password: string; browser: Browser },
): Promise<string> {
  const codeHash = await hashCode(tenantId, input.code)
  await inTenant(services.db, tenantId, async (tx) => {
    checkPassword(input.password, await getUsableCode(tx, codeHash, services.now()))
  })
  // Apart from any transaction: it may have to wait its turn.
  const passwordHash = await hasher.hash(input.password)
  return inTenant(services.db, tenantId, async (tx) => {
    const now = services.now()
    const { id, accountId, personId, login, purpose, state } = await getUsableCode(tx, codeHash, now)
    // The same code sent twice at once opens one session.
    if (!(await markCodeUsed(tx, id, now))) throw new Problem(410, 'code_used', 'This code was used already.')
    await updateAccount(tx, accountId, {
      state: 'active',
      password_hash: passwordHash,
      password_changed_at: now,
      ...(state === 'inactive' ? { activated_at: now } : {}),
    })
    await clearFailures(tx, login)
    await deleteSessions(tx, accountId)
    await recordAudit(tx, {
      action: 'identity.access_code_used',
      actorPersonId: personId,
      subjectKind: 'person',
      subjectId: personId,
      detail: { purpose },
    })
    return openSession(tx, { account: { id: accountId, personId }, method: 'code', browser: input.browser }, now)
  })
}

async function getUsableCode(tx: Tx, hash: Buffer, now: Date) {
  const code = await findCode(tx, hash)
  if (!code) throw new Problem(404, 'code_unknown', 'No such code was issued.')
  if (code.usedAt) throw new Problem(410, 'code_used', 'This code was used already.')
  if (code.replacedAt) throw new Problem(410, 'code_replaced', 'A newer code took the place of this one.')
  if (code.expiresAt <= now) throw new Problem(410, 'code_expired', 'This code is no longer valid.')
  if (code.state === 'blocked') throw new Problem(403, 'account_blocked', 'This account is blocked.')
  const person = await findPersonSummary(tx, code.personId)
  if (!person) throw new Problem(404, 'code_unknown', 'No such code was issued.')
  await refuseLeaver(tx, person, now)
  return { ...code, givenName: person.givenName, familyName: person.familyName }
}
