import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listPseudonyms } from '#modules/records'
import { findReadBuild, lockIdentities } from '../projection/builds.queries.ts'
import {
  deleteIdentifier,
  type KnownIdentifier,
  listIdentifiers,
  listIdentifiersOf,
  updateOwn,
  upsertLaunched,
  upsertTied,
} from './identity-map.queries.ts'
import { countKnownEvents } from './known-events.queries.ts'
import { insertLearnerMoves } from './learners.queries.ts'
import { getPseudonymKey, toLearner } from './pseudonyms.ts'

/** Somebody as a platform knows them, and as statements do. */
export interface LaunchedUser {
  /** Of the platform's user, such as `lti|issuer|subject`; it is in the map too. */
  subject: string
  /** As records' `identifyAgent` says; undefined when the rule of the platform leads to nobody. */
  identifier: string | undefined
  name: string | null
}

/**
 * The learners that users of a platform are, in their order, and notes that they are: who an administrator says; else whoever
 * the identifier leads to; else who they were before; undefined when none is known.
 */
export async function resolveUsers(tx: Tx, users: LaunchedUser[], now: Date): Promise<(string | undefined)[]> {
  const subjects = await listIdentifiers(
    tx,
    users.map(({ subject }) => subject),
  )
  const known = new Map(subjects.map((each) => [each.identifier, each]))
  const learnerOf = await listLearners(
    tx,
    users.flatMap(({ identifier }) => identifier ?? []),
  )
  const learners = users.map(({ subject, identifier }) => {
    const tied = known.get(subject)
    // What a launch told, a roster may keep silent about.
    if (tied?.origin === 'administrator' || identifier === undefined) return tied?.learner
    return learnerOf.get(identifier)
  })
  const rows = new Map(
    users.flatMap(({ subject, name }, index) => {
      const learner = learners[index]
      return learner === undefined ? [] : [[subject, { identifier: subject, learner, name }] as const]
    }),
  )
  await upsertLaunched(tx, [...rows.values()], now)
  return learners
}

/** The learner that an actor of statements is. @param identifier as records' `identifyAgent` says. */
export async function getLearner(tx: Tx, identifier: string): Promise<string> {
  const learners = await listLearners(tx, [identifier])
  return learners.get(identifier)!
}

/** The learner of each identifier, as statements tell of it, or as pseudonymised sources do. */
async function listLearners(tx: Tx, identifiers: string[]): Promise<Map<string, string>> {
  const pseudonyms = await listPseudonyms(tx, identifiers)
  const found = await listIdentifiers(tx, [...identifiers, ...pseudonyms])
  const known = new Map(found.map((each) => [each.identifier, each]))
  const key = await getPseudonymKey(tx)
  return new Map(
    identifiers.map((identifier, index) => {
      const own = known.get(identifier)
      const told = own?.origin === 'administrator' ? own : (known.get(pseudonyms[index] ?? '') ?? own)
      return [identifier, told?.learner ?? toLearner(key, identifier)]
    }),
  )
}

/**
 * Makes an identifier lead to the learner that another one leads to: both are one person. What the analytics hold of it
 * follows within seconds.
 * @param actorPersonId who says so; null for a command.
 * @throws Problem 404 `identifier_unknown` when nobody was ever called `to`; 409 `identifiers_tied_already`.
 */
export async function tieIdentifiers(
  tx: Tx,
  input: { identifier: string; to: string; actorPersonId: string | null },
  now: Date,
): Promise<void> {
  const { identifier, to, actorPersonId } = input
  await lockIdentities(tx, 'shared')
  const known = await listIdentifiers(tx, [identifier, to])
  const target = known.find((each) => each.identifier === to)
  if (!target) throw new Problem(404, 'identifier_unknown', 'Nobody was ever told of by the identifier to tie to.')
  const former = known.find((each) => each.identifier === identifier)
  const from = former?.learner ?? toLearner(await getPseudonymKey(tx), identifier)
  if (from === target.learner) throw new Problem(409, 'identifiers_tied_already', 'Both lead to the same learner.')
  await upsertTied(tx, { identifier, learner: target.learner, personId: target.personId }, now)
  await insertLearnerMoves(tx, { identifier, from, to: target.learner })
  await audit(tx, 'tied', actorPersonId)
}

/**
 * Makes an identifier lead to a learner of its own again. One of a platform's user is forgotten: its next launch tells anew.
 * @throws Problem 404 `identifier_not_tied`.
 */
export async function untieIdentifier(
  tx: Tx,
  { identifier, actorPersonId }: { identifier: string; actorPersonId: string | null },
): Promise<void> {
  await lockIdentities(tx, 'shared')
  const [known] = await listIdentifiers(tx, [identifier])
  if (known?.origin !== 'administrator') {
    throw new Problem(404, 'identifier_not_tied', 'No administrator tied this identifier to another one.')
  }
  if (identifier.startsWith('lti|')) await deleteIdentifier(tx, identifier)
  else {
    const own = toLearner(await getPseudonymKey(tx), identifier)
    await updateOwn(tx, identifier, own)
    await insertLearnerMoves(tx, { identifier, from: known.learner, to: own })
  }
  await audit(tx, 'untied', actorPersonId)
}

// Not who: identifiers name people.
async function audit(tx: Tx, what: string, actorPersonId: string | null): Promise<void> {
  const subject = { subjectKind: 'insight.learner', subjectId: null }
  await recordAudit(tx, { action: `insight.identity_${what}`, actorPersonId, ...subject })
}

/** One person of the identity map, and whether the analytics hold anything of them. */
export interface KnownLearner {
  learner: string
  events: number
  identifiers: KnownIdentifier[]
}

/** The people whom some identifiers lead to. @param found any of their identifiers. */
export async function describeLearners(
  services: Pick<Services, 'db' | 'clickhouse'>,
  tenantId: string,
  found: KnownIdentifier[],
): Promise<KnownLearner[]> {
  const learners = [...new Set(found.map((each) => each.learner))]
  const identifiers = await inTenant(services.db, tenantId, (tx) => listIdentifiersOf(tx, learners))
  const { learners: events } = await countKnown(services, tenantId, { learners, courses: [] })
  return learners.map((learner) => ({
    learner,
    events: events.get(learner) ?? 0,
    identifiers: identifiers.filter((each) => each.learner === learner),
  }))
}

/** How many events the analytics hold of some learners and some courses. */
export async function countKnown(
  services: Pick<Services, 'db' | 'clickhouse'>,
  tenantId: string,
  asked: { learners: string[]; courses: string[] },
): Promise<{ learners: Map<string, number>; courses: Map<string, number> }> {
  const read = await inTenant(services.db, tenantId, findReadBuild)
  if (read === undefined) return { learners: new Map(), courses: new Map() }
  return countKnownEvents(await services.clickhouse(), { tenantId, build: read.build, ...asked })
}
