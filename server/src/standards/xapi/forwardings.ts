import { randomUUIDv7 } from 'node:crypto'
import { isTrustedInClear } from '#modules/identity'
import { findSettled, listAttachments, listStatementsAfter, type XapiVersion } from '#modules/records'
import { recordAudit } from '#kernel/audit'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import {
  deleteForwarding,
  findForwarding,
  findSealedSecret,
  type Forwarding,
  type ForwardingFilter,
  insertForwarding,
  lease,
  listDue,
  moveCursor,
  noteFailure,
  noteProgress,
  release,
  setPaused,
} from './forwardings.queries.ts'
import { sendStatements, StoreFailure } from './store-client.ts'

/** Sends on what is due, each minute and when somebody changes a forwarding. */
export const forwardingQueue = defineQueue<Record<never, never>>('xapi-forward', {
  retries: 0,
  expireInSeconds: 21_600,
})

const batchSize = 100
/** How long a process keeps a forwarding without saying that it still is at it, in ms: longer than most batches take. */
const leaseFor = 60_000
/** How long each sends before the others have their turn, and rests once it is up to date, in ms. */
const turnFor = 10_000
const restFor = 20_000
/** After a failure, in ms: the first wait, doubled each time, and the longest. */
const firstWait = 10_000
const longestWait = 3_600_000

/** What is told of a new forwarding. */
export interface ForwardingRequest extends ForwardingFilter {
  name: string
  endpoint: string
  key: string
  secret: string
  version: XapiVersion
  /** Whether what is in the store already is sent too. */
  fromStart: boolean
}

interface By {
  tenantId: string
  /** Null for a command. */
  actorPersonId: string | null
}

const secretContext = (id: string) => `xapi.forwarding ${id}`

/**
 * Has statements sent on to another store. Its secret is sealed.
 * @throws Problem 422 `service_insecure`; 409 `forwarding_exists`.
 */
export async function createForwarding(services: Services, by: By, request: ForwardingRequest): Promise<Forwarding> {
  const endpoint = request.endpoint.replace(/\/+$/, '')
  if (new URL(endpoint).protocol !== 'https:' && !isTrustedInClear(endpoint, services.publicUrl)) {
    throw new Problem(422, 'service_insecure', 'A store on another machine is reached by https only.')
  }
  const id = randomUUIDv7()
  const sealedSecret = await services.secrets.seal(request.secret, secretContext(id))
  const cursor = request.fromStart ? 0 : (await findSettled(services.db)) * 1000
  const { name, key, version, verbs, activities, sourceIds } = request
  return inTenant(services.db, by.tenantId, async (tx) => {
    const forwarding = { id, name, endpoint, key, version, verbs, activities, sourceIds, cursor }
    const kept = { ...forwarding, sealedSecret, createdAt: services.now(), createdBy: by.actorPersonId }
    if (!(await insertForwarding(tx, kept))) {
      throw new Problem(409, 'forwarding_exists', 'Another forwarding has this name.')
    }
    await audit(tx, 'xapi.forwarding_created', by, id)
    await services.jobs.enqueue(tx, forwardingQueue, {})
    return getForwarding(tx, id)
  })
}

/** @throws Problem 404 `forwarding_unknown`. */
export async function getForwarding(tx: Tx, id: string): Promise<Forwarding> {
  const found = await findForwarding(tx, id)
  if (!found) throw unknown()
  return found
}

/** Stops sending, or goes on where it stopped. @throws Problem 404 `forwarding_unknown`. */
export function pauseForwarding(services: Services, by: By, id: string, paused: boolean): Promise<Forwarding> {
  return change(services, by, id, paused ? 'xapi.forwarding_paused' : 'xapi.forwarding_resumed', (tx, now) =>
    setPaused(tx, id, paused, now),
  )
}

/**
 * Sends again what was stored after a moment; a store takes what it has already for the same.
 * @throws Problem 404 `forwarding_unknown`.
 */
export function replayForwarding(services: Services, by: By, id: string, since: Date): Promise<Forwarding> {
  return change(services, by, id, 'xapi.forwarding_replayed', (tx, now) =>
    moveCursor(tx, id, since.getTime() * 1000, now),
  )
}

function change(services: Services, by: By, id: string, action: string, work: (tx: Tx, now: Date) => Promise<void>) {
  return inTenant(services.db, by.tenantId, async (tx) => {
    await getForwarding(tx, id)
    await work(tx, services.now())
    await audit(tx, action, by, id)
    await services.jobs.enqueue(tx, forwardingQueue, {})
    return getForwarding(tx, id)
  })
}

/** Forgets a forwarding and its secret; what was sent stays where it is. @throws Problem 404 `forwarding_unknown`. */
export async function removeForwarding(services: Services, by: By, id: string): Promise<void> {
  await inTenant(services.db, by.tenantId, async (tx) => {
    if (!(await deleteForwarding(tx, id))) throw unknown()
    await audit(tx, 'xapi.forwarding_removed', by, id)
  })
}

const unknown = () => new Problem(404, 'forwarding_unknown', 'There is no such forwarding.')

const audit = (tx: Tx, action: string, { actorPersonId }: By, subjectId: string) =>
  recordAudit(tx, { action, actorPersonId, subjectKind: 'xapi.forwarding', subjectId })

/**
 * The work of `forwardingQueue`: all that are due, side by side and by turns, so that none waits for another that has
 * millions of statements to send. It ends when all are up to date.
 */
export async function forwardDue(services: Services, signal: AbortSignal): Promise<void> {
  const resting = new Map<string, number>()
  for (;;) {
    const due: { tenantId: string; id: string }[] = []
    for (const { id: tenantId } of await listTenants(services.owner)) {
      const ids = await inTenant(services.db, tenantId, (tx) => listDue(tx, services.now()))
      for (const id of ids) if ((resting.get(id) ?? 0) <= performance.now()) due.push({ tenantId, id })
    }
    if (due.length === 0) return
    await Promise.all(
      due.map(async ({ tenantId, id }) => {
        const isBehind = await forward(services, tenantId, id, signal)
        if (!isBehind) resting.set(id, performance.now() + restFor)
      }),
    )
  }
}

/** Sends what one forwarding is behind, batch after batch, for a turn. @returns whether it still is behind. */
async function forward(services: Services, tenantId: string, id: string, signal: AbortSignal): Promise<boolean> {
  const turnEnd = performance.now() + turnFor
  const inBase = <Result>(work: (tx: Tx, now: Date) => Promise<Result>) =>
    inTenant(services.db, tenantId, (tx) => work(tx, services.now()))
  const leaseEnd = (now: Date) => new Date(now.getTime() + leaseFor)
  if (!(await inBase((tx, now) => lease(tx, id, now, leaseEnd(now))))) return false
  try {
    while (performance.now() < turnEnd) {
      signal.throwIfAborted()
      const settled = (await findSettled(services.db)) * 1000
      const { forwarding, sealed } = await inBase(async (tx) => ({
        forwarding: await findForwarding(tx, id),
        sealed: await findSealedSecret(tx, id),
      }))
      if (!forwarding || sealed === undefined || forwarding.paused || forwarding.cursor >= settled) return false
      const { cursor: from, endpoint, key, version, verbs, activities, sourceIds } = forwarding
      const page = await inBase((tx) =>
        listStatementsAfter(tx, { tenantId, after: from, until: settled, verbs, activities, sourceIds }, batchSize),
      )
      const secret = await services.secrets.open(sealed, secretContext(id))
      const readAttachments = (sha2s: string[]) => inBase((tx) => listAttachments(tx, sha2s))
      const refusals = await sendStatements({ endpoint, key, secret, version }, page, readAttachments, signal)
      const isLast = page.length === 0
      const cursor = isLast ? settled : (page.at(-1)?.seq ?? settled)
      const sent = page.length - refusals.length
      const goesOn = await inBase((tx, now) =>
        noteProgress(tx, id, { from, cursor, sent, refusals }, now, leaseEnd(now)),
      )
      if (goesOn && isLast) return false
    }
    return true
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error
    const { failure, retryAfter } = error
    await inBase(async (tx, now) => {
      const attempts = (await findForwarding(tx, id))?.attempts ?? 0
      const wait = Math.max(firstWait * 2 ** Math.min(attempts, 20), (retryAfter ?? 0) * 1000)
      await noteFailure(tx, id, failure, new Date(now.getTime() + Math.min(wait, longestWait)))
    })
    return false
  } finally {
    await inBase((tx) => release(tx, id))
  }
}
