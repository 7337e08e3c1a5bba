import { randomBytes } from 'node:crypto'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { findPeopleByReference, listReferences } from '#modules/directory'
import { type Account, createAccount, findAccount, updateAccount } from '../accounts/accounts.queries.ts'
import {
  deleteLink,
  type Departure,
  findProvider,
  type HeldArrival,
  insertArrival,
  insertIdentity,
  insertRequest,
  listLinks,
  type Provider,
  replaceIdentities,
  takeArrival,
  takeRequest,
  useIdentity,
} from './federation.queries.ts'
import { toReturnPath } from './return-path.ts'
import { type Browser, digest, openSession } from '../sign-in/sessions.ts'
import type { ProviderSession, Vouched } from '../tables.ts'

// Sign-in by outside identity providers, whatever their protocol: who left, who came back, whom they are here.

/** How long a person may stay at the provider before coming back. */
export const departureMinutes = 10
/** How long someone may take to choose who they are, or to prove it. */
export const arrivalMinutes = 30

/** Somebody whom a provider vouches for, its answer verified. */
export interface Proven extends Vouched {
  issuer: string
  subject: string
  /** Digest of what the provider will call this session when it ends it. */
  sessionKey: Buffer | null
}

/** What someone finds when they come back. */
export type Welcome =
  | { kind: 'session'; token: string; returnTo: string }
  /** A page has something to ask first; the ticket, in a cookie, says for whom. */
  | { kind: 'held'; asks: 'choice' | 'link'; ticket: string; returnTo: string }

/** Address people use for a tenant. */
export function addressOf(services: Services, tenant: Tenant): URL {
  const url = new URL(services.publicUrl)
  if (tenant.host !== null) url.hostname = tenant.host
  return url
}

/** @throws Problem 404 `federation_unknown_provider`. */
export async function getProvider(tx: Tx, slug: string): Promise<Provider> {
  const provider = await findProvider(tx, slug)
  if (!provider) throw new Problem(404, 'federation_unknown_provider', 'No identity provider has this name here.')
  return provider
}

/**
 * Notes a departure for a provider.
 * @param departure `nonce` and `codeVerifier` are the protocol's own; `accountId` is set by whoever links a provider.
 * @returns the state that must come back, in the address and in this browser's cookie.
 */
export async function openDeparture(
  tx: Tx,
  departure: Omit<Departure, 'returnTo'> & { returnTo: string | undefined },
  now: Date,
): Promise<string> {
  const state = randomBytes(32).toString('base64url')
  await insertRequest(tx, {
    state_hash: digest(state),
    provider: departure.provider,
    nonce: departure.nonce,
    code_verifier: departure.codeVerifier,
    return_to: toReturnPath(departure.returnTo),
    account_id: departure.accountId,
    entity_id: departure.entityId,
    expires_at: new Date(now.getTime() + departureMinutes * 60_000),
  })
  return state
}

/**
 * Takes up a departure that came back, once and in the browser it left.
 * @throws Problem 400 `federation_expired`: unknown, used or old, or another browser's.
 */
export async function closeDeparture(
  tx: Tx,
  input: { state: string | null; boundState: string | undefined; provider: string },
  now: Date,
): Promise<Departure> {
  const { state, boundState, provider } = input
  const departure =
    state !== null && state === boundState ? await takeRequest(tx, digest(state), provider, now) : undefined
  if (!departure) throw new Problem(400, 'federation_expired', 'This sign-in is over, or was begun in another browser.')
  return departure
}

/**
 * Keeps somebody vouched for until their browser asks with its cookies, which it does not send with a form that another
 * site posts. @returns the ticket to ask with.
 */
export async function holdAnswer(
  tx: Tx,
  provider: Provider,
  proven: Proven,
  departure: { state: string | null; returnTo: string; accountId: string | null },
  now: Date,
): Promise<string> {
  const { state, returnTo, accountId } = departure
  return hold(tx, toArrival('answer', provider, proven, { returnTo, accountId, state }), 2, now)
}

/**
 * Takes up an answer that was held.
 * @param boundState state of this browser's cookie; it counts unless the sign-in began at the provider.
 * @throws Problem 400 `federation_expired`.
 */
export async function takeAnswer(
  tx: Tx,
  ticket: string,
  boundState: string | undefined,
  now: Date,
): Promise<{ provider: Provider; proven: Proven; returnTo: string; accountId: string | null }> {
  const arrival = await takeArrival(tx, digest(ticket), 'answer', now)
  if (!arrival || (arrival.stateHash !== null && !arrival.stateHash.equals(digest(boundState ?? '')))) {
    throw new Problem(400, 'federation_expired', 'This sign-in is over, or was begun in another browser.')
  }
  if (arrival.stateHash) await takeRequest(tx, arrival.stateHash, arrival.provider, now)
  return { provider: await getProvider(tx, arrival.provider), ...toProven(arrival) }
}

/**
 * Lets in somebody whom a provider vouches for: by the identity linked before, or by the references of the directory.
 * Several people (siblings' files not merged yet) are asked who they want to be; someone no reference points at is asked
 * to link this way in to an account of theirs, if the provider is one that gives none.
 * @throws Problem `federation_unknown_person`, `federation_linked_elsewhere`, `account_blocked`, those of `openSession`.
 */
export async function welcome(
  services: Services,
  tx: Tx,
  tenant: Tenant,
  input: { provider: Provider; proven: Proven; browser: Browser; returnTo: string; accountId: string | null },
): Promise<Welcome> {
  const { provider, proven, returnTo, accountId } = input
  const now = services.now()
  const linkedId = await useIdentity(tx, proven.issuer, proven.subject, now)
  const linked = linkedId === undefined ? undefined : await findAccount(tx, { id: linkedId })
  const askToLink = async (): Promise<Welcome> => {
    const ticket = await hold(tx, toArrival('link', provider, proven, { returnTo, accountId }), arrivalMinutes, now)
    return { kind: 'held', asks: 'link', ticket, returnTo: `/sign-in/link?returnTo=${encodeURIComponent(returnTo)}` }
  }
  if (accountId !== null) {
    if (linked && linked.id !== accountId) {
      throw new Problem(409, 'federation_linked_elsewhere', 'This identity opens another account already.')
    }
    return askToLink()
  }
  const people = new Set(linked ? [linked.personId] : [])
  for (const personId of await findReferencedPeople(tx, provider, proven)) people.add(personId)
  const [personId] = people
  if (personId === undefined) {
    if (provider.referenceClaim === null) return askToLink()
    throw new Problem(403, 'federation_unknown_person', 'The directory does not know this person yet.')
  }
  if (people.size > 1) {
    const arrival = toArrival('choice', provider, proven, { returnTo, personIds: [...people] })
    const ticket = await hold(tx, arrival, arrivalMinutes, now)
    return {
      kind: 'held',
      asks: 'choice',
      ticket,
      returnTo: `/sign-in/choose?returnTo=${encodeURIComponent(returnTo)}`,
    }
  }
  if (!linked) {
    const account = await createAccount(tx, personId, now)
    await link(tx, { account, provider, proven, actorPersonId: personId, alone: isLifelong(provider) }, now)
  }
  const token = await enter(services, tx, tenant, { personId, proven, browser: input.browser })
  return { kind: 'session', token, returnTo }
}

/**
 * Opens the session of the person somebody chose to be, among those they were vouched for.
 * @throws Problem 400 `federation_expired`; 403 `not_allowed` for anyone else; those of `openSession`.
 */
export async function choosePerson(
  services: Services,
  tx: Tx,
  tenant: Tenant,
  input: { ticket: string; personId: string; browser: Browser },
): Promise<{ token: string; returnTo: string }> {
  const arrival = await takeArrival(tx, digest(input.ticket), 'choice', services.now())
  if (!arrival) throw new Problem(400, 'federation_expired', 'This choice is over: sign in again.')
  if (!arrival.personIds.includes(input.personId))
    throw new Problem(403, 'not_allowed', 'This person is not yours to be.')
  const { proven, returnTo } = toProven(arrival)
  const token = await enter(services, tx, tenant, { personId: input.personId, proven, browser: input.browser })
  return { token, returnTo }
}

/**
 * Links the identity somebody was vouched for to the account they are signed in to. Where a person has one identity for
 * life, the one they had before opens nothing any more: its identifier changed.
 * @throws Problem 400 `federation_expired`; 409 `federation_linked_elsewhere`.
 */
export async function confirmLink(tx: Tx, actor: Actor, ticket: string, now: Date): Promise<{ returnTo: string }> {
  const arrival = await takeArrival(tx, digest(ticket), 'link', now)
  if (!arrival || (arrival.accountId !== null && arrival.accountId !== actor.accountId)) {
    throw new Problem(400, 'federation_expired', 'This link is over: begin again.')
  }
  const { proven, returnTo } = toProven(arrival)
  const provider = await getProvider(tx, arrival.provider)
  const owner = await useIdentity(tx, proven.issuer, proven.subject, now)
  if (owner !== undefined && owner !== actor.accountId) {
    throw new Problem(409, 'federation_linked_elsewhere', 'This identity opens another account already.')
  }
  const account = await findAccount(tx, { id: actor.accountId })
  if (!account) throw new Problem(404, 'account_not_found', 'This account is gone.')
  if (owner === undefined) {
    const alone = isLifelong(provider)
    await link(tx, { account, provider, proven, actorPersonId: actor.personId, alone }, now)
  }
  return { returnTo }
}

/** Keeps what ends a session at its provider until the browser goes there. @returns the ticket to go with. */
export async function holdSignOut(tx: Tx, session: ProviderSession, now: Date): Promise<string> {
  const vouched = { references: [], displayName: null, session }
  const nobody = { issuer: '', subject: '', sessionKey: null, personIds: [], stateHash: null, accountId: null }
  const ticket = randomBytes(32).toString('base64url')
  const arrival: HeldArrival = { kind: 'signOut', provider: session.slug, vouched, returnTo: '/sign-in', ...nobody }
  await insertArrival(tx, digest(ticket), arrival, new Date(now.getTime() + 2 * 60_000))
  return ticket
}

/** What ends a session at its provider; undefined when the ticket served or is old. */
export async function takeSignOut(tx: Tx, ticket: string, now: Date): Promise<ProviderSession | undefined> {
  return (await takeArrival(tx, digest(ticket), 'signOut', now))?.vouched.session
}

/**
 * Takes a way in away from one's account.
 * @throws Problem 404 `link_not_found`; 409 `last_way_in` when nothing else opens the account.
 */
export async function removeLink(tx: Tx, actor: Actor, id: string): Promise<void> {
  const account = await findAccount(tx, { id: actor.accountId })
  const links = await listLinks(tx, actor.accountId)
  if (!links.some((each) => each.id === id)) throw new Problem(404, 'link_not_found', 'Your account has no such link.')
  if (account?.passwordHash === null && links.length === 1) {
    throw new Problem(409, 'last_way_in', 'Nothing else opens this account: choose a password first.')
  }
  await deleteLink(tx, actor.accountId, id)
  await recordAudit(tx, {
    action: 'identity.federation_unlinked',
    actorPersonId: actor.personId,
    subjectKind: 'person',
    subjectId: actor.personId,
    detail: { provider: links.find((each) => each.id === id)?.provider ?? null },
  })
}

/** A citizen or an agent has one identity there; a parent may have several accounts of ÉduConnect. */
const isLifelong = ({ profile }: Provider) => profile === 'franceConnect' || profile === 'proConnect'

async function link(
  tx: Tx,
  input: { account: Account; provider: Provider; proven: Proven; actorPersonId: string; alone: boolean },
  now: Date,
): Promise<void> {
  const { account, provider, proven } = input
  await insertIdentity(
    tx,
    { accountId: account.id, issuer: proven.issuer, subject: proven.subject, provider: provider.slug },
    now,
  )
  const replaced = input.alone
    ? await replaceIdentities(tx, { accountId: account.id, issuer: proven.issuer, except: proven.subject }, now)
    : 0
  await recordAudit(tx, {
    action: replaced > 0 ? 'identity.federation_subject_changed' : 'identity.federation_linked',
    actorPersonId: input.actorPersonId,
    subjectKind: 'person',
    subjectId: account.personId,
    detail: { provider: provider.slug, ...(replaced > 0 ? { replaced } : {}) },
  })
}

async function enter(
  services: Services,
  tx: Tx,
  tenant: Tenant,
  input: { personId: string; proven: Proven; browser: Browser },
): Promise<string> {
  const { personId, proven, browser } = input
  const now = services.now()
  const account = await createAccount(tx, personId, now)
  if (account.state === 'blocked') throw new Problem(403, 'account_blocked', 'This account is blocked.')
  if (account.state === 'inactive') await updateAccount(tx, account.id, { state: 'active', activated_at: now })
  const provider = { session: proven.session, key: proven.sessionKey }
  return openSession(tx, { account, method: 'federation', browser, provider }, now)
}

/** A parent bears one reference for each academy or school of their children. */
async function findReferencedPeople(tx: Tx, provider: Provider, proven: Proven): Promise<Set<string>> {
  const people = new Set<string>()
  for (const { academyCode, externalId } of proven.references) {
    for (const known of await listReferences(tx, await findPeopleByReference(tx, academyCode, externalId))) {
      const same = known.academyCode === academyCode && known.externalId === externalId
      if (same && provider.recordKinds.includes(known.record)) people.add(known.personId)
    }
  }
  return people
}

async function hold(tx: Tx, arrival: HeldArrival, minutes: number, now: Date): Promise<string> {
  const ticket = randomBytes(32).toString('base64url')
  await insertArrival(tx, digest(ticket), arrival, new Date(now.getTime() + minutes * 60_000))
  return ticket
}

function toArrival(
  kind: HeldArrival['kind'],
  provider: Provider,
  proven: Proven,
  rest: { returnTo: string; personIds?: string[]; accountId?: string | null; state?: string | null },
): HeldArrival {
  const { references, displayName, session } = proven
  return {
    kind,
    provider: provider.slug,
    issuer: proven.issuer,
    subject: proven.subject,
    vouched: { references, displayName, session },
    sessionKey: proven.sessionKey,
    personIds: rest.personIds ?? [],
    stateHash: rest.state === undefined || rest.state === null ? null : digest(rest.state),
    accountId: rest.accountId ?? null,
    returnTo: rest.returnTo,
  }
}

function toProven(arrival: HeldArrival): { proven: Proven; returnTo: string; accountId: string | null } {
  const { issuer, subject, vouched, sessionKey, returnTo, accountId } = arrival
  return { proven: { issuer, subject, sessionKey, ...vouched }, returnTo, accountId }
}
