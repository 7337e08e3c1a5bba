import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { digest } from '#modules/identity'
import { type Actor, type Audience, holdsOverAll, type Viewer } from '#kernel/access'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { findLaunch, findOwnLearner, insertLaunch, listHeadedCourses } from './viewers.queries.ts'

/** A launch lasts a working day. */
const launchHours = 8

/**
 * Lets somebody look without an account, as a learning platform vouches for them.
 * @param openedBy platform or portal that does; withdrawn, it ends what it opened by `endLaunches`.
 * @returns the token, 256 random bits; only its digest is kept.
 */
export async function openLaunch(tx: Tx, viewer: Viewer, now: Date, openedBy: string | null = null): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await insertLaunch(tx, {
    token_digest: digest(token),
    viewer: JSON.stringify(viewer),
    created_at: now,
    expires_at: new Date(now.getTime() + launchHours * 3_600_000),
    opened_by: openedBy,
  })
  return token
}

/**
 * Who looks: whoever holds a launch's token; else the person signed in, as the institution (right `insight.view` over the
 * whole tenant), as the head of programmes, or as the learner they were tied to. Who is several of these says which by
 * `as`; the widest otherwise.
 */
export async function findViewer(services: Services, request: FastifyRequest): Promise<Viewer | undefined> {
  const { tenant, actor } = request
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined) {
    return inTenant(services.db, tenant.id, (tx) => findLaunch(tx, digest(token), services.now()))
  }
  if (!actor) return undefined
  const signedIn = { tenantId: tenant.id, personId: actor.personId, name: null, nominative: false, indicator: null }
  const wanted = new URL(request.url, services.publicUrl).searchParams.get('as')
  const may = (audience: string) => wanted === null || wanted === audience
  if (holdsOverAll(actor, 'insight.view') && may('institution')) {
    return { ...signedIn, audience: 'institution', courses: null, learner: null }
  }
  return inTenant(services.db, tenant.id, async (tx) => {
    if (may('programme')) {
      const courses = await listHeadedCourses(tx, actor.personId)
      if (courses.length > 0) return { ...signedIn, audience: 'programme', courses, learner: null }
    }
    const learner = may('student') ? await findOwnLearner(tx, actor.personId) : undefined
    // What one did oneself, wherever it was.
    return learner === undefined ? undefined : { ...signedIn, audience: 'student', courses: null, learner }
  })
}

/** As whom somebody signed in may look, the widest first; empty for most people. */
export async function listAudiences(tx: Tx, actor: Actor): Promise<Audience[]> {
  const audiences: Audience[] = []
  if (holdsOverAll(actor, 'insight.view')) audiences.push('institution')
  if ((await listHeadedCourses(tx, actor.personId)).length > 0) audiences.push('programme')
  if ((await findOwnLearner(tx, actor.personId)) !== undefined) audiences.push('student')
  return audiences
}
