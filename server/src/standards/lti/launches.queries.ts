import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { type LaunchGrant, tables } from './tables.ts'

/** A launch that has left for its platform. */
export interface Departure {
  id: string
  platformId: string
  stateDigest: Buffer
  nonceDigest: Buffer
  browserDigest: Buffer
  targetLinkUri: string
  storageTarget: string | null
}

export async function insertDeparture(tx: Tx, departure: Departure, now: Date): Promise<void> {
  await tables(tx)
    .insertInto('lti.launch')
    .values({
      id: departure.id,
      platform_id: departure.platformId,
      state_digest: departure.stateDigest,
      nonce_digest: departure.nonceDigest,
      browser_digest: departure.browserDigest,
      target_link_uri: departure.targetLinkUri,
      storage_target: departure.storageTarget,
      begun_at: now,
    })
    .execute()
}

/** Takes up a departure that came back, once. @returns undefined when its state is unknown, was used, or is old. */
export async function takeDeparture(
  tx: Tx,
  stateDigest: Buffer,
  now: Date,
  since: Date,
): Promise<{ id: string; platformId: string; nonceDigest: Buffer; targetLinkUri: string } | undefined> {
  const row = await tables(tx)
    .updateTable('lti.launch')
    .set({ answered_at: now })
    .where('state_digest', '=', stateDigest)
    .where('answered_at', 'is', null)
    .where('begun_at', '>', since)
    .returning(['id', 'platform_id', 'nonce_digest', 'target_link_uri'])
    .executeTakeFirst()
  if (!row?.platform_id || !row.nonce_digest || row.target_link_uri === null) return undefined
  return { id: row.id, platformId: row.platform_id, nonceDigest: row.nonce_digest, targetLinkUri: row.target_link_uri }
}

/** What became of a launch: the two sides of who and where. */
export interface LaunchResult {
  outcome: string
  detail: string | null
  subject: string | null
  personName: string | null
  role: string | null
  identifier: string | null
  learner: string | null
  contextId: string | null
  contextTitle: string | null
  courseIri: string | null
  course: string | null
}

export async function noteResult(tx: Tx, id: string, result: LaunchResult): Promise<void> {
  await tables(tx)
    .updateTable('lti.launch')
    .set({
      outcome: result.outcome,
      detail: result.detail,
      subject: result.subject,
      person_name: result.personName,
      role: result.role,
      identifier: result.identifier,
      learner: result.learner,
      context_id: result.contextId,
      context_title: result.contextTitle,
      course_iri: result.courseIri,
      course: result.course,
    })
    .where('id', '=', id)
    .execute()
}

/** Keeps what a launch gives until its code is exchanged. */
export async function holdGrant(
  tx: Tx,
  id: string,
  grant: LaunchGrant,
  code: { digest: Buffer; expiresAt: Date },
): Promise<void> {
  await tables(tx)
    .updateTable('lti.launch')
    .set({ grant_body: JSON.stringify(grant), code_digest: code.digest, code_expires_at: code.expiresAt })
    .where('id', '=', id)
    .execute()
}

/** A launch that a portal's server asks for. */
export async function insertPortalLaunch(
  tx: Tx,
  launch: { id: string; portalId: string; courseIri: string | null; identifier: string | null; role: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('lti.launch')
    .values({
      id: launch.id,
      portal_id: launch.portalId,
      begun_at: now,
      answered_at: now,
      outcome: 'accepted',
      course_iri: launch.courseIri,
      identifier: launch.identifier,
      role: launch.role,
    })
    .execute()
}

/** A launch whose code waits, of what is not withdrawn; locked until the end of the transaction. */
export async function findHeldGrant(
  tx: Tx,
  id: string,
  codeDigest: Buffer,
  now: Date,
): Promise<
  | {
      grant: LaunchGrant
      browserDigest: Buffer | null
      storageTarget: string | null
      authorizationUrl: string | null
      frameOrigin: string
      /** The platform or the portal. */
      openedBy: string | null
    }
  | undefined
> {
  const row = await tables(tx)
    .selectFrom('lti.launch as launch')
    .leftJoin('lti.platform as platform', 'platform.id', 'launch.platform_id')
    .leftJoin('lti.portal as portal', 'portal.id', 'launch.portal_id')
    .select((each) => [
      'grant_body',
      'browser_digest',
      'storage_target',
      'authorization_url',
      each.fn.coalesce('frame_origin', 'origin').as('frameOrigin'),
      each.fn.coalesce('platform_id', 'portal_id').as('openedBy'),
    ])
    .where('platform.withdrawn_at', 'is', null)
    .where('portal.withdrawn_at', 'is', null)
    .where('launch.id', '=', id)
    .where('code_digest', '=', codeDigest)
    .where('code_expires_at', '>', now)
    .forUpdate('launch')
    .executeTakeFirst()
  if (!row?.grant_body) return undefined
  return {
    grant: row.grant_body,
    browserDigest: row.browser_digest,
    storageTarget: row.storage_target,
    authorizationUrl: row.authorization_url,
    frameOrigin: row.frameOrigin ?? '',
    openedBy: row.openedBy,
  }
}

/** A code serves once. */
export async function dropGrant(tx: Tx, id: string): Promise<void> {
  await tables(tx)
    .updateTable('lti.launch')
    .set({ grant_body: null, code_digest: null, code_expires_at: null })
    .where('id', '=', id)
    .execute()
}

/**
 * The only origin whose pages may frame a launch, and where a choice made there is sent; undefined when there is no such
 * launch.
 */
export async function findFrame(tx: Tx, id: string): Promise<{ origin: string; returnUrl: string | null } | undefined> {
  const row = await tables(tx)
    .selectFrom('lti.launch')
    .leftJoin('lti.platform', 'lti.platform.id', 'lti.launch.platform_id')
    .leftJoin('lti.portal', 'lti.portal.id', 'lti.launch.portal_id')
    .leftJoin('lti.deep_link', 'lti.deep_link.launch_id', 'lti.launch.id')
    .select((row) => [row.fn.coalesce('frame_origin', 'origin').as('origin'), 'return_url as returnUrl'])
    .where('lti.launch.id', '=', id)
    .executeTakeFirst()
  return row?.origin ? { origin: row.origin, returnUrl: row.returnUrl } : undefined
}

export interface LaunchView extends LaunchResult {
  id: string
  begunAt: Date
}

/** The newest launches of a platform that were answered. @param limit at most 100. */
export async function listLaunches(tx: Tx, platformId: string, limit: number): Promise<LaunchView[]> {
  return tables(tx)
    .selectFrom('lti.launch')
    .select((row) => [
      'id',
      'begun_at as begunAt',
      row.fn.coalesce('outcome', sql.lit('')).as('outcome'),
      'detail',
      'subject',
      'person_name as personName',
      'role',
      'identifier',
      row.cast<string | null>('learner', 'text').as('learner'),
      'context_id as contextId',
      'context_title as contextTitle',
      'course_iri as courseIri',
      row.cast<string | null>('course', 'text').as('course'),
    ])
    .where('platform_id', '=', platformId)
    .where('outcome', 'is not', null)
    .orderBy('begun_at', 'desc')
    .orderBy('id', 'desc')
    .limit(Math.min(limit, 100))
    .execute()
}

/** Users of platforms who came by launches that are still kept. */
export function listLaunchedSubjects(tx: Tx): Promise<{ platformId: string; issuer: string; subject: string }[]> {
  return tables(tx)
    .selectFrom('lti.launch')
    .innerJoin('lti.platform', 'lti.platform.id', 'lti.launch.platform_id')
    .select(['platform_id', 'issuer', 'subject'])
    .distinct()
    .where('learner', 'is not', null)
    .where('subject', 'is not', null)
    .$narrowType<{ platform_id: string; subject: string }>()
    .execute()
    .then((rows) => rows.map(({ platform_id: platformId, issuer, subject }) => ({ platformId, issuer, subject })))
}

/** Forgets every launch of a user of a platform. */
export async function deleteLaunchesOf(tx: Tx, { platformId, subject }: { platformId: string; subject: string }) {
  await tables(tx)
    .deleteFrom('lti.launch')
    .where('platform_id', '=', platformId)
    .where('subject', '=', subject)
    .execute()
}

/**
 * Forgets old launches, and those that never came back.
 * @param kept the first day of which they are kept; null when all are.
 * @param unanswered before when it is too late to come back.
 */
export async function purgeLaunches(tx: Tx, kept: Day | null, unanswered: Date): Promise<void> {
  await tables(tx)
    .deleteFrom('lti.launch')
    .where((row) =>
      row.or([
        sql<boolean>`begun_at < ${kept}::date`,
        row.and([row('answered_at', 'is', null), row('begun_at', '<', unanswered)]),
      ]),
    )
    .execute()
}
