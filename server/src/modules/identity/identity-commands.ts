import { z } from 'zod'
import type { Right } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Command, CommandContext } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createPerson } from '#modules/directory'
import { issueAccessCode, type IssuedCode } from './accounts/access-codes.ts'
import { type Account, findAccount, listAccounts, updateAccount } from './accounts/accounts.queries.ts'
import {
  findDay,
  findText,
  getId,
  getText,
  inTenantOf,
  invalid,
  parseId,
  text,
  type Values,
} from '#kernel/command-values'
import { stayCommands } from './accounts/stay-commands.ts'
import { letterCommands } from './letters/letter-commands.ts'
import { providerCommands } from './federations/provider-commands.ts'
import { findGrant, type Grant, grantRight, listGrants, withdrawRight } from './rights/rights.queries.ts'
import { auditGrant, operatorRights } from './rights/rights.ts'
import { deleteSessions, listSessions } from './sign-in/sessions.queries.ts'

const whom = { person: text, login: text }
// Who assigns resources is a matter of each establishment.
const rights: Right[] = [...operatorRights, 'resources.assign']

/** Acts of an operator, who is not a person of the directory: the trail says the system did them. */
export const identityCommands: Command[] = [
  {
    name: 'operator create',
    usage: '--given-name G --family-name F [--email E]',
    summary: 'Makes the first operator of an instance and prints the code that opens their account.',
    options: { 'given-name': text, 'family-name': text, email: text },
    run: (context, _, values) =>
      inTenantOf(context, async (tx, tenantId) => {
        const now = context.now()
        const { id: personId } = await createPerson(tx, {
          givenName: getText(values, 'given-name'),
          familyName: getText(values, 'family-name'),
          email: parseEmail(findText(values, 'email')),
        })
        await recordAudit(tx, {
          action: 'identity.operator_created',
          actorPersonId: null,
          subjectKind: 'person',
          subjectId: personId,
        })
        for (const right of operatorRights) {
          const grant = await grantRight(tx, { personId, right, organisationId: null }, now)
          await auditGrant(tx, 'identity.right_granted', null, grant)
        }
        const issued = await issueAccessCode(tx, { tenantId, personId, issuedBy: null }, now)
        printCode(context, issued)
        return { personId, ...issued }
      }),
  },
  {
    name: 'code issue',
    usage: '--person ID | --login L',
    summary: 'Issues a one-use code: to activate an account, or to choose a new password.',
    options: whom,
    run: (context, _, values) =>
      inTenantOf(context, async (tx, tenantId) => {
        const personId = await getPersonId(tx, values)
        const issued = await issueAccessCode(tx, { tenantId, personId, issuedBy: null }, context.now())
        printCode(context, issued)
        return { personId, ...issued }
      }),
  },
  {
    name: 'right grant',
    usage: '--person ID | --login L, --right R [--organisation ID] [--from YYYY-MM-DD] [--until YYYY-MM-DD]',
    summary: `Gives a right (${rights.join(', ')}), everywhere or over an organisation.`,
    options: { ...whom, right: text, organisation: text, from: text, until: text },
    run: (context, _, values) =>
      inTenantOf(context, async (tx) => {
        const right = rights.find((each) => each === findText(values, 'right'))
        if (!right) throw invalid(`--right is one of ${rights.join(', ')}.`)
        const period = { startsOn: findDay(values, 'from'), endsOn: findDay(values, 'until') }
        const organisationId = findText(values, 'organisation') === undefined ? null : getId(values, 'organisation')
        const personId = await getPersonId(tx, values)
        const grant = await grantRight(tx, { personId, right, organisationId, ...period }, context.now())
        await auditGrant(tx, 'identity.right_granted', null, grant)
        context.print(describeGrant(grant))
        return grant
      }),
  },
  {
    name: 'right list',
    usage: '[--person ID | --login L]',
    summary: 'Lists the rights people have or will have.',
    options: whom,
    run: (context, _, values) =>
      inTenantOf(context, async (tx) => {
        const one = findText(values, 'person') !== undefined || findText(values, 'login') !== undefined
        const grants = await listGrants(tx, context.now(), one ? await getPersonId(tx, values) : undefined)
        for (const grant of grants) context.print(describeGrant(grant))
        return grants
      }),
  },
  {
    name: 'right withdraw',
    usage: '<right id>',
    summary: 'Withdraws a right at once.',
    run: (context, [id]) =>
      inTenantOf(context, async (tx) => {
        const grant = await findGrant(tx, parseId(id, 'the right'))
        if (!grant) throw new Problem(404, 'right_not_found', 'No such right is held.')
        await withdrawRight(tx, grant.id, null, context.now())
        await auditGrant(tx, 'identity.right_withdrawn', null, grant)
        context.print(`Withdrawn: ${describeGrant(grant)}`)
        return grant
      }),
  },
  {
    name: 'account list',
    usage: '[--prefix P] [--after LOGIN] [--limit N]',
    summary: 'Lists accounts by login.',
    options: { prefix: text, after: text, limit: text },
    run: (context, _, values) =>
      inTenantOf(context, async (tx) => {
        const limit = z.coerce
          .number()
          .int()
          .min(1)
          .max(10_000)
          .safeParse(findText(values, 'limit') ?? '100')
        if (!limit.success) throw invalid('--limit is a number from 1 to 10000.')
        const page = {
          prefix: findText(values, 'prefix'),
          after: findText(values, 'after'),
          limit: limit.data,
        }
        const accounts = (await listAccounts(tx, page)).map(withoutHash)
        for (const account of accounts) context.print(`${account.login}\t${account.state}\t${account.personId}`)
        return accounts
      }),
  },
  {
    name: 'account show',
    usage: '--person ID | --login L',
    summary: 'Shows an account, its open sessions and its rights.',
    options: whom,
    run: (context, _, values) =>
      inTenantOf(context, async (tx) => {
        const account = await getAccount(tx, values)
        const sessions = await listSessions(tx, account.id, context.now())
        const grants = await listGrants(tx, context.now(), account.personId)
        context.print(`${account.login}\t${account.state}\t${account.personId}`)
        for (const each of sessions) context.print(`session\t${each.createdAt.toISOString()}\t${each.device ?? ''}`)
        for (const each of grants) context.print(describeGrant(each))
        return { ...withoutHash(account), sessions, rights: grants }
      }),
  },
  {
    name: 'account block',
    usage: '--person ID | --login L',
    summary: 'Blocks an account and ends its sessions at once.',
    options: whom,
    run: (context, _, values) => setBlocked(context, values, true),
  },
  {
    name: 'account unblock',
    usage: '--person ID | --login L',
    summary: 'Opens a blocked account again.',
    options: whom,
    run: (context, _, values) => setBlocked(context, values, false),
  },
  ...stayCommands,
  ...letterCommands,
  ...providerCommands,
]

function setBlocked(context: CommandContext, values: Values, blocked: boolean): Promise<unknown> {
  return inTenantOf(context, async (tx) => {
    const account = await getAccount(tx, values)
    // An account never activated goes back to waiting for its code.
    const reopened = account.activatedAt === null ? 'inactive' : 'active'
    const state = blocked ? 'blocked' : account.state === 'blocked' ? reopened : account.state
    await updateAccount(tx, account.id, { state })
    const endedSessions = blocked ? await deleteSessions(tx, account.id) : 0
    await recordAudit(tx, {
      action: blocked ? 'identity.account_blocked' : 'identity.account_unblocked',
      actorPersonId: null,
      subjectKind: 'person',
      subjectId: account.personId,
    })
    context.print(`${account.login} is ${state}.`)
    return { ...withoutHash(account), state, endedSessions }
  })
}

async function getAccount(tx: Tx, values: Values): Promise<Account> {
  const login = findText(values, 'login')
  const account = await findAccount(tx, login === undefined ? { personId: getId(values, 'person') } : { login })
  if (!account) throw new Problem(404, 'account_not_found', 'No account goes by this person or login.')
  return account
}

/** The person named by `--person`, or the holder of the account named by `--login`. */
async function getPersonId(tx: Tx, values: Values): Promise<string> {
  return findText(values, 'person') === undefined ? (await getAccount(tx, values)).personId : getId(values, 'person')
}

function withoutHash({ passwordHash, ...account }: Account) {
  return { ...account, hasPassword: passwordHash !== null }
}

function printCode(context: CommandContext, { login, code, expiresAt }: IssuedCode): void {
  context.print(`Login: ${login}`)
  context.print(`Code:  ${code} (once, until ${expiresAt.toISOString().slice(0, 10)})`)
  context.print(`Where: ${context.publicUrl}/activate`)
}

function describeGrant(grant: Grant): string {
  const where = grant.organisationId ?? 'everywhere'
  return `${grant.id}\t${grant.personId}\t${grant.right}\t${where}\t${grant.startsOn}\t${grant.endsOn ?? ''}`
}

function parseEmail(value: string | undefined): string | undefined {
  if (value !== undefined && !z.email().safeParse(value).success) throw invalid('--email is no e-mail address.')
  return value
}
