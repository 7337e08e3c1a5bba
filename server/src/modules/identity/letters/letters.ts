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
import { issueAccessCode } from '../accounts/access-codes.ts'
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
import { findRightsHolder, type RightsHolder } from '../rights/rights.ts'
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

/**
 * Asks for the letters of a kind of people of an establishment, or of one of its classes; a job issues the codes.
 * @param input.everyone those too whose account is active already: their letter resets the password.
 * @returns the batch, and the key that alone opens its letters: it is kept nowhere.
 * @throws Problem 403 `not_allowed` to who does not manage the establishment; 422 `letters_nobody`, `letters_too_many`.
 */
export async function createLetters(
  services: Services,
  tx: Tx,
  actor: Actor,
  input: { establishmentId: string; classId: string | null; profile: Audience; everyone: boolean },
): Promise<{ batch: LetterBatch; key: string }> {
  const { establishmentId, classId, profile, everyone } = input
  const known = await findEstablishment(tx, { id: establishmentId })
  if (!known || !(await managesOrganisation(tx, actor, establishmentId))) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include this establishment.')
  }
  const now = services.now()
  const members = await listAudience(tx, { establishmentId, profile, classId: classId ?? undefined })
  const accounts = await listAccountsOf(
    tx,
    members.map(({ personId }) => personId),
    now,
  )
  const people: Addressee[] = members
    .filter(({ personId }) => personId !== actor.personId && (everyone || !accounts.get(personId)?.activatedAt))
    .map(({ personId, children, classes }) => ({ personId, children, classes: classes.map(({ name }) => name) }))
  if (people.length === 0) throw new Problem(422, 'letters_nobody', 'Nobody there needs such a letter.')
  if (people.length > mostLetters) {
    throw new Problem(422, 'letters_too_many', 'Ask class by class.', { count: people.length, most: mostLetters })
  }
  const { publicKey, secretKey } = makeSealKeys()
  const scope = { classId, profile, everyone }
  const batch = await insertBatch(tx, { establishmentId, scope, createdBy: actor.personId, publicKey, people }, now)
  await recordAudit(tx, {
    action: 'identity.letters_issued',
    actorPersonId: actor.personId,
    subjectKind: 'establishment',
    subjectId: establishmentId,
    detail: { batchId: batch.id, ...scope, total: people.length },
  })
  await services.jobs.enqueue(tx, letterQueue, { tenantId: actor.tenantId, batchId: batch.id })
  return { batch, key: secretKey }
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
  const names = await listPersonSummaries(
    tx,
    addressees.map(({ personId }) => personId),
  )
  const skipped = { ...batch.skipped }
  const letters: Letter[] = []
  for (const addressee of addressees) {
    const person = names.find(({ id }) => id === addressee.personId)
    const issued = await issueTo(tx, { tenantId, batchId, asker, personId: addressee.personId }, now)
    if (typeof issued === 'string' || !person) {
      const reason = typeof issued === 'string' ? issued : 'person_not_found'
      skipped[reason] = (skipped[reason] ?? 0) + 1
    } else {
      const { login, code, purpose, replaces } = issued
      letters.push({
        givenName: person.givenName,
        familyName: person.familyName,
        classes: addressee.classes,
        children: addressee.children,
        login,
        code,
        purpose,
        expiresAt: issued.expiresAt.toISOString(),
        replaces,
      })
    }
  }
  const sealed = sealText(batch.public_key, JSON.stringify(letters))
  const done = batch.done + addressees.length
  return !(await insertPart(tx, { batchId, position: batch.done, sealed, done, skipped }, now))
}

/** @returns the code issued, or why none was. */
async function issueTo(
  tx: Tx,
  input: { tenantId: string; batchId: string; asker: RightsHolder; personId: string },
  now: Date,
) {
  const { asker, personId } = input
  if (!(await listAccountActions(tx, asker, personId, now)).includes('issueCode')) return 'not_allowed'
  try {
    return await issueAccessCode(tx, { ...input, issuedBy: asker.personId }, now)
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
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
