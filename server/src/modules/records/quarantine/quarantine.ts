import { randomUUIDv7 } from 'node:crypto'
import type { Services } from '#kernel/module'
import { recordAudit } from '#kernel/audit'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { insertAttachments, type NewAttachment } from '../store/attachments.queries.ts'
import { type CredentialIdentity, getCredential } from '../credentials/authentication.ts'
import { findCredential } from '../credentials/credentials.queries.ts'
import { parseJson } from '../model/exact-json.ts'
import {
  countWaiting,
  decideQuarantined,
  type FaultyStatement,
  findQuarantined,
  insertFaulty,
  isLenient,
  listQuarantined,
  type QuarantinedStatement,
  updateLeniency,
} from './quarantine.queries.ts'
import type { Statement, XapiVersion } from '../model/statement.ts'
import { type RepairName, repairStatement } from './statement-repairs.ts'
import { findTreat } from '../treatment/treatments.ts'
import { checkStatement } from '../model/statement-validation.ts'
import type { StatementWriter } from '../store/statement-writer.ts'
import { isUuid } from '../model/text-formats.ts'
import { StatementError } from '../model/value-validation.ts'

/** What one request of a lenient source brings, sound or not. */
export interface QuarantineLane {
  /**
   * The statements that can be stored, sound or repaired, each with an identifier.
   * @param id for one that has none that is good; made when absent.
   */
  admit(values: unknown[], id?: string): Statement[]
  /**
   * Sets the faulty ones aside, lets the others be stored, then notes which were repaired. In that order a request that
   * fails midway and is sent again loses nothing and stores nothing twice.
   * @param attachments what came along.
   * @param store stores what was admitted.
   * @returns the identifiers of all, in the order sent.
   * @throws Problem 409 `statement_conflict` when another statement was set aside under an identifier; 429 `quarantine_full`.
   */
  settle(attachments: NewAttachment[], store: () => Promise<unknown>): Promise<string[]>
}

/** Beyond it a source is broken, and hears of it. */
const mostWaiting = 100_000

/** The lane that a faulty request of a source takes; undefined when the source is held to the rules, as all are at first. */
export async function openLane(
  services: Pick<Services, 'db' | 'now'>,
  tenantId: string,
  credential: CredentialIdentity,
  version: XapiVersion,
): Promise<QuarantineLane | undefined> {
  const { sourceId, id: credentialId, authority } = credential
  if (!(await inTenant(services.db, tenantId, (tx) => isLenient(tx, sourceId)))) return undefined
  const treat = await findTreat(services, tenantId, credentialId, authority)
  const ids: string[] = []
  const faulty: FaultyStatement[] = []
  const repaired: string[] = []
  let admitted = 0

  return {
    admit(values, otherwise) {
      return values.flatMap((value) => {
        const id = identifierOf(value) ?? otherwise ?? randomUUIDv7()
        ids.push(id)
        const fault = findFault(value, version)
        if (!fault) {
          admitted += 1
          return [{ ...(value as Statement), id }]
        }
        const mending = repairStatement(value, { version, sourceId })
        const { pointer, reason } = 'refusal' in mending ? mending.refusal : fault
        faulty.push({
          id,
          sourceId,
          credentialId,
          version,
          receivedAt: services.now(),
          body: JSON.stringify(treat ? treat(value) : value),
          pointer,
          reason,
          repairs: mending.repairs,
        })
        if ('refusal' in mending) return []
        repaired.push(id)
        admitted += 1
        return [{ ...mending.statement, id }]
      })
    },
    async settle(attachments, store) {
      if (new Set(ids).size < ids.length) {
        throw new Problem(400, 'statement_id_repeated', 'Two statements of the request have the same identifier.')
      }
      await inTenant(services.db, tenantId, async (tx) => {
        if ((await countWaiting(tx, sourceId, mostWaiting)) === mostWaiting) {
          throw new Problem(429, 'quarantine_full', 'Too many statements of this source wait in quarantine.')
        }
        const [taken] = faulty.length > 0 ? await insertFaulty(tx, faulty) : []
        if (taken !== undefined) {
          throw new Problem(
            409,
            'statement_conflict',
            `Another statement is in quarantine under the identifier ${taken}.`,
          )
        }
        // The writer keeps them where it has statements.
        if (admitted === 0 && !treat) await insertAttachments(tx, attachments, services.now())
      })
      if (admitted > 0) await store()
      if (repaired.length > 0) {
        await inTenant(services.db, tenantId, (tx) =>
          decideQuarantined(tx, repaired, { state: 'stored', by: null, at: services.now() }),
        )
      }
      return ids
    },
  }
}

function identifierOf(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined
  return typeof id === 'string' && isUuid(id) ? id.toLowerCase() : undefined
}

function findFault(value: unknown, version: XapiVersion): StatementError | undefined {
  try {
    checkStatement(value, version)
    return undefined
  } catch (error) {
    if (error instanceof StatementError) return error
    throw error
  }
}

interface QuarantineServices extends Pick<Services, 'db' | 'now' | 'publicUrl'> {
  writer: StatementWriter
}

/**
 * Stores a statement that waits: as it was sent, once repaired if need be, or as somebody corrected it.
 * @param corrected its text, in place of the one sent.
 * @returns what was repaired.
 * @throws Problem 404 `quarantined_unknown`; 409 `quarantined_decided`; 400 `json_invalid`, `statement_invalid` with the
 *   pointer to what is still wrong; those of the writer.
 */
export async function storeQuarantined(
  services: QuarantineServices,
  tenantId: string,
  by: string | null,
  id: string,
  corrected?: string,
): Promise<RepairName[]> {
  const { found, scopes } = await inTenant(services.db, tenantId, async (tx) => {
    const waiting = await getWaiting(tx, id)
    const credential = await findCredential(tx, { id: waiting.credentialId })
    return { found: waiting, scopes: credential?.scopes ?? [] }
  })
  const { statement, repairs } = mend(found, corrected)
  const { credentialId, version } = found
  const { authority } = await getCredential(services, tenantId, credentialId)
  await services.writer.store({
    tenantId,
    credentialId,
    authority,
    version,
    attachments: [],
    // It happened when it was sent, unless it says otherwise.
    statements: [{ timestamp: found.receivedAt.toISOString(), ...statement, id }],
    defines: scopes.includes('define') || scopes.includes('all'),
  })
  await inTenant(services.db, tenantId, async (tx) => {
    const decision = { state: 'stored', by, at: services.now(), corrected: corrected !== undefined, repairs } as const
    if ((await decideQuarantined(tx, [id], decision)) === 0) return
    const action = corrected === undefined ? 'records.quarantined_stored' : 'records.quarantined_corrected'
    await recordAudit(tx, {
      action,
      actorPersonId: by,
      subjectKind: 'records.statement',
      subjectId: id,
      detail: { sourceId: found.sourceId, repairs },
    })
  })
  return repairs
}

/** A statement that broke a rule, as it was sent. @throws Problem 404 `quarantined_unknown`. */
export async function getQuarantined(tx: Tx, id: string): Promise<QuarantinedStatement> {
  const found = await findQuarantined(tx, id)
  if (!found) throw new Problem(404, 'quarantined_unknown', 'There is no such statement in quarantine.')
  return found
}

async function getWaiting(tx: Tx, id: string): Promise<QuarantinedStatement & { body: string }> {
  const found = await getQuarantined(tx, id)
  const { state, body } = found
  if (state !== 'waiting' || body === null) {
    throw new Problem(409, 'quarantined_decided', 'Somebody has decided on this statement already.', { state })
  }
  return { ...found, body }
}

function mend(
  { id, body, version, sourceId }: QuarantinedStatement & { body: string },
  corrected: string | undefined,
): { statement: Statement; repairs: RepairName[] } {
  if (corrected === undefined) {
    const mending = repairStatement(parseJson(body), { version, sourceId })
    if ('refusal' in mending) throw toProblem(mending.refusal)
    return mending
  }
  const value = readCorrected(corrected)
  try {
    const statement = checkStatement(value, version)
    if (statement.id !== undefined && statement.id.toLowerCase() !== id)
      throw new StatementError('/id', `must stay ${id}`)
    return { statement, repairs: [] }
  } catch (error) {
    throw error instanceof StatementError ? toProblem(error) : error
  }
}

function readCorrected(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    throw new Problem(400, 'json_invalid', 'The content is no JSON.')
  }
}

const toProblem = ({ message, pointer, reason }: StatementError) =>
  new Problem(400, 'statement_invalid', message, { pointer, reason })

/**
 * Lets go of a statement that waits. What it said is deleted; that it came, what was wrong, who dropped it and why stay.
 * @throws Problem 404 `quarantined_unknown`; 409 `quarantined_decided`.
 */
export async function dropQuarantined(
  services: Pick<Services, 'db' | 'now'>,
  tenantId: string,
  by: string | null,
  id: string,
  note: string,
): Promise<void> {
  await inTenant(services.db, tenantId, async (tx) => {
    const { sourceId } = await getWaiting(tx, id)
    await decideQuarantined(tx, [id], { state: 'dropped', by, at: services.now(), note })
    await recordAudit(tx, {
      action: 'records.quarantined_dropped',
      actorPersonId: by,
      subjectKind: 'records.statement',
      subjectId: id,
      detail: { sourceId },
    })
  })
}

/**
 * Lets a source send statements that break a rule, to be repaired or set aside, or refuses them from now on.
 * @throws Problem 404 `source_unknown`.
 */
export async function setLeniency(tx: Tx, by: string | null, sourceId: string, lenient: boolean): Promise<void> {
  if (!(await updateLeniency(tx, sourceId, lenient)))
    throw new Problem(404, 'source_unknown', 'There is no such source.')
  const act = { action: 'records.leniency_set', actorPersonId: by, detail: { lenient } }
  await recordAudit(tx, { ...act, subjectKind: 'records.source', subjectId: sourceId })
}

/** Statements of one attempt on all: an answer must come while somebody waits. */
const mostRetried = 500

/**
 * Tries again to store the statements of a source that wait, the oldest first: repairs may have been added since.
 * @param after the `next` of the attempt before.
 * @returns how many are stored, how many still wait of those tried, and after which one to go on, if there are more.
 */
export async function retryQuarantined(
  services: QuarantineServices,
  tenantId: string,
  by: string | null,
  { sourceId, after }: { sourceId?: string | undefined; after?: string | undefined },
): Promise<{ stored: number; waiting: number; next: string | null }> {
  const found = await inTenant(services.db, tenantId, async (tx) => {
    const last = after === undefined ? undefined : await findQuarantined(tx, after)
    return listQuarantined(tx, { state: 'waiting', sourceId, after: last, limit: mostRetried + 1 })
  })
  const tried = found.slice(0, mostRetried)
  let stored = 0
  for (const { id } of tried) {
    try {
      await storeQuarantined(services, tenantId, by, id)
      stored += 1
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error
    }
  }
  const next = found.length > mostRetried ? (tried.at(-1)?.id ?? null) : null
  return { stored, waiting: tried.length - stored, next }
}
