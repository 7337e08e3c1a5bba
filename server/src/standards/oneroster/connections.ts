import { randomUUIDv7 } from 'node:crypto'
import { type ImportView, receiveWritten } from '#modules/directory'
import { isTrustedInClear } from '#modules/identity'
import { recordAudit } from '#kernel/audit'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { ServiceFailure } from '#kernel/remote-service'
import { listTenants } from '#kernel/tenancy'
import {
  type Connection,
  deleteConnection,
  findConnection,
  findSealedSecret,
  insertConnection,
  listConnections,
  noteFetch,
} from './connections.queries.ts'
import { writePackage } from './package-writer.ts'
import { ServiceClient } from './service-client.ts'

/** A fetch asked for by somebody. */
export const fetchQueue = defineQueue<{ tenantId: string; connectionId: string; actorPersonId: string | null }>(
  'oneroster-fetch',
  { retries: 0, expireInSeconds: 21_600 },
)

/** Every connection that is to be fetched by night. */
export const nightlyFetchQueue = defineQueue<Record<never, never>>('oneroster-nightly', {
  retries: 0,
  expireInSeconds: 21_600,
})

/** What is told of a new connection. */
export interface ConnectionRequest {
  name: string
  serviceUrl: string
  tokenUrl: string
  clientId: string
  secret: string
  nightly: boolean
}

const secretContext = (id: string) => `oneroster.connection ${id}`

/**
 * Adds a service to feed the directory from. Its secret is sealed.
 * @throws Problem 422 `service_insecure`; 409 `connection_exists`.
 */
export async function createConnection(
  services: Services,
  input: ConnectionRequest & { tenantId: string; actorPersonId: string | null },
): Promise<Connection> {
  const { tenantId, actorPersonId, name, serviceUrl, tokenUrl, clientId, secret, nightly } = input
  for (const url of [serviceUrl, tokenUrl]) {
    if (new URL(url).protocol !== 'https:' && !isTrustedInClear(url, services.publicUrl)) {
      throw new Problem(422, 'service_insecure', 'A service on another machine is reached by https only.')
    }
  }
  const id = randomUUIDv7()
  const sealedSecret = await services.secrets.seal(secret, secretContext(id))
  return inTenant(services.db, tenantId, async (tx) => {
    const connection = { id, name, serviceUrl, tokenUrl, clientId, nightly, createdAt: services.now() }
    if (!(await insertConnection(tx, { ...connection, sealedSecret, createdBy: actorPersonId }))) {
      throw new Problem(409, 'connection_exists', 'Another service has this name.')
    }
    const subject = { subjectKind: 'oneroster.connection', subjectId: id }
    await recordAudit(tx, { action: 'oneroster.connection_created', actorPersonId, ...subject })
    return { ...connection, fetchedAt: null, failure: null, importId: null }
  })
}

/** Forgets a service and its secret; what it brought stays. @throws Problem 404 `connection_unknown`. */
export async function removeConnection(
  services: Services,
  { tenantId, id, actorPersonId }: { tenantId: string; id: string; actorPersonId: string | null },
): Promise<void> {
  await inTenant(services.db, tenantId, async (tx) => {
    if (!(await deleteConnection(tx, id))) throw unknown()
    const subject = { subjectKind: 'oneroster.connection', subjectId: id }
    await recordAudit(tx, { action: 'oneroster.connection_removed', actorPersonId, ...subject })
  })
}

const unknown = () => new Problem(404, 'connection_unknown', 'There is no such service.')

/**
 * Fetches all that a service serves, writes it as a whole package, and has it read as any other feed: compared, reviewed,
 * applied.
 * @param input.unattended whether it is to be applied unless it raises alerts.
 * @throws Problem 404 `connection_unknown`; 502 with the code of what failed.
 */
export async function fetchConnection(
  services: Services,
  input: { tenantId: string; id: string; actorPersonId: string | null; unattended: boolean },
  signal: AbortSignal,
): Promise<ImportView> {
  const { tenantId, id, actorPersonId, unattended } = input
  const { connection, sealed } = await inTenant(services.db, tenantId, async (tx) => ({
    connection: await findConnection(tx, id),
    sealed: await findSealedSecret(tx, id),
  }))
  if (!connection || sealed === undefined) throw unknown()
  const secret = await services.secrets.open(sealed, secretContext(id))
  const note = (failure: Connection['failure'], importId: string | null) =>
    inTenant(services.db, tenantId, (tx) => noteFetch(tx, id, { fetchedAt: services.now(), failure, importId }))
  try {
    const client = new ServiceClient({ ...connection, secret }, signal)
    const received = await receiveWritten(services, { tenantId, actorPersonId, unattended }, (folder) =>
      writePackage(folder, connection.name, (kind) => client.list(kind), services.now()),
    )
    await note(null, received.id)
    return received
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error
    const { code, status } = error
    await note({ code, status }, null)
    throw new Problem(502, code, `${connection.name}: ${describe(error)}`, { status })
  }
}

function describe({ code, status }: ServiceFailure): string {
  const answered = status === null ? '' : ` (HTTP ${status})`
  if (code === 'service_unreachable') return 'it does not answer.'
  if (code === 'token_refused') return `it refuses our credentials${answered}.`
  if (code === 'service_refused') return `it refuses what we ask${answered}.`
  return `what it answers is not what the standard says${answered}.`
}

/** The work of `nightlyFetchQueue`: a service that fails does not keep the others from being read. */
export async function fetchNightly(services: Services, signal: AbortSignal): Promise<void> {
  for (const { id: tenantId } of await listTenants(services.owner)) {
    for (const { id, nightly } of await inTenant(services.db, tenantId, listConnections)) {
      if (!nightly) continue
      signal.throwIfAborted()
      await fetchConnection(services, { tenantId, id, actorPersonId: null, unattended: true }, signal).catch(
        (error: unknown) => {
          // Noted with the connection.
          if (!(error instanceof Problem)) throw error
        },
      )
    }
  }
}
