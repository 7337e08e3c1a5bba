import { randomUUIDv7 } from 'node:crypto'
import type { Services } from '#kernel/module'
import { inTenant, isDatabaseAway, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { insertAttachments, type NewAttachment } from './attachments.queries.ts'
import { createDefinitionKeeper } from './definition-keeper.ts'
import { parseJson } from '../model/exact-json.ts'
import { writeMoment } from '../model/moments.ts'
import type { Agent, Statement, XapiVersion } from '../model/statement.ts'
import { completeStatement } from '../model/statement-completion.ts'
import { areSame } from '../model/statement-equality.ts'
import { keyOf, keysOf } from '../model/statement-keys.ts'
import {
  findSettled,
  insertMentions,
  insertReferences,
  insertStatements,
  listKept,
  listVoiding,
  type NewStatement,
  openStoring,
} from './statement-storing.queries.ts'
import { voidedVerb } from '../model/voiding.ts'
import { findTreat } from '../treatment/treatments.ts'

/** What one request brings; all of it is kept, or nothing. */
export interface StatementBatch {
  tenantId: string
  credentialId: string | null
  /** Who vouches for the statements: set in each. */
  authority: Agent
  version: XapiVersion
  /** As `checkStatement` accepted them, at least one; a source may be set to have less of them kept. */
  statements: Statement[]
  attachments: NewAttachment[]
  /** Whether what they say of activities changes what the store tells of them; true when absent. */
  defines?: boolean
}

export interface StatementWriter {
  /**
   * Keeps statements; they are durable when it answers. One that is there already is not kept again.
   * @returns their identifiers in order, those that lacked one made.
   * @throws Problem 409 `statement_conflict` when an identifier is taken by another statement; 400 `statement_id_repeated`;
   *   400 `statement_not_voidable` when a voiding statement would be voided; 503 `store_busy` when too many wait already.
   */
  store(batch: StatementBatch): Promise<string[]>
  /** Until when everything stored can be read: no statement stored at that time or before it will appear any more. */
  consistentThrough(tenantId: string): Promise<Date>
  /** Ends when what was being stored is. */
  close(): Promise<void>
}

/** A request that waits for its statements to be kept. */
interface Request {
  batch: StatementBatch
  ids: string[]
  resolve(ids: string[]): void
  reject(error: unknown): void
}

/** Requests that no transaction can keep: the others are to be kept without them. */
class Refusal extends Error {
  readonly problems: Map<Request, Problem>

  constructor(problems: Map<Request, Problem>) {
    super('some requests are refused')
    this.problems = problems
  }
}

/** Transactions at once: while one waits for the disk, another fills. */
const lanes = 2
/** Statements of one transaction, unless a single request brings more; a thousand bytes attached count as one. */
const mostWeight = 2_000
/** Weight of what may wait, beyond which sources are asked to come back: some 200 MB. */
const mostWaiting = 50_000
/** Others may take the same moments, or the same statements in another order; hardly five times. */
const mostAttempts = 5
/** How long an answer on consistency holds, in ms: it stays true, only older. */
const settledFor = 20

/**
 * What stores statements for this process. What several requests bring meanwhile goes in one transaction: a statement costs
 * less in company.
 */
export function createStatementWriter(services: Pick<Services, 'db' | 'now'>, most = mostWaiting): StatementWriter {
  const waiting = new Map<string, Request[]>()
  const running = new Set<Promise<void>>()
  const definitions = createDefinitionKeeper()
  let lastMoment = 0
  let waitingWeight = 0
  let closed = false
  let settled: { until: number; date: Promise<Date> } | undefined

  /** Starts what may start. */
  function advance(): void {
    while (running.size < lanes) {
      const [next] = waiting
      if (next === undefined) return
      const [tenantId, requests] = next
      const group = takeGroup(requests)
      for (const { batch } of group) waitingWeight -= weightOf(batch)
      // The tenants take turns.
      waiting.delete(tenantId)
      if (requests.length > 0) waiting.set(tenantId, requests)
      const work = storeGroup(tenantId, group).finally(() => {
        running.delete(work)
        advance()
      })
      running.add(work)
    }
  }

  /** Never fails: each request is told. */
  async function storeGroup(tenantId: string, group: Request[]): Promise<void> {
    let requests = group
    for (let attempt = 1; requests.length > 0; attempt++) {
      try {
        const current = requests
        const told = await inTenant(services.db, tenantId, (tx) => storeRequests(tx, tenantId, current))
        definitions.remember(told)
        for (const request of requests) request.resolve(request.ids)
        return
      } catch (error) {
        if (error instanceof Refusal) {
          for (const [request, problem] of error.problems) request.reject(problem)
          requests = requests.filter((request) => !error.problems.has(request))
        } else if (!isCollision(error) || attempt === mostAttempts) {
          if (requests.length === 1 || isDatabaseAway(error))
            return requests.forEach((request) => request.reject(error))
          // One of them is the cause: the others are kept without it.
          for (const request of requests) await storeGroup(tenantId, [request])
          return
        }
      }
    }
  }

  async function storeRequests(tx: Tx, tenantId: string, requests: Request[]) {
    const count = requests.reduce((sum, { ids }) => sum + ids.length, 0)
    const opened = await openStoring(tx)
    const first = Math.max(opened, lastMoment + 1)
    lastMoment = first + count - 1
    const rows = requests.map((request) => ({ request, rows: [] as NewStatement[] }))
    const completed = new Map<NewStatement, { statement: Statement; request: Request }>()
    let seq = first
    for (const { request, rows: own } of rows) {
      const { authority, version, credentialId } = request.batch
      for (const [index, sent] of request.batch.statements.entries()) {
        const id = request.ids[index] ?? ''
        const statement = completeStatement(sent, { id, stored: writeMoment(seq), authority, version })
        const row = {
          id: id.toLowerCase(),
          seq,
          credentialId,
          keys: keysOf(tenantId, statement),
          body: JSON.stringify(statement),
        }
        own.push(row)
        completed.set(row, { statement, request })
        seq += 1
      }
    }
    const all = [...completed.keys()]
    const voiding = await checkVoidings(tx, tenantId, completed)
    await insertAttachments(
      tx,
      requests.flatMap(({ batch }) => batch.attachments),
      services.now(),
    )
    const inserted = await insertStatements(tx, all)
    await insertMentions(tx, inserted === count ? all : await checkTaken(tx, completed))
    const defining = [...completed.values()].filter(({ request }) => request.batch.defines !== false)
    const told = await definitions.keep(
      tx,
      tenantId,
      defining.map(({ statement }) => statement),
      services.now(),
    )
    // Last, as it keeps others waiting.
    const referring = all.filter(({ keys }) => keys.referredId !== null).map(({ id }) => id)
    await insertReferences(tx, referring, voiding)
    return told
  }

  return {
    async store(sent) {
      const batch = await treat(services, sent)
      if (closed) throw new Problem(503, 'store_closed', 'The store is being stopped.')
      if (waitingWeight > most) {
        throw new Problem(503, 'store_busy', 'Too many statements wait to be stored: send these again in a moment.')
      }
      const ids = batch.statements.map(({ id }) => id ?? randomUUIDv7())
      if (new Set(ids.map((id) => id.toLowerCase())).size < ids.length) {
        throw new Problem(400, 'statement_id_repeated', 'Two statements of the request have the same identifier.')
      }
      return new Promise((resolve, reject) => {
        const request: Request = { batch, ids, resolve, reject }
        waitingWeight += weightOf(batch)
        const requests = waiting.get(batch.tenantId)
        if (requests) requests.push(request)
        else waiting.set(batch.tenantId, [request])
        // Not at once: what else this turn of the event loop brings goes along.
        setImmediate(advance)
      })
    },
    consistentThrough() {
      const now = performance.now()
      if (settled === undefined || settled.until < now) {
        const date = findSettled(services.db).then((moment) => new Date(moment))
        const asked = { until: now + settledFor, date }
        date.catch(() => {
          if (settled === asked) settled = undefined
        })
        settled = asked
      }
      return settled.date
    },
    async close() {
      closed = true
      advance()
      while (running.size > 0) await Promise.all(running)
    },
  }
}

/** A batch as its source is let be kept: whole, or without who and without what people wrote. */
async function treat(services: Pick<Services, 'db' | 'now'>, batch: StatementBatch): Promise<StatementBatch> {
  const { tenantId, credentialId, authority } = batch
  const treatOne = credentialId === null ? undefined : await findTreat(services, tenantId, credentialId, authority)
  if (treatOne === undefined) return batch
  return { ...batch, statements: batch.statements.map((each) => treatOne(each) as Statement), attachments: [] }
}

function weightOf({ statements, attachments }: StatementBatch): number {
  return statements.length + attachments.reduce((sum, { content }) => sum + Math.ceil(content.length / 1000), 0)
}

/** Takes from the front what goes in one transaction. */
function takeGroup(requests: Request[]): Request[] {
  let weight = 0
  const end = requests.findIndex(({ batch }) => {
    weight += weightOf(batch)
    return weight > mostWeight
  })
  return requests.splice(0, end === -1 ? requests.length : Math.max(end, 1))
}

type Completed = Map<NewStatement, { statement: Statement; request: Request }>

/**
 * Those of the statements that void another.
 * @throws Refusal of the requests that would void a voiding statement (1.0.3 Data 2.3.2).
 */
async function checkVoidings(tx: Tx, tenantId: string, completed: Completed): Promise<string[]> {
  const verb = keyOf(tenantId, 'verb', voidedVerb)
  const voidings = [...completed].flatMap(([{ id, keys }, { request }]) =>
    keys.verb === verb && keys.referredId !== null ? [{ statementId: id, targetId: keys.referredId, request }] : [],
  )
  if (voidings.length === 0) return []
  const untouchable = await listVoiding(
    tx,
    voidings.map(({ targetId }) => targetId),
    verb,
  )
  for (const { statementId } of voidings) untouchable.add(statementId)
  const problems = voidings
    .filter(({ targetId }) => untouchable.has(targetId))
    .map(({ request, targetId }) => {
      const detail = `Statement ${targetId} voids another: it cannot be voided.`
      return [request, new Problem(400, 'statement_not_voidable', detail)] as const
    })
  if (problems.length > 0) throw new Refusal(new Map(problems))
  return voidings.map(({ statementId }) => statementId)
}

/**
 * Tells the statements that were kept now from those that were there already.
 * @throws Refusal of the requests with a statement whose identifier another one has.
 */
async function checkTaken(tx: Tx, completed: Completed): Promise<NewStatement[]> {
  const rows = [...completed.keys()]
  const kept = new Map(
    (
      await listKept(
        tx,
        rows.map(({ id }) => id),
      )
    ).map((each) => [each.id, each]),
  )
  const problems = new Map<Request, Problem>()
  for (const [{ id, seq }, { statement, request }] of completed) {
    const found = kept.get(id)
    if (found === undefined || found.seq === seq || areSame(parseJson(found.body) as Statement, statement)) continue
    problems.set(request, new Problem(409, 'statement_conflict', `Another statement has the identifier ${id}.`))
  }
  if (problems.size > 0) throw new Refusal(problems)
  return rows.filter(({ id, seq }) => kept.get(id)?.seq === seq)
}

/** Whether trying again may do: moments taken by another process, or each waited for the other. */
function isCollision(error: unknown): boolean {
  return ['23505', '40P01', '40001'].includes((error as { code?: string }).code ?? '')
}
