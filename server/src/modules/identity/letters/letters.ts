import {
  type Audience,
  findEstablishment,
  listAudience,
  listPersonSummaries,
  managesOrganisation,
} from '#modules/directory'
import type { Actor } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { issueAccessCode, type IssuedCode } from '../accounts/access-codes.ts'
import { listAccountActions } from '../accounts/account-actions.ts'
import { listAccountsOf } from '../accounts/activation.queries.ts'
import { makeSealKeys, openText, sealText } from './letter-seal.ts'
import {
  endBatch,
  findBatch,
  insertBatch,
  insertPart,
  type LetterBatch,
  listParts,
  lockRunningBatch,
} from './letters.queries.ts'
import { findRightsHolder } from '../rights/rights.ts'
import type { Addressee, CodePurpose } from '../tables.ts'

/** Issues the codes of a set of letters. */
export const letterQueue = defineQueue<{ tenantId: string; batchId: string }>('identity-letters')

/** As many as the guardians of the largest lycées; their file takes half a minute and 0.1 MB of memory a letter. */
const mostLetters = 3_000
/** People whose codes are issued in one transaction: about half a second. */
const partSize = 50

/** A letter's content: all that its page, or its line, shows. */
export interface Letter {
  givenName: string
  familyName: string
  classes: string[]
  children: string[]
  login: string
  code: string
  purpose: CodePurpose
  /** ISO 8601. */
  expiresAt: string
  /** Whether a former letter, not used yet, is void from now on. */
  replaces: boolean
}

/** Whom letters are for: a kind of people of an establishment, or of one of its classes. */
export interface LetterRequest {
  establishmentId: string
  classId: string | null
  profile: Audience
  /** Those too whose account is active already: their letter resets the password. */
  everyone: boolean
}

/**
 * Asks for letters on behalf of who manages the establishment; a job issues the codes.
 * @returns the batch, and the key that alone opens its letters: it is kept nowhere.
 * @throws Problem 403 `not_allowed` to who does not manage the establishment; 422 `letters_nobody`, `letters_too_many`.
 */
export async function createLetters(
  services: Services,
  tx: Tx,
  actor: Actor,
  request: LetterRequest,
): Promise<{ batch: LetterBatch; key: string }> {
  const { establishmentId, ...scope } = request
  const known = await findEstablishment(tx, { id: establishmentId })
  if (!known || !(await managesOrganisation(tx, actor, establishmentId))) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include this establishment.')
  }
  const now = services.now()
  const people = await listAddressees(tx, request, actor.personId, now)
  const { publicKey, secretKey } = makeSealKeys()
  const batch = await insertBatch(tx, { establishmentId, scope, createdBy: actor.personId, publicKey, people }, now)
  await auditLetters(tx, request, actor.personId, { batchId: batch.id, total: people.length })
  await services.jobs.enqueue(tx, letterQueue, { tenantId: actor.tenantId, batchId: batch.id })
  return { batch, key: secretKey }
}

/**
 * Issues the codes of letters for an operator's command, in its transaction: no code is valid whose letter is not written.
 * @throws Problem 422 `letters_nobody`, `letters_too_many`.
 */
export async function issueLettersAtOnce(
  tx: Tx,
  tenantId: string,
  request: LetterRequest,
  { now, onProgress }: { now: Date; onProgress: (done: number, total: number) => void },
): Promise<Issued> {
  const people = await listAddressees(tx, request, null, now)
  await auditLetters(tx, request, null, { total: people.length })
  let done = 0
  return issueTo(tx, people, async (personId) => {
    onProgress(done++, people.length)
    return issueAccessCode(tx, { tenantId, personId, issuedBy: null }, now)
  })
}

/** @param asker who gets no letter of their own; null for an operator's command. */
async function listAddressees(
  tx: Tx,
  { establishmentId, classId, profile, everyone }: LetterRequest,
  asker: string | null,
  now: Date,
): Promise<Addressee[]> {
  const members = await listAudience(tx, { establishmentId, profile, classId: classId ?? undefined })
  const accounts = await listAccountsOf(
    tx,
    members.map(({ personId }) => personId),
    now,
  )
  const people = members
    .filter(({ personId }) => personId !== asker && (everyone || !accounts.get(personId)?.activatedAt))
    .map(({ personId, children, classes }) => ({ personId, children, classes: classes.map(({ name }) => name) }))
  if (people.length === 0) throw new Problem(422, 'letters_nobody', 'Nobody there needs such a letter.')
  if (people.length > mostLetters) {
    throw new Problem(422, 'letters_too_many', 'Ask class by class.', { count: people.length, most: mostLetters })
  }
  return people
}

async function auditLetters(
  tx: Tx,
  { establishmentId, ...scope }: LetterRequest,
  actorPersonId: string | null,
  made: { batchId?: string; total: number },
): Promise<void> {
  await recordAudit(tx, {
    action: 'identity.letters_issued',
    actorPersonId,
    subjectKind: 'establishment',
    subjectId: establishmentId,
    detail: { ...scope, ...made },
  })
}

/**
 * Issues the codes of a batch, part by part, each in a transaction with its sealed letters: interrupted, it goes on from
 * there. Whoever asked is judged again for each person, by the rights they hold then.
 */
export async function issueLetters(
  services: Services,
  { tenantId, batchId }: { tenantId: string; batchId: string },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (signal.aborted) throw new Error('stopping: the job is taken up again later')
    const goesOn = await inTenant(services.db, tenantId, (tx) => issuePart(tx, tenantId, batchId, services.now()))
    if (!goesOn) return
  }
}

async function issuePart(tx: Tx, tenantId: string, batchId: string, now: Date): Promise<boolean> {
  const batch = await lockRunningBatch(tx, batchId)
  if (!batch) return false
  const asker = await findRightsHolder(tx, batch.created_by, now)
  if (!(await managesOrganisation(tx, asker, batch.establishment_id))) {
    await endBatch(tx, batchId, 'refused', now)
    return false
  }
  const addressees = batch.people.slice(batch.done, batch.done + partSize)
  const { letters, skipped } = await issueTo(tx, addressees, async (personId) => {
    const allowed = (await listAccountActions(tx, asker, personId, now)).includes('issueCode')
    return allowed ? issueAccessCode(tx, { tenantId, batchId, personId, issuedBy: asker.personId }, now) : 'not_allowed'
  })
  for (const [reason, number] of Object.entries(batch.skipped)) skipped[reason] = (skipped[reason] ?? 0) + number
  const sealed = sealText(batch.public_key, JSON.stringify(letters))
  const done = batch.done + addressees.length
  return !(await insertPart(tx, { batchId, position: batch.done, sealed, done, skipped }, now))
}

interface Issued {
  letters: Letter[]
  /** People left out, counted by the reason's code. */
  skipped: Record<string, number>
}

/** @param issue gives the code of a person, or why they get none. */
async function issueTo(
  tx: Tx,
  addressees: Addressee[],
  issue: (personId: string) => Promise<IssuedCode | string>,
): Promise<Issued> {
  const names = await listPersonSummaries(
    tx,
    addressees.map(({ personId }) => personId),
  )
  const letters: Letter[] = []
  const skipped: Record<string, number> = {}
  for (const { personId, classes, children } of addressees) {
    const person = names.find(({ id }) => id === personId)
    const issued = person ? await issue(personId).catch(toReason) : 'person_not_found'
    if (typeof issued === 'string') {
      skipped[issued] = (skipped[issued] ?? 0) + 1
    } else if (person) {
      const { givenName, familyName } = person
      const { expiresAt, ...code } = issued
      letters.push({ givenName, familyName, classes, children, ...code, expiresAt: expiresAt.toISOString() })
    }
  }
  return { letters, skipped }
}

function toReason(error: unknown): string {
  if (error instanceof Problem) return error.code
  throw error
}

/**
 * Opens the letters of a batch, for who asked for them and holds its key.
 * @throws Problem 404 `letters_not_found`; 409 `letters_not_ready`; 410 `letters_taken` or `letters_expired`; 403
 * `letters_key_wrong`.
 */
export async function openLetters(tx: Tx, actor: Actor, id: string, key: string): Promise<Letter[]> {
  const batch = await getOwnBatch(tx, actor, id)
  if (batch.state === 'running') throw new Problem(409, 'letters_not_ready', 'These letters are not written yet.')
  if (batch.state !== 'ready') {
    const code = batch.state === 'taken' ? 'letters_taken' : 'letters_expired'
    throw new Problem(410, code, 'These letters were fetched or erased; their codes are shown once.')
  }
  const letters: Letter[] = []
  for (const part of await listParts(tx, id)) letters.push(...(JSON.parse(openText(key, part)) as Letter[]))
  return letters
}

/** @throws Problem 404 `letters_not_found` to anyone but who asked for them. */
export async function getOwnBatch(tx: Tx, actor: Actor, id: string): Promise<LetterBatch> {
  const batch = await findBatch(tx, id)
  if (batch?.createdBy !== actor.personId) {
    throw new Problem(404, 'letters_not_found', 'You asked for no such letters.')
  }
  return batch
}
