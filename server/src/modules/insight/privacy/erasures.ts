import { createHmac, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { countRecords, type ErasureMode, erasePerson, listPseudonyms, type RecordsAbout } from '#modules/records'
import { listIdentifiers } from '../identities/identity-map.queries.ts'
import { getPseudonymKey, toLearner } from '../identities/pseudonyms.ts'
import { forgetIdentities, holdProjection, lockIdentities } from '../projection/builds.queries.ts'
import { deleteLearner } from '../projection/events.queries.ts'
import {
  deleteLearnerRows,
  type Erasure,
  findErasure,
  insertErasure,
  insertNobody,
  listIdentities,
  listLearnersOf,
  type Receipt,
} from './erasures.queries.ts'
import { countLearnerEvents, giveEvents } from './learner-events.queries.ts'

type PrivacyServices = Pick<Services, 'db' | 'clickhouse' | 'listRecipients' | 'now'>

/** Who is asked about: everything by which the store and the analytics know them. */
interface Person {
  identities: string[]
  learners: string[]
}

/**
 * The person behind an identifier: all that was tied to the same learner, and what stands for them in statements that are kept
 * without saying who.
 * @param identifier as records' `identifyAgent` says.
 */
async function findPerson(tx: Tx, identifier: string): Promise<Person> {
  const learners = new Set(await listLearnersOf(tx, identifier))
  learners.add(toLearner(await getPseudonymKey(tx), identifier))
  const identities = new Set([identifier, ...(await listIdentities(tx, [...learners]))])
  for (const each of await listIdentifiers(tx, await listPseudonyms(tx, [...identities]))) {
    identities.add(each.identifier)
    learners.add(each.learner)
  }
  return { identities: [...identities].sort(), learners: [...learners] }
}

/** What is held of somebody, before it is erased. */
export interface Held extends RecordsAbout {
  identities: string[]
  events: number
  recipients: { name: string; address: string; statements: number }[]
}

/** @param identifier as records' `identifyAgent` says. */
export async function describeHeld(services: PrivacyServices, tenantId: string, identifier: string): Promise<Held> {
  const clickhouse = await services.clickhouse()
  return inTenant(services.db, tenantId, async (tx) => {
    const person = await findPerson(tx, identifier)
    const recipients = await services.listRecipients(tx)
    const records = await countRecords(tx, { tenantId, identities: person.identities, recipients })
    return {
      ...records,
      identities: person.identities,
      events: await countLearnerEvents(clickhouse, tenantId, person.learners),
      recipients: nameCopies(records, recipients),
    }
  })
}

/**
 * Erases somebody from the store, the analytics and the identity map, or keeps what they did and forgets who it was. All
 * of it or nothing: it fails when the analytics are away. Nothing is projected meanwhile.
 * @param input.identifier any identifier of the person, as records' `identifyAgent` says.
 * @throws Problem 404 `person_unknown` when nothing is held of them.
 */
export async function erase(
  services: PrivacyServices,
  input: { tenantId: string; identifier: string; mode: ErasureMode; actorPersonId: string | null },
): Promise<Erasure> {
  const { tenantId, mode, actorPersonId } = input
  const clickhouse = await services.clickhouse()
  const now = services.now()
  return inTenant(services.db, tenantId, async (tx) => {
    await holdProjection(tx)
    await lockIdentities(tx, 'exclusive')
    const { identities, learners } = await findPerson(tx, input.identifier)
    const recipients = await services.listRecipients(tx)
    const events = await countLearnerEvents(clickhouse, tenantId, learners)
    const records = await erasePerson(tx, { tenantId, identities, mode, recipients, decidedBy: actorPersonId }, now)
    const rows = { identifiers: 0, enrolments: 0, looks: 0, followUps: 0, launches: 0 }
    for (const learner of learners) {
      const deleted = await deleteLearnerRows(tx, learner)
      for (const name of ['identifiers', 'enrolments', 'looks', 'followUps', 'launches'] as const)
        rows[name] += deleted[name]
    }
    const { statements, mentions, documents, attachments, quarantined, replacement } = records
    if (statements + mentions + documents + quarantined + events + rows.identifiers + rows.enrolments === 0)
      throw new Problem(404, 'person_unknown', 'Nothing is held of anybody by this identifier.')
    if (replacement !== null) {
      const nobody = toLearner(await getPseudonymKey(tx), replacement)
      await insertNobody(tx, replacement, nobody, now)
      await giveEvents(clickhouse, tenantId, learners, nobody)
    }
    for (const learner of learners) await deleteLearner(clickhouse, tenantId, learner)
    await forgetIdentities(tx)
    const copies = nameCopies(records, recipients)
    const receipt: Receipt = { statements, mentions, documents, attachments, quarantined, events, ...rows, copies }
    const id = randomUUIDv7()
    // Keyed: who asks again with the same identifier can be told, and nobody is told by it.
    const identifierDigest = createHmac('sha256', await getPseudonymKey(tx))
      .update(`erasure ${input.identifier}`)
      .digest()
    await insertErasure(tx, { id, identifierDigest, mode, askedBy: actorPersonId, receipt }, now)
    await recordAudit(tx, {
      action: mode === 'erase' ? 'insight.person_erased' : 'insight.person_unlinked',
      actorPersonId,
      subjectKind: 'insight.erasure',
      subjectId: id,
      detail: { statements, events, copies: copies.length },
    })
    const erasure = await findErasure(tx, id)
    if (!erasure) throw new Error('The receipt was not kept.')
    return erasure
  })
}

function nameCopies(
  { copies }: RecordsAbout,
  recipients: { id: string; name: string; address: string }[],
): Receipt['copies'] {
  return copies.flatMap(({ id, statements }) => {
    const recipient = recipients.find((each) => each.id === id)
    return recipient && statements > 0 ? [{ name: recipient.name, address: recipient.address, statements }] : []
  })
}
