import { randomBytes, randomUUIDv7 } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isOrganisationWithin } from '#modules/directory'
import type { Actor, Client } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  findClient,
  findClientByToken,
  findScopesBySecret,
  insertClient,
  insertToken,
  listClients,
  type OneRosterClient,
  withdrawClient,
} from './clients.queries.ts'
import { rosterScopes, type RosterScopeName } from './scopes.ts'

/** An hour: a system that was withdrawn has no token left anyway. */
const tokenSeconds = 3600

/** What is asked of a new client. */
export interface ClientRequest {
  name: string
  organisationId: string | null
  scopes: RosterScopeName[]
  contactDetails: boolean
}

/** The client that holds the token of a request (RFC 6750 §2.1). */
export async function authenticateClient(services: Services, request: FastifyRequest): Promise<Client | undefined> {
  const [, token] = /^Bearer ([\w.~+/-]{20,200}=*)$/i.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined) return undefined
  return inTenant(services.db, request.tenant.id, (tx) => findClientByToken(tx, token, services.now()))
}

/** Whether an actor administers a perimeter (null: the whole tenant), and so may give a system a view of it. */
async function administers(tx: Tx, actor: Actor, organisationId: string | null): Promise<boolean> {
  for (const held of actor.rights) {
    if (held.right !== 'directory.administer') continue
    if (held.organisationId === null) return true
    if (organisationId !== null && (await isOrganisationWithin(tx, organisationId, held.organisationId))) return true
  }
  return false
}

/** The clients whose perimeter an actor administers. */
export async function listClientsAs(tx: Tx, actor: Actor): Promise<OneRosterClient[]> {
  const seen: OneRosterClient[] = []
  for (const client of await listClients(tx)) {
    if (await administers(tx, actor, client.organisationId)) seen.push(client)
  }
  return seen
}

/**
 * Creates a client. Its secret is told here and never again.
 * @param by null for a command.
 * @throws Problem 403 `not_allowed`; 404 `organisation_not_found`.
 */
export async function createClient(
  tx: Tx,
  by: Actor | null,
  request: ClientRequest,
  now: Date,
): Promise<{ client: OneRosterClient; secret: string }> {
  const { organisationId } = request
  if (organisationId !== null && !(await isOrganisationWithin(tx, organisationId, organisationId))) {
    throw new Problem(404, 'organisation_not_found', 'The directory has no organisation under this identifier.')
  }
  if (by && !(await administers(tx, by, organisationId))) throw refusal()
  const secret = randomBytes(32).toString('base64url')
  const client: OneRosterClient = {
    id: randomUUIDv7(),
    name: request.name,
    organisationId,
    scopes: request.scopes.map((name) => rosterScopes[name]),
    contactDetails: request.contactDetails,
    createdAt: now,
    createdBy: by?.personId ?? null,
    lastUsedAt: null,
  }
  await insertClient(tx, client, secret)
  await audit(tx, 'oneroster.client_created', by, client)
  return { client, secret }
}

/** Withdraws a client: its tokens open nothing any more. @throws Problem 404 `client_unknown`; 403 `not_allowed`. */
export async function withdrawClientAs(tx: Tx, by: Actor | null, id: string, now: Date): Promise<void> {
  const client = await findClient(tx, id)
  if (!client) throw new Problem(404, 'client_unknown', 'There is no such client.')
  if (by && !(await administers(tx, by, client.organisationId))) throw refusal()
  await withdrawClient(tx, id, by?.personId ?? null, now)
  await audit(tx, 'oneroster.client_withdrawn', by, client)
}

function audit(
  tx: Tx,
  action: string,
  by: Actor | null,
  { id, organisationId, scopes, contactDetails }: OneRosterClient,
) {
  const actorPersonId = by?.personId ?? null
  const detail = { organisationId, scopes, contactDetails }
  return recordAudit(tx, { action, actorPersonId, subjectKind: 'oneroster.client', subjectId: id, detail })
}

const refusal = () => new Problem(403, 'not_allowed', 'Your rights do not include this.')

/**
 * Gives an access token for a client's credentials (RFC 6749 §4.4).
 * @param scope those asked for, parted by spaces; all of the client's when there is none.
 * @returns an error code of RFC 6749 §5.2 when it is refused.
 */
export async function issueToken(
  tx: Tx,
  { id, secret, scope }: { id: string; secret: string; scope: string | undefined },
  now: Date,
): Promise<{ token: string; scopes: string[]; seconds: number } | 'invalid_client' | 'invalid_scope'> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
  const own = isId ? await findScopesBySecret(tx, id, secret) : undefined
  if (!own) return 'invalid_client'
  const scopes = scope ? [...new Set(scope.split(' ').filter(Boolean))] : own
  if (scopes.length === 0 || scopes.some((each) => !own.includes(each))) return 'invalid_scope'
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + tokenSeconds * 1000)
  await insertToken(tx, { token, clientId: id, scopes, expiresAt }, now)
  return { token, scopes, seconds: tokenSeconds }
}
